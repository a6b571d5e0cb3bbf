//! What a person has let in, listed for that person alone, with a way to end each: as a page, and as JSON for whoever does
//! not read pages. It is on the login origin, so that no script of an app can read the list or press a button on it.

mod act;
mod describe;
mod rows;

pub(crate) use describe::describe;

use super::form::Browser;
use super::{Purpose, ask};
use crate::gateway::{Snapshot, World};
use crate::identify::session::person;
use crate::pages::{self, ConnectedApp, ConnectedPage};
use crate::request::Request;
use crate::respond::{self, Dress, Problem, as_json, html, see_other};
use crate::route::Site;
use crate::store::Trace;
use act::Act;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use oauth::call::Person;
use oauth::parameters::Parameters;
use oauth::store::{GrantFilter, GrantState, Listed, StoreError};
use rows::{Row, browsers, by_app, notices};
use serde_json::{Value, json};
use std::collections::HashMap;

const PURPOSE: &str = "connected form";
const PATH: &str = "/.doorward/connected";

/// `/.doorward/connected`: an app's host leads on to the login origin's.
pub(crate) async fn connected(
    world: &World,
    snapshot: &Snapshot,
    site: &Site,
    request: &Request,
    http: &http::Request<Bytes>,
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let here = format!("{}{PATH}", origin.url());
    if matches!(site, Site::App(..)) {
        return Ok(see_other(StatusCode::FOUND, &here, &[]));
    }
    let post = request.method == Method::POST;
    let in_json = if post { is_json(http) } else { !request.hints.accepts_html };
    let Some(person) = person(world, origin, request).await? else {
        return Ok(match (in_json, post) {
            (true, _) => sign_in_first(&here),
            // The session ended while the page was open: it is asked for again, and asks to sign in.
            (false, true) => see_other(StatusCode::SEE_OTHER, &here, &[]),
            (false, false) => {
                let purpose = Purpose { go_on: Some(PATH.to_owned()), ..Purpose::default() };
                ask(world, snapshot, request, purpose).await?
            }
        });
    };
    match (post, in_json) {
        (false, false) => list(world, snapshot, request, &person).await,
        (false, true) => list_json(world, request, &person).await,
        (true, false) => act_by_form(world, snapshot, request, (&person, http.body())).await,
        (true, true) => act_by_json(world, snapshot, request, (&person, http.body())).await,
    }
}

/// What a person has let in, and what ended so that they should know.
struct Held {
    username: String,
    live: Vec<Listed>,
    alarms: Vec<Listed>,
    traces: HashMap<String, Trace>,
}

impl Held {
    async fn by(world: &World, person: &Person, request: &Request) -> Result<Self, StoreError> {
        let account = world.store.account_by_subject(&person.subject).await?;
        let own = GrantFilter::of(&person.subject);
        let live = world.store.grants(&own, request.now).await?;
        let mut alarms = world.store.grants(&GrantFilter { state: GrantState::Ended, ..own }, request.now).await?;
        // What came from the grant ended with it, and is not told twice.
        let is_alarm = |listed: &Listed| {
            listed.grant.parent.is_none()
                && listed.grant.ended(request.now).is_some_and(|(_, because)| because.is_alarm())
        };
        alarms.retain(is_alarm);
        let ids: Vec<_> = live.iter().chain(&alarms).map(|listed| listed.grant.id.clone()).collect();
        let mut traces = world.store.traces(&ids).await?;
        for id in ids {
            if let Some(newer) = world.uses.of(&id) {
                traces.entry(id).or_default().last_use = Some(newer);
            }
        }
        alarms.retain(|listed| traces.get(&listed.grant.id).is_none_or(|trace| !trace.dismissed));
        Ok(Self {
            username: account.map(|account| account.shown().to_owned()).unwrap_or_default(),
            live,
            alarms,
            traces,
        })
    }
}

async fn list(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    person: &Person,
) -> Result<Response<Bytes>, StoreError> {
    let held = Held::by(world, person, request).await?;
    let row = |listed| Row::of(listed, held.traces.get(&listed.grant.id), &snapshot.config);
    let rows: Vec<_> = held.live.iter().map(row).collect();
    let alarms: Vec<_> = held.alarms.iter().map(row).collect();
    let agents = by_app(&rows);
    let apps: Vec<_> = agents.iter().map(|(id, name, agents)| ConnectedApp { id, name, agents }).collect();
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::of(world, origin, request);
    let token = browser.seal(world, PURPOSE, &person.session, request.now);
    let page = ConnectedPage {
        person: &held.username,
        notices: &notices(&alarms),
        browsers: &browsers(&rows, &person.session),
        apps: &apps,
        action: PATH,
        form_token: &token,
    };
    let dress = Dress { cookies: browser.cookies(origin), ..Dress::default() };
    let look = snapshot.look(request);
    Ok(html(&look, StatusCode::OK, pages::connected(&look, &page), dress))
}

async fn list_json(world: &World, request: &Request, person: &Person) -> Result<Response<Bytes>, StoreError> {
    let held = Held::by(world, person, request).await?;
    let described = |listed: &Listed| {
        let mut one = describe(listed, held.traces.get(&listed.grant.id), request.now);
        one["this"] = json!(listed.grant.id == person.session);
        one["parent"] = json!(listed.grant.parent);
        one
    };
    let body = json!({
        "person": held.username,
        "grants": held.live.iter().map(described).collect::<Vec<_>>(),
        "notices": held.alarms.iter().map(described).collect::<Vec<_>>(),
    });
    Ok(as_json(StatusCode::OK, &body))
}

async fn act_by_form(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (person, body): (&Person, &[u8]),
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let form = Parameters::parse(body);
    let sealed = form.get("form").unwrap_or_default();
    let opened = Browser::known(origin, request).and_then(|b| b.open::<String>(world, PURPOSE, sealed, request.now));
    if opened.as_deref() != Some(&person.session) || !request.is_from(&origin.url()) {
        let (code, text) = ("form_refused", "problem-not-revoked");
        let problem = Problem { status: 403, code, text, ..Problem::default() };
        return Ok(respond::problem(&snapshot.look(request), request.hints.accepts_html, &request.id, problem));
    }
    if let Some(act) = Act::read(form.get("act"), form.get("grant"), form.get("app")) {
        act.perform(world, request, person).await?;
    }
    Ok(see_other(StatusCode::SEE_OTHER, &format!("{}{PATH}", origin.url()), &[]))
}

/// The same acts as JSON. A page of another site cannot send JSON with the cookie: browsers ask first, and get no leave;
/// what they say of themselves is checked all the same.
async fn act_by_json(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (person, body): (&Person, &[u8]),
) -> Result<Response<Bytes>, StoreError> {
    let refuse = |status: u16, code: &str, sentence: &str| {
        let (text, detail) = ("problem-not-revoked", Some(sentence));
        let problem = Problem { status, code, text, detail, ..Problem::default() };
        Ok(respond::problem(&snapshot.look(request), false, &request.id, problem))
    };
    if !request.is_from(&snapshot.config.auth.origin.url()) {
        return refuse(403, "form_refused", "Only a page of the login origin may ask for this.");
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| asked[name].as_str();
    let Some(act) = Act::read(text("act"), text("grant"), text("app")) else {
        let sentence = "Send `act`: `revoke`, `revoke_client` or `dismiss` with `grant`, `revoke_app` with `app`, or \
                        `sign_out_elsewhere`.";
        return refuse(400, "invalid_request", sentence);
    };
    let ended = act.perform(world, request, person).await?;
    Ok(as_json(StatusCode::OK, &json!({ "ended": ended })))
}

fn is_json(http: &http::Request<Bytes>) -> bool {
    let media = http.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

fn sign_in_first(here: &str) -> Response<Bytes> {
    let body = json!({ "error": "login_required", "error_description": "sign in first", "login_url": here });
    as_json(StatusCode::UNAUTHORIZED, &body)
}

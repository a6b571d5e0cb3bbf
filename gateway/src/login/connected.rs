//! What a person has let in, listed for that person alone, with a way to end each. It is on the login origin, so that no
//! script of an app can read the list or press a button on it.

use super::form::Browser;
use super::{Purpose, ask};
use crate::config::{App, Config};
use crate::gateway::{Snapshot, World};
use crate::identify::session::person;
use crate::pages::{self, AgentLine, Brand, BrowserLine, ConnectedApp, ConnectedPage, GrantLine};
use crate::request::Request;
use crate::respond::{self, Dress, Problem, html, see_other};
use crate::route::Site;
use crate::world::rfc3339;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use oauth::call::Person;
use oauth::parameters::Parameters;
use oauth::store::{EndedBecause, Grant, GrantFilter, Listed, StoreError};

const PURPOSE: &str = "connected form";
const PATH: &str = "/.doorward/connected";

/// `/.doorward/connected`: an app's host leads on to the login origin's.
pub(crate) async fn connected(
    world: &World,
    snapshot: &Snapshot,
    site: &Site,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let here = format!("{}{PATH}", origin.url());
    if matches!(site, Site::App(..)) {
        return Ok(see_other(StatusCode::FOUND, &here, &[]));
    }
    let person = person(world, origin, request).await?;
    match (person, request.method == Method::POST) {
        (Some(person), false) => list(world, snapshot, request, &person).await,
        (Some(person), true) => end(world, snapshot, request, &person, body).await,
        (None, false) => {
            let purpose = Purpose { go_on: Some(PATH.to_owned()), ..Purpose::default() };
            Ok(ask(world, snapshot, request, purpose))
        }
        // The session ended while the page was open: it is asked for again, and asks to sign in.
        (None, true) => Ok(see_other(StatusCode::SEE_OTHER, &here, &[])),
    }
}

async fn list(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    person: &Person,
) -> Result<Response<Bytes>, StoreError> {
    let account = world.store.account_by_subject(&person.subject).await?;
    let listed = world.store.grants(&GrantFilter::of(&person.subject), request.now).await?;
    let rows: Vec<_> = listed.iter().map(|listed| Row::of(listed, &snapshot.config)).collect();
    let agents = by_app(&rows);
    let apps: Vec<_> = agents.iter().map(|(name, agents)| ConnectedApp { name, agents }).collect();
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::of(world, origin, request);
    let token = browser.seal(world, PURPOSE, &person.session, request.now);
    let page = ConnectedPage {
        person: account.as_ref().map_or("", |account| account.username.as_str()),
        browsers: &browsers(&rows, &person.session),
        apps: &apps,
        action: PATH,
        form_token: &token,
        back: "/.doorward/login",
    };
    let dress = Dress { cookies: browser.cookies(origin), ..Dress::default() };
    Ok(html(StatusCode::OK, pages::connected(&Brand::default(), &page), dress))
}

/// Ends one of the person's own grants. Somebody else's is not known here, and one that has ended is done with: both lead
/// back to the list.
async fn end(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    person: &Person,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let form = Parameters::parse(body);
    let sealed = form.get("form").unwrap_or_default();
    let opened = Browser::known(origin, request).and_then(|b| b.open::<String>(world, PURPOSE, sealed, request.now));
    if opened.as_deref() != Some(&person.session) || !request.is_from(&origin.url()) {
        let sentence = "This form is not from here, or too old. Open the page again.";
        let problem = Problem { status: 403, code: "form_refused", title: "Nothing was revoked", sentence, app: None };
        return Ok(respond::problem(request.hints.accepts_html, &request.id, problem));
    }
    let asked = world.store.grant(form.get("grant").unwrap_or_default()).await?;
    if let Some(Grant { id: grant, subject, client, app, .. }) = asked.filter(|grant| grant.subject == person.subject)
        && world.store.revoke_grant(&grant, EndedBecause::RevokedByPerson, request.now).await?
    {
        let _ = world.heed_revocations().await;
        let (id, client) = (request.id.as_str(), client.as_str());
        tracing::info!(target: "audit", act = "revoke", by = "person", subject, grant, client, app, id);
    }
    Ok(see_other(StatusCode::SEE_OTHER, &format!("{}{PATH}", origin.url()), &[]))
}

/// A grant with what is shown of it.
struct Row<'a> {
    listed: &'a Listed,
    since: String,
    until: String,
    app: &'a str,
    redirect_hosts: Vec<String>,
}

impl<'a> Row<'a> {
    fn of(listed: &'a Listed, config: &'a Config) -> Self {
        let grant = &listed.grant;
        let uris = listed.client.iter().flat_map(|client| &client.redirect_uris);
        let mut redirect_hosts: Vec<_> = uris.map(|uri| oauth::redirect_uri::shown_host(uri)).collect();
        redirect_hosts.sort();
        redirect_hosts.dedup();
        // An app that is configured no longer keeps its grants until they end.
        let name = |app: &'a std::sync::Arc<App>| app.name.as_str();
        let app = config.apps.get(&grant.app).map_or(grant.app.as_str(), name);
        Self { listed, since: rfc3339(grant.created_at), until: rfc3339(grant.expires_at), app, redirect_hosts }
    }

    fn grant(&self) -> &'a Grant {
        &self.listed.grant
    }

    fn line(&self) -> GrantLine<'_> {
        GrantLine { id: &self.listed.grant.id, since: &self.since, until: &self.until }
    }

    fn is_login(&self) -> bool {
        self.grant().app == oauth::app::LOGIN
    }
}

/// This browser first, then the others, each with its sessions; last the sessions that have outlived their sign-in.
fn browsers<'a>(rows: &'a [Row<'a>], this: &str) -> Vec<BrowserLine<'a>> {
    let mut logins: Vec<_> = rows.iter().filter(|row| row.grant().client.is_browser() && row.is_login()).collect();
    logins.sort_by_key(|row| row.grant().id != this);
    let sessions: Vec<_> = rows.iter().filter(|row| row.grant().client.is_browser() && !row.is_login()).collect();
    let session = |row: &&'a Row<'a>| {
        let this = row.grant().parent.as_deref() == Some(this);
        BrowserLine { grant: row.line(), app: Some(row.app), this }
    };
    let mut lines = Vec::new();
    for login in &logins {
        let id = &login.grant().id;
        lines.push(BrowserLine { grant: login.line(), app: None, this: id == this });
        lines.extend(sessions.iter().filter(|row| row.grant().parent.as_ref() == Some(id)).map(session));
    }
    let has_login = |row: &&&Row<'_>| logins.iter().any(|login| row.grant().parent.as_ref() == Some(&login.grant().id));
    lines.extend(sessions.iter().filter(|row| !has_login(row)).map(session));
    lines
}

/// The agents of each app, by the apps' names.
fn by_app<'a>(rows: &'a [Row<'a>]) -> Vec<(&'a str, Vec<AgentLine<'a>>)> {
    let mut apps = std::collections::BTreeMap::<_, (&str, Vec<_>)>::new();
    for row in rows.iter().filter(|row| !row.grant().client.is_browser()) {
        let agent = AgentLine {
            grant: row.line(),
            client_name: row.listed.client.as_ref().map_or("", |client| client.name.as_str()),
            client_id: row.grant().client.as_str(),
            redirect_hosts: &row.redirect_hosts,
            scope: &row.grant().scope,
        };
        apps.entry((row.app, &row.grant().app)).or_insert((row.app, Vec::new())).1.push(agent);
    }
    apps.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::client::ClientId;
    use oauth::store::GrantDetails;
    use oauth::world::Timestamp;

    fn listed(id: &str, app: &str, client: ClientId, parent: Option<&str>) -> Listed {
        let at = Timestamp::from_seconds(1_700_000_000);
        let grant = Grant {
            id: id.into(),
            app: app.into(),
            client,
            subject: "u".into(),
            scope: "access".into(),
            login_method: "local".into(),
            authenticated_at: at,
            created_at: at,
            expires_at: at,
            parent: parent.map(Into::into),
            revoked_at: None,
            details: GrantDetails::default(),
        };
        Listed { grant, client: None }
    }

    fn row(listed: &Listed) -> Row<'_> {
        let app = listed.grant.app.as_str();
        Row { listed, since: String::new(), until: String::new(), app, redirect_hosts: Vec::new() }
    }

    #[test]
    fn cn_11_this_browser_is_first_and_sessions_stand_below_their_sign_in() {
        let browser = ClientId::browser;
        let all = [
            listed("old", "login", browser(), None),
            listed("old's", "wiki", browser(), Some("old")),
            listed("this", "login", browser(), None),
            listed("orphan", "wiki", browser(), Some("gone")),
            listed("this's", "wiki", browser(), Some("this")),
            listed("agent", "wiki", ClientId::new("c"), None),
        ];
        let rows: Vec<_> = all.iter().map(row).collect();
        let lines = browsers(&rows, "this");
        let shown: Vec<_> = lines.iter().map(|line| (line.grant.id, line.app.is_some(), line.this)).collect();
        let expected = [
            ("this", false, true),
            ("this's", true, true),
            ("old", false, false),
            ("old's", true, false),
            ("orphan", true, false),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn cn_11_agents_stand_at_their_app_and_browsers_are_none() {
        let all = [
            listed("b", "wiki", ClientId::new("c"), None),
            listed("a", "mail", ClientId::new("c"), None),
            listed("session", "wiki", ClientId::browser(), None),
            listed("c", "wiki", ClientId::new("d"), None),
        ];
        let rows: Vec<_> = all.iter().map(row).collect();
        let apps = by_app(&rows);
        let shown: Vec<_> =
            apps.iter().map(|(app, agents)| (*app, agents.iter().map(|a| a.grant.id).collect::<Vec<_>>())).collect();
        assert_eq!(shown, [("mail", vec!["a"]), ("wiki", vec!["b", "c"])]);
    }
}

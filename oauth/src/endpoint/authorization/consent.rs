//! Consent: what the person is shown, and what comes back. The pending request is sealed into the form, bound to the person
//! and the browser's single sign-on session, good for ten minutes and for one code.

use super::client::check_admitted;
use super::request::Authorization;
use super::{Given, approve, issue, known, page, refuse};
use crate::app::CONSENT_LIFETIME;
use crate::call::{Call, Consent, Person, Reply, Server};
use crate::endpoint::is_form;
use crate::error::{Code as ErrorCode, Error};
use crate::parameters::Parameters;
use crate::store::ConsentRecord;
use crate::world::Timestamp;
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "consent";

/// The sealed form.
#[derive(Serialize, Deserialize)]
struct Pending {
    id: String,
    app: String,
    subject: String,
    session: String,
    expires_at: Timestamp,
    asked: Authorization,
}

pub(super) fn prompt(
    server: &Server,
    call: Call<'_>,
    person: &Person,
    asked: Authorization,
    known: &[ConsentRecord],
) -> Consent {
    let token = seal(server, call, person, asked.clone());
    asked.question().page(call, known, token)
}

fn seal(server: &Server, call: Call<'_>, person: &Person, asked: Authorization) -> String {
    let pending = Pending {
        id: asked.consent_id(server),
        app: call.app.id.clone(),
        subject: person.subject.clone(),
        session: person.session.clone(),
        expires_at: call.now.plus(CONSENT_LIFETIME),
        asked,
    };
    server.keys.sealer(call.now).seal(PURPOSE, &pending, &*server.random)
}

/// The form came back: `Allow` gives the code, `Deny` tells the client so. The policy is asked again, it may have changed.
pub(super) async fn answer(server: &Server, call: Call<'_>, request: &Request<Bytes>) -> Result<Reply, Reply> {
    if !is_form(request.headers()) {
        return Err(page(ErrorCode::InvalidRequest, "the consent page sends a form"));
    }
    let form = Parameters::parse(request.body());
    let sealer = server.keys.sealer(call.now);
    let pending = form.get("consent").and_then(|token| sealer.open::<Pending>(PURPOSE, token));
    let Some(pending) = pending.filter(|pending| pending.app == call.app.id && form.repeated().is_none()) else {
        return Err(page(ErrorCode::AccessDenied, "this consent page is not from here; start again at the client"));
    };
    if call.now >= pending.expires_at {
        return Err(page(ErrorCode::AccessDenied, "this consent page is too old; start again at the client"));
    }
    let Some(person) =
        call.person.filter(|person| person.session == pending.session && person.subject == pending.subject)
    else {
        return Err(page(
            ErrorCode::AccessDenied,
            "this consent page belongs to another sign-in; start again at the client",
        ));
    };
    match form.get("decision") {
        Some("allow") => {
            check_admitted(call.app, &pending.asked.client).map_err(Reply::Page)?;
            approve(server, call.app, person, &pending.asked.client, call.now).await?;
            let Some(allowed) = pending.asked.question().allowed(&form) else {
                let known = known(server, call, person, &pending.asked.client).await?;
                let page = prompt(server, call, person, pending.asked, &known);
                return Ok(Reply::Consent(Box::new(Consent { nothing_ticked: true, ..page })));
            };
            let record = pending.asked.question().record(call, person, &allowed);
            let given = Given { asked: pending.asked, allowed, consent: pending.id, record };
            issue(server, call, person, given, StatusCode::SEE_OTHER).await
        }
        Some("deny") => {
            let denied = Error::new(ErrorCode::AccessDenied, "the person said no");
            let to = (pending.asked.redirect_uri.as_str(), pending.asked.state.as_deref());
            Err(refuse(call, StatusCode::SEE_OTHER, to, &denied))
        }
        _ => Err(page(ErrorCode::InvalidRequest, "press Allow or Deny")),
    }
}

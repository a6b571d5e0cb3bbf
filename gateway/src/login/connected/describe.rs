//! A grant as the JSON of the connected page and of the command line shows it. Times are seconds since the epoch.

use crate::store::{Trace, Use};
use oauth::store::{Grant, Listed};
use oauth::world::Timestamp;
use serde_json::{Value, json};

/// All that may be told of a grant.
pub(crate) fn describe(listed: &Listed, trace: Option<&Trace>, now: Timestamp) -> Value {
    let grant = &listed.grant;
    let name = listed.client.as_ref().map(|client| client.name.as_str());
    let ended = grant.ended(now).map(|(at, because)| json!({ "at": at, "because": because.as_str() }));
    json!({
        "id": grant.id,
        "kind": kind(grant),
        "app": grant.app,
        "client": { "id": grant.client, "name": name },
        "scope": grant.scope,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
        "last_use": trace.and_then(|trace| trace.last_use.as_ref()).map(one_use),
        "ended": ended,
        "brought_again": trace.and_then(|trace| trace.alarm.as_ref()).map(one_use),
    })
}

/// `login`, `session`, `service` or `agent`.
fn kind(grant: &Grant) -> &'static str {
    match grant.client.is_browser() {
        true if grant.app == oauth::app::LOGIN => "login",
        true => "session",
        false if grant.is_of_service() => "service",
        false => "agent",
    }
}

fn one_use(one: &Use) -> Value {
    json!({ "at": one.at, "address": one.address, "agent": one.agent })
}

//! Fills the event of a request with what its steps settled.

use crate::admit::Permit;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::telemetry::{Event, Told};
use std::net::IpAddr;

/// What the request says.
pub(super) fn request(event: &mut Event, request: &Request) {
    event.ip = Some(request.ip);
    event.method = request.method.to_string();
    event.host.clone_from(&request.authority.host);
    request.target.raw_path().clone_into(&mut event.path);
}

/// What is seen of a request that cannot be read.
pub(super) fn unread(event: &mut Event, (ip, method, path): (IpAddr, String, String)) {
    event.ip = Some(ip);
    event.method = method;
    event.path = path;
}

/// What a refusal says.
pub(super) fn refusal(event: &mut Event, refusal: &Refusal) {
    event.outcome = refusal.code();
    if let Some(at) = refusal.at() {
        event.app.clone_from(&at.app.id);
    }
    if let Some(denial) = refusal.denial() {
        event.rule = denial.rule.clone().unwrap_or_default();
        event.subject = denial.identity.as_ref().map(|identity| identity.subject.clone()).unwrap_or_default();
        event.client = denial.client.clone().unwrap_or_default();
        event.via = denial.via.as_str();
    }
    event.detail = refusal.detail().unwrap_or_default();
}

/// What a permit says.
pub(super) fn permit(event: &mut Event, permit: &Permit) {
    event.outcome = permit.action().as_str();
    event.app.clone_from(&permit.app().id);
    permit.rule().clone_into(&mut event.rule);
    event.detail.extend(permit.messages().summary());
    if let Some(known) = permit.known() {
        event.subject.clone_from(&known.identity.subject);
        event.via = known.via.as_str();
        event.grant.clone_from(&known.grant);
        if known.client_name.is_some() {
            event.client = known.client.to_string();
        }
    }
}

/// What our own answer says.
pub(super) fn answer(event: &mut Event, told: Option<&Told>) {
    event.outcome = told.map_or("answered", |told| told.outcome);
    if let Some(told) = told {
        event.app.clone_from(&told.app);
        event.rule.clone_from(&told.rule);
        event.subject.clone_from(&told.subject);
        event.detail.clone_from(&told.detail);
    }
}

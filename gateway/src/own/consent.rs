//! The consent page, filled with what the authorization server says of the client.

use crate::config::App;
use crate::limits::network;
use crate::pages::{self, ConsentPage, DeviceLine, Look, ScopeLine, VouchedBy};
use crate::request::Request;
use crate::respond::{Dress, Forms, html};
use crate::world::rfc3339;
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::call::{AskingDevice, Consent, VouchedBy as Voucher};
use oauth::world::Timestamp;
use std::time::Duration;

/// The page for `person`, whose form is posted to where `request` was sent.
pub(super) fn page(
    look: &Look<'_>,
    app: &App,
    (person, consent): (&str, &Consent),
    request: &Request,
) -> Response<Bytes> {
    let scopes: Vec<_> = consent.scopes.iter().map(|scope| line(app, scope)).collect();
    let client_uri_host = consent.client_uri.as_deref().map(oauth::redirect_uri::shown_host);
    let day = |at: Timestamp| rfc3339(at).chars().take_while(|c| *c != 'T').collect::<String>();
    let first_seen = consent.first_seen.map(day);
    let device = consent.device.as_ref().map(|device| Asking::of(device, request));
    let page = ConsentPage {
        person,
        client_name: &consent.client_name,
        client_id: &consent.client_id,
        vouched_by: match &consent.vouched_by {
            Voucher::Nobody => VouchedBy::SelfRegistered,
            Voucher::Document { host } => VouchedBy::Document { host },
            Voucher::Pinned { host } => VouchedBy::Pinned { host },
            Voucher::Administrator => VouchedBy::Administrator,
        },
        client_uri_host: client_uri_host.as_deref(),
        redirect_host: consent.redirect_host.as_deref(),
        loopback: consent.loopback,
        app: &app.name,
        resource: &consent.resource,
        scopes: &scopes,
        lifetime: consent.lifetime,
        without_refresh: consent.without_refresh,
        first_seen: first_seen.as_deref(),
        nothing_ticked: consent.nothing_ticked,
        device: device.as_ref().map(Asking::line),
        action: request.target.raw_path(),
        consent_token: &consent.token,
    };
    let forms = consent.form_target.clone().map_or(Forms::Own, Forms::And);
    html(look, StatusCode::OK, pages::consent(look, &page), Dress { forms, ..Dress::default() })
}

/// What is shown of a device that asks.
struct Asking {
    user_code: String,
    from: String,
    /// The browser's own address, if the device asked from another network.
    elsewhere: Option<String>,
    ago: Duration,
}

impl Asking {
    fn of(device: &AskingDevice, request: &Request) -> Self {
        let is_elsewhere = network(device.asked_from) != network(request.ip);
        Self {
            user_code: device.user_code.to_string(),
            from: device.asked_from.to_string(),
            elsewhere: is_elsewhere.then(|| request.ip.to_string()),
            ago: request.now.since(device.asked_at),
        }
    }

    fn line(&self) -> DeviceLine<'_> {
        let Self { user_code, from, elsewhere, ago } = self;
        DeviceLine { user_code, from, elsewhere: elsewhere.as_deref(), ago: *ago }
    }
}

fn line<'a>(app: &'a App, scope: &'a oauth::scope::Scope) -> ScopeLine<'a> {
    let described = |name: &String| app.oauth.scopes.find(name).map(|scope| scope.description.as_str());
    ScopeLine {
        name: &scope.name,
        description: &scope.description,
        includes: scope.includes.iter().filter_map(described).collect(),
        optional: scope.optional,
    }
}

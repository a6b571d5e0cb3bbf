//! The device authorization endpoint (RFC 8628 section 3.1): a client gets one code to wait with, and one for a person to
//! enter somewhere else. Whoever asks here is a stranger, so nothing is fetched, and little is kept.

use super::form;
use crate::app::{App, DeviceRules, Managed};
use crate::call::{Call, Server};
use crate::client_auth;
use crate::error::{Code, Error, json_response};
use crate::grant::{check_resource, check_scope, require};
use crate::grant_type::GrantType;
use crate::secret::{Kind, Secret};
use crate::store::{DeviceAuthorization, DeviceKept, DeviceLimits};
use crate::user_code::UserCode;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;

/// Most devices that wait at an app at the same time. The fewer there are, the less it helps to guess (section 5.1).
pub const MAX_WAITING: u64 = 1000;

const TRIES: usize = 4;

pub(crate) async fn answer(
    server: &Server,
    (call, managed): (Call<'_>, &Managed),
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Error> {
    let app = call.app;
    let Some(rules) = managed.device else {
        let off = Error::new(Code::NotFound, "sign-in by a code on another device is off for this app");
        return Err(off.logged(format!("an administrator can turn on `apps.{}.oauth.device`", app.id)));
    };
    let form = form(request)?;
    let client = client_auth::authenticate(server, app, request, &form, call.now).await?;
    require(&client, GrantType::DeviceCode)?;
    check_resource(app, &form)?;
    let device_code = Secret::generate(Kind::Device, &*server.random);
    let asked = DeviceAuthorization {
        device_code: device_code.hash(),
        user_code: device_code.hash(),
        app: app.id.clone(),
        scope: check_scope(app, client.details.scope.as_deref(), &form)?,
        client: client.id,
        asked_from: call.ip,
        asked_at: call.now,
        expires_at: call.now.plus(rules.lifetime),
        decision: None,
    };
    let user_code = keep(server, asked, rules, call).await?;
    Ok(describe(app, rules, (&device_code, &user_code)))
}

/// Keeps the request under a user code that nobody else has.
async fn keep(
    server: &Server,
    mut asked: DeviceAuthorization,
    rules: DeviceRules,
    call: Call<'_>,
) -> Result<UserCode, Error> {
    let limits = DeviceLimits { total: MAX_WAITING, interval: rules.interval };
    for _ in 0..TRIES {
        let user_code = UserCode::generate(&*server.random);
        let Some(hash) = user_code.hashes(&server.keys.sealer(call.now)).first().copied() else { break };
        asked.user_code = hash;
        match server.store.keep_device(&asked, limits, call.now).await? {
            DeviceKept::New => return Ok(user_code),
            DeviceKept::Taken => {}
            DeviceKept::Full => {
                let full = Error::new(Code::TooManyDevices, "too many devices wait at this app; try again later");
                return Err(full.logged(format!("{MAX_WAITING} devices wait at app `{}`", call.app.id)));
            }
        }
    }
    Err(Error::new(Code::TemporarilyUnavailable, "no free code was found; try again"))
}

/// Section 3.2.
fn describe(app: &App, rules: DeviceRules, (device_code, user_code): (&Secret, &UserCode)) -> Response<Bytes> {
    let page = &app.endpoints.device_verification;
    json_response(
        StatusCode::OK,
        &json!({
            "device_code": device_code.expose(),
            "user_code": user_code.to_string(),
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={user_code}"),
            "expires_in": rules.lifetime.as_secs(),
            "interval": rules.interval.as_secs(),
        }),
    )
}

//! `[apps.ID.cors]`

use super::values::{MINUTE, duration, missing};
use super::web_url::WebUrl;
use crate::config::key::Key;
use crate::config::raw::RawCors;
use crate::config::report::{Mistake, Report};
use crate::config::{Cors, Origin};
use http::{HeaderName, HeaderValue, Method};

/// Reads which pages may call an app.
pub(crate) fn cors(report: &mut Report<'_>, key: &Key, raw: &RawCors) -> Option<Cors> {
    let origins = key.field("allowed_origins");
    if raw.allowed_origins.is_empty() {
        report.error(&origins, missing(EXAMPLE));
    }
    let allowed =
        raw.allowed_origins.iter().enumerate().map(|(index, text)| report.take(&origins.index(index), origin(text)));
    let allowed: Vec<_> = allowed.collect();
    let methods = raw.allowed_methods.clone().unwrap_or_else(|| METHODS.map(str::to_owned).to_vec());
    let headers = raw.allowed_headers.clone().unwrap_or_else(|| HEADERS.map(str::to_owned).to_vec());
    let exposed: Vec<_> = ALWAYS_EXPOSED.map(str::to_owned).into_iter().chain(raw.exposed_headers.clone()).collect();
    let methods = joined(report, &key.field("allowed_methods"), &methods, method);
    let headers = joined(report, &key.field("allowed_headers"), &headers, header);
    let exposed = joined(report, &key.field("exposed_headers"), &exposed, header);
    Some(Cors {
        max_age: duration(report, &key.field("max_age"), raw.max_age.as_deref(), 10 * MINUTE)?,
        allowed_origins: allowed.into_iter().collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())?,
        allow_credentials: raw.allow_credentials,
        allowed_methods: methods?,
        allowed_headers: headers?,
        exposed_headers: exposed?,
    })
}

const EXAMPLE: &str = "https://app.example.com";
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const HEADERS: [&str; 2] = ["Authorization", "Content-Type"];
/// What a page needs to know when it is refused.
const ALWAYS_EXPOSED: [&str; 2] = ["WWW-Authenticate", "DPoP-Nonce"];

/// An origin as browsers write it.
fn origin(text: &str) -> Result<String, Mistake> {
    if text == "*" {
        return Err(Mistake::new("must name an origin; a protected app is not for the pages of everybody"));
    }
    let WebUrl { secure, host, port, path } = WebUrl::parse(text, EXAMPLE)?;
    if !path.is_empty() || text.ends_with('/') {
        return Err(Mistake::new("is more than an origin; leave out the path and the slash at the end"));
    }
    Ok(Origin { secure, host: host.to_string(), port }.url())
}

fn joined(
    report: &mut Report<'_>,
    key: &Key,
    texts: &[String],
    check: fn(&str) -> Result<(), Mistake>,
) -> Option<HeaderValue> {
    let good = texts.iter().enumerate().map(|(index, text)| report.take(&key.index(index), check(text)));
    let good: Vec<_> = good.collect();
    good.into_iter().collect::<Option<Vec<()>>>()?;
    HeaderValue::from_str(&texts.join(", ")).ok()
}

fn method(text: &str) -> Result<(), Mistake> {
    let is_method = Method::from_bytes(text.as_bytes()).is_ok() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_method { Ok(()) } else { Err(Mistake::new("must be a method in upper case such as `PUT`")) }
}

fn header(text: &str) -> Result<(), Mistake> {
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(_) if text != "*" => Ok(()),
        _ => Err(Mistake::new("must be the name of a header such as `X-Requested-With`")),
    }
}

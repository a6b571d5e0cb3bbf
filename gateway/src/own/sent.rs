//! What a client sent to an endpoint, as far as it can be kept: of what may be a secret, the name alone.

use bytes::Bytes;
use http::{Request, header};
use serde_json::{Map, Value, json};

/// Parameters and metadata whose values are no secrets.
const SHOWN: &[&str] = &[
    "application_type",
    "audience",
    "client_assertion_type",
    "client_id",
    "client_name",
    "client_uri",
    "code_challenge_method",
    "grant_type",
    "grant_types",
    "jwks_uri",
    "prompt",
    "redirect_uri",
    "redirect_uris",
    "requested_token_type",
    "resource",
    "response_mode",
    "response_type",
    "response_types",
    "scope",
    "software_id",
    "software_version",
    "subject_token_type",
    "token_endpoint_auth_method",
    "token_type_hint",
];

const MOST: usize = 40;
const CHARS: usize = 300;

/// The parameters of the query or form, or the members of the JSON object.
pub(super) fn sent(request: &Request<Bytes>) -> Value {
    let mut shown = Map::new();
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).take(MOST) {
        add(&mut shown, &name, json!(value));
    }
    if let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(request.body()) {
        members.into_iter().take(MOST).for_each(|(name, value)| add(&mut shown, &name, value));
    } else if is_form(request) {
        for (name, value) in form_urlencoded::parse(request.body()).take(MOST) {
            add(&mut shown, &name, json!(value));
        }
    }
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((scheme, _)) = authorization.and_then(|value| value.split_once(' ')) {
        shown.insert("authorization".to_owned(), json!(format!("{} …", cut(scheme, 20))));
    }
    Value::Object(shown)
}

fn is_form(request: &Request<Bytes>) -> bool {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media.is_some_and(|media| media.starts_with("application/x-www-form-urlencoded"))
}

fn add(shown: &mut Map<String, Value>, name: &str, value: Value) {
    let value = match value {
        _ if !SHOWN.contains(&name) => json!("…"),
        Value::String(text) => json!(cut(&text, CHARS)),
        other => json!(cut(&other.to_string(), CHARS)),
    };
    shown.insert(cut(name, 60), value);
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, media: &str, body: &str) -> Request<Bytes> {
        let request = Request::post(target).header(header::CONTENT_TYPE, media);
        request.header(header::AUTHORIZATION, "Basic c2VjcmV0").body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn o_22_of_what_may_be_a_secret_only_the_name_is_kept() {
        let form = "grant_type=refresh_token&refresh_token=dw_rt_hush&client_secret=hush&client_id=c_1&code=hush";
        let kept = sent(&request("/token?code_verifier=hush", "application/x-www-form-urlencoded", form));
        assert!(!kept.to_string().contains("hush"), "{kept}");
        assert!(!kept.to_string().contains("c2VjcmV0") && !kept.to_string().contains("dw_rt"), "{kept}");
        let parts = (&kept["grant_type"], &kept["client_id"], &kept["refresh_token"], &kept["authorization"]);
        assert_eq!(parts, (&json!("refresh_token"), &json!("c_1"), &json!("…"), &json!("Basic …")));
        let kept = sent(&request("/register", "application/json", r#"{"redirect_uris":["a"],"jwks":{"k":"hush"}}"#));
        assert_eq!((&kept["redirect_uris"], &kept["jwks"]), (&json!("[\"a\"]"), &json!("…")));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let long = format!("client_id={}&{}", "x".repeat(5000), "&y=1".repeat(2000));
        let kept = sent(&request("/token", "application/x-www-form-urlencoded", &long)).to_string();
        assert!(kept.len() < 1000, "{kept}");
    }
}

//! What a person is told when a sign-in by a provider did not work. The log has the whole story; the page repeats nothing
//! that a stranger could have written.

use super::super::purpose::Purpose;
use crate::config::IdentityProvider;
use crate::gateway::Snapshot;
use crate::pages::{self, ProviderTrouble, ProviderTroublePage};
use crate::relying_party::Trouble;
use crate::request::Request;
use crate::respond::{self, Dress, Problem, html};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

/// A sign-in that did not come to a good end.
pub(super) struct Failed<'a> {
    /// Where that is known.
    pub(super) provider: Option<&'a IdentityProvider>,
    pub(super) purpose: Option<&'a Purpose>,
    pub(super) why: Why,
}

/// Why.
#[derive(Debug)]
pub(super) enum Why {
    /// This browser has not begun it, or it is used up or too old.
    NotBegun,
    /// The account is disabled.
    Disabled,
    /// Something about the provider.
    Provider(Trouble),
}

impl From<Trouble> for Why {
    fn from(trouble: Trouble) -> Self {
        Self::Provider(trouble)
    }
}

impl Why {
    fn told(&self) -> (StatusCode, ProviderTrouble) {
        match self {
            Self::NotBegun => (StatusCode::BAD_REQUEST, ProviderTrouble::NotBegun),
            Self::Disabled => (StatusCode::FORBIDDEN, ProviderTrouble::Disabled),
            Self::Provider(trouble) => match trouble {
                Trouble::Unreachable(_) => (StatusCode::SERVICE_UNAVAILABLE, ProviderTrouble::Down),
                Trouble::Unbelievable(_) => (StatusCode::BAD_GATEWAY, ProviderTrouble::Untrusted),
                Trouble::Refused { .. } => (StatusCode::FORBIDDEN, ProviderTrouble::Refused),
                Trouble::TooManyGroups => (StatusCode::FORBIDDEN, ProviderTrouble::TooManyGroups),
                Trouble::TooWeak(_) => (StatusCode::FORBIDDEN, ProviderTrouble::TooWeak),
                Trouble::NotAMember => (StatusCode::FORBIDDEN, ProviderTrouble::NotAMember),
            },
        }
    }

    fn log(&self) -> String {
        match self {
            Self::NotBegun => "the answer belongs to no sign-in of this browser".to_owned(),
            Self::Disabled => "the account is disabled".to_owned(),
            Self::Provider(trouble) => trouble.to_string(),
        }
    }
}

/// The page. It leads on only by the person's own choice, so that nothing goes round in circles.
pub(super) fn page(snapshot: &Snapshot, request: &Request, failed: &Failed<'_>) -> Response<Bytes> {
    let (status, trouble) = failed.why.told();
    let name = failed.provider.map(|provider| provider.name.as_str());
    tracing::warn!(target: "audit", act = "sign_in_failed", by = name, what = shortened(&failed.why.log()), ip = %request.ip, id = request.id);
    let look = snapshot.look(request);
    let Some(provider) = failed.provider else {
        let (code, text) = ("sign_in_failed", "problem-sign-in-not-begun");
        let problem = Problem { status: status.as_u16(), code, text, ..Problem::default() };
        return respond::problem(&look, true, &request.id, problem);
    };
    let go_on = failed.purpose.and_then(|purpose| purpose.go_on.as_deref());
    let cancel = go_on.and_then(cancel);
    let page = ProviderTroublePage {
        provider: &provider.label,
        trouble,
        detail: None,
        decision_id: &request.id,
        again: Some(go_on.unwrap_or("/.doorward/login")),
        cancel: cancel.as_deref(),
    };
    let mut response = html(&look, status, pages::provider_trouble(&look, &page), Dress::default());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

/// The authorization request of a client, asked again in a way that never shows a page: the client is told that nobody
/// signed in (OpenID Connect Core section 3.1.2.6, `login_required`).
fn cancel(go_on: &str) -> Option<String> {
    let (path, query) = go_on.split_once('?')?;
    if !path.ends_with("/authorize") {
        return None;
    }
    let fields = form_urlencoded::parse(query.as_bytes());
    let fields: Vec<_> = fields.filter(|(name, _)| name != "prompt").collect();
    // What was pushed cannot be changed.
    let pushed = fields.iter().any(|(name, _)| name == "request_uri");
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).append_pair("prompt", "none").finish();
    (!pushed).then(|| format!("{path}?{query}"))
}

/// A stranger may have written it.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

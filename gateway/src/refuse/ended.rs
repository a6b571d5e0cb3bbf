//! A form that was sent after the session had ended: nothing is passed on, and nothing is lost without a word. What was sent
//! is kept on the page alone, and only if a page of the app itself sent it: whoever else did must not have it sent by us.

use super::challenge::login_url;
use crate::pages::{self, Look, SendAgain, SessionEndedPage};
use crate::refusal::At;
use crate::request::Request;
use crate::respond::{Dress, Forms, html};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use policy::StepUp;

/// Most bytes of a form that can be sent again from the page.
pub(crate) const MAX_FORM: usize = 64 * 1024;

/// Most fields of it.
const MAX_FIELDS: usize = 1000;

/// The page, with the form if it was read.
pub(super) fn page(
    look: &Look<'_>,
    request: &Request,
    (at, needed): (&At, Option<&StepUp>),
    form: Option<&[u8]>,
) -> Response<Bytes> {
    let login = format!("{}&popup", login_url(request, at, needed));
    let action = format!("{}{}", at.origin.url(), request.target.as_str());
    let fields = form.and_then(fields);
    let again = fields.as_deref().map(|fields| SendAgain { action: &action, fields });
    let page = SessionEndedPage { app: &at.app.name, login: &login, again };
    let dress = Dress { forms: Forms::Anywhere, ..Dress::default() };
    let mut response = html(look, StatusCode::UNAUTHORIZED, pages::session_ended(look, &page), dress);
    // The app is told where its form comes from, as it was the first time.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Whether a body is the form of a page, without files.
pub(super) fn is_urlencoded(content_type: Option<&HeaderValue>) -> bool {
    let text = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields of a form, if they can be written into a page and read again unchanged.
fn fields(form: &[u8]) -> Option<Vec<(String, String)>> {
    let text = percent_encoding::percent_decode(form).decode_utf8().ok()?;
    if text.contains('\0') {
        return None;
    }
    let fields: Vec<_> = form_urlencoded::parse(form).into_owned().collect();
    (fields.len() <= MAX_FIELDS).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_kept_whole_or_not_at_all() {
        let kept = fields(b"a=1&a=2&b=%C3%A4+%26%3Cb%3E&c=").unwrap();
        let pairs = [("a", "1"), ("a", "2"), ("b", "\u{e4} &<b>"), ("c", "")];
        assert_eq!(kept, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(fields(b"a=%ff"), None);
        assert_eq!(fields(b"a=%00"), None);
        assert_eq!(fields("a&".repeat(MAX_FIELDS + 1).as_bytes()), None);
    }

    #[test]
    fn only_forms_without_files_are_read() {
        let is = |text: &'static str| is_urlencoded(Some(&HeaderValue::from_static(text)));
        assert!(is("application/x-www-form-urlencoded") && is("Application/X-WWW-Form-Urlencoded; charset=UTF-8"));
        assert!(!is("multipart/form-data; boundary=x") && !is("text/plain") && !is("application/json"));
        assert!(!is_urlencoded(None));
    }
}

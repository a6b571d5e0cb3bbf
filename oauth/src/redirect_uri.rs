//! Redirect URIs (OAuth 2.1 section 2.3, RFC 8252 section 7): which may be registered, and which presented one is a
//! registered one. Comparison is of whole strings, except for the port of a loopback address.

use url::Url;

/// Which redirect URIs may be registered at an app.
#[derive(Clone, Debug, Default)]
pub struct RedirectRules {
    /// `http://localhost`, any port and path.
    pub any_on_localhost: bool,
    /// `http://127.0.0.1` and `http://[::1]`, any port and path.
    pub any_on_loopback: bool,
    /// Whole URIs, or prefixes ending in `/*`; a `*` anywhere else is an ordinary character.
    pub allowed: Vec<String>,
}

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unacceptable {
    /// It is dangerous or malformed whoever asks; the text says how.
    Never(&'static str),
    /// An administrator could allow it.
    NotAllowed,
}

/// Longest redirect URI.
pub const MAX_CHARS: usize = 2048;

impl RedirectRules {
    /// Whether `uri` may be registered.
    pub fn check(&self, uri: &str) -> Result<(), Unacceptable> {
        let url = parse(uri).map_err(Unacceptable::Never)?;
        if let Some(loopback) = Loopback::parse(uri) {
            let allowed = if loopback.host == "localhost" { self.any_on_localhost } else { self.any_on_loopback };
            return if allowed || self.lists(uri) { Ok(()) } else { Err(Unacceptable::NotAllowed) };
        }
        if url.scheme() == "http" {
            return Err(Unacceptable::Never("plain http is for loopback addresses only"));
        }
        if self.lists(uri) { Ok(()) } else { Err(Unacceptable::NotAllowed) }
    }

    fn lists(&self, uri: &str) -> bool {
        // Only a prefix with its slash ends the host too: `https://play.ex*` would cover `https://play.ex.evil`.
        self.allowed.iter().any(|allowed| match allowed.strip_suffix('*').filter(|prefix| prefix.ends_with('/')) {
            Some(prefix) => uri.starts_with(prefix) && !has_dot_segment(&uri[prefix.len()..]),
            None => uri == allowed,
        })
    }
}

/// Whether a presented URI is a registered one: the same string, or the same loopback URI on another port
/// (RFC 8252 section 7.3, and `localhost` as five shipping clients need it). Hosts never mix.
pub fn matches(registered: &str, presented: &str) -> bool {
    if registered == presented {
        return true;
    }
    match (Loopback::parse(registered), Loopback::parse(presented)) {
        (Some(registered), Some(presented)) => registered == presented,
        _ => false,
    }
}

/// Whether a presented URI is one of the gateway's own: the configured string, or one host of a configured pattern in which
/// `*` stands for one whole label. The gateway knows its own port.
pub fn is_first_party(configured: &str, presented: &str) -> bool {
    let (Some(configured), Some(presented)) = (split_host(configured), split_host(presented)) else { return false };
    let is_label = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    let fits = |(known, given): (&str, &str)| if known == "*" { is_label(given) } else { known == given };
    let count = |host: &str| host.split('.').count();
    (configured.0, configured.2) == (presented.0, presented.2)
        && count(configured.1) == count(presented.1)
        && configured.1.split('.').zip(presented.1.split('.')).all(fits)
}

/// Scheme, host with port, and the rest.
fn split_host(uri: &str) -> Option<(&str, &str, &str)> {
    let (scheme, after) = uri.split_once("://")?;
    let end = after.find('/')?;
    Some((scheme, &after[..end], &after[end..]))
}

/// Whether codes sent there stay on the person's own machine.
pub fn is_loopback(uri: &str) -> bool {
    Loopback::parse(uri).is_some()
}

/// Whether codes sent there reach the web server of a known host and nobody else: neither a program on somebody's own
/// machine nor a site that passes them on to one (RFC 8252 section 8.6).
pub fn is_assured(uri: &str) -> bool {
    uri.starts_with("https://") && !is_loopback(uri) && !RELAYS.contains(&uri)
}

/// They hand every code to an editor on the person's machine.
const RELAYS: [&str; 2] = ["https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"];

/// The URI as it is remembered: a loopback one without its port, which changes each time.
pub fn without_loopback_port(uri: &str) -> String {
    match Loopback::parse(uri) {
        Some(Loopback { scheme, host, rest }) => format!("{scheme}://{host}{rest}"),
        None => uri.to_owned(),
    }
}

/// Whether its scheme belongs to somebody: the web's own, or one named after a domain (RFC 8252 section 7.1).
pub fn has_owner(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    matches!(scheme, "http" | "https") || scheme.contains('.')
}

/// What a person is shown of where a code goes: the host, or the scheme of an app's own one.
pub fn shown_host(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
        }
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

/// The CSP source that covers a redirect there.
pub fn csp_source(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    Some(match url.scheme() {
        "http" | "https" => url.origin().ascii_serialization(),
        scheme => format!("{scheme}:"),
    })
}

/// Appends response parameters to the URI's own query (OAuth 2.1 section 2.3).
pub fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let joint = if !uri.contains('?') {
        "?"
    } else if uri.ends_with(['?', '&']) {
        ""
    } else {
        "&"
    };
    format!("{uri}{joint}{}", query.finish())
}

/// A loopback URI without its port. `host` is one of three literals: nothing that merely resolves to loopback counts.
#[derive(PartialEq, Eq)]
struct Loopback<'a> {
    scheme: &'a str,
    host: &'static str,
    rest: &'a str,
}

impl<'a> Loopback<'a> {
    fn parse(uri: &'a str) -> Option<Self> {
        let (scheme, after) = uri.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
        let host = ["localhost", "127.0.0.1", "[::1]"].into_iter().find(|host| after.starts_with(host))?;
        let after = &after[host.len()..];
        let rest = match after.strip_prefix(':') {
            Some(port) => {
                let digits = port.bytes().take_while(u8::is_ascii_digit).count();
                port[..digits].parse::<u16>().ok()?;
                &port[digits..]
            }
            None => after,
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(Self { scheme, host, rest })
    }
}

fn parse(uri: &str) -> Result<Url, &'static str> {
    if uri.len() > MAX_CHARS {
        return Err("longer than 2048 characters");
    }
    if uri.bytes().any(|b| !(0x21..=0x7e).contains(&b) || b == b'\\' || b == b'"') {
        return Err("characters that a URI cannot hold");
    }
    let url = Url::parse(uri).map_err(|_| "not an absolute URI")?;
    if matches!(
        url.scheme(),
        "javascript" | "data" | "vbscript" | "file" | "blob" | "about" | "view-source" | "ws" | "wss" | "ftp"
    ) {
        return Err("this scheme is never allowed");
    }
    if uri.contains('#') {
        return Err("a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user information");
    }
    if matches!(url.scheme(), "http" | "https") && !uri.starts_with("http://") && !uri.starts_with("https://") {
        return Err("not written as `http://` or `https://`");
    }
    // The URL Standard lets more into a host than a policy of the consent page can hold.
    if url.host_str().is_some_and(|host| !host.bytes().all(is_of_host)) {
        return Err("characters that no host name has");
    }
    Ok(url)
}

fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%[]:".contains(&byte)
}

/// Whether a path leads out of a prefix for anybody: some servers decode before they route, some twice, and some drop what
/// follows a `;`.
fn has_dot_segment(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".");
    let before_query = path.split('?').next().unwrap_or_default();
    ["%2f", "%5c", "%25"].iter().any(|hidden| before_query.contains(hidden))
        || path.split(['/', '?', ';']).any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests;

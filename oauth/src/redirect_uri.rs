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

fn has_dot_segment(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".");
    path.split(['/', '?']).any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> RedirectRules {
        RedirectRules {
            any_on_localhost: true,
            any_on_loopback: true,
            allowed: vec![
                "https://play.ex/*".into(),
                "https://other.ex*".into(),
                "cursor://anysphere.cursor-mcp/oauth/callback".into(),
            ],
        }
    }

    #[test]
    fn ru_01_comparison_is_of_whole_strings() {
        let registered = "https://c.ex/cb";
        assert!(matches(registered, "https://c.ex/cb"));
        for other in [
            "https://c.ex/cb/",
            "https://c.ex/cb?x",
            "https://c.ex/CB",
            "https://c.ex/cb/../cb",
            "https://c.ex/cb@evil",
            "https://c.ex:443/cb",
            "HTTPS://c.ex/cb",
        ] {
            assert!(!matches(registered, other), "{other}");
        }
    }

    #[test]
    fn ru_09_a_host_holds_nothing_that_ends_a_directive_of_a_policy() {
        let rules = RedirectRules { allowed: vec!["https://*".into()], ..rules() };
        for bad in
            ["https://a;b.ex/cb", "https://a,b.ex/cb", "https://a'b.ex/cb", "https://a*b.ex/cb", "app.ex://a;b/cb"]
        {
            assert!(matches!(rules.check(bad), Err(Unacceptable::Never(_))), "{bad}");
        }
        for good in ["https://a-b_c.ex:8443/cb;x", "https://[2001:db8::1]/cb", "https://xn--bcher-kva.ex/cb"] {
            assert!(!matches!(rules.check(good), Err(Unacceptable::Never(_))), "{good}");
        }
    }

    #[test]
    fn ru_02_a_loopback_address_matches_on_any_port() {
        assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:54321/cb"));
        assert!(matches("http://127.0.0.1:1/cb", "http://127.0.0.1:54321/cb"));
        assert!(matches("http://[::1]/cb", "http://[::1]:54321/cb"));
    }

    #[test]
    fn ru_03_localhost_matches_on_any_port() {
        assert!(matches("http://localhost/callback", "http://localhost:49607/callback"));
    }

    #[test]
    fn ru_04_loopback_hosts_paths_and_schemes_never_mix() {
        let registered = "http://localhost/cb";
        for other in [
            "http://127.0.0.1/cb",
            "http://[::1]:9/cb",
            "https://localhost/cb",
            "http://localhost:9/cb2",
            "http://localhost:9/cb?x=1",
        ] {
            assert!(!matches(registered, other), "{other}");
        }
    }

    #[test]
    fn ru_05_what_only_looks_like_loopback_is_not() {
        for fake in [
            "http://localhost.evil.com/cb",
            "http://127.0.0.1.nip.io/cb",
            "http://127.0.0.1@evil/cb",
            "http://127.0.0.1:80@evil/cb",
            "http://127.1/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "http://0.0.0.0/cb",
            "http://2130706433/cb",
            "http://LOCALHOST/cb",
            "http://localhost:99999/cb",
            "http://localhost:/cb",
        ] {
            assert!(!is_loopback(fake), "{fake}");
            assert!(!matches("http://127.0.0.1/cb", fake) && !matches("http://localhost/cb", fake), "{fake}");
            assert!(rules().check(fake).is_err(), "{fake}");
        }
    }

    #[test]
    fn cn_05_only_a_web_server_elsewhere_is_assured() {
        assert!(is_assured("https://claude.ai/api/mcp/auth_callback"));
        for uri in [
            "http://127.0.0.1/cb",
            "http://localhost:1/cb",
            "https://localhost/cb",
            "https://127.0.0.1:8443/cb",
            "https://[::1]/cb",
            "https://vscode.dev/redirect",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "com.example.app:/cb",
            "",
        ] {
            assert!(!is_assured(uri), "{uri}");
        }
    }

    #[test]
    fn cn_04_a_loopback_uri_is_remembered_without_its_port() {
        assert_eq!(without_loopback_port("http://127.0.0.1:4711/cb?x"), "http://127.0.0.1/cb?x");
        assert_eq!(without_loopback_port("http://localhost/cb"), "http://localhost/cb");
        assert_eq!(without_loopback_port("https://c.ex:8443/cb"), "https://c.ex:8443/cb");
    }

    #[test]
    fn ru_06_plain_http_is_for_loopback_only() {
        assert!(matches!(rules().check("http://evil.ex/cb"), Err(Unacceptable::Never(_))));
        assert_eq!(rules().check("http://localhost:8787/callback"), Ok(()));
    }

    #[test]
    fn ru_07_private_schemes_need_an_entry() {
        assert_eq!(rules().check("cursor://anysphere.cursor-mcp/oauth/callback"), Ok(()));
        assert_eq!(rules().check("cursor://anysphere.cursor-mcp/oauth/callback2"), Err(Unacceptable::NotAllowed));
        assert_eq!(rules().check("com.example.app:/cb"), Err(Unacceptable::NotAllowed));
    }

    #[test]
    fn ru_08_dangerous_schemes_are_refused_whatever_is_allowed() {
        let rules = RedirectRules { allowed: vec!["*".into(), "javascript:alert(1)".into()], ..rules() };
        for uri in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://x/y",
            "about:blank",
        ] {
            assert!(matches!(rules.check(uri), Err(Unacceptable::Never(_))), "{uri}");
        }
    }

    #[test]
    fn ru_09_fragments_and_user_information_are_refused() {
        for uri in [
            "http://localhost/cb#x",
            "https://play.ex/#",
            "https://a:b@play.ex/cb",
            "https://a@play.ex/cb",
            "http:localhost/cb",
            "https:/play.ex/x",
            "/cb",
            "",
        ] {
            assert!(matches!(rules().check(uri), Err(Unacceptable::Never(_))), "{uri}");
        }
    }

    #[test]
    fn a_pattern_covers_what_is_below_it_and_no_dot_segments() {
        assert_eq!(rules().check("https://play.ex/a/b"), Ok(()));
        for uri in [
            "https://play.ex.evil/",
            "https://other.ex.evil/",
            "https://play.ex",
            "https://play.ex/../x",
            "https://play.ex/a/%2E%2e/x",
            "https://other.ex/",
        ] {
            assert!(rules().check(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_first_party_pattern_stands_for_one_label() {
        let pattern = "https://*.lab.ex:8443/.doorward/callback";
        assert!(is_first_party(pattern, "https://wiki.lab.ex:8443/.doorward/callback"));
        for other in [
            "https://lab.ex:8443/.doorward/callback",
            "https://a.b.lab.ex:8443/.doorward/callback",
            "https://.lab.ex:8443/.doorward/callback",
            "https://x@evil.lab.ex:8443/.doorward/callback",
            "https://wiki.lab.ex:8443/.doorward/callback2",
            "https://wiki.lab.ex/.doorward/callback",
            "https://wiki.lab.ex:8443.evil.ex/.doorward/callback",
            "https://evil#.lab.ex:8443/.doorward/callback",
            "http://wiki.lab.ex:8443/.doorward/callback",
        ] {
            assert!(!is_first_party(pattern, other), "{other}");
        }
        assert!(is_first_party("http://127.0.0.1:8080/.doorward/callback", "http://127.0.0.1:8080/.doorward/callback"));
        assert!(!is_first_party(
            "http://127.0.0.1:8080/.doorward/callback",
            "http://127.0.0.1:8081/.doorward/callback"
        ));
    }

    #[test]
    fn az_10_parameters_are_appended_to_the_query() {
        assert_eq!(
            with_parameters("https://c/cb?x=1", &[("code", "a"), ("state", "ä +%")]),
            "https://c/cb?x=1&code=a&state=%C3%A4+%2B%25"
        );
        assert_eq!(with_parameters("https://c/cb", &[("code", "a")]), "https://c/cb?code=a");
    }
}

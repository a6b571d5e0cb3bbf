//! An `http` or `https` URL that can be read in one way only.

use super::values::write;
use crate::config::place::is_secure;
use crate::config::report::Mistake;
use url::{Host, Url};

/// Scheme, host, port and path of a URL that has nothing else.
#[derive(Debug)]
pub(crate) struct WebUrl {
    /// Whether it is https.
    pub(crate) secure: bool,
    /// Lower case; an IPv6 address has its brackets.
    pub(crate) host: Host<String>,
    /// Also when it is the scheme's default.
    pub(crate) port: u16,
    /// Without trailing slash.
    pub(crate) path: String,
}

impl WebUrl {
    /// Reads a URL; `example` is a good one for the help.
    pub(crate) fn parse(text: &str, example: &str) -> Result<Self, Mistake> {
        read(text).map_err(|message| Mistake::new(message).help(write(example)))
    }
}

/// The URL parser forgives much; what it would change or drop is refused before it is asked.
fn read(text: &str) -> Result<WebUrl, &'static str> {
    if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
        return Err("has white space, control characters or backslashes");
    }
    let (_, rest) = text.split_once("://").ok_or("not a URL")?;
    if rest.contains('#') {
        return Err("has a fragment");
    }
    if rest.contains('?') {
        return Err("has a query");
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("has user information");
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err("has no host");
    }
    let url = Url::parse(text).map_err(|_| "not a URL")?;
    let secure = is_secure(url.scheme()).ok_or("must start with `http://` or `https://`")?;
    let host = url.host().ok_or("has no host")?.to_owned();
    check_host(&host)?;
    let port = url.port_or_known_default().filter(|port| *port > 0).ok_or("has no usable port")?;
    let path = read_path(path, url.path())?;
    Ok(WebUrl { secure, host, port, path })
}

fn check_host(host: &Host<String>) -> Result<(), &'static str> {
    let Host::Domain(name) = host else { return Ok(()) };
    if name.split('.').any(str::is_empty) {
        return Err("has an empty label in its host");
    }
    if name.split('.').any(|label| label.contains('*') && label != "*") {
        return Err("can have `*` only for a whole label of its host");
    }
    Ok(())
}

/// The path as written, if `parsed` says the same.
fn read_path(written: &str, parsed: &str) -> Result<String, &'static str> {
    if written.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err("has a dot segment in its path");
    }
    if written.contains("//") {
        return Err("has an empty segment in its path");
    }
    let path = written.strip_suffix('/').unwrap_or(written);
    if written.contains('%') || parsed.strip_suffix('/').unwrap_or(parsed) != path {
        return Err("has encoded characters in its path, or ones that must be encoded");
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_meant() {
        for (text, host, port, path) in [
            ("http://a.ex", "a.ex", 80, ""),
            ("HTTPS://A.ex:443/", "a.ex", 443, ""),
            ("https://a.ex/wiki/", "a.ex", 443, "/wiki"),
            ("http://[::1]:3000/x/y", "[::1]", 3000, "/x/y"),
            ("https://*.a.ex", "*.a.ex", 443, ""),
        ] {
            let url = read(text).expect(text);
            let found = (url.host.to_string(), url.port, url.path.as_str());
            assert_eq!(found, (host.to_owned(), port, path), "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "a.ex",
            "/x",
            "http:a.ex",
            "http:/a.ex",
            "http://",
            "http:///x",
            "http://:80",
            "ftp://a.ex",
            "javascript://a.ex",
            "http://a.ex:0",
            "http://a.ex:99999",
            "http://a..ex",
            "http://a.ex.",
            "http://a@b.ex",
            "http://@b.ex",
            "http://a.ex?",
            "http://a.ex/?x",
            "http://a.ex#",
            "http://a.ex/a/../b",
            "http://a.ex/./b",
            "http://a.ex//b",
            "http://a.ex/b//",
            "http://a.ex/%62",
            "http://a.ex/ä",
            "http://a.ex\\b",
            "http:\\\\a.ex",
            " http://a.ex",
            "http://a.ex\n",
            "ht\ttp://a.ex",
            "http://a*.ex",
            "http://1.2.3.4.5",
            "http://*.1",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}

//! The URL of a client document (section 3): one spelling, and a host that means something to a person.

use url::{Host, Url};

/// A client identifier that names a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentUrl {
    url: Url,
    host: String,
}

impl DocumentUrl {
    /// Reads a presented client identifier.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "it is no absolute URL")?;
        if url.scheme() != "https" {
            return Err("it must be https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has user information");
        }
        if url.fragment().is_some() {
            return Err("it has a fragment");
        }
        if url.path() == "/" {
            return Err("it has no path");
        }
        // What the parser would quietly change (dot segments, case, a default port, backslashes) is compared as a string
        // elsewhere, so it must have no other spelling.
        if url.as_str() != text {
            return Err("it is not written in its normal form, without `.` and `..` segments");
        }
        let host = shown_host(&url).ok_or("its host must be a public domain name")?;
        Ok(Self { url, host })
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// As presented.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The host that vouches for the client, lower case and ASCII.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// An address or a local name vouches for nobody.
fn shown_host(url: &Url) -> Option<String> {
    let Some(Host::Domain(host)) = url.host() else { return None };
    let is_local = [".localhost", ".local", ".internal"].iter().any(|end| host.ends_with(end));
    (host.contains('.') && !host.ends_with('.') && !is_local).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cm_02_good_urls() {
        for good in [
            "https://c.example/client.json",
            "https://c.example/a/b",
            "https://c.example/a/",
            "https://c.example:8443/client.json",
            "https://c.example/client.json?v=1",
            "https://xn--bcher-kva.example/c",
        ] {
            assert_eq!(DocumentUrl::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn cm_02_bad_urls() {
        for bad in [
            "http://c.example/c",
            "https://c.example",
            "https://c.example/",
            "https://c.example/#f",
            "https://c.example/c#",
            "https://ada@c.example/c",
            "https://ada:pw@c.example/c",
            "https://:@c.example/c",
            "https://c.example/./c",
            "https://c.example/a/../c",
            "https://c.example/a/%2e%2E/c",
            "https://c.example/a/..",
            "https://C.example/c",
            "HTTPS://c.example/c",
            "https://c.example:443/c",
            "https://c.example\\c",
            "https:c.example/c",
            "https://c.example/c ",
            "https://c.example/\tc",
            "https://bücher.example/c",
            "https://127.0.0.1/c",
            "https://2130706433/c",
            "https://[::1]/c",
            "https://[fd00::1]:8443/c",
            "https://localhost/c",
            "https://a.localhost/c",
            "https://metadata.google.internal/c",
            "https://printer.local/c",
            "https://c.example./c",
            "https://intranet/c",
            "https:///c",
            "https://",
            "dw_c_x",
        ] {
            assert!(DocumentUrl::parse(bad).is_err(), "{bad}");
        }
    }
}

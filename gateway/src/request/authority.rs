//! Host and port that a request names: exactly one, strictly written (RFC 9112 section 3.2, RFC 9113 section 8.3.1).

use super::Malformed;
use http::{HeaderMap, header};
use std::fmt;

/// A host in lower case, without final dot, and the port if one was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Authority {
    /// From `:authority` (HTTP/2) and `Host`; if both are there they must agree.
    pub(crate) fn read(pseudo: Option<&str>, headers: &HeaderMap) -> Result<Self, Malformed> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let named = hosts
            .next()
            .map(|value| value.to_str().map_err(|_| Malformed("the Host header is malformed")))
            .transpose()?;
        if hosts.next().is_some() {
            return Err(Malformed("there are two Host headers"));
        }
        match (pseudo, named) {
            (Some(pseudo), Some(named)) if Self::parse(pseudo)? != Self::parse(named)? => {
                Err(Malformed("the Host header and the authority differ"))
            }
            (Some(authority), _) | (None, Some(authority)) => Self::parse(authority),
            (None, None) => Err(Malformed("the Host header is missing")),
        }
    }

    fn parse(text: &str) -> Result<Self, Malformed> {
        const BAD: Malformed = Malformed("the Host header is malformed");
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or(BAD)?;
                address.parse::<std::net::Ipv6Addr>().map_err(|_| BAD)?;
                (&text[..address.len() + 2], after.strip_prefix(':').or(after.is_empty().then_some("")).ok_or(BAD)?)
            }
            None => {
                text.split_once(':').map_or((text, ""), |(host, port)| (host, if port.is_empty() { "x" } else { port }))
            }
        };
        let port = if port.is_empty() { None } else { Some(parse_port(port).ok_or(BAD)?) };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if !host.starts_with('[') && !is_name(&host) {
            return Err(BAD);
        }
        Ok(Self { host, port })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn parse_port(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn is_name(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(hosts: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, http::HeaderValue::from_bytes(host.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn hp_12_spellings_of_one_host() {
        for (text, port) in [("APP.ex", None), ("app.ex.", None), ("app.ex:443", Some(443)), ("App.Ex.:443", Some(443))]
        {
            let read = Authority::read(None, &headers(&[text])).unwrap();
            assert_eq!(read, Authority { host: "app.ex".into(), port });
        }
    }

    #[test]
    fn hp_13_missing_repeated_and_malformed_hosts_are_refused() {
        assert!(Authority::read(None, &headers(&[])).is_err());
        assert!(Authority::read(None, &headers(&["app.ex", "app.ex"])).is_err());
        for bad in [
            "",
            ":80",
            "app.ex:",
            "app.ex:x",
            "app.ex:+80",
            "app.ex:99999",
            "a.test, b.test",
            "a.test/x",
            "a b",
            "user@app.ex",
            "[::1",
            "[::1]x",
            "[zz]",
            "a..b",
            ".",
            "app.ex..",
            "ä.ex",
            "a\"b",
        ] {
            assert!(Authority::read(None, &headers(&[bad])).is_err(), "{bad}");
        }
    }

    #[test]
    fn hp_15_host_and_authority_must_agree() {
        assert!(Authority::read(Some("a.ex"), &headers(&["b.ex"])).is_err());
        assert!(Authority::read(Some("a.ex:443"), &headers(&["a.ex"])).is_err());
        assert!(Authority::read(Some("A.ex"), &headers(&["a.ex"])).is_ok());
        assert_eq!(
            Authority::read(Some("[::1]:8080"), &headers(&[])).unwrap(),
            Authority { host: "[::1]".into(), port: Some(8080) }
        );
    }
}

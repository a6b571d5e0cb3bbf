//! Public URLs: what a place covers, how specific it is, and how it is written.

use std::cmp::Reverse;
use std::fmt;
use url::Url;

/// Scheme, host and port of one of our public URLs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// Whether browsers reach it by https.
    pub secure: bool,
    /// Lower case, without port; an IPv6 address has its brackets.
    pub host: String,
    /// The port, also when it is the scheme's default.
    pub port: u16,
}

impl Origin {
    /// The origin of an `http` or `https` URL.
    pub fn of(url: &Url) -> Option<Self> {
        let secure = is_secure(url.scheme())?;
        let host = url.host_str()?.to_owned();
        let port = url.port_or_known_default()?;
        Some(Self { secure, host, port })
    }

    /// Such as `https://wiki.example.com`, with the port unless it is the scheme's default.
    pub fn url(&self) -> String {
        let Self { secure, host, port } = self;
        match (secure, port) {
            (true, 443) => format!("https://{host}"),
            (true, _) => format!("https://{host}:{port}"),
            (false, 80) => format!("http://{host}"),
            (false, _) => format!("http://{host}:{port}"),
        }
    }
}

/// One public URL of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Scheme and port.
    pub secure: bool,
    /// The host.
    pub host: HostPattern,
    /// The port, also when it is the scheme's default.
    pub port: u16,
    /// Normalised, without trailing slash; empty for the whole host.
    pub path: String,
}

impl Place {
    /// Scheme, host and port; the host as written if it is a pattern.
    pub fn origin(&self) -> Origin {
        let host = self.host.to_string();
        Origin { secure: self.secure, host, port: self.port }
    }

    /// The whole URL without trailing slash.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin().url(), self.path)
    }

    /// Whether a normalised path is here or below.
    pub fn covers(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.path.is_empty())
    }

    /// Orders places so that the first one that fits is the right one: exact hosts before patterns, patterns with
    /// fewer `*` before those with more, longer paths before shorter ones.
    pub fn specificity(&self) -> impl Ord + use<> {
        (self.host.wildcards(), Reverse(self.path.len()))
    }
}

/// A host, or all hosts of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// Exactly this host, lower case.
    Exact(String),
    /// Labels, where `None` is any one label (written `*`).
    Labels(Vec<Option<String>>),
}

impl HostPattern {
    /// Whether `host` (lower case, without port) is of this shape.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(own) => own == host,
            Self::Labels(labels) => {
                let mut asked = host.split('.');
                let fits = |own: &Option<String>| match (own, asked.next()) {
                    (Some(own), Some(label)) => own == label,
                    (None, Some(label)) => !label.is_empty(),
                    (_, None) => false,
                };
                labels.iter().all(fits) && asked.next().is_none()
            }
        }
    }

    /// Whether some hosts fit both patterns, and neither pattern is the more specific one.
    pub fn crosses(&self, other: &Self) -> bool {
        let (Self::Labels(own), Self::Labels(others)) = (self, other) else { return false };
        let overlap = |(a, b): (&Option<String>, &Option<String>)| a.is_none() || b.is_none() || a == b;
        own.len() == others.len() && self.wildcards() == other.wildcards() && own.iter().zip(others).all(overlap)
    }

    /// Whether it is one host.
    pub fn is_exact(&self) -> bool {
        matches!(self, Self::Exact(_))
    }

    fn wildcards(&self) -> usize {
        match self {
            Self::Exact(_) => 0,
            Self::Labels(labels) => labels.iter().filter(|label| label.is_none()).count(),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => f.write_str(host),
            Self::Labels(labels) => {
                let labels: Vec<_> = labels.iter().map(|l| l.as_deref().unwrap_or("*")).collect();
                f.write_str(&labels.join("."))
            }
        }
    }
}

/// Whether a scheme is `https` rather than `http`; `None` if it is neither.
pub(crate) fn is_secure(scheme: &str) -> Option<bool> {
    match scheme {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(host: HostPattern, path: &str) -> Place {
        Place { secure: true, host, port: 443, path: path.into() }
    }

    fn exact(path: &str) -> Place {
        place(HostPattern::Exact("a.example.com".into()), path)
    }

    fn pattern(labels: &[&str]) -> HostPattern {
        let label = |label: &&str| (*label != "*").then(|| label.to_string());
        HostPattern::Labels(labels.iter().map(label).collect())
    }

    #[test]
    fn an_origin_is_written_without_its_default_port() {
        for text in ["https://a.ex", "https://a.ex:80", "http://a.ex", "http://[::1]:8080"] {
            let origin = Url::parse(text).ok().and_then(|url| Origin::of(&url));
            assert_eq!(origin.map(|origin| origin.url()).as_deref(), Some(text));
        }
        assert!(Url::parse("ftp://a.ex").is_ok_and(|url| Origin::of(&url).is_none()));
    }

    #[test]
    fn a_star_is_exactly_one_label() {
        let any = place(pattern(&["*", "example", "com"]), "");
        assert!(any.host.matches("a.example.com"));
        for host in ["example.com", "b.a.example.com", ".example.com", "a.example.com.", "aexample.com"] {
            assert!(!any.host.matches(host), "{host}");
        }
        assert_eq!(any.url(), "https://*.example.com");
    }

    #[test]
    fn a_path_covers_whole_segments() {
        for (own, path) in [("", "/"), ("", "/x"), ("", "*"), ("/wiki", "/wiki"), ("/wiki", "/wiki/x")] {
            assert!(exact(own).covers(path), "{own} {path}");
        }
        for path in ["/", "/wiki2", "/Wiki", "/x/wiki"] {
            assert!(!exact("/wiki").covers(path), "{path}");
        }
    }

    #[test]
    fn the_most_specific_place_comes_first() {
        let mut places = [
            place(pattern(&["*", "*", "com"]), "/long/path"),
            place(pattern(&["*", "example", "com"]), ""),
            place(pattern(&["*", "example", "com"]), "/x"),
            exact(""),
            exact("/x"),
        ];
        places.sort_by_key(Place::specificity);
        let urls = places.map(|place| place.url());
        let expected = [
            "https://a.example.com/x",
            "https://a.example.com",
            "https://*.example.com/x",
            "https://*.example.com",
            "https://*.*.com/long/path",
        ];
        assert_eq!(urls, expected);
    }
}

//! Resource indicators (RFC 8707): which `resource` values mean an app. Tolerant of spelling (slash, case of scheme and
//! host, default port, origin only, any path inside the app), never of another path, host or sibling.

use url::Url;

/// The URLs of an app, and the one audience of its tokens.
#[derive(Clone, Debug)]
pub struct Resource {
    canonical: String,
    own: Vec<Place>,
    others: Vec<Place>,
}

/// An origin and a path without trailing slash (empty for the root).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    origin: String,
    path: String,
}

impl Resource {
    /// An app at `urls` (the first one is the audience) beside other apps at `others`, which win where they are more specific.
    pub fn new(urls: &[Url], others: &[Url]) -> Self {
        let own: Vec<_> = urls.iter().map(Place::of).collect();
        let canonical = own.first().map(|place| format!("{}{}", place.origin, place.path)).unwrap_or_default();
        Self { canonical, own, others: others.iter().map(Place::of).collect() }
    }

    /// The `aud` of every token for this app.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether a presented `resource` means this app.
    pub fn is_named_by(&self, presented: &str) -> bool {
        let Some(asked) = Place::parse(presented) else { return false };
        let depth = |places: &[Place]| places.iter().filter(|p| p.contains(&asked)).map(|p| p.path.len() + 1).max();
        match (depth(&self.own), depth(&self.others)) {
            (Some(ours), theirs) => theirs.is_none_or(|theirs| ours > theirs),
            // The bare origin means the app when no other app is there.
            (None, None) => asked.path.is_empty() && self.own.iter().any(|own| own.origin == asked.origin),
            (None, Some(_)) => false,
        }
    }
}

impl Place {
    fn of(url: &Url) -> Self {
        let path = url.path().trim_end_matches('/').to_owned();
        Self { origin: url.origin().ascii_serialization(), path }
    }

    /// Reads a foreign URL; `None` for what could be read in two ways.
    fn parse(text: &str) -> Option<Self> {
        if text.len() > 2048 || is_ambiguous(text) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.fragment().is_none()
            && url.query().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        plain.then(|| Self::of(&url))
    }

    fn contains(&self, other: &Self) -> bool {
        self.origin == other.origin
            && other.path.strip_prefix(self.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Whether a URL parser would quietly change the text: a missing `//`, dot segments, backslashes, encoded separators,
/// spaces.
fn is_ambiguous(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some((_, path)) = lower.split_once("://") else { return true };
    ["%2e", "%2f", "%5c", "%00", "\\", "//"].iter().any(|trick| path.contains(trick))
        || path.split('/').skip(1).any(|segment| segment == "." || segment == "..")
        || text.bytes().any(|b| b <= b' ' || b == 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(urls: &[&str], others: &[&str]) -> Resource {
        let parse = |urls: &[&str]| urls.iter().map(|url| Url::parse(url).unwrap()).collect::<Vec<_>>();
        Resource::new(&parse(urls), &parse(others))
    }

    #[test]
    fn ri_03_spellings_of_the_same_app() {
        let app = resource(&["https://app.ex/mcp"], &[]);
        for same in [
            "https://app.ex/mcp",
            "https://app.ex/mcp/",
            "HTTPS://APP.EX/mcp",
            "https://app.ex:443/mcp",
            "https://app.ex",
            "https://app.ex/",
        ] {
            assert!(app.is_named_by(same), "{same}");
        }
        assert_eq!(app.canonical(), "https://app.ex/mcp");
    }

    #[test]
    fn any_path_inside_an_app_at_the_root_means_it() {
        let app = resource(&["https://app.ex"], &["https://app.ex/other"]);
        assert!(app.is_named_by("https://app.ex/mcp"));
        assert!(!app.is_named_by("https://app.ex/other"));
        assert!(!app.is_named_by("https://app.ex/other/x"));
        assert!(app.is_named_by("https://app.ex/otherwise"));
        assert_eq!(app.canonical(), "https://app.ex");
    }

    #[test]
    fn ri_04_neighbours_are_not_the_app() {
        let app = resource(&["https://app.ex/mcp"], &[]);
        for other in [
            "https://app.ex/mcp2",
            "https://app.ex/other",
            "https://app.ex/mcp/../x",
            "https://app.ex/mcp/%2e%2e/x",
            "https://evil.ex/mcp",
            "http://app.ex/mcp",
            "https://app.ex:444/mcp",
            "https://app.ex.evil/mcp",
            "https://app.ex/MCP",
            "https://x@app.ex/mcp",
        ] {
            assert!(!app.is_named_by(other), "{other}");
        }
    }

    #[test]
    fn ri_02_what_is_no_plain_absolute_url_is_no_resource() {
        let app = resource(&["https://app.ex"], &[]);
        for bad in [
            "",
            "/mcp",
            "app.ex",
            "https:app.ex",
            "https:/app.ex",
            "https://app.ex/#f",
            "https://app.ex/mcp#",
            "urn:x",
            "https://app.ex/x?t=1",
            "https://app.ex/ x",
        ] {
            assert!(!app.is_named_by(bad), "{bad}");
        }
    }

    #[test]
    fn the_origin_belongs_to_the_app_that_is_there() {
        let app = resource(&["https://app.ex/mcp"], &["https://app.ex"]);
        assert!(!app.is_named_by("https://app.ex"));
        assert!(app.is_named_by("https://app.ex/mcp"));
    }
}

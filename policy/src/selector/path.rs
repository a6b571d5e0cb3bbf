//! The selector `path`: one path, or with a trailing `/*` a path and everything below it.

use std::fmt;

/// A pattern of paths, compared segment by segment and case-sensitively with the normalised,
/// decoded path.
///
/// Empty segments do not count: `/a`, `/a/` and `//a` are the same path for a rule, because many
/// servers answer them alike, and a slash must never slip past a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    /// The path without the trailing `/*`.
    base: Box<str>,
    /// Whether paths below the base match too.
    below: bool,
}

impl PathPattern {
    /// Reads a pattern; the error is for the person who wrote it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (base, below) = match text.strip_suffix("/*") {
            Some(base) => (base, true),
            None => (text, false),
        };
        let complaint = if !text.starts_with('/') {
            "must start with `/`"
        } else if base.contains('*') {
            "can have `*` only as the whole last segment, as in `/admin/*`"
        } else if text.contains("//") {
            "has an empty segment; one `/` stands for several"
        } else if base.contains(['?', '#']) {
            "goes further than the path; the query takes no part in a rule"
        } else if segments(base).any(|segment| matches!(segment, "." | "..")) {
            "has a dot segment, which no normalised path has"
        } else if has_percent_encoding(base) {
            "is percent-encoded; rules see the decoded path, so write the character itself"
        } else {
            return Ok(Self { base: base.into(), below });
        };
        Err(format!("`{text}` {complaint}"))
    }

    /// Whether it covers a path that is normalised and decoded.
    pub fn matches(&self, path: &str) -> bool {
        let mut asked = segments(path);
        segments(&self.base).all(|own| asked.next() == Some(own)) && (self.below || asked.next().is_none())
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        f.write_str(if self.below { "/*" } else { "" })
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn has_percent_encoding(text: &str) -> bool {
    text.as_bytes().windows(3).any(|part| part[0] == b'%' && part[1..].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).expect("a pattern").matches(path)
    }

    #[test]
    fn a_plain_path_matches_itself_with_or_without_a_slash() {
        for pattern in ["/a/b", "/a/b/"] {
            for path in ["/a/b", "/a/b/", "//a/b", "/a//b", "/a/b//"] {
                assert!(matches(pattern, path), "{pattern} {path}");
            }
            for path in ["/a", "/a/b/c", "/a/B", "/a/bc", "/x/a/b", "/"] {
                assert!(!matches(pattern, path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn a_trailing_star_matches_the_path_and_everything_below() {
        for path in ["/mcp", "/mcp/", "/mcp/x", "/mcp/x/y/", "//mcp/x"] {
            assert!(matches("/mcp/*", path), "{path}");
        }
        for path in ["/mcp2", "/", "/x/mcp", "/MCP"] {
            assert!(!matches("/mcp/*", path), "{path}");
        }
    }

    #[test]
    fn the_root_is_only_the_root_and_a_star_is_all() {
        assert!(matches("/", "/"));
        assert!(!matches("/", "/a"));
        for path in ["/", "/a", "/a/b", "*", ""] {
            assert!(matches("/*", path), "{path}");
        }
    }

    #[test]
    fn a_path_is_not_decoded_a_second_time() {
        assert!(!matches("/admin", "/%61dmin"));
        assert!(matches("/100%", "/100%"));
    }

    #[test]
    fn each_mistake_is_explained() {
        for (text, complaint) in [
            ("admin", "must start with `/`"),
            ("*", "must start with `/`"),
            ("/a*", "only as the whole last segment"),
            ("/*/a", "only as the whole last segment"),
            ("/a/*/", "only as the whole last segment"),
            ("/a/**", "only as the whole last segment"),
            ("/*/*", "only as the whole last segment"),
            ("//a", "empty segment"),
            ("/a//*", "empty segment"),
            ("//*", "empty segment"),
            ("/a?b=c", "the query takes no part"),
            ("/a#b", "the query takes no part"),
            ("/a/../b", "dot segment"),
            ("/./*", "dot segment"),
            ("/caf%C3%A9", "is percent-encoded"),
        ] {
            let result = PathPattern::parse(text);
            let message = result.expect_err(text);
            assert!(message.contains(complaint), "{text}: {message}");
        }
    }
}

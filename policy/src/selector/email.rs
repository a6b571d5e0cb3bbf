//! The selectors `email` and `email_domain`: whole strings, compared without regard to ASCII case.

use std::fmt;

/// One email address.
#[derive(Debug)]
pub(crate) struct Email(Box<str>);

impl Email {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("*@") {
            return Err("`*` is not a pattern here; for a whole domain use `email_domain`".into());
        }
        if text.contains(char::is_whitespace) || split(text).is_none() {
            return Err(format!("`{text}` is not an email address, which has one `@` with text on both sides"));
        }
        Ok(Self(text.into()))
    }

    /// INVARIANT: `self` has exactly one `@`, so an address with more never equals it.
    pub(crate) fn matches(&self, email: &str) -> bool {
        self.0.eq_ignore_ascii_case(email)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One domain of email addresses; its subdomains are other domains.
#[derive(Debug)]
pub(crate) struct EmailDomain(Box<str>);

impl EmailDomain {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let domain = text.strip_prefix('@').unwrap_or(text);
        if domain.contains('*') {
            return Err("`*` is not a pattern here; name each domain, subdomains are never included".into());
        }
        if domain.is_empty() || domain.contains(|c: char| c == '@' || c.is_whitespace()) {
            return Err(format!("`{text}` is not a domain such as `example.com`"));
        }
        Ok(Self(domain.into()))
    }

    pub(crate) fn matches(&self, email: &str) -> bool {
        split(email).is_some_and(|(_, domain)| self.0.eq_ignore_ascii_case(domain))
    }
}

impl fmt::Display for EmailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two sides of the only `@`. Addresses with several (quoted local parts) are read differently
/// by different software, so they are nobody's.
fn split(email: &str) -> Option<(&str, &str)> {
    let (local, domain) = email.split_once('@')?;
    let sound = !local.is_empty() && !domain.is_empty() && !domain.contains('@');
    sound.then_some((local, domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_07_an_email_is_compared_whole_and_without_case() {
        let email = Email::parse("Ann@Example.com").expect("an address");
        assert!(email.matches("ann@example.COM"));
        for other in ["ann@example.com.", "xann@example.com", "ann@a@example.com", ""] {
            assert!(!email.matches(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_email_is_refused() {
        for text in ["ann", "@example.com", "ann@", "a@b@c", "a nn@example.com", "@"] {
            let message = Email::parse(text).expect_err(text);
            assert!(message.contains("is not an email address"), "{message}");
        }
        let message = Email::parse("*@example.com").expect_err("a pattern");
        assert!(message.contains("`email_domain`"), "{message}");
    }

    #[test]
    fn p_07_a_domain_is_compared_whole_and_without_case() {
        for text in ["example.com", "@Example.com"] {
            let domain = EmailDomain::parse(text).expect("a domain");
            assert!(domain.matches("ann@EXAMPLE.com"));
            for other in [
                "ann@sub.example.com",
                "ann@notexample.com",
                "ann@evil.org@example.com",
                "ann@example.com@evil.org",
                "@example.com",
                "example.com",
                "ann@",
                "",
            ] {
                assert!(!domain.matches(other), "{other}");
            }
        }
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for text in ["@", "@@example.com", "ann@example.com", "example com"] {
            let message = EmailDomain::parse(text).expect_err(text);
            assert!(message.contains("is not a domain"), "{message}");
        }
        let message = EmailDomain::parse("*.example.com").expect_err("a pattern");
        assert!(message.contains("subdomains are never included"), "{message}");
    }
}

//! Which redirect URIs an administrator can allow.

use crate::config::report::Mistake;
use oauth::redirect_uri::{RedirectRules, Unacceptable};

/// Checks one of `allowed_uris`: a whole URI, or with `*` at the end everything below a path.
pub(crate) fn check(text: &str) -> Result<(), Mistake> {
    let base = match text.strip_suffix('*') {
        Some(base) if is_below_a_host(base) => base,
        Some(_) => return Err(only_below_a_host()),
        None => text,
    };
    if base.contains('*') {
        return Err(only_below_a_host());
    }
    match RedirectRules::default().check(base) {
        Err(Unacceptable::Never(why)) => Err(Mistake::new(format!("cannot be a redirect URI: {why}"))),
        Err(Unacceptable::NotAllowed) | Ok(()) => Ok(()),
    }
}

/// Whether it ends with a slash that comes after a host.
fn is_below_a_host(base: &str) -> bool {
    let host = base.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    base.ends_with('/') && host.is_some_and(|(host, _)| !host.is_empty())
}

fn only_below_a_host() -> Mistake {
    let help = r#"write "https://example.com/*""#.to_owned();
    Mistake::new("can have `*` only at the end, after a `/` that follows the host").help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_uris_and_what_is_below_a_path() {
        for good in [
            "https://a.ex/cb",
            "https://a.ex/*",
            "https://a.ex/x/*",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "com.example.app:/cb",
            "http://localhost/cb",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_would_hand_codes_to_strangers_is_refused() {
        for bad in [
            "",
            "*",
            "/cb",
            "https://*",
            "https:///*",
            "https://*/cb",
            "https://*.ex/cb",
            "https://a.ex*",
            "https://a.ex/x*",
            "https://a.ex/*/cb",
            "https://a.ex/**",
            "javascript:alert(1)",
            "data:*",
            "http://a.ex/cb",
            "https://a.ex/cb#x",
            "https://u@a.ex/cb",
            "com.example.app:/*",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}

//! Scopes (RFC 6749 section 3.3): what an app offers, and what of it a request gets.

/// Lets a client ask for refresh tokens by name (SEP-2207); they are given without it too.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scope that every app offers, so that no client has to guess one.
pub const ACCESS: &str = "access";

/// One scope that an app offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its name, checked by [`is_scope_token`].
    pub name: String,
    /// What it allows, for the consent page.
    pub description: String,
}

/// The scopes of an app; never empty.
#[derive(Clone, Debug)]
pub struct Scopes(Vec<Scope>);

/// No requested scope can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidScope;

impl Scopes {
    /// [`ACCESS`] and the configured ones.
    pub fn new(configured: Vec<Scope>) -> Self {
        let mut scopes = vec![Scope { name: ACCESS.to_owned(), description: "Use the app as you".to_owned() }];
        scopes.extend(configured);
        Self(scopes)
    }

    /// The names, in the order of the configuration; without [`OFFLINE_ACCESS`].
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|scope| scope.name.as_str())
    }

    /// The scope called `name`.
    pub fn find(&self, name: &str) -> Option<&Scope> {
        self.0.iter().find(|scope| scope.name == name)
    }

    /// What a request gets: everything if it asks for nothing, else what it asks for and the app offers. Unknown scopes
    /// are dropped as long as one remains, because clients ask with lists of other servers.
    pub fn grant(&self, requested: Option<&str>) -> Result<String, InvalidScope> {
        let Some(requested) = requested else {
            return Ok(join(self.names()));
        };
        let asked = parse(requested).ok_or(InvalidScope)?;
        let granted = join(self.names().chain([OFFLINE_ACCESS]).filter(|name| asked.contains(name)));
        if granted.is_empty() { Err(InvalidScope) } else { Ok(granted) }
    }
}

/// What of `granted` a refresh asks for; it never gets more (OAuth 2.1 section 4.3.1).
pub fn narrow(granted: &str, requested: Option<&str>) -> Result<String, InvalidScope> {
    let Some(requested) = requested else {
        return Ok(granted.to_owned());
    };
    let asked = parse(requested).ok_or(InvalidScope)?;
    let narrowed = join(granted.split(' ').filter(|name| asked.contains(name)));
    if narrowed.is_empty() { Err(InvalidScope) } else { Ok(narrowed) }
}

/// Whether a space-separated list contains a scope; case matters.
pub fn contains(list: &str, name: &str) -> bool {
    list.split(' ').any(|scope| scope == name)
}

/// Whether a text is one scope-token.
pub fn is_scope_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

fn parse(list: &str) -> Option<Vec<&str>> {
    let names: Vec<_> = list.split(' ').filter(|name| !name.is_empty()).collect();
    (!names.is_empty() && names.iter().all(|name| is_scope_token(name))).then_some(names)
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes() -> Scopes {
        Scopes::new(vec![Scope { name: "wiki:write".into(), description: "Change pages".into() }])
    }

    #[test]
    fn az_21_no_scope_means_all_that_the_app_offers() {
        assert_eq!(scopes().grant(None).unwrap(), "access wiki:write");
    }

    #[test]
    fn az_22_unknown_scopes_are_dropped_while_one_remains() {
        assert_eq!(scopes().grant(Some("bogus wiki:write openid")).unwrap(), "wiki:write");
        assert_eq!(scopes().grant(Some("bogus")), Err(InvalidScope));
    }

    #[test]
    fn sc_07_scopes_match_by_case_and_without_order() {
        assert_eq!(scopes().grant(Some("wiki:write access")).unwrap(), "access wiki:write");
        assert_eq!(scopes().grant(Some("Access")), Err(InvalidScope));
        assert_eq!(scopes().grant(Some("access \"")), Err(InvalidScope));
    }

    #[test]
    fn tk_20_a_refresh_never_widens() {
        assert_eq!(narrow("access", Some("access wiki:write offline_access")).unwrap(), "access");
        assert_eq!(narrow("access", Some("wiki:write")), Err(InvalidScope));
        assert_eq!(narrow("access wiki:write", None).unwrap(), "access wiki:write");
    }
}

//! Scopes (RFC 6749 section 3.3): what an app offers, what of it a request gets, and which scope stands for which.
//!
//! A broader scope can include narrower ones, and each scope of an app includes [`ACCESS`]: no request needs that one by
//! name, and whoever may change the app may use it. What was granted is kept and told as it was granted; what it includes
//! is worked out where it is asked, so that a change of the configuration counts at once.

/// Lets a client ask for refresh tokens by name (SEP-2207); they are given without it too.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scope that every app offers, so that no client has to guess one.
pub const ACCESS: &str = "access";

/// What it allows, where nobody says it otherwise.
pub const ACCESS_DESCRIPTION: &str = "Use the app as you";

/// One scope that an app offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its name, checked by [`is_scope_token`].
    pub name: String,
    /// What it allows, for the consent page.
    pub description: String,
    /// The narrower scopes that it stands for. [`Scopes`] adds those that these include.
    pub includes: Vec<String>,
    /// Whether a person can leave it out when a client asks for it.
    pub optional: bool,
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
        let access = Scope {
            name: ACCESS.to_owned(),
            description: ACCESS_DESCRIPTION.to_owned(),
            includes: Vec::new(),
            optional: false,
        };
        let all = configured.iter().map(|scope| Scope { includes: reach(&configured, scope), ..scope.clone() });
        Self(std::iter::once(access).chain(all).collect())
    }

    /// The names, in the order of the configuration; without [`OFFLINE_ACCESS`].
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|scope| scope.name.as_str())
    }

    /// The scope called `name`.
    pub fn find(&self, name: &str) -> Option<&Scope> {
        self.0.iter().find(|scope| scope.name == name)
    }

    /// Whether `granted`, a space-separated list, holds the scope `needed`, by itself or within a broader one (SC-04).
    pub fn covers(&self, granted: &str, needed: &str) -> bool {
        granted.split(' ').any(|held| held == needed || self.find(held).is_some_and(|held| stands_for(held, needed)))
    }

    /// The same scopes without those that another one of them includes, each once.
    pub fn fewest<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut all: Vec<&str> = Vec::new();
        for name in names {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        let includes = |broad: &str, name: &str| {
            self.find(broad).is_some_and(|broad| broad.includes.iter().any(|included| included == name))
        };
        all.iter().filter(|name| !all.iter().any(|broad| includes(broad, name))).copied().collect()
    }

    /// What a request gets: everything if it asks for nothing, else what it asks for and the app offers. Unknown scopes
    /// are dropped as long as one remains, because clients ask with lists of other servers. [`OFFLINE_ACCESS`] alone says
    /// for how long but not what for; then it is [`ACCESS`].
    pub fn grant(&self, requested: Option<&str>) -> Result<String, InvalidScope> {
        let Some(requested) = requested else {
            return Ok(join(self.names()));
        };
        let asked = parse(requested).ok_or(InvalidScope)?;
        some_of(self.names().chain([OFFLINE_ACCESS]).filter(|name| asked.contains(name)).collect())
    }

    /// The same for a client that may have no more than `most`; without one, all that the app offers.
    pub fn grant_within(&self, most: Option<&str>, requested: Option<&str>) -> Result<String, InvalidScope> {
        let granted = self.grant(requested)?;
        match most {
            Some(most) => self.narrow(most, Some(&granted)),
            None => Ok(granted),
        }
    }

    /// What of `granted` a refresh asks for, narrower scopes that it includes among it; it never gets more
    /// (OAuth 2.1 section 4.3.1).
    pub fn narrow(&self, granted: &str, requested: Option<&str>) -> Result<String, InvalidScope> {
        let Some(requested) = requested else {
            return Ok(granted.to_owned());
        };
        let asked = parse(requested).ok_or(InvalidScope)?;
        let mut kept: Vec<&str> = Vec::new();
        // Those that the app offers no longer are still what was granted.
        for name in self.names().chain(granted.split(' ')) {
            if asked.contains(&name) && self.covers(granted, name) && !kept.contains(&name) {
                kept.push(name);
            }
        }
        some_of(kept)
    }
}

/// Whether a space-separated list contains a scope; case matters.
pub fn contains(list: &str, name: &str) -> bool {
    list.split(' ').any(|scope| scope == name)
}

/// Whether a text is one scope-token.
pub fn is_scope_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

fn stands_for(held: &Scope, needed: &str) -> bool {
    needed == ACCESS || held.includes.iter().any(|included| included == needed)
}

/// Everything that a scope includes, at whatever remove, without itself.
fn reach(all: &[Scope], scope: &Scope) -> Vec<String> {
    let mut reached: Vec<String> = Vec::new();
    let mut waiting = scope.includes.clone();
    while let Some(name) = waiting.pop() {
        if name == scope.name || reached.contains(&name) {
            continue;
        }
        waiting.extend(all.iter().filter(|scope| scope.name == name).flat_map(|scope| scope.includes.clone()));
        reached.push(name);
    }
    reached.sort();
    reached
}

fn some_of(mut names: Vec<&str>) -> Result<String, InvalidScope> {
    if names == [OFFLINE_ACCESS] {
        names.insert(0, ACCESS);
    }
    if names.is_empty() { Err(InvalidScope) } else { Ok(names.join(" ")) }
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

    fn scope(name: &str, includes: &[&str]) -> Scope {
        let includes = includes.iter().map(|name| (*name).to_owned()).collect();
        Scope { name: name.into(), description: "Do it".into(), includes, optional: false }
    }

    fn scopes() -> Scopes {
        Scopes::new(vec![scope("wiki:write", &[])])
    }

    /// Each includes the next one.
    fn ladder() -> Scopes {
        Scopes::new(vec![
            scope("wiki:all", &["wiki:write"]),
            scope("wiki:write", &["wiki:read"]),
            scope("wiki:read", &[]),
            scope("mail:read", &[]),
        ])
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
    fn sc_04_a_broader_scope_stands_for_all_below_it_and_none_above() {
        let scopes = ladder();
        for (held, covered) in [
            ("wiki:all", &["wiki:all", "wiki:write", "wiki:read", "access"][..]),
            ("wiki:write", &["wiki:write", "wiki:read", "access"]),
            ("wiki:read", &["wiki:read", "access"]),
            ("mail:read wiki:read", &["mail:read", "wiki:read", "access"]),
            ("access", &["access"]),
            ("offline_access", &["offline_access"]),
            ("wiki:al", &["wiki:al"]),
            ("", &[""]),
        ] {
            for name in ["", "access", "wiki:all", "wiki:write", "wiki:read", "mail:read", "wiki:al", "offline_access"]
            {
                assert_eq!(scopes.covers(held, name), covered.contains(&name), "{held}: {name}");
            }
        }
    }

    #[test]
    fn sc_02_a_challenge_names_no_scope_that_another_one_brings() {
        let fewest = |names: &str| ladder().fewest(names.split(' ')).join(" ");
        assert_eq!(fewest("wiki:read mail:read wiki:write"), "mail:read wiki:write");
        assert_eq!(fewest("wiki:read wiki:all wiki:read"), "wiki:all");
        assert_eq!(
            fewest("access wiki:write"),
            "access wiki:write",
            "what is held is named, though each one implies it"
        );
    }

    #[test]
    fn a_circle_of_scopes_ends() {
        let scopes = Scopes::new(vec![scope("a", &["b"]), scope("b", &["a"])]);
        assert_eq!(scopes.find("a").unwrap().includes, ["b"]);
    }

    #[test]
    fn offline_access_alone_is_asked_for_the_app_itself() {
        assert_eq!(scopes().grant(Some("offline_access openid")).unwrap(), "access offline_access");
    }

    #[test]
    fn tk_20_a_refresh_never_widens() {
        let narrow = |granted, requested| scopes().narrow(granted, requested);
        assert_eq!(narrow("access", Some("access wiki:write offline_access")).unwrap(), "access");
        assert_eq!(narrow("access", Some("wiki:write")), Err(InvalidScope));
        assert_eq!(narrow("access", Some("offline_access")), Err(InvalidScope));
        assert_eq!(narrow("access wiki:write", None).unwrap(), "access wiki:write");
        assert_eq!(narrow("access gone", Some("gone")).unwrap(), "gone", "granted before it was taken away");
    }

    #[test]
    fn tk_20_sc_04_a_refresh_can_ask_for_what_its_scope_includes_and_for_nothing_above() {
        let narrow = |granted, requested| ladder().narrow(granted, Some(requested));
        assert_eq!(narrow("wiki:write", "wiki:read").unwrap(), "wiki:read");
        assert_eq!(narrow("wiki:write", "access wiki:read wiki:all mail:read").unwrap(), "access wiki:read");
        assert_eq!(narrow("wiki:read", "wiki:write"), Err(InvalidScope));
        assert_eq!(narrow("offline_access", "access"), Err(InvalidScope));
    }
}

//! One policy: an action and the rules under which it is taken.

use std::sync::Arc;
use std::time::Duration;

use crate::rule::{Rules, Scope};
use crate::{Action, Facts, Groups, Identity, ParseError, RawPolicy, Truth};

/// A parsed policy.
#[derive(Debug)]
pub struct Policy {
    pub(crate) name: Arc<str>,
    pub(crate) action: Action,
    pub(crate) rules: Rules,
    /// How long ago the person may have signed in.
    pub(crate) session_duration: Option<Duration>,
}

impl Policy {
    /// Parses one policy and reports all its errors. It is called `raw.name`, or `name` if it has
    /// none of its own.
    pub fn parse(name: &str, raw: &RawPolicy, groups: &Groups) -> Result<Self, Vec<ParseError>> {
        let scope = Scope { groups, before_identity: raw.action == Action::Bypass };
        let name = raw.name.as_deref().unwrap_or(name);
        let mut errors = Vec::new();
        if name.trim().is_empty() {
            errors.push(ParseError::new("name", "must not be empty"));
        }
        let session_duration = session_duration(raw).unwrap_or_else(|message| {
            errors.push(ParseError::new("session_duration", message));
            None
        });
        match Rules::parse(raw.rules(), &scope) {
            Ok(rules) if errors.is_empty() => {
                Ok(Self { name: name.into(), action: raw.action, rules, session_duration })
            }
            Ok(_) => Err(errors),
            Err(found) => {
                errors.extend(found);
                Err(errors)
            }
        }
    }

    /// The name in decisions and logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does when it matches.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Whether it looks at client certificates.
    pub fn speaks_of_certificates(&self) -> bool {
        self.rules.speak_of_certificates()
    }

    /// Whether it lets in who shows nothing but a client certificate, if its rules hold.
    pub fn takes_certificates_alone(&self) -> bool {
        self.action == Action::ServiceAuth && self.rules.ask_for_certificate()
    }

    /// Whether it is about whoever is asking. A certificate alone is no way in unless the policy asks for one.
    pub(crate) fn applies_to(&self, facts: &Facts<'_>) -> bool {
        let certificate = facts.identity.is_some_and(Identity::is_certificate);
        self.action.applies_to(facts)
            && (!certificate || self.action == Action::Bypass || self.takes_certificates_alone())
    }

    /// Whether it matches.
    pub(crate) fn test(&self, facts: &Facts<'_>) -> Truth {
        if !self.applies_to(facts) {
            return Truth::No;
        }
        match self.is_fresh(facts) {
            Some(Truth::No) => Truth::No,
            _ => self.rules.test(facts),
        }
    }

    /// Whether the person signed in recently enough, if the policy asks for that.
    pub(crate) fn is_fresh(&self, facts: &Facts<'_>) -> Option<Truth> {
        let longest = self.session_duration?;
        Some(facts.authenticated_for.is_some_and(|age| age <= longest).into())
    }
}

fn session_duration(raw: &RawPolicy) -> Result<Option<Duration>, String> {
    let Some(text) = &raw.session_duration else { return Ok(None) };
    if raw.action != Action::Allow {
        return Err(format!("can only be used in an `allow` policy, not with `{}`", raw.action));
    }
    match humantime::parse_duration(text) {
        Ok(duration) if (SHORTEST..=LONGEST).contains(&duration) => Ok(Some(duration)),
        Ok(_) => Err("must be between one second and ten years".into()),
        Err(_) => Err("not a duration; write \"15m\", \"24h\" or \"14d\"".into()),
    }
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Policy, Vec<String>> {
        let groups = toml::from_str(
            r#"
            staff = { include = [{ ip = "10.0.0.0/8" }], exclude = [{ group = "interns" }] }
            interns = { include = [{ path = "/x" }], require = [{ email = "ann@example.com" }] }
            office = { include = [{ ip = "10.0.0.0/8" }] }
            "#,
        )
        .expect("well-formed groups");
        let groups = Groups::parse(&groups).expect("sound groups");
        let raw = toml::from_str(text).expect("a well-formed policy");
        Policy::parse("key", &raw, &groups).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    fn errors(text: &str) -> Vec<String> {
        parse(text).expect_err("must be refused")
    }

    #[test]
    fn the_name_of_its_own_comes_first() {
        let own = parse("name = 'own'\naction = 'block'\ninclude = [{ everyone = true }]");
        assert_eq!(own.map(|policy| policy.name().to_owned()), Ok("own".into()));
        let key = parse("action = 'block'\ninclude = [{ everyone = true }]").expect("sound");
        assert_eq!((key.name(), key.action()), ("key", Action::Block));
    }

    #[test]
    fn an_empty_name_is_refused() {
        let found = errors("name = ' '\naction = 'block'\ninclude = [{ everyone = true }]");
        assert_eq!(found, ["name: must not be empty"]);
    }

    #[test]
    fn an_empty_include_is_refused() {
        let found = errors("action = 'allow'\ninclude = []\nexclude = [{ everyone = true }]");
        assert_eq!(found, ["include: needs at least one selector"]);
    }

    #[test]
    fn all_errors_are_reported_with_their_place() {
        let found = errors(
            r#"
            name = ""
            action = "allow"
            include = [{ everyone = true }, { email = "ann" }, { ip = ["10.0.0.1", "10.0.0.1/8"] }]
            require = [{ method = "get" }]
            exclude = [{ via = ["agent", "robot"] }, { email_domain = "" }]
            "#,
        );
        let places: Vec<_> = found.iter().filter_map(|error| error.split(": ").next()).collect();
        assert_eq!(
            places,
            [
                "name",
                "include[1].email",
                "include[2].ip[1]",
                "require[0].method",
                "exclude[0].via[1]",
                "exclude[1].email_domain",
            ]
        );
    }

    #[test]
    fn each_mistaken_value_is_explained() {
        for (selector, complaint) in [
            ("everyone = false", "everyone: can only be `true`"),
            ("everyone = 'true'", "everyone: can only be `true`"),
            ("email = true", "email: must be a string or a list of strings"),
            ("email = []", "email: must not be an empty list"),
            ("client_id = ''", "client_id: must not be empty"),
            ("login_method = ' local'", "login_method: must not start or end with white space"),
            ("email_domain = 'a@b'", "email_domain: `a@b` is not a domain"),
            ("path = 'admin'", "path: `admin` must start with `/`"),
            ("via = 'robot'", "via: unknown kind of client `robot`, known are `browser`, `agent`, `service`, `device`"),
            ("group = 'x'", "group: unknown group `x`, known are `interns`, `office`, `staff`"),
        ] {
            let found = errors(&format!("action = 'allow'\ninclude = [{{ {selector} }}]"));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(&format!("include[0].{complaint}")), "{}", found[0]);
        }
    }

    #[test]
    fn without_groups_an_unknown_one_says_so() {
        let raw = toml::from_str("action = 'allow'\ninclude = [{ group = 'x' }]").expect("TOML");
        let found = Policy::parse("key", &raw, &Groups::default()).expect_err("unknown group");
        assert_eq!(found[0].message, "unknown group `x`, none is defined");
    }

    #[test]
    fn bypass_refuses_whatever_needs_an_identity() {
        for selector in [
            "email = 'ann@example.com'",
            "email_domain = 'example.com'",
            "login_method = ['local']",
            "client_id = 'x'",
            "via = 'browser'",
        ] {
            for section in ["require", "exclude"] {
                let found = errors(&format!(
                    "action = 'bypass'\ninclude = [{{ everyone = true }}]\n{section} = [{{ {selector} }}]"
                ));
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0].contains("before anybody is identified"), "{}", found[0]);
            }
        }
    }

    #[test]
    fn bypass_refuses_groups_that_need_an_identity() {
        let found = errors("action = 'bypass'\ninclude = [{ group = ['office', 'staff'] }]");
        assert_eq!(
            found,
            ["include[0].group[1]: group `staff` asks for `email` and cannot be used in a \
              `bypass` policy, which is decided before anybody is identified"]
        );
        assert!(parse("action = 'bypass'\ninclude = [{ group = 'office' }]").is_ok());
    }
}

//! Rule groups: rules with a name, which policies and other groups refer to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::listed;
use crate::rule::{Rules, Scope};
use crate::{ParseError, RawGroup};

/// All rule groups of a configuration, resolved.
#[derive(Clone, Debug, Default)]
pub struct Groups(BTreeMap<String, Arc<Group>>);

impl Groups {
    /// Parses all groups, in whatever order they refer to each other, and reports all errors.
    /// Each [`ParseError::at`] starts with the name of the group.
    pub fn parse(raw: &BTreeMap<String, RawGroup>) -> Result<Self, Vec<ParseError>> {
        let mut parser = Parser { raw, groups: Self::default(), open: Vec::new(), errors: Vec::new() };
        for (name, group) in raw {
            parser.group(name, group);
        }
        if parser.errors.is_empty() { Ok(parser.groups) } else { Err(parser.errors) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Group>> {
        self.0.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// One rule group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) rules: Rules,
}

/// Parses each group after those it refers to.
struct Parser<'a> {
    raw: &'a BTreeMap<String, RawGroup>,
    /// The groups met so far. One that is still open, or has errors, is here without rules, so
    /// that what refers to it is not reported as a second error.
    groups: Groups,
    /// The groups being parsed, each referred to by the one before.
    open: Vec<&'a str>,
    errors: Vec<ParseError>,
}

impl<'a> Parser<'a> {
    fn group(&mut self, name: &'a str, raw: &'a RawGroup) {
        if let Some(start) = self.open.iter().position(|open| *open == name) {
            let circle = listed(self.open[start..].iter().copied().chain([name]));
            let message = format!("groups refer to each other in a circle: {circle}");
            return self.errors.push(ParseError::new(name, message));
        }
        if self.groups.get(name).is_some() {
            return;
        }
        self.insert(name, Rules::default());
        self.open.push(name);
        for reference in raw.rules().references() {
            if let Some((name, raw)) = self.raw.get_key_value(reference) {
                self.group(name, raw);
            }
        }
        self.open.pop();
        match self.rules(raw) {
            Ok(rules) => self.insert(name, rules),
            Err(errors) => self.errors.extend(errors.into_iter().map(|error| error.under(name))),
        }
    }

    fn rules(&self, raw: &RawGroup) -> Result<Rules, Vec<ParseError>> {
        let scope = Scope { groups: &self.groups, before_identity: false };
        Rules::parse(raw.rules(), &scope)
    }

    fn insert(&mut self, name: &str, rules: Rules) {
        let name = name.to_owned();
        let group = Group { name: name.clone(), rules };
        self.groups.0.insert(name, Arc::new(group));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let raw = toml::from_str(text).expect("well-formed groups");
        let errors = Groups::parse(&raw).expect_err("must be refused");
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn groups_may_refer_to_groups_in_any_order() {
        let raw = toml::from_str(
            r#"
            a = { include = [{ group = ["c", "b"] }] }
            b = { include = [{ group = "c" }], exclude = [{ group = "d" }] }
            c = { include = [{ email = "ann@example.com" }] }
            d = { include = [{ ip = "10.0.0.0/8" }] }
            "#,
        )
        .expect("well-formed groups");
        let groups = Groups::parse(&raw).expect("no circle");
        assert_eq!(groups.names().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_circle_is_named() {
        let found = errors(
            r#"
            a = { include = [{ group = "b" }] }
            b = { include = [{ everyone = true }], exclude = [{ group = ["c"] }] }
            c = { include = [{ everyone = true }], require = [{ group = "b" }] }
            "#,
        );
        assert_eq!(found, ["b: groups refer to each other in a circle: `b`, `c`, `b`"]);
    }

    #[test]
    fn a_group_that_refers_to_itself_is_a_circle() {
        let found = errors(r#"a = { include = [{ group = "a" }] }"#);
        assert_eq!(found, ["a: groups refer to each other in a circle: `a`, `a`"]);
    }

    #[test]
    fn an_unknown_group_is_named() {
        let found = errors(r#"a = { include = [{ group = "b" }] }"#);
        assert_eq!(found, ["a.include[0].group: unknown group `b`, known are `a`"]);
    }

    #[test]
    fn all_errors_are_reported_and_none_twice() {
        let found = errors(
            r#"
            a = { include = [{ group = "b" }, { group = ["b", "x"] }] }
            b = { include = [], require = [{ ip = "ten" }] }
            "#,
        );
        assert_eq!(found.len(), 3, "{found:#?}");
        assert_eq!(found[0], "b.include: needs at least one selector");
        assert!(found[1].starts_with("b.require[0].ip: `ten`"), "{}", found[1]);
        assert!(found[2].starts_with("a.include[1].group[1]: unknown group `x`"), "{}", found[2]);
    }
}

//! Policies and rule groups as TOML says them, before they mean anything.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value};

use crate::error::listed;
use crate::{Action, SelectorKey};

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPolicy {
    /// The name in decisions and logs; the key of its table if absent.
    pub name: Option<String>,
    /// What the policy does when it matches.
    pub action: Action,
    /// At least one of these must hold.
    pub include: Vec<RawSelector>,
    /// All of these must hold.
    #[serde(default)]
    pub require: Vec<RawSelector>,
    /// None of these may hold.
    #[serde(default)]
    pub exclude: Vec<RawSelector>,
    /// How long ago the person may have signed in, such as `"15m"`; only for `allow`.
    pub session_duration: Option<String>,
}

/// A rule group: rules with a name, to be used in policies and other groups.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawGroup {
    /// At least one of these must hold.
    pub include: Vec<RawSelector>,
    /// All of these must hold.
    #[serde(default)]
    pub require: Vec<RawSelector>,
    /// None of these may hold.
    #[serde(default)]
    pub exclude: Vec<RawSelector>,
}

/// One selector, written as a table with one key: `{ email = "ann@example.com" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSelector {
    /// What is looked at.
    pub key: SelectorKey,
    /// What it is compared with.
    pub value: RawValue,
}

/// The value of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawValue {
    /// `true` or `false`.
    Flag(bool),
    /// A string.
    Text(String),
    /// A list of strings, of which one must match.
    List(Vec<String>),
    /// A claim and what it must say.
    Claim(RawClaim),
}

/// A claim and what it must say: `{ name = "department", value = "it" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawClaim {
    /// The name of the claim.
    pub name: String,
    /// A string, or a list of strings of which one must match.
    pub value: Box<RawValue>,
}

/// What policies and groups have in common.
#[derive(Clone, Copy)]
pub(crate) struct RawRules<'a> {
    pub(crate) include: &'a [RawSelector],
    pub(crate) require: &'a [RawSelector],
    pub(crate) exclude: &'a [RawSelector],
}

impl RawPolicy {
    pub(crate) fn rules(&self) -> RawRules<'_> {
        RawRules { include: &self.include, require: &self.require, exclude: &self.exclude }
    }
}

impl RawGroup {
    pub(crate) fn rules(&self) -> RawRules<'_> {
        RawRules { include: &self.include, require: &self.require, exclude: &self.exclude }
    }
}

impl<'a> RawRules<'a> {
    /// The names of the groups referred to.
    pub(crate) fn references(self) -> impl Iterator<Item = &'a str> {
        [self.include, self.require, self.exclude]
            .into_iter()
            .flatten()
            .filter(|selector| selector.key == SelectorKey::Group)
            .flat_map(|selector| selector.value.texts())
            .map(String::as_str)
    }
}

impl RawValue {
    /// The strings, however they were written; none for a flag.
    pub(crate) fn texts(&self) -> &[String] {
        match self {
            Self::Flag(_) | Self::Claim(_) => &[],
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(texts) => texts,
        }
    }
}

impl<'de> Deserialize<'de> for RawSelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SelectorVisitor)
    }
}

struct SelectorVisitor;

impl<'de> Visitor<'de> for SelectorVisitor {
    type Value = RawSelector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a selector such as `{ email = \"ann@example.com\" }`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawSelector, A::Error> {
        let known = listed(SelectorKey::ALL.map(SelectorKey::as_str));
        let Some(name) = map.next_key::<String>()? else {
            return Err(A::Error::custom(format!("a selector needs one key, which is one of {known}")));
        };
        let key = SelectorKey::from_name(&name)
            .ok_or_else(|| A::Error::custom(format!("unknown selector `{name}`, known are {known}")))?;
        let value = map.next_value()?;
        match map.next_key::<String>()? {
            None => Ok(RawSelector { key, value }),
            Some(second) => Err(A::Error::custom(format!(
                "a selector has one key, but this one has `{name}` and `{second}`; \
                 give each its own table (known are {known})"
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a list of strings or `true`")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<RawValue, E> {
        Ok(RawValue::Flag(flag))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawValue, E> {
        Ok(RawValue::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawValue, A::Error> {
        Deserialize::deserialize(value::MapAccessDeserializer::new(map)).map(RawValue::Claim)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<RawValue, A::Error> {
        Deserialize::deserialize(value::SeqAccessDeserializer::new(seq)).map(RawValue::List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(text: &str) -> Result<RawSelector, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    fn refusal(text: &str) -> String {
        selector(text).expect_err("must be refused")
    }

    #[test]
    fn a_value_is_a_flag_a_string_or_a_list() {
        let value = |text| selector(text).map(|raw| raw.value);
        assert_eq!(value("everyone = true"), Ok(RawValue::Flag(true)));
        assert_eq!(value("via = 'agent'"), Ok(RawValue::Text("agent".into())));
        assert_eq!(value("method = ['GET', 'HEAD']"), Ok(RawValue::List(vec!["GET".into(), "HEAD".into()])));
    }

    #[test]
    fn every_known_key_reads() {
        for key in SelectorKey::ALL {
            let raw = selector(&format!("{key} = 'x'")).expect("known key");
            assert_eq!(raw.key, key);
        }
    }

    #[test]
    fn an_unknown_key_is_named_and_the_known_ones_are_listed() {
        let message = refusal("emial = 'a@b'");
        assert!(message.contains("unknown selector `emial`"), "{message}");
        for key in SelectorKey::ALL {
            assert!(message.contains(&format!("`{key}`")), "{message}");
        }
    }

    #[test]
    fn two_keys_are_named() {
        let message = refusal("email = 'a@b'\nip = '10.0.0.1'");
        assert!(message.contains("`email` and `ip`"), "{message}");
        assert!(message.contains("`login_method`"), "{message}");
    }

    #[test]
    fn no_key_lists_the_known_ones() {
        let message = refusal("");
        assert!(message.contains("needs one key"), "{message}");
        assert!(message.contains("`everyone`"), "{message}");
    }

    #[test]
    fn other_values_are_refused() {
        for text in ["email = 1", "email = { x = 1 }", "email = ['a', 1]"] {
            assert!(selector(text).is_err(), "{text}");
        }
        assert!(refusal("email = 1").contains("a string, a list of strings or `true`"));
    }

    #[test]
    fn policies_and_groups_refuse_unknown_and_missing_keys() {
        for text in [
            "action = 'allow'\ninclude = []\nincldue = []",
            "action = 'permit'\ninclude = []",
            "action = 'allow'",
            "include = []",
        ] {
            assert!(toml::from_str::<RawPolicy>(text).is_err(), "{text}");
        }
        for text in ["include = []\naction = 'allow'", "require = []"] {
            assert!(toml::from_str::<RawGroup>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn require_and_exclude_default_to_nothing() {
        let raw: RawPolicy =
            toml::from_str("action = 'service_auth'\ninclude = [{ everyone = true }]").expect("a short policy");
        assert_eq!(raw.action, Action::ServiceAuth);
        assert!(raw.name.is_none() && raw.require.is_empty() && raw.exclude.is_empty());
    }
}

//! The selector `claim`: one claim of the identity provider with one value, both compared exactly.

use std::collections::BTreeMap;
use std::fmt;

use crate::{RawClaim, RawValue};

/// One claim.
#[derive(Debug)]
pub(crate) struct Claim {
    name: Box<str>,
    value: Box<str>,
}

impl Claim {
    /// Reads a claim: one for each of its values.
    pub(crate) fn parse(raw: &RawClaim) -> Result<Vec<Self>, String> {
        if raw.name.is_empty() {
            return Err("`name` must not be empty".into());
        }
        let values = match &*raw.value {
            RawValue::Text(text) => std::slice::from_ref(text),
            RawValue::List(texts) if !texts.is_empty() => texts,
            RawValue::List(_) => return Err("`value` must not be an empty list".into()),
            RawValue::Flag(_) | RawValue::Claim(_) => {
                return Err("`value` must be a string or a list of strings; `true` is written `\"true\"`".into());
            }
        };
        Ok(values.iter().map(|value| Self { name: raw.name.as_str().into(), value: value.as_str().into() }).collect())
    }

    /// Whether it is among what the identity provider said.
    pub(crate) fn is_in(&self, claims: &BTreeMap<String, Vec<String>>) -> bool {
        claims.get(&*self.name).is_some_and(|values| values.iter().any(|value| **value == *self.value))
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ name = {:?}, value = {:?} }}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Claim>, String> {
        Claim::parse(&toml::from_str(text).expect("a well-formed claim"))
    }

    #[test]
    fn one_of_its_values_must_be_among_what_was_said() {
        let claims = BTreeMap::from([("department".to_owned(), vec!["it".to_owned(), "ops".to_owned()])]);
        let holds = |text: &str| parse(text).expect("a claim").iter().any(|claim| claim.is_in(&claims));
        assert!(holds("name = 'department'\nvalue = 'ops'"));
        assert!(holds("name = 'department'\nvalue = ['hr', 'it']"));
        for text in ["name = 'department'\nvalue = 'IT'", "name = 'Department'\nvalue = 'it'", "name = 'x'\nvalue = ''"]
        {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn each_mistake_is_explained() {
        for (text, complaint) in [
            ("name = ''\nvalue = 'it'", "`name` must not be empty"),
            ("name = 'x'\nvalue = []", "must not be an empty list"),
            ("name = 'x'\nvalue = true", "is written `\"true\"`"),
            ("name = 'x'\nvalue = { name = 'y', value = 'z' }", "must be a string"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(complaint), "{text}: {message}");
        }
    }
}

//! Include, require and exclude: the rules that policies and groups are made of.

use std::iter;
use std::sync::Arc;

use crate::error::listed;
use crate::group::Group;
use crate::raw::RawRules;
use crate::selector::Selector;
use crate::{Facts, Groups, ParseError, RawSelector, RawValue, SelectorKey, Truth};

/// The rules of one policy or group.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) include: Vec<Entry>,
    pub(crate) require: Vec<Entry>,
    pub(crate) exclude: Vec<Entry>,
}

impl Rules {
    /// Whether any `include` holds, all of `require` hold and no `exclude` holds.
    pub(crate) fn test(&self, facts: &Facts<'_>) -> Truth {
        let test = |entry: &Entry| entry.test(facts);
        let included = iter::once_with(|| Truth::any(self.include.iter().map(test)));
        let required = self.require.iter().map(test);
        let spared = self.exclude.iter().map(|entry| !entry.test(facts));
        Truth::all(included.chain(required).chain(spared))
    }

    pub(crate) fn parse(raw: RawRules<'_>, scope: &Scope<'_>) -> Result<Self, Vec<ParseError>> {
        let mut errors = Vec::new();
        if raw.include.is_empty() {
            errors.push(ParseError::new("include", "needs at least one selector"));
        }
        let mut section = |name: &str, raw: &[RawSelector]| {
            let mut entries = Vec::with_capacity(raw.len());
            for (index, selector) in raw.iter().enumerate() {
                let at = format!("{name}[{index}]");
                match Entry::parse(selector, scope) {
                    Ok(entry) => entries.push(entry),
                    Err(found) => errors.extend(found.into_iter().map(|error| error.under(&at))),
                }
            }
            entries
        };
        let rules = Self {
            include: section("include", raw.include),
            require: section("require", raw.require),
            exclude: section("exclude", raw.exclude),
        };
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }

    /// The ways of proving who one is that they ask for, those of groups included, in the order of writing.
    pub(crate) fn auth_methods<'a>(&'a self, found: &mut Vec<&'a str>) {
        let entries = [&self.include, &self.require, &self.exclude].into_iter().flatten();
        for selector in entries.flat_map(|entry| &entry.alternatives) {
            match selector {
                Selector::Group(group) => group.rules.auth_methods(found),
                other => found.extend(other.auth_method()),
            }
        }
    }

    /// Whether one of them looks at the MCP message in a request's body.
    pub(crate) fn need_messages(&self) -> bool {
        let entries = [&self.include, &self.require, &self.exclude].into_iter().flatten();
        entries.flat_map(|entry| &entry.alternatives).any(Selector::needs_message)
    }

    /// Whether they are about client certificates: one is required, or a way in.
    pub(crate) fn ask_for_certificate(&self) -> bool {
        let asks = |entry: &Entry| entry.alternatives.iter().all(Selector::asks_for_certificate);
        self.require.iter().chain(&self.include).any(asks)
    }

    /// Whether they look at client certificates at all.
    pub(crate) fn speak_of_certificates(&self) -> bool {
        let entries = [&self.include, &self.require, &self.exclude].into_iter().flatten();
        entries.flat_map(|entry| &entry.alternatives).any(Selector::speaks_of_certificates)
    }

    /// The first selector in them that is about the identity, if there is one.
    pub(crate) fn identity_key(&self) -> Option<SelectorKey> {
        [&self.include, &self.require, &self.exclude]
            .into_iter()
            .flatten()
            .flat_map(|entry| &entry.alternatives)
            .find_map(Selector::identity_key)
    }
}

/// One entry of a list of rules: a selector, or several of one kind of which one must hold.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: SelectorKey,
    /// INVARIANT: never empty.
    pub(crate) alternatives: Vec<Selector>,
}

impl Entry {
    pub(crate) fn test(&self, facts: &Facts<'_>) -> Truth {
        Truth::any(self.alternatives.iter().map(|selector| selector.test(facts)))
    }

    fn parse(raw: &RawSelector, scope: &Scope<'_>) -> Result<Self, Vec<ParseError>> {
        let key = raw.key;
        let fail = |message: String| vec![ParseError::new(key.as_str(), message)];
        if scope.before_identity && key.needs_identity() {
            return Err(fail(format!("`{key}` cannot be used in a `bypass` policy, {BYPASS_IS_BEFORE_IDENTITY}")));
        }
        let alternatives = match &raw.value {
            RawValue::Flag(flag) => vec![Selector::parse_flag(key, *flag).map_err(fail)?],
            RawValue::Text(text) => vec![Selector::parse(key, text, scope).map_err(fail)?],
            RawValue::List(texts) if texts.is_empty() => {
                return Err(fail("must not be an empty list".into()));
            }
            RawValue::List(texts) => parse_list(key, texts, scope)?,
            RawValue::Claim(claim) => Selector::parse_claim(key, claim).map_err(fail)?,
        };
        Ok(Self { key, alternatives })
    }
}

fn parse_list(key: SelectorKey, texts: &[String], scope: &Scope<'_>) -> Result<Vec<Selector>, Vec<ParseError>> {
    let (mut selectors, mut errors) = (Vec::with_capacity(texts.len()), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match Selector::parse(key, text, scope) {
            Ok(selector) => selectors.push(selector),
            Err(message) => errors.push(ParseError::new(format!("{key}[{index}]"), message)),
        }
    }
    if errors.is_empty() { Ok(selectors) } else { Err(errors) }
}

/// What the rules being parsed may refer to.
pub(crate) struct Scope<'a> {
    pub(crate) groups: &'a Groups,
    /// Whether the rules are asked before anybody is identified, as those of `bypass` are.
    pub(crate) before_identity: bool,
}

impl Scope<'_> {
    pub(crate) fn group(&self, name: &str) -> Result<Arc<Group>, String> {
        let Some(group) = self.groups.get(name) else {
            return Err(match listed(self.groups.names()) {
                known if known.is_empty() => format!("unknown group `{name}`, none is defined"),
                known => format!("unknown group `{name}`, known are {known}"),
            });
        };
        match group.rules.identity_key() {
            Some(key) if self.before_identity => Err(format!(
                "group `{name}` asks for `{key}` and cannot be used in a `bypass` policy, \
                 {BYPASS_IS_BEFORE_IDENTITY}"
            )),
            _ => Ok(Arc::clone(group)),
        }
    }
}

const BYPASS_IS_BEFORE_IDENTITY: &str = "which is decided before anybody is identified";

//! The place of a value in a configuration file, such as `apps.wiki.urls[1]`.

use std::fmt;

/// A path of names and positions from the top of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Key(Vec<Step>);

/// One step of a [`Key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a table.
    Name(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Key {
    /// A section of the file; the empty [`Key::default`] is the whole file.
    pub(crate) fn section(name: &str) -> Self {
        Self::default().field(name)
    }

    /// A value of the table that is here.
    pub(crate) fn field(&self, name: &str) -> Self {
        self.with(Step::Name(name.to_owned()))
    }

    /// An element of the list that is here.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// One step further.
    pub(crate) fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// A relative path as the policy crate writes it, such as `include[2].ip`.
    pub(crate) fn at(&self, path: &str) -> Self {
        let mut key = self.clone();
        for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
            let index = part.strip_suffix(']').and_then(|index| index.parse().ok());
            key.0.push(match index {
                Some(index) => Step::Index(index),
                None => Step::Name(part.to_owned()),
            });
        }
        key
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The key of the table or list that this is in.
    pub(crate) fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].to_vec())
    }

    /// The name that it ends with; empty for an element of a list.
    pub(crate) fn last_name(&self) -> &str {
        match self.0.last() {
            Some(Step::Name(name)) => name,
            _ => "",
        }
    }

    /// Whether it is `other` or inside of it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Whether it has the form of `pattern`, in which `*` is any one step.
    pub(crate) fn is_like(&self, pattern: &str) -> bool {
        let mut parts = pattern.split('.');
        let fits = |step: &Step| match (parts.next(), step) {
            (Some("*"), _) => true,
            (Some(part), Step::Name(name)) => part == name,
            _ => false,
        };
        self.0.iter().all(fits) && parts.next().is_none()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Name(name) => {
                    f.write_str(if position > 0 { "." } else { "" })?;
                    if is_bare(name) {
                        f.write_str(name)?;
                    } else {
                        write!(f, "{name:?}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_bare(name: &str) -> bool {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.bytes().all(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_toml() {
        let key = Key::section("apps").field("my.app").at("policies[2].ip");
        assert_eq!(key.to_string(), r#"apps."my.app".policies[2].ip"#);
        assert_eq!(key.steps().len(), 5);
    }

    #[test]
    fn a_pattern_has_as_many_steps() {
        let key = Key::section("apps").field("a").field("upstreams");
        assert!(key.is_like("apps.*.upstreams"));
        assert!(!key.is_like("apps.*"));
        assert!(!key.is_like("apps.*.upstreams.*"));
        assert!(!key.is_like("apps.*.upstream"));
    }
}

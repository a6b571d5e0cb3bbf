//! Request parameters (OAuth 2.1 sections 3.1 and 3.2): none may be repeated, an empty one is absent, unknown ones are ignored.

use std::collections::HashMap;

/// Parsed parameters of a query or a form body.
#[derive(Debug, Default)]
pub struct Parameters {
    values: HashMap<String, String>,
    resources: Vec<String>,
    repeated: Vec<String>,
}

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` bytes.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut parsed = Self::default();
        let mut seen = std::collections::HashSet::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            if name == "resource" {
                parsed.resources.extend((!value.is_empty()).then(|| value.into_owned()));
            } else if !seen.insert(name.clone().into_owned()) {
                parsed.repeated.push(name.into_owned());
            } else if !value.is_empty() {
                parsed.values.insert(name.into_owned(), value.into_owned());
            }
        }
        parsed
    }

    /// The value of a parameter that is present and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The first parameter that was repeated (`resource` may be, RFC 8707 section 2).
    pub fn repeated(&self) -> Option<&str> {
        self.repeated.first().map(String::as_str)
    }

    /// Whether this parameter was repeated.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| repeated == name)
    }

    /// All values of `resource`.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }
}

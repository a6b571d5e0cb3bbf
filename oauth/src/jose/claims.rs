//! The claims of a token (RFC 7519 section 4), read one by one by whoever knows what they must be.

use crate::world::Timestamp;
use serde_json::{Map, Value};

/// A claims set in which no name is repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

/// A claim is there and has not its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has not the type that it must have")]
pub struct Malformed(pub &'static str);

impl Claims {
    pub(super) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// All claims.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Any claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A string.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Malformed> {
        self.0.get(name).map(|value| value.as_str().ok_or(Malformed(name))).transpose()
    }

    /// A `NumericDate`, rounded down to seconds.
    ///
    /// # Errors
    /// When it is no number, or beyond every calendar.
    pub fn moment(&self, name: &'static str) -> Result<Option<Timestamp>, Malformed> {
        let seconds = self.0.get(name).map(|value| seconds(value).ok_or(Malformed(name))).transpose()?;
        Ok(seconds.map(Timestamp::from_seconds))
    }

    /// `aud`: one string, or the strings of a list; empty when it is missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn audience(&self) -> Result<Vec<&str>, Malformed> {
        match self.0.get("aud") {
            None => Ok(Vec::new()),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(several)) => several.iter().map(|one| one.as_str().ok_or(Malformed("aud"))).collect(),
            Some(_) => Err(Malformed("aud")),
        }
    }
}

/// Whole seconds; some libraries send fractions. The bound is far away, and keeps every sum with a lifetime in range.
fn seconds(value: &Value) -> Option<i64> {
    const MAX: i64 = 1 << 40;
    let whole = value.as_i64().or_else(|| value.as_f64().filter(|f| f.abs() < MAX as f64).map(|f| f.floor() as i64))?;
    (-MAX..MAX).contains(&whole).then_some(whole)
}

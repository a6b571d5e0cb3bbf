//! JSON with one reading (RFC 8259 section 4): no name twice in an object, whatever its letters' case, because servers
//! differ in which of two they take, and some do not look at case.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::collections::HashSet;
use std::fmt;

/// Reads a whole text. Depth is bounded by the parser, size by the caller.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Strict>(bytes).ok().map(|strict| strict.0)
}

/// A name as a server that does not look at case sees it.
pub(super) fn folded(name: &str) -> String {
    name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut values, mut names) = (Map::new(), HashSet::new());
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if !names.insert(folded(&name)) {
                return Err(A::Error::custom("a name is there twice"));
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_02_json_with_two_readings_is_refused() {
        for bad in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"A":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"y":[{"name":1,"name":2}]}}"#,
            "{\"params\":1,\"param\u{17f}\":2}",
            "{\"k\":1,\"\u{212a}\":2}",
            r#"{"a":1}x"#,
            r#"{"a":1}{"a":1}"#,
            r#"{"a":1,}"#,
            "{'a':1}",
            "{\"a\":1 /* x */}",
            "\u{feff}{}",
            r#"{"a":"\ud800"}"#,
            r#"{"a":NaN}"#,
            r#"{"a":01}"#,
            r#"{"a":1e999}"#,
            "{\"a\":\"\n\"}",
            "",
        ] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}"), None);
        assert_eq!(read(format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes()), None);
    }

    #[test]
    fn json_with_one_reading_is_what_it_says() {
        for good in [r#"{"a":{"b":[1,-2,0.5,"x",null,true]},"c":"\u00e4\n\ud83d\ude00"}"#, "[]", "1", "null", " {} "] {
            assert_eq!(read(good.as_bytes()), serde_json::from_str(good).ok(), "{good}");
        }
    }
}

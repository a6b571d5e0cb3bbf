//! JSON from a stranger, with one reading (RFC 8259 section 4): no name twice in an object, bounded in depth and breadth.
//! `serde_json` alone takes the last of two members of one name, and what another reader takes is anybody's guess.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt;

const MAX_DEPTH: usize = 8;
const MAX_ENTRIES: usize = 64;

/// The object, or `None` for anything else.
pub fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    object_of(bytes, MAX_ENTRIES)
}

/// The same with up to `entries` in each object and list: of whom a token of an identity provider speaks may be in many
/// groups.
pub fn object_of(bytes: &[u8], entries: usize) -> Option<Map<String, Value>> {
    match (Strict { depth: MAX_DEPTH, entries, name: str::to_owned }).read(bytes)? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// Any value that is passed on to a server which may not look at the case of names: two that differ in nothing else are one
/// name twice. Depth is bounded by the parser, size by the caller.
pub fn forwarded(bytes: &[u8]) -> Option<Value> {
    Strict { depth: usize::MAX, entries: usize::MAX, name: folded }.read(bytes)
}

/// A name as a server that does not look at case sees it.
pub fn folded(name: &str) -> String {
    name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
    entries: usize,
    /// What two names have in common that are the same to whoever reads them next.
    name: fn(&str) -> String,
}

impl Strict {
    fn read(self, bytes: &[u8]) -> Option<Value> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = self.deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some(value)
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut read = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            if read.len() == self.entries {
                return Err(A::Error::custom("too many elements"));
            }
            read.push(element);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let (mut read, mut names) = (Map::new(), HashSet::new());
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if read.len() == self.entries || !names.insert((self.name)(&name)) {
                return Err(A::Error::custom("too many members, or one twice"));
            }
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,0.5,true,null,"x"],"b":{"c":{}}}"#;
        assert_eq!(Value::Object(object(text.as_bytes()).unwrap()).to_string(), text);
    }

    #[test]
    fn cm_23_duplicates_depth_breadth_and_trailing_bytes_are_refused() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(nested(MAX_DEPTH - 1).as_bytes()).is_some());
        let wide = |count: usize| format!("{{\"a\":[{}]}}", vec!["1"; count].join(","));
        assert!(object(wide(MAX_ENTRIES).as_bytes()).is_some());
        for bad in [
            r#"{"a":1,"a":2}"#.to_owned(),
            r#"{"a":1,"\u0061":2}"#.to_owned(),
            r#"{"x":{"a":1,"a":1}}"#.to_owned(),
            nested(MAX_DEPTH),
            nested(10_000),
            wide(MAX_ENTRIES + 1),
            r#"{} {}"#.to_owned(),
            "[]".to_owned(),
            "\"{}\"".to_owned(),
            "{\"a\":1,}".to_owned(),
            "\u{feff}{}".to_owned(),
            String::new(),
        ] {
            assert!(object(bad.as_bytes()).is_none(), "{}", bad.chars().take(80).collect::<String>());
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_none());
    }

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
            assert_eq!(forwarded(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(forwarded(b"{\"a\":\"\xff\"}"), None);
        assert_eq!(forwarded(format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes()), None);
    }

    #[test]
    fn json_with_one_reading_is_what_it_says() {
        for good in [r#"{"a":{"b":[1,-2,0.5,"x",null,true]},"c":"\u00e4\n\ud83d\ude00"}"#, "[]", "1", "null", " {} "] {
            assert_eq!(forwarded(good.as_bytes()), serde_json::from_str(good).ok(), "{good}");
        }
    }
}

//! What a body says: one JSON-RPC message, or a batch of them (MCP 2025-03-26). Each of a batch is decided on by itself.

use super::fault::{DENIED, error};
use super::{Fault, Mirror};
use oauth::json::{folded, forwarded};
use serde_json::{Map, Value, json};

/// The most messages of a batch.
const MOST: usize = 100;

/// What is known of the messages that a request carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Messages {
    /// Nobody has looked.
    #[default]
    Unread,
    /// It carries none.
    None,
    /// These.
    Read(Vec<Called>),
}

/// One message, as far as anybody decides on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Called {
    /// Its id, which an answer repeats; null for a notification.
    pub(crate) id: Value,
    /// The method; `None` for an answer to the server.
    pub(crate) method: Option<String>,
    /// What is called, read or got by it: `params.name`, or `params.uri` of a resource.
    pub(crate) name: Option<String>,
}

impl Messages {
    /// Reads a body, and holds it against the headers that repeat it.
    pub(crate) fn read(body: &[u8], mirror: &Mirror) -> Result<Self, Fault> {
        let value = forwarded(body).ok_or(Fault::parse("the body is not JSON that can be read in one way"))?;
        let messages = match value {
            Value::Array(batch) if batch.is_empty() || batch.len() > MOST => {
                return Err(Fault::invalid("a batch has from 1 to 100 messages"));
            }
            Value::Array(batch) => batch.iter().map(Called::read).collect::<Result<Vec<_>, _>>()?,
            other => vec![Called::read(&other)?],
        };
        mirror.check(&messages)?;
        Ok(Self::Read(messages))
    }

    /// What a policy is asked about, one after the other; with the message that it is.
    pub(crate) fn each(&self) -> Vec<(policy::Message<'_>, Option<&Called>)> {
        match self {
            Self::Unread => vec![(policy::Message::Unread, None)],
            Self::None => vec![(policy::Message::None, None)],
            Self::Read(messages) => messages.iter().map(|called| (called.as_fact(), Some(called))).collect(),
        }
    }

    /// In a few words, for the log.
    pub(crate) fn summary(&self) -> Option<String> {
        let Self::Read(messages) = self else { return None };
        let words = messages.iter().map(Called::summary).collect::<Vec<_>>().join(", ");
        Some(words.chars().take(200).collect())
    }
}

impl Called {
    fn read(value: &Value) -> Result<Self, Fault> {
        const BAD: &str = "the body is not a JSON-RPC 2.0 message";
        let message = value.as_object().ok_or(Fault::invalid(BAD))?;
        check_names(message, &["jsonrpc", "id", "method", "params", "result", "error"])?;
        let id = match message.get("id") {
            None => Value::Null,
            Some(id @ (Value::String(_) | Value::Number(_) | Value::Null)) => id.clone(),
            Some(_) => return Err(Fault::invalid(BAD)),
        };
        let bad = |message| Fault { id: id.clone(), ..Fault::invalid(message) };
        if message.get("jsonrpc") != Some(&Value::from("2.0")) {
            return Err(bad(BAD));
        }
        let method = match message.get("method") {
            Some(Value::String(method)) => Some(method.clone()),
            None if message.contains_key("result") || message.contains_key("error") => None,
            _ => return Err(bad(BAD)),
        };
        let params = match message.get("params") {
            None | Some(Value::Null) => None,
            Some(Value::Object(params)) => Some(params),
            Some(_) => return Err(bad("the params are not an object")),
        };
        let name = match (named_by(method.as_deref()), params) {
            (Some(key), Some(params)) => text(params, key).map_err(bad)?,
            _ => None,
        };
        Ok(Self { id, method, name })
    }

    /// The tool, if one is called.
    pub(crate) fn tool(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.method.as_deref() == Some("tools/call"))
    }

    /// The answer to it where policy refuses.
    pub(crate) fn denied(&self, reason: &str, sentence: &str, decision_id: &str) -> Value {
        let data = json!({ "error": reason, "decision_id": decision_id });
        error(DENIED, sentence, &self.id, data)
    }

    /// What a policy is asked about.
    pub(crate) fn as_fact(&self) -> policy::Message<'_> {
        policy::Message::Read { method: self.method.as_deref(), tool: self.tool() }
    }

    /// In a few words, without what only the server should know: which resource, with which arguments.
    pub(crate) fn summary(&self) -> String {
        let shown = |text: &str| text.chars().filter(|c| !c.is_control()).take(80).collect::<String>();
        let method = self.method.as_deref().map_or("an answer".to_owned(), shown);
        self.tool().map_or(method.clone(), |tool| format!("{method} {}", shown(tool)))
    }
}

/// Which of the params says what is called.
fn named_by(method: Option<&str>) -> Option<&'static str> {
    match method? {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => Some("uri"),
        _ => None,
    }
}

fn text(params: &Map<String, Value>, key: &'static str) -> Result<Option<String>, &'static str> {
    check_names(params, &[key]).map_err(|fault| fault.message)?;
    match params.get(key) {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.clone())),
        Some(_) => Err("the name of what is called is no text"),
    }
}

/// Refuses a name that only a server which does not look at case takes for one of these.
fn check_names(object: &Map<String, Value>, known: &[&str]) -> Result<(), Fault> {
    let almost = |name: &String| !known.contains(&name.as_str()) && known.contains(&folded(name).as_str());
    if object.keys().any(almost) {
        return Err(Fault::invalid("a name is written with other letters than the protocol's"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

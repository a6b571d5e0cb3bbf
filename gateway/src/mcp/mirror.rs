//! Headers that repeat what the body says, for those who route by them: `Mcp-Method` and `Mcp-Name` (MCP 2026-07-28,
//! "Standard Request Headers"). One that says something else would lead whoever reads the header past whoever reads the body.

use super::Fault;
use super::message::Called;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;

/// From this version on they must be there.
const SINCE: &str = "2026-07-28";

/// The headers of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mirror {
    required: bool,
    method: Option<String>,
    name: Option<String>,
}

impl Mirror {
    /// Reads them.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Fault> {
        let version = only(headers, "mcp-protocol-version")?;
        let required = version.as_deref().is_some_and(|version| version >= SINCE);
        Ok(Self { required, method: only(headers, "mcp-method")?, name: only(headers, "mcp-name")? })
    }

    /// Whether they say what the messages say. A batch cannot be repeated in them.
    pub(super) fn check(&self, messages: &[Called]) -> Result<(), Fault> {
        let [called] = messages else {
            let any = self.required || self.method.is_some() || self.name.is_some();
            let why = "a batch cannot have Mcp-Method or Mcp-Name";
            return if any { Err(Fault::mismatch(why, &serde_json::Value::Null)) } else { Ok(()) };
        };
        let differ = |why| Err(Fault::mismatch(why, &called.id));
        match (&self.method, &called.method) {
            (None, Some(_)) if self.required => return differ("the Mcp-Method header is missing"),
            (Some(said), Some(method)) if said == method => {}
            (Some(_), _) => return differ("the Mcp-Method header and the body differ"),
            (None, _) => {}
        }
        match (&self.name, &called.name) {
            (None, Some(_)) if self.required => differ("the Mcp-Name header is missing"),
            (Some(said), Some(name)) if decoded(said).as_deref() == Some(name) => Ok(()),
            (Some(_), _) => differ("the Mcp-Name header and the body differ"),
            (None, _) => Ok(()),
        }
    }
}

/// The value itself, or what it is the Base64 form of.
fn decoded(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}

/// A header that somebody behind us routes by may be there once.
fn only(headers: &HeaderMap, name: &str) -> Result<Option<String>, Fault> {
    let bad = || Fault::mismatch("a header of MCP is there twice, or is not plain text", &serde_json::Value::Null);
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(bad());
    }
    value.to_str().map(|text| Some(text.trim().to_owned())).map_err(|_| bad())
}

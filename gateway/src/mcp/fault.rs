//! Answers of ours to MCP clients: an HTTP status for the client's library, and a JSON-RPC error for whoever reads on
//! (JSON-RPC 2.0 section 5.1).

use serde_json::{Value, json};

/// Why a message is not passed on, before anybody decides on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The code of the JSON-RPC error.
    pub(crate) code: i64,
    /// What is wrong, for the caller.
    pub(crate) message: &'static str,
    /// The id of the message, if it has one.
    pub(crate) id: Value,
}

impl Fault {
    /// It is no JSON that has one reading.
    pub(crate) fn parse(message: &'static str) -> Self {
        Self { status: 400, code: -32700, message, id: Value::Null }
    }

    /// It is JSON and no message.
    pub(crate) fn invalid(message: &'static str) -> Self {
        Self { status: 400, code: -32600, message, id: Value::Null }
    }

    /// The headers say something else than the body (MCP 2026-07-28, "Server Validation").
    pub(crate) fn mismatch(message: &'static str, id: &Value) -> Self {
        Self { status: 400, code: -32020, message, id: id.clone() }
    }

    /// No session of the caller's has this id; clients begin a new one.
    pub(crate) fn session() -> Self {
        Self { status: 404, code: -32001, message: "session not found", id: Value::Null }
    }

    /// The body is too large to be looked at.
    pub(crate) fn too_large() -> Self {
        Self { status: 413, code: -32600, message: "the message is too large", id: Value::Null }
    }

    /// Too much is held already of what others send.
    pub(crate) fn no_room() -> Self {
        Self { status: 503, code: -32603, message: "too many messages are being read; try again", id: Value::Null }
    }

    /// Its length must be said (RFC 9110 section 15.5.12).
    pub(crate) fn length_required() -> Self {
        let message = "a message of more than 64 KiB needs a Content-Length";
        Self { status: 411, code: -32600, message, id: Value::Null }
    }

    /// What stands in the log.
    pub(crate) fn outcome(&self) -> &'static str {
        match (self.status, self.code) {
            (404, _) => "mcp_session_unknown",
            (411 | 413, _) => "request_too_large",
            (503, _) => "unavailable",
            (_, -32020) => "mcp_headers_differ",
            _ => "mcp_message_malformed",
        }
    }

    /// As JSON-RPC.
    pub(crate) fn body(&self, decision_id: &str) -> Value {
        error(self.code, self.message, &self.id, json!({ "decision_id": decision_id }))
    }
}

/// The code of a refusal by policy: of those that JSON-RPC leaves to servers (section 5.1), one that MCP gives no meaning.
pub(crate) const DENIED: i64 = -32099;

/// A JSON-RPC error.
pub(crate) fn error(code: i64, message: &str, id: &Value, data: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message, "data": data } })
}

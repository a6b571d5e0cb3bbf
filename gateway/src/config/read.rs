//! From a document to raw settings: whatever serde cannot read is reported and taken out, until the rest can be read.

use super::document::Document;
use super::key::Key;
use super::raw::RawConfig;
use super::report::{Mistake, Report};
use super::{suggest, unsupported};
use serde::Deserialize;

/// Reads what can be read, and reports what cannot.
pub(crate) fn read(report: &mut Report<'_>) -> RawConfig {
    let mut rest = report.document().clone();
    unsupported::remove(&mut rest, report);
    remove_lists(&mut rest, report);
    loop {
        let error = match RawConfig::deserialize(rest.deserializer()) {
            Ok(raw) => return raw,
            Err(error) => error,
        };
        if !take_out(&mut rest, report, &error) {
            report.unread(Key::default(), Mistake::new("cannot be read"));
            return RawConfig::default();
        }
    }
}

/// Serde would take a list for a table, as its values in order.
fn remove_lists(rest: &mut Document<'_>, report: &mut Report<'_>) {
    for key in rest.keys().into_iter().rev() {
        if TABLES.iter().any(|pattern| key.is_like(pattern)) && rest.kind(&key) == "a list" {
            report.unread(key.clone(), Mistake::new("must be a table, not a list"));
            rest.remove(&key);
        }
    }
}

const TABLES: &[&str] = &[
    "server",
    "server.limits",
    "auth",
    "brand",
    "store",
    "keys",
    "identity_providers.*",
    "groups.*",
    "policies.*",
    "apps.*",
    "apps.*.oauth",
    "apps.*.oauth.grant",
    "apps.*.oauth.dynamic_client_registration",
    "apps.*.oauth.scopes.*",
    "apps.*.oauth.scopes.*.requires",
    "apps.*.cors",
    "apps.*.limits",
    "apps.*.timeouts",
    "apps.*.upstream_tls",
    "apps.*.health_check",
    "apps.*.request_headers",
    "apps.*.response_headers",
    "apps.*.maintenance",
    "apps.*.identity_headers",
];

/// Reports an error and removes its cause; false if the cause cannot be found.
fn take_out(rest: &mut Document<'_>, report: &mut Report<'_>, error: &toml::de::Error) -> bool {
    let message = error.message();
    let keys = |document: &Document<'_>| {
        let mut keys = document.written_at(&error.span().unwrap_or_default()).into_iter();
        // A list of `[[tables]]` is written where its first element is.
        if message.starts_with("invalid type: sequence") { keys.next() } else { keys.next_back() }
    };
    let (Some(written), Some(left)) = (keys(report.document()), keys(rest)) else {
        return false;
    };
    match quoted(message).next() {
        Some(name) if message.starts_with("missing field") => {
            report.unread(written.field(name), Mistake::new("is missing"));
            fill_in(rest, &left, name)
        }
        _ => {
            report.unread(written.clone(), mistake(message, &written, report.document()));
            rest.remove(&left);
            true
        }
    }
}

/// Puts a harmless value where a required one is missing, so that the rest of the table is checked too.
fn fill_in(rest: &mut Document<'_>, table: &Key, name: &str) -> bool {
    let Ok(stand_ins) = Document::parse(STAND_INS) else { return false };
    rest.insert(table, name, &stand_ins);
    rest.contains(&table.field(name))
}

const STAND_INS: &str = "action = 'allow'\ninclude = [{ everyone = true }]";

/// Serde's message without the value that it quotes.
fn mistake(message: &str, key: &Key, document: &Document<'_>) -> Mistake {
    let expected = message.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    if message.starts_with("unknown field") {
        Mistake::new("unknown key").help(suggest::help(key.last_name(), quoted(expected)))
    } else if message.starts_with("unknown variant") {
        Mistake::new(format!("must be {expected}"))
    } else if message.starts_with("invalid type") {
        Mistake::new(format!("must be {}, not {}", plain(expected), document.kind(key)))
    } else if message.starts_with("invalid value: ") {
        Mistake::new(format!("must be {}", plain(expected)))
    } else if message == "wanted string or table" {
        Mistake::new(format!("must be a string, not {}", document.kind(key)))
    } else if message.starts_with("unknown selector") {
        unknown_selector(message)
    } else if message.starts_with("a selector ") {
        let end = message.find(" (known are").or(message.find(", which is one of"));
        Mistake::new(&message[..end.unwrap_or(message.len())])
    } else {
        Mistake::new("cannot be read")
    }
}

fn unknown_selector(message: &str) -> Mistake {
    let mut names = quoted(message);
    let name = names.next().unwrap_or_default();
    if unsupported::is_selector(name) {
        return Mistake::new(format!("selector `{name}` is {}", unsupported::MESSAGE));
    }
    Mistake::new(format!("unknown selector `{name}`")).help(suggest::help(name, names))
}

/// What a message has in backticks.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

/// What was expected, in the words of TOML.
fn plain(expected: &str) -> &str {
    match expected {
        "a boolean" => "`true` or `false`",
        "u64" | "usize" | "u32" | "u16" => "a whole number",
        "a sequence" => "a list",
        "a map" => "a table",
        rust if rust.starts_with("struct ") => "a table",
        words => words,
    }
}

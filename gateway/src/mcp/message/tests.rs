//! Bodies, good and hostile.

use super::*;
use http::{HeaderMap, HeaderName, HeaderValue};

fn mirror(fields: &[(&'static str, &str)]) -> Mirror {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    Mirror::read(&headers).unwrap()
}

fn read_body(body: &str) -> Result<Messages, Fault> {
    Messages::read(body.as_bytes(), &Mirror::default())
}

fn code(result: Result<Messages, Fault>) -> i64 {
    result.map_or_else(|fault| fault.code, |_| 0)
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"name":"x"}}}"#;

#[test]
fn a_message_says_what_it_calls() {
    let Ok(Messages::Read(read)) = read_body(CALL) else { panic!("not read") };
    assert_eq!((read[0].id.as_i64(), read[0].tool()), (Some(7), Some("add")));
    for (body, method, name) in [
        (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, Some("notifications/initialized"), None),
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"resources/read","params":{"uri":"x:y"}}"#,
            Some("resources/read"),
            Some("x:y"),
        ),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, None, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"name":"add"}}"#, Some("tools/list"), None),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{"n\u0061me":"\u0061dd"}}"#,
            Some("tools/call"),
            Some("add"),
        ),
    ] {
        let Ok(Messages::Read(read)) = read_body(body) else { panic!("{body} is not read") };
        assert_eq!((read[0].method.as_deref(), read[0].name.as_deref()), (method, name), "{body}");
    }
}

#[test]
fn mt_08_m_02_what_two_servers_could_read_differently_is_refused() {
    for (body, expected) in [
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"Method":"tools/call","result":{}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","NAME":"danger"}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"danger"}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","Params":{"name":"danger"}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["danger"]}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["danger"]}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":["tools/call"]}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"x"}"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"x"}"#, -32600),
        (r#"{"id":1,"method":"x"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        ("[]", -32600),
        ("[[]]", -32600),
        ("1", -32600),
        ("", -32700),
        ("method=tools/call", -32700),
    ] {
        assert_eq!(code(read_body(body)), expected, "{body}");
    }
    let many = format!("[{}]", vec![CALL; MOST + 1].join(","));
    assert_eq!(code(read_body(&many)), -32600);
}

#[test]
fn mt_07_m_01_headers_say_what_the_body_says() {
    let newest = ("mcp-protocol-version", "2026-07-28");
    let check = |fields: &[(&'static str, &str)]| code(Messages::read(CALL.as_bytes(), &mirror(fields)));
    for good in [
        &[newest, ("mcp-method", "tools/call"), ("mcp-name", "add")][..],
        &[newest, ("mcp-method", "tools/call"), ("mcp-name", "=?base64?YWRk?=")],
        &[],
        &[("mcp-protocol-version", "2025-11-25")],
        &[("mcp-method", "tools/call")],
    ] {
        assert_eq!(check(good), 0, "{good:?}");
    }
    for bad in [
        &[newest][..],
        &[newest, ("mcp-method", "tools/call")],
        &[newest, ("mcp-method", "tools/list"), ("mcp-name", "add")],
        &[newest, ("mcp-method", "tools/call"), ("mcp-name", "danger")],
        &[newest, ("mcp-method", "Tools/call"), ("mcp-name", "add")],
        &[newest, ("mcp-method", "tools/call"), ("mcp-name", "=?base64?%%?=")],
        &[newest, ("mcp-method", "tools/call"), ("mcp-name", "=?base64?ZGFuZ2Vy?=")],
        &[("mcp-method", "tools/list")],
        &[("mcp-name", "danger")],
        &[("mcp-protocol-version", "2027-01-01")],
    ] {
        assert_eq!(check(bad), -32020, "{bad:?}");
    }
    let batch = format!("[{CALL},{CALL}]");
    let of_batch = |fields: &[(&'static str, &str)]| code(Messages::read(batch.as_bytes(), &mirror(fields)));
    assert_eq!((of_batch(&[]), of_batch(&[newest]), of_batch(&[("mcp-method", "tools/call")])), (0, -32020, -32020));
    let mut twice = HeaderMap::new();
    twice.append("mcp-name", HeaderValue::from_static("add"));
    twice.append("mcp-name", HeaderValue::from_static("danger"));
    assert_eq!(Mirror::read(&twice).unwrap_err().code, -32020);
}

#[test]
fn mt_08_m_02_fuzz_messages() {
    let read = std::cell::Cell::new(0);
    crate::mutation::Corpus::read("tests/fuzz/mcp").fuzz(|body| {
        let Ok(Messages::Read(messages)) = Messages::read(body, &Mirror::default()) else { return };
        read.set(read.get() + 1);
        // A lenient reader finds the same in it.
        let lenient: Value = serde_json::from_slice(body).unwrap();
        let each = lenient.as_array().cloned().unwrap_or_else(|| vec![lenient]);
        assert_eq!(each.len(), messages.len());
        for (value, called) in each.iter().zip(&messages) {
            assert_eq!(value["method"].as_str(), called.method.as_deref());
            if called.tool().is_some() {
                assert_eq!(value["params"]["name"].as_str(), called.tool());
            }
        }
        assert!(Messages::Read(messages).summary().unwrap().chars().count() <= 200);
    });
    assert!(read.get() > 100, "hardly any was read: {}", read.get());
}

//! curl: what a program sees at the door.

use crate::demo::Demo;
use std::process::Command;

/// Status line, headers and body, as `curl -i` prints them.
fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").args(["-si", "--max-time", "20"]).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
}

#[test]
fn ch_01_ch_02_ch_08_curl_gets_401_and_the_way_in() {
    let demo = Demo::start("15m");
    let said = curl(&[&demo.mcp()]);
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");
    let metadata = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"", demo.app);
    assert!(said.contains(&metadata) && said.contains("www-authenticate: Bearer "), "{said}");
    assert!(!said.contains("error=\""), "nothing was presented: {said}");
}

#[test]
fn ch_07_curl_as_a_browser_gets_302_to_login() {
    let demo = Demo::start("15m");
    let said = curl(&["-H", "Accept: text/html", &demo.app]);
    assert!(said.starts_with("HTTP/1.1 302") && said.contains("\nlocation: http://localhost:"), "{said}");
}

#[test]
fn ch_06_curl_with_a_bad_token_gets_invalid_token() {
    let demo = Demo::start("15m");
    for accept in ["*/*", "text/html"] {
        let said = curl(&["-H", &format!("Accept: {accept}"), "-H", "Authorization: Bearer nonsense", &demo.app]);
        assert!(said.starts_with("HTTP/1.1 401") && said.contains("error=\"invalid_token\""), "{said}");
    }
}

#[test]
fn hp_01_ch_19_curl_with_a_token_reaches_the_app_and_its_forged_headers_do_not() {
    let demo = Demo::start("15m");
    let token = demo.access_token();
    let bearer = format!("Authorization: Bearer {token}");
    let forged = [
        "X-Forwarded-Email: root@evil.test",
        "X_Forwarded_User: root",
        "Doorward-Assertion: forged",
        "Connection: x-forwarded-email",
    ];
    let mut arguments = vec!["-H", bearer.as_str()];
    arguments.extend(forged.iter().flat_map(|header| ["-H", *header]));
    arguments.push(&demo.app);
    let said = curl(&arguments);
    assert!(said.starts_with("HTTP/1.1 200") && said.contains(crate::demo::ADA), "{said}");
    assert!(!said.contains("evil") && !said.contains("forged") && !said.contains(&token), "{said}");

    let said = curl(&[&format!("{}/?access_token={token}", demo.app)]);
    assert!(
        said.starts_with("HTTP/1.1 401") && !said.contains("error=\""),
        "a token in the URL is not looked at: {said}"
    );
}

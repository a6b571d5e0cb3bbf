//! Devices without a browser: a person lets them in by a code, in Chromium.

use crate::demo::{ADA, Demo, node};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

/// A demo that lets devices in.
fn demo() -> Demo {
    let demo = Demo::start("15m");
    let mut file = std::fs::OpenOptions::new().append(true).open(demo.file("doorward.toml")).unwrap();
    file.write_all(b"\n[apps.sample.oauth.device]\nenabled = true\ninterval = \"1s\"\n").unwrap();
    drop(file);
    let page = format!("{}/.doorward/device", demo.app);
    let is_there = || {
        let curl =
            std::process::Command::new("curl").args(["-s", "-o", "/dev/null", "-w", "%{http_code}", &page]).output();
        curl.unwrap().stdout == b"302"
    };
    for _ in 0..200 {
        if is_there() {
            return demo;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the demo does not read its changed configuration");
}

fn device(demo: &Demo, name: &str, more: &[&str]) -> Value {
    let app = format!("{}/", demo.app);
    let fixed = ["--app", &app, "--username", ADA, "--password", &demo.password];
    let mut arguments = [&fixed[..], more].concat();
    // A folder to look at the pages: DOORWARD_SCREENSHOTS=/some/folder
    let folder = std::env::var("DOORWARD_SCREENSHOTS").map(|folder| format!("{folder}/device-{name}")).ok();
    arguments.extend(folder.iter().flat_map(|folder| ["--screenshots", folder.as_str()]));
    node("device.mjs", &arguments)
}

#[test]
fn dv_01_dv_02_dv_04_a_strict_client_is_let_in_and_told_no() {
    let demo = demo();
    let told = device(&demo, "light", &[]);
    assert_eq!(told["walk"]["code"], told["asked"]["user_code"], "the link fills the code in: {told}");
    assert!(told["walk"]["wrong"].as_str().unwrap().contains("not known"), "{told}");
    let facts = &told["walk"]["consent"]["facts"];
    assert!(facts["Device shows"].as_str().unwrap().contains(told["asked"]["user_code"].as_str().unwrap()), "{told}");
    assert!(facts["Asked from"].as_str().unwrap().contains("127.0.0.1"), "{told}");
    assert_eq!((&told["first_call"]["status"], &told["refreshed"]["status"]), (&Value::from(200), &Value::from(200)));
    assert!(told["errors"].as_array().unwrap().iter().all(|error| error == "authorization_pending"), "{told}");
    let told = device(&demo, "no", &["--decision", "deny", "--no-javascript"]);
    assert_eq!(told["errors"].as_array().unwrap().last().unwrap(), "access_denied", "{told}");
    assert!(told.get("token").is_none());
}

#[test]
fn dv_04_the_pages_fit_a_phone_and_the_dark() {
    let demo = demo();
    for (name, look) in
        [("phone", &["--width", "360"][..]), ("phone-dark", &["--width", "360", "--dark"]), ("dark", &["--dark"])]
    {
        assert_eq!(device(&demo, name, look)["first_call"]["status"], 200, "{name}");
    }
}

#[test]
fn dv_01_mcp_remote_signs_in_by_a_code_and_needs_nobody_after_it() {
    let demo = demo();
    let (mcp, store) = (demo.mcp(), demo.file("mcp-remote"));
    let login = ["login", "--device-code", "--mcp", &mcp, "--store", &store, "--username", ADA, "--password"];
    let told = node("mcp-remote.mjs", &[&login[..], &[&demo.password]].concat());
    assert_eq!(told["runs"][0]["whoami"]["email"], ADA, "{told}");
    assert_eq!(told["walk"]["heading"], "Go back to your device", "{told}");
    let told = node("mcp-remote.mjs", &["use", "--mcp", &mcp, "--store", &store]);
    assert_eq!(told["runs"][0]["visits"], 0, "{told}");
}

//! Programs without a browser of their own: by a code that a person enters elsewhere, or in their own name.

use crate::demo::{ADA, Demo, node, python};
use serde_json::Value;

const DEVICES: &str = "[apps.sample.oauth.device]\nenabled = true\ninterval = \"1s\"\n";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

type Run = fn(&str, &[&str]) -> Value;

/// A demo that lets devices in.
fn with_devices() -> Demo {
    let demo = Demo::start("15m");
    demo.configure(DEVICES, DEVICE_CODE);
    demo
}

/// A demo whose policies let services in, and a client with its secret.
fn with_a_service() -> (Demo, String, String) {
    let demo = Demo::start("15m");
    let robots =
        "[policies.robots]\naction = \"service_auth\"\ninclude = [{ via = \"service\" }]\n\n[policies.members]";
    // The scope tells when it is so.
    let scope = "\n[[apps.sample.oauth.scopes]]\nname = \"robots:in\"\n";
    let change = |config: String| {
        let config = config.replace("[policies.members]", robots);
        config.replace("policies = [\"members\"]", "policies = [\"robots\", \"members\"]") + scope
    };
    demo.rewrite(change, "robots:in");
    let added = demo.cli(&["client", "add", "--app", "sample", "--name", "Nightly build", "--json"]);
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    let text = |name: &str| added[name].as_str().unwrap().to_owned();
    (demo, text("client_id"), text("client_secret"))
}

#[test]
fn dv_01_dv_02_libraries_poll_while_a_person_enters_the_code() {
    let demo = with_devices();
    let app = format!("{}/", demo.app);
    let how = ["--grant", "device", "--app", &app, "--username", ADA, "--password", &demo.password];
    for library in ["openid-client", "oauth4webapi"] {
        let told = node("grants.mjs", &[&["--library", library], &how[..]].concat());
        assert_eq!((&told["status"], &told["refreshed"]), (&200.into(), &200.into()), "{told}");
        assert_eq!(told["token"]["has_refresh_token"], true, "{told}");
        assert!(told["heading"].as_str().unwrap().contains("Go back"), "{told}");
    }
    let told = python("oauth_grants.py", &[&["--library", "authlib"], &how[..]].concat());
    assert_eq!(told["status"], 200, "{told}");
}

#[test]
fn dv_01_dv_04_mcp_remote_signs_in_by_a_code() {
    let demo = with_devices();
    let store = demo.file("mcp-remote");
    let who = ["--mcp", &demo.mcp(), "--store", &store, "--username", ADA, "--password", &demo.password];
    let told = node("mcp-remote.mjs", &[&["login", "--device-code"], &who[..]].concat());
    assert_eq!(told["runs"][0]["whoami"]["email"], ADA, "{told}");
    assert!(told["walk"]["consent"]["warning"].as_str().unwrap().contains("deny"), "{told}");
    let told = node("mcp-remote.mjs", &["use", "--mcp", &demo.mcp(), "--store", &store]);
    assert_eq!(told["runs"][0]["whoami"]["email"], ADA, "{told}");
}

#[test]
fn tx_01_tx_02_services_come_in_their_own_name() {
    let (demo, id, secret) = with_a_service();
    let app = format!("{}/", demo.app);
    let how = ["--grant", "client-credentials", "--app", &app, "--client-id", &id, "--client-secret", &secret];
    let libraries: [(&str, Run, &str); 4] = [
        ("openid-client", node, "grants.mjs"),
        ("oauth4webapi", node, "grants.mjs"),
        ("authlib", python, "oauth_grants.py"),
        ("requests-oauthlib", python, "oauth_grants.py"),
    ];
    for (library, run, script) in libraries {
        let told = run(script, &[&["--library", library], &how[..]].concat());
        assert_eq!(told["status"], 200, "{told}");
        assert_eq!(told["token"]["has_refresh_token"], false, "{told}");
    }
    let store = demo.file("mcp-remote");
    let mcp = demo.mcp();
    let login = ["login", "--mcp", &mcp, "--store", &store, "--client-id", &id, "--client-secret", &secret];
    let told = node("mcp-remote.mjs", &login);
    assert_eq!(told["runs"][0]["visits"], 0, "{told}");
    assert_eq!(told["runs"][0]["whoami"]["user"], id.as_str(), "{told}");
}

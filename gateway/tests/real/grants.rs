//! Programs without a browser of their own, in their own name.

use crate::demo::{Demo, node, python};
use serde_json::Value;

type Run = fn(&str, &[&str]) -> Value;

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

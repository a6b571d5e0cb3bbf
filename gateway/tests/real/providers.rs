//! Chromium signs in through a certified OpenID provider, and out of it again.

use crate::demo::{clients, node};
use crate::machine::{Running, free_port, serve};
use std::process::Command;

#[test]
fn lo_02_chromium_signs_in_and_out_through_a_certified_provider() {
    let folder = std::env::temp_dir().join(format!("doorward-provider-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (port, upstream, provider) = (free_port(), free_port(), free_port());
    let login = format!("http://auth.localhost:{port}");
    let config = format!(
        r#"
        auth.url = "{login}"
        store.url = "sqlite:{folder}/doorward.db"
        [server]
        listen = ["127.0.0.1:{port}"]
        admin_listen = false
        [identity_providers.company]
        type = "oidc"
        issuer = "http://localhost:{provider}"
        client_id = "doorward"
        client_secret = {{ env = "PROVIDER_SECRET" }}
        scopes = ["openid", "email", "profile", "offline_access"]
        [apps.notes]
        url = "http://notes.localhost:{port}"
        upstream = "http://127.0.0.1:{upstream}"
        policies = [{{ action = "allow", include = [{{ idp_group = "staff" }}] }}]
        "#,
        folder = folder.display()
    );
    std::fs::write(folder.join("doorward.toml"), config).unwrap();
    let at = |path: &str| format!("{login}/.doorward/{path}");
    let mut command = Command::new("node");
    command.arg(clients().join("node/provider.mjs")).args(["--port", &provider.to_string()]);
    command.args(["--redirect", &at("callback"), "--logout", &at("signed-out")]);
    let _provider = Running::start(command.args(["--backchannel", &at("backchannel_logout")]), provider);
    let listing = folder.display().to_string();
    let files = ["-m", "http.server", &upstream.to_string(), "--bind", "127.0.0.1", "--directory", &listing];
    std::fs::create_dir_all(folder.join("notes/one")).unwrap();
    std::fs::write(folder.join("notes/one/index.html"), "<h1>The note</h1>").unwrap();
    let _upstream = Running::start(Command::new("python3").args(files), upstream);
    let _gateway = Running::start(serve(&folder).env("PROVIDER_SECRET", "a-secret-of-the-tests"), port);

    let app = format!("http://notes.localhost:{port}");
    let told = node("provider-browser.mjs", &["--app", &app, "--login", &login]);
    let landed = &told["landed"];
    assert!(landed["url"].as_str().unwrap().starts_with(&format!("{app}/notes/one")), "{told}");
    assert!(landed["text"].as_str().unwrap().contains("The note"), "{told}");
    assert!(told["hosts"].to_string().contains(&format!("localhost:{provider}")), "it went there by itself: {told}");
    assert!(told["hops"].as_u64().unwrap() <= 20, "ten of ours, and the provider's own: {told}");
    assert_eq!(told["out"]["url"], at("signed-out"));
    for empty in ["csp_violations", "page_errors"] {
        assert_eq!(told["problems"][empty].as_array().map(Vec::len), Some(0), "{told}");
    }
    // RP-25: what the provider gave stays here: no cookie holds the claims of a token.
    assert!(!told["cookies"].to_string().contains(".eyJ"), "{told}");
    let _ = std::fs::remove_dir_all(&folder);
}

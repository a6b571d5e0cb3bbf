//! schemathesis makes requests of the description of our OAuth endpoints, good ones and bad ones: nothing ends in a 5xx, and
//! each status and content type is one that the description names.

use crate::demo::{Demo, get, installed};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance";

fn description() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.yaml")
}

/// Runs it against an origin; `values` are what parameters are, if not made up.
fn run(demo: &Demo, origin: &str, values: &[(&str, &str)], more: &[&str]) {
    let config = demo.file("schemathesis.toml");
    let values: String = values.iter().map(|(name, value)| format!("\"{name}\" = \"{value}\"\n")).collect();
    std::fs::write(&config, format!("[parameters]\n\"path.app\" = \"sample\"\n{values}")).unwrap();
    let output = Command::new(installed(".venv/bin/st"))
        .args(["--config-file", &config, "run", "--url", origin, "--checks", CHECKS, "--max-examples", "25"])
        // The same requests each time.
        .args(["--generation-deterministic", "--phases", "examples,coverage,fuzzing", "--continue-on-failure"])
        .args(["--no-color", "--warnings", "off"])
        .args(more)
        .arg(description())
        .current_dir(Path::new(&config).parent().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(" generated, "), "it asked nothing:\n{said}");
}

/// A client with a secret.
fn registered(demo: &Demo) -> Value {
    let body = r#"{"redirect_uris":["http://127.0.0.1/callback"],"token_endpoint_auth_method":"client_secret_basic"}"#;
    let url = format!("{}/.doorward/oauth/sample/register", demo.app);
    let post = ["-s", "-H", "Content-Type: application/json", "-d", body, &url];
    let output = Command::new("curl").args(post).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn op_04_tk_04_dr_07_made_up_requests_never_end_in_an_error_of_ours() {
    let demo = Demo::start("15m");
    let login = demo.app.replace("127.0.0.1", "localhost");
    let client = registered(&demo);
    let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    run(&demo, &demo.app, &[], &["--exclude-operation-id", "authorize"]);
    // Past the authentication.
    let auth = format!("{id}:{secret}");
    let tokens = ["--include-tag", "tokens", "--auth", &auth];
    run(&demo, &demo.app, &[], &tokens);
    run(&demo, &login, &[], &["--include-operation-id", "authorize"]);
    let known = [("query.client_id", id), ("query.redirect_uri", "http://127.0.0.1:4000/callback")];
    run(&demo, &login, &known, &["--include-operation-id", "authorize"]);
}

#[test]
fn every_endpoint_of_the_metadata_is_described() {
    let demo = Demo::start("15m");
    let metadata = get(&format!("{}/.well-known/oauth-authorization-server", demo.app));
    let text = std::fs::read_to_string(description()).unwrap();
    for (name, url) in metadata.as_object().unwrap() {
        if !(name.ends_with("_endpoint") || name.ends_with("_uri")) {
            continue;
        }
        let (_, path) = url.as_str().unwrap().split_once("/sample/").unwrap();
        assert!(text.contains(&format!("  /.doorward/oauth/{{app}}/{path}:\n")), "{name} is not in docs/openapi.yaml");
    }
}

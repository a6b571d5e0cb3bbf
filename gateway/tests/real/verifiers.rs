//! Libraries that apps verify our signatures with, each in its usual way: the key set by its URL, then the token.

use crate::demo::{Demo, get, node, python};
use serde_json::Value;
use std::process::Command;

/// Who verifies which algorithm. jsonwebtoken, which many Express apps use, knows no EdDSA: it is why ES256 is there.
const VERIFIERS: [(&str, &[&str]); 2] =
    [("EdDSA", &["jose", "joserfc", "pyjwt"]), ("ES256", &["jose", "jsonwebtoken", "joserfc", "pyjwt"])];

/// Something signed, and what a verifier has to know of it.
struct Signed {
    token: String,
    jwks: String,
    issuer: String,
    audience: String,
    kind: &'static str,
}

impl Signed {
    fn verify(&self, library: &str, algorithm: &str) -> Value {
        let arguments = [
            ["--library", library],
            ["--token", &self.token],
            ["--jwks", &self.jwks],
            ["--issuer", &self.issuer],
            ["--audience", &self.audience],
            ["--algorithm", algorithm],
            ["--type", self.kind],
        ]
        .concat();
        match library {
            "jose" | "jsonwebtoken" => node("verify.mjs", &arguments),
            _ => python("verify.py", &arguments),
        }
    }
}

/// The assertion that the app gets with a token.
fn assertion(demo: &Demo, token: &str) -> String {
    let bearer = format!("Authorization: Bearer {token}");
    let output = Command::new("curl").args(["-s", "-H", "Accept: application/json", "-H", &bearer, &demo.app]).output();
    let seen: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    seen["headers"]["doorward-assertion"][0].as_str().unwrap().to_owned()
}

/// An access token, and the assertion that the app got with it.
fn signed(demo: &Demo) -> [Signed; 2] {
    let token = demo.access_token();
    let metadata = get(&format!("{}/.well-known/oauth-authorization-server", demo.app));
    let assertion = assertion(demo, &token);
    let access = Signed {
        token,
        jwks: metadata["jwks_uri"].as_str().unwrap().to_owned(),
        issuer: metadata["issuer"].as_str().unwrap().to_owned(),
        audience: demo.app.clone(),
        kind: "at+jwt",
    };
    let login = demo.app.replace("127.0.0.1", "localhost");
    let jwks = format!("{}/.doorward/certs", demo.app);
    [access, Signed { token: assertion, jwks, issuer: login, audience: "sample".to_owned(), kind: "JWT" }]
}

/// A demo that signs with an algorithm.
fn signing(algorithm: &str) -> Demo {
    let demo = Demo::start("15m");
    if algorithm != "EdDSA" {
        let key = format!("signing_algorithm = \"{algorithm}\"");
        let headers = format!("identity_headers.{key}\n\n[apps.sample.oauth]");
        let grant = format!("[apps.sample.oauth.grant]\n{key}");
        // The scope tells when it is so.
        let scope = "\n[[apps.sample.oauth.scopes]]\nname = \"signed\"\n";
        let change = |config: String| {
            config.replace("[apps.sample.oauth.grant]", &grant).replace("[apps.sample.oauth]", &headers) + scope
        };
        demo.rewrite(change, "signed");
    }
    demo
}

#[test]
fn ky_02_ky_05_hp_29_h_12_every_library_verifies_access_tokens_and_assertions() {
    for (algorithm, libraries) in VERIFIERS {
        let demo = signing(algorithm);
        for (signed, library) in signed(&demo).iter().flat_map(|signed| libraries.iter().map(move |one| (signed, one)))
        {
            let told = signed.verify(library, algorithm);
            assert_eq!(told["header"]["alg"], algorithm, "{told}");
            assert!(told["claims"]["sub"].as_str().is_some_and(|sub| sub.starts_with("u_")), "{told}");
            for what in ["changed", "audience", "issuer"] {
                assert!(told["refused"][what].is_string(), "{told}");
            }
        }
    }
}

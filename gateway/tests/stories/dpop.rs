//! Tokens that are bound to a key of their client (RFC 9449), through the whole gateway.

use crate::harness::{Agent, Request, Response, Site, parameter, send};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

static NEXT: AtomicU64 = AtomicU64::new(0);

struct Key(SigningKey);

impl Key {
    fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    fn proof(&self, method: &str, url: &str, token: Option<&str>) -> String {
        let iat = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let jti = format!("j{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let ath = token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        self.sign(&json!({ "jti": jti, "htm": method, "htu": url, "iat": iat, "ath": ath }))
    }

    fn sign(&self, claims: &Value) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0.verifying_key().as_bytes());
        let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let signature = self.0.sign(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

/// A bound access token.
fn bound(site: &Site, agent: &Agent, key: &Key) -> String {
    let code = agent.code(&mut site.browser(), &site.ada());
    let proof = key.proof("POST", agent.endpoint("token_endpoint"), None);
    let answer = send(&agent.redemption(&code).header("DPoP", &proof)).expect(200).json();
    assert_eq!(answer["token_type"], "DPoP");
    answer["access_token"].as_str().unwrap().to_owned()
}

fn present(url: &str, scheme: &str, token: &str, proofs: &[&str]) -> Response {
    let request = Request::get(url).header("Authorization", &format!("{scheme} {token}"));
    send(&proofs.iter().fold(request, |request, proof| request.header("DPoP", proof)))
}

#[test]
fn jw_15_px_09_px_13_a_bound_token_needs_a_fresh_proof_at_each_request() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let (key, thief) = (Key::new(1), Key::new(2));
    let token = bound(&site, &agent, &key);
    let url = site.main("/x");
    let good = || key.proof("GET", &url, Some(&token));
    let first = good();
    present(&url, "DPoP", &token, &[&first]).expect(200);
    let seen = site.upstream.last();
    assert_eq!((seen.header("dpop"), seen.header("authorization")), (None, None));
    present(&site.main("/x?query"), "dpop", &token, &[&good()]).expect(200);
    // The token is remembered by now; its proof is asked for all the same.
    let (one, two) = (good(), good());
    let other_url = key.proof("GET", &site.main("/y"), Some(&token));
    let other_host = key.proof("GET", "https://evil.example/x", Some(&token));
    let other_method = key.proof("POST", &url, Some(&token));
    let other_token = key.proof("GET", &url, Some("another"));
    let other_key = thief.proof("GET", &url, Some(&token));
    let without_ath = key.proof("GET", &url, None);
    let bad: [&[&str]; 10] = [
        &[],
        &["nonsense"],
        &[&one, &two],
        &[&first],
        &[&other_url],
        &[&other_host],
        &[&other_method],
        &[&other_token],
        &[&other_key],
        &[&without_ath],
    ];
    for proofs in bad {
        let refused = present(&url, "DPoP", &token, proofs).expect(401);
        assert!(refused.challenge().starts_with("DPoP "), "{}", refused.challenge());
        assert!(parameter(refused.challenge(), "algs").unwrap().contains("ES256"));
    }
    // JW-15: as a bearer token it is worth nothing, with or without a proof.
    for proofs in [&[][..], &[one.as_str()][..]] {
        let refused = present(&url, "Bearer", &token, proofs).expect(401);
        assert_eq!(parameter(refused.challenge(), "error"), Some("invalid_token"));
        assert!(refused.challenge().starts_with("Bearer "));
    }
    present(&url, "DPoP", &token, &[&good()]).expect(200);
}

#[test]
fn px_09_a_token_without_a_key_is_no_dpop_token() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let url = site.main("/x");
    let proof = Key::new(1).proof("GET", &url, Some(&tokens.access));
    present(&url, "DPoP", &tokens.access, &[&proof]).expect(401);
    present(&url, "Bearer", &tokens.access, &[]).expect(200);
}

#[test]
fn px_08_prm_18_an_app_can_require_keys() {
    let require = |config: String| config.replacen("[apps.main.oauth]", "[apps.main.oauth]\ndpop = \"required\"", 1);
    let site = Site::with(require);
    let refused = send(&Request::get(&site.main("/x"))).expect(401);
    let challenges = refused.all("www-authenticate");
    assert!(challenges[0].starts_with("Bearer ") && challenges[1].starts_with("DPoP "), "{challenges:?}");
    let agent = site.agent(&site.main("/"));
    let code = agent.code(&mut site.browser(), &site.ada());
    assert_eq!(agent.redeem(&code).expect(400).json()["error"], "invalid_dpop_proof");
    let (key, url) = (Key::new(1), site.main("/x"));
    let token = bound(&site, &agent, &key);
    present(&url, "DPoP", &token, &[&key.proof("GET", &url, Some(&token))]).expect(200);
}

#[test]
fn px_10_a_nonce_is_asked_for_where_the_app_wants_it() {
    let with = |config: String| config.replacen("[apps.main.oauth]", "[apps.main.oauth]\ndpop_nonce = true", 1);
    let site = Site::with(with);
    let agent = site.agent(&site.main("/"));
    let key = Key::new(1);
    let code = agent.code(&mut site.browser(), &site.ada());
    let endpoint = agent.endpoint("token_endpoint");
    let refused = send(&agent.redemption(&code).header("DPoP", &key.proof("POST", endpoint, None))).expect(400);
    assert_eq!(refused.json()["error"], "use_dpop_nonce");
    let nonce = refused.header("dpop-nonce").unwrap().to_owned();
    let iat = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = |url: &str| json!({ "jti": url, "htm": "POST", "htu": url, "iat": iat, "nonce": nonce });
    let answer = send(&agent.redemption(&code).header("DPoP", &key.sign(&claims(endpoint)))).expect(200).json();
    let token = answer["access_token"].as_str().unwrap();
    let url = site.main("/x");
    let refused = present(&url, "DPoP", token, &[&key.proof("GET", &url, Some(token))]).expect(401);
    assert_eq!(parameter(refused.challenge(), "error"), Some("use_dpop_nonce"));
    assert!(refused.header("dpop-nonce").is_some());
    assert!(refused.header("access-control-expose-headers").unwrap().contains("DPoP-Nonce"));
    let mut good = claims(&url);
    good["htm"] = json!("GET");
    good["ath"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
    present(&url, "DPoP", token, &[&key.sign(&good)]).expect(200);
}

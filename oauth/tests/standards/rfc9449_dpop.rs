//! RFC 9449: tokens that are bound to a key of their client.

use crate::harness::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use oauth::app::Dpop;
use oauth::dpop::{self, Expected, Invalid};
use serde_json::{Value, json};

impl Bench {
    async fn token_with(&self, form: &Fields, proofs: &[&str]) -> Answer {
        self.call(&self.wiki, Endpoint::Token, proven(form, proofs)).await
    }

    fn dpop(&mut self, mode: Dpop) {
        self.wiki.managed.as_mut().unwrap().dpop = mode;
    }

    /// What an access token of the wiki is bound to.
    fn key_of(&self, access: &str) -> Option<String> {
        self.verify(&self.wiki, access).unwrap().cnf.map(|cnf| cnf.jkt)
    }
}

#[tokio::test]
async fn px_08_who_sends_a_proof_gets_bound_tokens() {
    let bench = Bench::new().await;
    let (client, key) = (bench.client().await, Prover::new(1));
    let code = bench.code(&client).await;
    let answer = bench.token_with(&redemption(&client, &code), &[&key.proof(bench.now)]).await;
    assert_eq!(answer.text("token_type"), "DPoP");
    let tokens = answer.tokens();
    assert_eq!(bench.key_of(&tokens.access), Some(key.jkt()));
    let again = bench.token_with(&refreshing(&client, &tokens.refresh), &[&key.proof(bench.now)]).await;
    assert_eq!(again.text("token_type"), "DPoP");
    assert_eq!(bench.key_of(&again.tokens().access), Some(key.jkt()));
}

#[tokio::test]
async fn px_08_who_sends_none_gets_bearer_tokens() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    let answer = bench.token(&bench.wiki, &redemption(&client, &code)).await;
    assert_eq!(answer.text("token_type"), "Bearer");
    assert_eq!(bench.key_of(&answer.tokens().access), None);
    // Where it is off, a proof is not even looked at.
    bench.dpop(Dpop::Off);
    let code = bench.code(&client).await;
    let answer = bench.token_with(&redemption(&client, &code), &["nonsense", "twice"]).await;
    assert_eq!(answer.text("token_type"), "Bearer");
}

#[tokio::test]
async fn px_08_a_refresh_token_of_a_public_client_is_worth_nothing_without_its_key() {
    let mut bench = Bench::new().await;
    let (client, key, thief) = (bench.client().await, Prover::new(1), Prover::new(2));
    let code = bench.code(&client).await;
    let tokens = bench.token_with(&redemption(&client, &code), &[&key.proof(bench.now)]).await.tokens();
    let form = refreshing(&client, &tokens.refresh);
    let asserts_refused = async |bench: &Bench| {
        bench.token_with(&form, &[&thief.proof(bench.now)]).await.assert_error(400, "invalid_grant");
        bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_dpop_proof");
    };
    asserts_refused(&bench).await;
    let first = bench.token_with(&form, &[&key.proof(bench.now)]).await;
    // Within the grace the same answer waits for the same key alone.
    asserts_refused(&bench).await;
    assert_eq!(bench.token_with(&form, &[&key.proof(bench.now)]).await.body, first.body);
    // And a thief without the key does not even end the grant.
    bench.later(GRACE * 2);
    asserts_refused(&bench).await;
    let next = refreshing(&client, &first.tokens().refresh);
    bench.token_with(&next, &[&key.proof(bench.now)]).await.tokens();
    bench.dpop(Dpop::Off);
    bench.token(&bench.wiki, &next).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn px_08_a_grant_that_is_bound_to_no_key_stays_so() {
    let mut bench = Bench::new().await;
    let (client, key) = (bench.client().await, Prover::new(1));
    let tokens = bench.tokens(&client).await;
    let answer = bench.token_with(&refreshing(&client, &tokens.refresh), &[&key.proof(bench.now)]).await;
    assert_eq!(answer.text("token_type"), "Bearer");
    let tokens = answer.tokens();
    assert_eq!(bench.key_of(&tokens.access), None);
    bench.dpop(Dpop::Required);
    let refused = bench.token_with(&refreshing(&client, &tokens.refresh), &[&key.proof(bench.now)]).await;
    refused.assert_error(400, "invalid_grant");
}

/// Its credentials bind its refresh tokens, so that its keys may change (section 5).
#[tokio::test]
async fn px_08_a_client_with_a_secret_may_change_its_key() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_post").await;
    let (key, next) = (Prover::new(1), Prover::new(2));
    let code = bench.code(&client).await;
    let form = redemption(&client, &code).and("client_secret", &secret);
    let tokens = bench.token_with(&form, &[&key.proof(bench.now)]).await.tokens();
    assert_eq!(bench.key_of(&tokens.access), Some(key.jkt()));
    let form = refreshing(&client, &tokens.refresh).and("client_secret", &secret);
    let tokens = bench.token_with(&form, &[&next.proof(bench.now)]).await.tokens();
    assert_eq!(bench.key_of(&tokens.access), Some(next.jkt()));
}

/// The negative set: each would be a good proof but for one thing, and uses nothing up.
#[tokio::test]
async fn px_07_a_proof_that_is_wrong_in_one_thing_is_refused() {
    let bench = Bench::new().await;
    let (client, key, other) = (bench.client().await, Prover::new(1), Prover::new(2));
    let form = redemption(&client, &bench.code(&client).await);
    let good = || key.draft(TOKEN_URL, bench.now);
    let private = {
        let mut jwk = key.jwk();
        jwk["d"] = json!("AQ");
        jwk
    };
    let bad = [
        good().head("typ", Value::Null),
        good().head("typ", json!("JWT")),
        good().head("typ", json!("at+jwt")),
        good().head("alg", Value::Null),
        good().head("alg", json!("none")),
        good().head("alg", json!("HS256")),
        good().head("alg", json!("ES256")),
        good().head("alg", json!("RS256")),
        good().head("crit", json!(["b64"])),
        good().head("jwk", Value::Null),
        good().head("jwk", json!("x")),
        good().head("jwk", private),
        good().head("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        good().head("jwk", other.jwk()),
        good().claim("jti", Value::Null),
        good().claim("jti", json!("")),
        good().claim("jti", json!(7)),
        good().claim("jti", json!("j".repeat(257))),
        good().claim("htm", Value::Null),
        good().claim("htm", json!("GET")),
        good().claim("htm", json!("post")),
        good().claim("htu", Value::Null),
        good().claim("htu", json!("https://evil.ex/.doorward/token")),
        good().claim("htu", json!("http://wiki.ex/.doorward/token")),
        good().claim("htu", json!("https://wiki.ex/")),
        good().claim("htu", json!("https://mail.ex/mcp/.doorward/token")),
        good().claim("iat", Value::Null),
        good().claim("iat", json!("now")),
        good().claim("iat", bench.seconds(-61)),
        good().claim("iat", bench.seconds(61)),
    ];
    for draft in bad {
        let answer = bench.token_with(&form, &[&key.sign(&draft)]).await;
        assert_eq!(answer.text("error"), "invalid_dpop_proof", "{} {}", draft.header, draft.claims);
        answer.assert_error(400, "invalid_dpop_proof");
    }
    let proof = key.proof(bench.now);
    let unsigned = format!("{}.", proof.rsplit_once('.').unwrap().0);
    for text in ["", "x", "a.b.c", &unsigned, &format!("{proof}, {proof}"), &other.sign(&good())] {
        bench.token_with(&form, &[text]).await.assert_error(400, "invalid_dpop_proof");
    }
    bench.token_with(&form, &[&proof, &key.proof(bench.now)]).await.assert_error(400, "invalid_dpop_proof");
    // Nothing was used up, and a proof may be odd in what does not matter.
    let odd = good()
        .head("typ", json!("application/DPoP+jwt"))
        .head("kid", json!("a"))
        .claim("htu", json!("https://wiki.ex:443/.doorward/token?x#y"))
        .claim("iat", bench.seconds(-60))
        .claim("nonce", json!("of another server"))
        .claim("content_digest", json!("of nobody's"))
        .claim("exp", json!(0));
    assert_eq!(bench.token_with(&form, &[&key.sign(&odd)]).await.text("token_type"), "DPoP");
}

#[tokio::test]
async fn px_07_every_offered_algorithm_is_accepted() {
    let bench = Bench::new().await;
    let metadata = bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json();
    assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA", "Ed25519", "RS256", "PS256"]));
    let (client, key) = (bench.client().await, Prover::new(1));
    for alg in ["EdDSA", "Ed25519"] {
        let form = redemption(&client, &bench.code(&client).await);
        let proof = key.sign(&key.draft(TOKEN_URL, bench.now).head("alg", json!(alg)));
        assert_eq!(bench.token_with(&form, &[&proof]).await.text("token_type"), "DPoP", "{alg}");
    }
    let form = redemption(&client, &bench.code(&client).await);
    let proof = p256_proof(&key.draft(TOKEN_URL, bench.now));
    assert_eq!(bench.token_with(&form, &[&proof]).await.text("token_type"), "DPoP");
}

/// The same proof with a fresh P-256 key.
fn p256_proof(draft: &Draft) -> String {
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    let random = ring::rand::SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) });
    let draft = draft.clone().head("alg", json!("ES256")).head("jwk", jwk);
    let signed = format!("{}.{}", text(draft.header.to_string().as_bytes()), text(draft.claims.to_string().as_bytes()));
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    format!("{signed}.{}", text(signature.as_ref()))
}

#[tokio::test]
async fn px_07_a_proof_is_used_once() {
    let mut bench = Bench::new().await;
    let (client, key, other) = (bench.client().await, Prover::new(1), Prover::new(2));
    let tokens = bench.tokens(&client).await;
    let form = refreshing(&client, &tokens.refresh);
    let draft = key.draft(TOKEN_URL, bench.now).claim("iat", bench.seconds(60));
    let proof = key.sign(&draft);
    bench.token_with(&form, &[&proof]).await.tokens();
    for _ in 0..2 {
        bench.token_with(&form, &[&proof]).await.assert_error(400, "invalid_dpop_proof");
        bench.later(SECOND * 59);
    }
    // The last moment at which its age alone does not refuse it.
    bench.later(SECOND * 2);
    bench.token_with(&form, &[&proof]).await.assert_error(400, "invalid_dpop_proof");
    // Another key may call its proof alike.
    let alike = other.draft(TOKEN_URL, bench.now).claim("jti", draft.claims["jti"].clone());
    let fresh = bench.tokens(&client).await;
    bench.token_with(&refreshing(&client, &fresh.refresh), &[&other.sign(&alike)]).await.tokens();
}

#[tokio::test]
async fn px_07_a_broken_store_uses_nothing_up() {
    let bench = Bench::new().await;
    let (client, key) = (bench.client().await, Prover::new(1));
    let form = redemption(&client, &bench.code(&client).await);
    bench.store.set(Fault::Always);
    bench.token_with(&form, &[&key.proof(bench.now)]).await.assert_error(503, "temporarily_unavailable");
    bench.store.set(Fault::Never);
    bench.token_with(&form, &[&key.proof(bench.now)]).await.tokens();
}

#[tokio::test]
async fn px_08_an_app_can_require_proofs() {
    let mut bench = Bench::new().await;
    bench.dpop(Dpop::Required);
    let (client, key) = (bench.client().await, Prover::new(1));
    let form = redemption(&client, &bench.code(&client).await);
    bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_dpop_proof");
    assert_eq!(bench.token_with(&form, &[&key.proof(bench.now)]).await.text("token_type"), "DPoP");
}

#[tokio::test]
async fn px_08_a_client_can_bind_itself_to_proofs() {
    let bench = Bench::new().await;
    let metadata = json!({ "redirect_uris": [REDIRECT], "dpop_bound_access_tokens": true });
    let registered = bench.registered(&metadata).await;
    assert_eq!(registered["dpop_bound_access_tokens"], json!(true));
    let (client, key) = (id(&registered), Prover::new(1));
    let form = redemption(&client, &bench.code(&client).await);
    bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_dpop_proof");
    bench.token_with(&form, &[&key.proof(bench.now)]).await.tokens();
}

#[tokio::test]
async fn px_11_a_code_can_be_bound_to_a_key() {
    let mut bench = Bench::new().await;
    let (client, key, thief) = (bench.client().await, Prover::new(1), Prover::new(2));
    let query = authorization(&client).and("dpop_jkt", &key.jkt());
    let form = redemption(&client, &bench.code_for(&query).await);
    bench.token_with(&form, &[&thief.proof(bench.now)]).await.assert_error(400, "invalid_grant");
    bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_grant");
    bench.token_with(&form, &[&key.proof(bench.now)]).await.tokens();
    for bad in ["short", &"x".repeat(44), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"] {
        redirect_of(bench.ask(&authorization(&client).and("dpop_jkt", bad)).await).assert_error("invalid_request");
    }
    bench.dpop(Dpop::Off);
    page_of(bench.ask(&authorization(&client).and("dpop_jkt", "short")).await);
}

#[tokio::test]
async fn px_11_a_proof_at_the_push_binds_the_code() {
    let bench = Bench::new().await;
    let (client, key, thief) = (bench.client().await, Prover::new(1), Prover::new(2));
    let url = "https://wiki.ex/.doorward/par";
    let push = async |form: &Fields, proof: String| {
        bench.call(&bench.wiki, Endpoint::PushedAuthorizationRequest, proven(form, &[&proof])).await
    };
    let form = authorization(&client);
    let pushed = push(&form, key.sign(&key.draft(url, bench.now))).await;
    let query = fields([("client_id", client.as_str()), ("request_uri", &pushed.text("request_uri"))]);
    let form = redemption(&client, &bench.code_for(&query).await);
    bench.token_with(&form, &[&thief.proof(bench.now)]).await.assert_error(400, "invalid_grant");
    bench.token_with(&form, &[&key.proof(bench.now)]).await.tokens();
    // The proof and the parameter may not disagree.
    let named = authorization(&client).and("dpop_jkt", &key.jkt());
    assert_eq!(push(&named, key.sign(&key.draft(url, bench.now))).await.status, StatusCode::CREATED);
    let disagreeing = push(&named, thief.sign(&thief.draft(url, bench.now))).await;
    disagreeing.assert_error(400, "invalid_dpop_proof");
    push(&named, key.proof(bench.now)).await.assert_error(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn px_10_a_nonce_is_asked_for_where_the_app_wants_it() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().dpop_nonce = true;
    let (client, key) = (bench.client().await, Prover::new(1));
    let form = redemption(&client, &bench.code(&client).await);
    let refused = bench.token_with(&form, &[&key.proof(bench.now)]).await;
    refused.assert_error(400, "use_dpop_nonce");
    assert!(refused.header(header::ACCESS_CONTROL_EXPOSE_HEADERS).contains("DPoP-Nonce"));
    let nonce = refused.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let with = |nonce: &str, bench: &Bench| key.sign(&key.draft(TOKEN_URL, bench.now).claim("nonce", json!(nonce)));
    for bad in
        ["", "x", &nonce[1..], &bench.server.keys.sealer(bench.now).seal("consent", &bench.now, &*bench.server.random)]
    {
        bench.token_with(&form, &[&with(bad, &bench)]).await.assert_error(400, "use_dpop_nonce");
    }
    let tokens = bench.token_with(&form, &[&with(&nonce, &bench)]).await.tokens();
    // It lasts a while, and not for ever.
    bench.later(SECOND * 299);
    let form = refreshing(&client, &tokens.refresh);
    let tokens = bench.token_with(&form, &[&with(&nonce, &bench)]).await.tokens();
    bench.later(SECOND);
    let form = refreshing(&client, &tokens.refresh);
    bench.token_with(&form, &[&with(&nonce, &bench)]).await.assert_error(400, "use_dpop_nonce");
    // Who sends no proof needs none.
    bench.tokens(&client).await;
}

#[tokio::test]
async fn px_08_prm_18_asm_20_the_metadata_says_what_is_offered() {
    let mut bench = Bench::new().await;
    let resource = || Endpoint::ProtectedResource { resource: WIKI.to_owned() };
    for (mode, required) in [(Dpop::Optional, Some(false)), (Dpop::Required, Some(true)), (Dpop::Off, None)] {
        bench.dpop(mode);
        let server = bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json();
        let resource = bench.get(&bench.wiki, resource()).await.json();
        let name = "dpop_signing_alg_values_supported";
        assert_eq!(server.get(name), resource.get(name));
        assert_eq!(server.get(name).is_some(), required.is_some());
        assert_eq!(resource.get("dpop_bound_access_tokens_required"), required.map(|is| json!(is)).as_ref());
    }
    let preflight = bench.call(&bench.wiki, Endpoint::Token, request(Method::OPTIONS, "/", Default::default())).await;
    assert!(preflight.header(header::ACCESS_CONTROL_ALLOW_HEADERS).contains("DPoP"));
}

#[tokio::test]
async fn px_08_rv_05_introspection_says_what_a_token_is_bound_to() {
    let bench = Bench::new().await;
    let key = Prover::new(1);
    let (client, secret) = bench.confidential("client_secret_post").await;
    let proof = key.proof(bench.now);
    for (proofs, kind, cnf) in
        [(vec![proof.as_str()], "DPoP", Some(json!({ "jkt": key.jkt() }))), (vec![], "Bearer", None)]
    {
        let form = redemption(&client, &bench.code(&client).await).and("client_secret", &secret);
        let tokens = bench.token_with(&form, &proofs).await.tokens();
        let form = fields([("token", tokens.access.as_str()), ("client_id", &client), ("client_secret", &secret)]);
        let answer = bench.call(&bench.wiki, Endpoint::Introspection, form.post()).await.json();
        assert_eq!((&answer["active"], &answer["token_type"]), (&json!(true), &json!(kind)));
        assert_eq!(answer.get("cnf"), cnf.as_ref());
    }
}

/// What the door asks in addition (section 7).
#[test]
fn px_09_at_a_resource_the_proof_names_the_token() {
    let (key, now) = (Prover::new(1), START);
    let expected =
        Expected { method: "GET", url: "https://wiki.ex/mcp", access_token: Some("token"), nonces: None, now };
    let good = key.draft("https://wiki.ex/mcp", now).claim("htm", json!("GET"));
    let hash = oauth::pkce::challenge("token");
    let proof = dpop::verify(&key.sign(&good.clone().claim("ath", json!(hash))), expected).unwrap();
    assert_eq!(proof.jkt, key.jkt());
    for bad in [good.clone(), good.clone().claim("ath", json!("")), good.claim("ath", json!("other"))] {
        assert_eq!(dpop::verify(&key.sign(&bad), expected), Err(Invalid::AccessToken));
    }
}

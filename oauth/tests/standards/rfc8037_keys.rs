//! RFC 8037, RFC 7517, RFC 9864: the keys that sign, and what is published of them.

use crate::harness::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use oauth::jwt::{self, Registered};
use oauth::keys::{Keyring, SigningAlgorithm};
use oauth::store::KeyPurpose;
use serde_json::{Value, json};

fn header_of(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[tokio::test]
async fn ky_01_ky_04_the_key_set_holds_one_public_key_without_alg() {
    let bench = Bench::new().await;
    let keys = bench.get(&bench.wiki, Endpoint::Jwks).await.json()["keys"].clone();
    let key = keys[0].as_object().unwrap();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(key.keys().collect::<Vec<_>>(), ["crv", "kid", "kty", "use", "x"]);
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
    assert_eq!(URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap().len(), 32);
}

#[tokio::test]
async fn ky_02_ky_06_tokens_say_eddsa_and_name_a_published_key() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let header = header_of(&bench.tokens(&client).await.access);
    let published = bench.get(&bench.wiki, Endpoint::Jwks).await.json()["keys"][0]["kid"].clone();
    assert_eq!(header, json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": published }));
}

#[tokio::test]
async fn ky_09_the_key_set_is_public_and_needs_no_store() {
    let bench = Bench::new().await;
    bench.store.set(Fault::Always);
    let answer = bench.get(&bench.wiki, Endpoint::Jwks).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=300");
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn ky_09_a_document_that_has_not_changed_is_not_sent_again() {
    let bench = Bench::new().await;
    let resource = Endpoint::ProtectedResource { resource: WIKI.to_owned() };
    for endpoint in [Endpoint::Jwks, Endpoint::AuthorizationServer, resource] {
        let whole = bench.get(&bench.wiki, endpoint.clone()).await;
        let tag = whole.header(header::ETAG).to_owned();
        let again = async |known: &str| {
            let mut request = request(Method::GET, "/", Bytes::new());
            request.headers_mut().insert(header::IF_NONE_MATCH, known.parse().unwrap());
            bench.call(&bench.wiki, endpoint.clone(), request).await
        };
        for known in [tag.clone(), format!("W/{tag}"), format!("\"a\",  {tag}"), "*".to_owned()] {
            let same = again(&known).await;
            assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
            assert_eq!((same.header(header::ETAG), same.header(header::CACHE_CONTROL)), (&*tag, "public, max-age=300"));
        }
        assert_eq!(again("\"other\"").await.status, StatusCode::OK);
    }
    let unknown = Endpoint::ProtectedResource { resource: MAIL.to_owned() };
    assert_eq!(bench.get(&bench.wiki, unknown).await.status, StatusCode::NOT_FOUND, "errors have no tag");
}

#[tokio::test]
async fn ky_10_an_assertion_for_an_upstream_is_no_access_token() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let access = bench.verify(&bench.wiki, &bench.tokens(&client).await.access).unwrap();
    let signer = |purpose| bench.server.keys.signer(purpose, SigningAlgorithm::EdDsa, bench.now).unwrap();
    let signer_of_assertions = signer(KeyPurpose::Assertion);
    assert_ne!(signer(KeyPurpose::AccessToken).key().kid(), signer_of_assertions.key().kid());
    // Even one with all the claims of an access token.
    let registered = Registered {
        issuer: WIKI,
        audience: WIKI,
        subject: &access.sub,
        id: Some(access.jti.clone()),
        issued_at: bench.now,
        expires_at: bench.now.plus(SECOND),
    };
    let custom = json!({ "client_id": access.client_id, "scope": access.scope, "grant": access.grant });
    let assertion = jwt::sign(&signer_of_assertions, "at+jwt", registered, custom).unwrap();
    assert_eq!(bench.verify(&bench.wiki, &assertion), Err(jwt::Invalid::UnknownKey));
}

#[tokio::test]
async fn ky_12_ky_06_all_nodes_of_a_store_have_the_same_keys() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let access = bench.tokens(&client).await.access;
    bench.later(SECOND);
    let (node, ours) = (bench.keys_of_another_node().await, &bench.server.keys);
    assert_eq!((node.stored(), node.stored().len()), (ours.stored(), 3));
    assert!(oauth::token::verify(&node, &bench.wiki, &access, bench.now).is_ok());
    let sealed = ours.sealer(bench.now).seal("consent", &1, &*bench.server.random);
    assert_eq!(node.sealer(bench.now).open::<i32>("consent", &sealed), Some(1));
}

#[tokio::test]
async fn ky_13_keys_cannot_be_printed() {
    let bench = Bench::new().await;
    let signer = bench.server.keys.signer(KeyPurpose::Assertion, SigningAlgorithm::EdDsa, bench.now).unwrap();
    let kids: Vec<_> = bench.server.keys.stored().into_iter().map(|key| key.id).collect();
    let kid = signer.key().kid();
    let shown = format!("{:?} {:?} {:?}", bench.server, bench.server.keys, signer);
    let keys: Vec<_> = kids.iter().map(|kid| format!("StoredKey({kid})")).collect();
    let expected = format!(
        "Server Keyring([{}]) Signer {{ key: SigningKey({kid}), algorithm: EdDsa, until: None }}",
        keys.join(", ")
    );
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn ky_13_keys_at_rest_open_only_under_their_own_store_key() {
    let bench = Bench::new().await;
    let other = oauth::seal::Sealer::new([43; 32].into());
    let refused = Keyring::load(&*bench.store, &other, &*bench.server.random, &key_plan(), bench.now).await;
    assert!(refused.unwrap_err().to_string().contains("another store key"));
}

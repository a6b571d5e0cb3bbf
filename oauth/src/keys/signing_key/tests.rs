//! Known keys, and signatures that only look right.

use super::*;

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn ed25519(secret: [u8; 32]) -> SigningKey {
    SigningKey::from_secret(KeyAlgorithm::Ed25519, &secret).unwrap()
}

fn p256(secret: [u8; 32]) -> SigningKey {
    SigningKey::from_secret(KeyAlgorithm::P256, &secret).unwrap()
}

/// RFC 8037 appendix A.1 to A.3.
#[test]
fn ky_06_the_kid_is_the_thumbprint_of_rfc_7638() {
    let key = ed25519(decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").try_into().unwrap());
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
}

/// The key of RFC 7515 appendix A.3.1.
#[test]
fn ky_06_the_kid_of_a_p_256_key_is_made_of_its_required_members() {
    let key = p256(decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI").try_into().unwrap());
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    assert_eq!(key.kid(), URL_SAFE_NO_PAD.encode(Sha256::digest(members)));
    assert_eq!(key.jwk(), json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "kid": key.kid() }));
}

#[test]
fn ky_04_a_jwk_names_no_alg_and_no_private_member() {
    let members = |key: SigningKey| key.jwk().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(ed25519([5; 32])), ["crv", "kid", "kty", "use", "x"]);
    assert_eq!(members(p256([5; 32])), ["crv", "kid", "kty", "use", "x", "y"]);
}

#[test]
fn secret_bytes_that_are_no_key_make_none() {
    for (algorithm, secret) in
        [(KeyAlgorithm::P256, [0; 32]), (KeyAlgorithm::P256, [0xff; 32]), (KeyAlgorithm::XChaCha20Poly1305, [5; 32])]
    {
        assert!(SigningKey::from_secret(algorithm, &secret).is_none());
    }
}

#[test]
fn a_key_verifies_what_it_signed_and_nothing_else() {
    for key in [ed25519([5; 32]), p256([5; 32])] {
        let signature = key.sign(b"hello");
        assert_eq!((signature.len(), &signature), (64, &key.sign(b"hello")), "no randomness is needed");
        assert!(key.verifies(b"hello", &signature));
        assert!(!key.verifies(b"hell0", &signature));
        for other in
            [ed25519([6; 32]), p256([6; 32]), if key.is_of("ES256") { ed25519([5; 32]) } else { p256([5; 32]) }]
        {
            assert!(!other.verifies(b"hello", &signature));
        }
    }
}

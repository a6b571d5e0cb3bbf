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

/// RFC 8032 section 7.1, TEST 1 to 3.
#[test]
fn ky_11_signatures_are_those_of_rfc_8032() {
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (secret, message, signature) in cases {
        let (key, message, signature) = (ed25519(hex(secret).try_into().unwrap()), hex(message), hex(signature));
        assert_eq!(key.sign(&message), signature);
        assert!(key.verifies(&message, &signature));
    }
}

/// RFC 8032 section 5.1.7: `s` below the order of the group, and points in their one encoding. Besides, none of small order.
#[test]
fn ky_11_an_ed25519_signature_has_no_second_form() {
    let key = ed25519([5; 32]);
    let good = key.sign(b"hello");
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut s = good.clone();
    let mut carry = 0;
    for (byte, add) in s[32..].iter_mut().zip(&order) {
        let sum = u16::from(*byte) + u16::from(*add) + carry;
        (*byte, carry) = (u8::try_from(sum & 0xff).unwrap(), sum >> 8);
    }
    assert_eq!(carry, 0, "s + L is another number of 32 bytes");
    assert!(!key.verifies(b"hello", &s), "s + L");
    for high in [0x20, 0x40, 0x80] {
        let mut s = good.clone();
        s[63] |= high;
        assert!(!key.verifies(b"hello", &s), "a high bit of s");
    }
    for point in SMALL_ORDER {
        for s in [&[0; 32][..], &good[32..]] {
            assert!(!key.verifies(b"hello", &[&hex(point), s].concat()), "R is {point}");
        }
    }
    for short in [&good[..63], &good[..32], &[]] {
        assert!(!key.verifies(b"hello", short));
    }
    assert!(!key.verifies(b"hello", &[&good[..], &[0]].concat()));
}

/// Somebody else's key is held to the same: with a key of small order, one signature would fit every message.
#[test]
fn ky_11_keys_of_small_order_are_no_keys() {
    for point in SMALL_ORDER {
        let x = URL_SAFE_NO_PAD.encode(hex(point));
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        assert!(crate::jose::Jwk::parse(&jwk).is_err(), "{point}");
    }
}

/// The points of small order, in all their encodings ("Taming the many EdDSAs", table 6).
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn jw_08_an_es256_signature_has_no_second_form() {
    use p256::elliptic_curve::{PrimeField, ops::Neg};
    let key = p256([5; 32]);
    for message in [&b"a"[..], b"b", b"c", b"d", b"e", b"f", b"g", b"h"] {
        let good = key.sign(message);
        let s: [u8; 32] = good[32..].try_into().unwrap();
        let high = p256::Scalar::from_repr(s.into()).unwrap().neg().to_repr();
        let other = [&good[..32], &high[..]].concat();
        let signature = p256::ecdsa::Signature::from_slice(&other).unwrap();
        let Pair::P256(pair) = &key.pair else { panic!("a P-256 key") };
        assert!(pair.verifying_key().verify(message, &signature).is_ok(), "others would take -s");
        assert!(key.verifies(message, &good) && !key.verifies(message, &other));
        assert!(!key.verifies(message, signature.to_der().as_bytes()), "DER is not what a JWS has");
    }
    for zero in [[0; 64], [0xff; 64]] {
        assert!(!key.verifies(b"a", &zero));
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

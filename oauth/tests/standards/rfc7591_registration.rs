//! RFC 7591: dynamic client registration, open to everybody and therefore worth nothing by itself.

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::store::Store;
use oauth::{Endpoint, scope};
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({ "redirect_uris": [REDIRECT] })
}

fn with(name: &str, value: Value) -> Value {
    let mut metadata = minimal();
    metadata[name] = value;
    metadata
}

#[tokio::test]
async fn dr_01_a_registration_is_created_as_json_that_nobody_keeps() {
    let bench = Bench::new().await;
    let answer = bench.register(&bench.wiki, &minimal()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let form = fields([("redirect_uris", REDIRECT)]).post();
    bench.call(&bench.wiki, Endpoint::Registration, form).await.assert_error(400, "invalid_client_metadata");
    let get = request(Method::GET, "/", Default::default());
    let get = bench.call(&bench.wiki, Endpoint::Registration, get).await;
    get.assert_error(405, "invalid_request");
    assert_eq!(get.header(header::ALLOW), "POST, OPTIONS");
}

#[tokio::test]
async fn dr_02_dr_04_the_answer_echoes_all_that_was_registered() {
    let bench = Bench::new().await;
    let mut expected = json!({
        "client_name": "Claude Code",
        "client_uri": "https://claude.ai",
        "logo_uri": "https://claude.ai/logo.svg",
        "redirect_uris": ["http://localhost:3118/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "access offline_access",
        "software_id": "claude-code",
        "software_version": "2.1.197",
    });
    let answer = bench.registered(&expected).await;
    expected["client_id"] = answer["client_id"].clone();
    expected["client_id_issued_at"] = json!(START.seconds());
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn dr_03_nothing_in_the_answer_is_null_empty_or_a_fraction() {
    let bench = Bench::new().await;
    let body = json!({
        "redirect_uris": [REDIRECT],
        "client_name": "",
        "client_uri": null,
        "logo_uri": "",
        "scope": "",
        "contacts": [],
        "grant_types": null,
        "response_types": null,
        "application_type": null,
        "token_endpoint_auth_method": null,
        "jwks": null,
    });
    for body in [body, minimal(), with("token_endpoint_auth_method", json!("client_secret_post"))] {
        for (name, value) in bench.registered(&body).await.as_object().unwrap() {
            assert!(!value.is_null() && *value != json!("") && *value != json!([]), "{name}");
            assert!(!value.is_number() || value.is_u64(), "{name}");
        }
    }
}

#[tokio::test]
async fn dr_04_ca_01_a_registration_without_a_method_is_a_public_client_that_works() {
    let bench = Bench::new().await;
    let client = bench.registered(&minimal()).await;
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert!(client.get("client_secret").is_none() && client.get("client_secret_expires_at").is_none());
    assert!(!bench.tokens(&id(&client)).await.refresh.is_empty());
}

#[tokio::test]
async fn dr_05_a_method_with_a_secret_gets_one_and_others_are_refused() {
    let bench = Bench::new().await;
    for method in ["client_secret_post", "client_secret_basic"] {
        let client = bench.registered(&with("token_endpoint_auth_method", json!(method))).await;
        assert_eq!(client["token_endpoint_auth_method"], method);
        assert!(client["client_secret"].as_str().unwrap().starts_with("dw_cs_"));
        assert_eq!(client["client_secret_expires_at"], 0);
    }
    for method in ["private_key_jwt", "client_secret_jwt", "tls_client_auth", "x"] {
        let answer = bench.register(&bench.wiki, &with("token_endpoint_auth_method", json!(method))).await;
        answer.assert_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn dr_06_dr_07_application_type_is_optional_and_unknown_members_are_ignored() {
    let bench = Bench::new().await;
    for kind in [json!("native"), json!("web")] {
        assert_eq!(bench.registered(&with("application_type", kind.clone())).await["application_type"], kind);
    }
    for odd in [json!("spaceship"), json!(7), json!({})] {
        assert!(bench.registered(&with("application_type", odd)).await.get("application_type").is_none());
    }
    let client = bench.registered(&with("foo", json!({ "bar": [1] }))).await;
    assert!(client.get("foo").is_none());
}

#[tokio::test]
async fn dr_08_what_is_no_metadata_is_refused() {
    let bench = Bench::new().await;
    for body in ["", "[]", "7", "{", "null", "{\"redirect_uris\":", "\u{feff}{}"] {
        let answer = bench.call(&bench.wiki, Endpoint::Registration, json_post(body)).await;
        answer.assert_error(400, "invalid_client_metadata");
    }
    let deep = format!(r#"{{"redirect_uris":["{REDIRECT}"],"a":{}{}}}"#, "[".repeat(7000), "]".repeat(7000));
    let answer = bench.call(&bench.wiki, Endpoint::Registration, json_post(deep)).await;
    answer.assert_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn dr_10_redirect_uris_are_required_and_few() {
    let bench = Bench::new().await;
    let many: Vec<_> = (0..17).map(|n| format!("http://127.0.0.1/{n}")).collect();
    let long = format!("http://127.0.0.1/{}", "a".repeat(2048));
    for uris in
        [Value::Null, json!([]), json!("http://127.0.0.1/cb"), json!([7]), json!([null]), json!(many), json!([long])]
    {
        let answer = bench.register(&bench.wiki, &with("redirect_uris", uris)).await;
        answer.assert_error(400, "invalid_redirect_uri");
    }
    bench.register(&bench.wiki, &json!({})).await.assert_error(400, "invalid_redirect_uri");
}

#[tokio::test]
async fn dr_11_tk_31_other_grants_are_dropped_or_refused() {
    let bench = Bench::new().await;
    let types = json!(["authorization_code", "implicit", "password", "refresh_token", "client_credentials"]);
    let mut body = with("grant_types", types);
    body["response_types"] = json!(["code", "token", "id_token"]);
    let client = bench.registered(&body).await;
    assert_eq!(client["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(client["response_types"], json!(["code"]));
    for (name, types) in [
        ("grant_types", json!(["password"])),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["implicit", "refresh_token"])),
        ("response_types", json!(["token"])),
        ("response_types", json!(["id_token token"])),
    ] {
        let answer = bench.register(&bench.wiki, &with(name, types)).await;
        answer.assert_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn dr_11_a_client_that_asks_for_codes_alone_gets_no_refresh_token() {
    let bench = Bench::new().await;
    let client = bench.registered(&with("grant_types", json!(["authorization_code"]))).await;
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    let client = id(&client);
    let code = bench.code(&client).await;
    let answer = bench.token(&bench.wiki, &redemption(&client, &code)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn dr_12_the_scope_is_cut_to_what_the_app_offers() {
    let bench = Bench::new().await;
    let client = bench.registered(&with("scope", json!("admin wiki:write openid"))).await;
    assert_eq!(client["scope"], "wiki:write");
    let query = authorization(&id(&client)).with("scope", "admin wiki:write");
    let consent = page_of(bench.ask(&query).await);
    assert_eq!(consent.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>(), ["wiki:write"]);
    assert!(bench.registered(&with("scope", json!("admin"))).await.get("scope").is_none());
    assert!(!scope::is_scope_token(""));
}

#[tokio::test]
async fn dr_13_the_same_public_client_registers_once_however_often_it_asks() {
    let bench = Bench::new().await;
    let first = bench.registered(&minimal()).await;
    for _ in 0..300 {
        assert_eq!(bench.registered(&minimal()).await, first);
    }
    let mut other = bench.wiki.clone();
    other.id = "other".to_owned();
    let elsewhere = bench.register(&other, &minimal()).await.json();
    assert_ne!(elsewhere["client_id"], first["client_id"], "each app has its own clients");
}

#[tokio::test]
async fn dr_13_confidential_clients_are_never_the_same() {
    let bench = Bench::new().await;
    let body = with("token_endpoint_auth_method", json!("client_secret_basic"));
    let (one, two) = (bench.registered(&body).await, bench.registered(&body).await);
    assert_ne!(one["client_id"], two["client_id"]);
    assert_ne!(one["client_secret"], two["client_secret"]);
}

#[tokio::test]
async fn dr_13_dr_14_a_full_app_says_when_to_come_back_and_keeps_the_clients_in_use() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().registration.as_mut().unwrap().limits.total = 3;
    let used = bench.client().await;
    let tokens = bench.tokens(&used).await;
    for name in ["a", "b"] {
        bench.registered(&with("client_name", json!(name))).await;
    }
    let full = bench.register(&bench.wiki, &with("client_name", json!("c"))).await;
    full.assert_error(429, "temporarily_unavailable");
    assert!(full.header(header::RETRY_AFTER).parse::<u32>().is_ok());
    assert_eq!(bench.client().await, used, "a known client is still known");
    bench.later(SECOND * 3601);
    for name in ["c", "d"] {
        bench.registered(&with("client_name", json!(name))).await;
    }
    bench.store.collect_garbage(bench.now).await.unwrap();
    assert_eq!(bench.refresh(&used, &tokens.refresh).await.status, StatusCode::OK, "the one with a grant is kept");
}

#[tokio::test]
async fn dr_14_clients_register_twice_per_login_and_fifty_at_once() {
    let bench = std::sync::Arc::new(Bench::new().await);
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let bench = bench.clone();
        set.spawn(async move { bench.registered(&minimal()).await });
    }
    let answers = set.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn dr_15_client_ids_are_short_url_safe_and_no_urls() {
    let bench = Bench::new().await;
    for metadata in [minimal(), with("token_endpoint_auth_method", json!("client_secret_basic"))] {
        let client = id(&bench.registered(&metadata).await);
        assert!(client.len() < 100 && client.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)));
    }
}

/// Escaping is the page's work; what is kept can hide nothing from the person who reads it.
#[tokio::test]
async fn dr_16_dr_17_names_are_cleaned_cut_and_shown_as_the_clients_own_word() {
    let bench = Bench::new().await;
    let bidi = "Claude\u{202e}edoC\u{200b}\u{2066}\u{feff}\u{ad}\u{3164}\u{e0041}\r\n\u{0}\u{85}";
    for (sent, kept) in [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        (bidi, "ClaudeedoC"),
        ("  Claude Code  ", "Claude Code"),
        ("\u{202e}\u{200b}", "Unnamed client"),
        (&"x".repeat(5000), &"x".repeat(100)),
    ] {
        let client = bench.registered(&with("client_name", json!(sent))).await;
        assert_eq!(client["client_name"], kept);
        let consent = page_of(bench.ask(&authorization(&id(&client))).await);
        assert_eq!(consent.client_name, kept);
        assert_eq!(consent.client_id, id(&client));
    }
}

#[tokio::test]
async fn dr_17_dr_18_uris_about_the_client_are_plain_web_addresses_or_left_out() {
    let bench = Bench::new().await;
    for name in ["client_uri", "logo_uri", "tos_uri", "policy_uri"] {
        let good = json!("https://good.ex/x");
        assert_eq!(bench.registered(&with(name, good.clone())).await[name], good);
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://claude.ai@evil.ex/",
            "https://good.ex/\u{202e}x",
            "https://good.ex/\n",
            " https://good.ex/",
            "https://cl\u{430}ude.ai/",
            "/relative",
            &format!("https://good.ex/{}", "a".repeat(500)),
        ] {
            assert!(bench.registered(&with(name, json!(bad))).await.get(name).is_none(), "{name} {bad}");
        }
    }
}

#[tokio::test]
async fn dr_19_dr_20_keys_and_statements_are_ignored_and_not_echoed() {
    let bench = Bench::new().await;
    for (name, value) in [
        ("jwks_uri", json!("http://169.254.169.254/keys")),
        ("jwks", json!({ "keys": [] })),
        ("software_statement", json!("garbage")),
        ("client_id", json!("doorward-browser")),
        ("client_secret", json!("chosen")),
        ("registration_access_token", json!("x")),
    ] {
        let client = bench.registered(&with(name, value.clone())).await;
        assert_ne!(client.get(name), Some(&value), "{name}");
    }
}

#[tokio::test]
async fn dr_24_a_large_body_is_refused_before_it_is_parsed() {
    let bench = Bench::new().await;
    let answer = bench.call(&bench.wiki, Endpoint::Registration, json_post(vec![b'{'; 1 << 20])).await;
    answer.assert_error(413, "invalid_request");
}

//! A caller without a good credential: who is sent to the login page, who gets 401, and what the metadata behind it says.

use crate::harness::{Request, Response, Site, Wire, parameter, query, send};
use serde_json::json;

const AGENTS_ACCEPT: &str = "application/json, text/event-stream";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";

#[test]
fn ch_01_ch_02_ch_03_ch_04_ch_05_ch_18_the_challenge_leads_to_the_metadata() {
    let site = Site::start();
    let refused = send(&Request::post(&site.main("/x")).header("Accept", AGENTS_ACCEPT).body(b"{}")).expect(401);
    let challenge = refused.challenge();
    assert!(challenge.starts_with("Bearer "), "{challenge}");
    let metadata = parameter(challenge, "resource_metadata").unwrap();
    assert_eq!(metadata, site.main(&format!("{RESOURCE}/x")), "on the origin of the resource itself");
    send(&Request::get(metadata)).expect(200);
    let scope = parameter(challenge, "scope").unwrap();
    assert!(scope.contains("access") && !scope.contains("offline_access"), "{scope}");
    assert!(!challenge.contains("error="), "no credential was sent, so none is wrong: {challenge}");
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    assert_eq!(refused.header("access-control-expose-headers"), Some("WWW-Authenticate, DPoP-Nonce"));
    let body = refused.json();
    assert_eq!((&body["error"], &body["resource_metadata"]), (&json!("login_required"), &json!(metadata)));
    assert!(body["decision_id"].as_str().is_some_and(|id| id.starts_with("d_")), "{body}");
    assert!(body["login_url"].as_str().is_some_and(|url| url.starts_with(&site.main("/.doorward/login?"))), "{body}");
    assert!(body["error_description"].is_string());
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn ch_07_only_a_persons_navigation_is_sent_to_login() {
    let site = Site::start();
    let chrome = Request::get(&site.main("/x?y=1"))
        .html()
        .header("Sec-Fetch-Mode", "navigate")
        .header("Sec-Fetch-Dest", "document")
        .header("Sec-Fetch-Site", "none");
    for request in
        [chrome, Request::get(&site.main("/x?y=1")).html(), Request::new("HEAD", &site.main("/x?y=1")).html()]
    {
        let response = send(&request).expect(302);
        assert!(
            response.location().starts_with(&site.login("/.doorward/oauth/main/authorize?")),
            "{}",
            response.location()
        );
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn ch_08_ch_09_ch_10_ch_11_ch_12_ch_13_ch_14_everything_else_gets_401() {
    let site = Site::start();
    let url = site.main("/x");
    let get = || Request::get(&url);
    let others = [
        get().header("Accept", "*/*").header("MCP-Protocol-Version", "2024-11-05"),
        get(),
        get().header("Accept", AGENTS_ACCEPT),
        get().header("Accept", "*/*").header("Sec-Fetch-Mode", "cors"),
        get().html().header("Sec-Fetch-Mode", "cors").header("Sec-Fetch-Dest", "empty"),
        get().html().header("Sec-Fetch-Mode", "same-origin"),
        get().html().header("X-Requested-With", "XMLHttpRequest"),
        get().html().header("X-Requested-With", "xmlhttprequest"),
        get().html().header("Authorization", "Bearer nonsense"),
        get().html().header("Authorization", "Basic YTpi"),
        get().html().header("Upgrade", "websocket").header("Connection", "Upgrade"),
        get().header("Accept", "text/html;q=0, */*"),
        get().header("Accept", "image/avif,image/webp,*/*;q=0.8"),
        Request::post(&url).html().form(&[("a", "b")]),
        Request::new("PUT", &url).html().body(b"x"),
        Request::new("DELETE", &url).html(),
        Request::new("PATCH", &url).html().body(b"x"),
        Request::post(&url).header("Content-Type", "application/grpc").header("TE", "trailers").body(b""),
    ];
    for request in others {
        let response = send(&request);
        assert_eq!((response.status, response.header("location")), (401, None), "{request:?}");
        assert!(response.challenge().starts_with("Bearer ") && !response.is_html(), "{request:?}");
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn ch_06_ch_16_ch_17_a_bad_token_is_called_so() {
    let site = Site::start();
    for token in ["x", "a.b.c", "dw_rt_x", &"x".repeat(5000)] {
        let refused = send(&Request::get(&site.main("/x")).bearer(token)).expect(401);
        let challenge = refused.challenge();
        assert_eq!(parameter(challenge, "error"), Some("invalid_token"));
        assert!(parameter(challenge, "resource_metadata").is_some());
        for name in [" error=", "error_description=", "scope=", "realm=", "resource_metadata="] {
            assert_eq!(challenge.matches(name).count(), 1, "{name} in {challenge}");
        }
        assert!(!challenge.contains('\\'));
        let description = parameter(challenge, "error_description").unwrap();
        assert!(description.bytes().all(|b| (0x20..=0x7e).contains(&b) && b != b'"'), "{description}");
        assert_eq!(refused.json()["error"], "invalid_token");
    }
}

#[test]
fn ch_15_one_header_begins_with_bearer() {
    let site = Site::start();
    for request in [Request::get(&site.main("/")), Request::get(&site.main("/")).bearer("x")] {
        let response = send(&request).expect(401);
        assert_eq!(response.all("www-authenticate").len(), 1);
        assert!(response.challenge().starts_with("Bearer realm=\"main\""));
    }
}

#[test]
fn ch_19_jw_18_a_token_elsewhere_than_in_the_header_is_none() {
    let site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let token = tokens.access.as_str();
    send(&Request::get(&site.main(&format!("/x?access_token={token}")))).expect(401);
    send(&Request::post(&site.main("/x")).form(&[("access_token", token)])).expect(401);
    send(&Request::get(&site.main("/x")).header("Cookie", &format!("access_token={token}; doorward-main={token}")))
        .expect(401);
    assert!(site.upstream.seen().is_empty());
    send(&Request::get(&site.main("/x")).bearer(token)).expect(200);
}

#[test]
fn ch_20_a_token_sent_in_two_ways_is_refused() {
    let site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let token = tokens.access.as_str();
    for target in [
        format!("/x?access_token={token}"),
        format!("/x?a=b&access_token={token}"),
        format!("/x?%61ccess_token={token}"),
    ] {
        let refused = send(&Request::get(&site.main(&target)).bearer(token)).expect(400);
        assert_eq!(refused.json()["error"], "invalid_request", "{target}");
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn ch_21_the_scheme_is_case_insensitive() {
    let site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    for scheme in ["Bearer", "bearer", "bEaReR", "BEARER"] {
        send(&Request::get(&site.main("/x")).header("authorization", &format!("{scheme} {}", tokens.access)))
            .expect(200);
    }
}

#[test]
fn ch_22_hp_21_malformed_authorization_is_refused() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    site.upstream.forget();
    for value in
        ["foo", "Bearer", "Bearer ", "Bearer  a b", "Bearer a,Bearer b", "Basic YTpi", "DPoP x", "Negotiate x", ""]
    {
        let response = browser.send(Request::get(&site.main("/x")).header("Authorization", value));
        assert!(matches!(response.status, 400 | 401), "`{value}` got {}", response.status);
    }
    let twice = Request::get(&site.main("/x")).bearer("a").bearer("a");
    assert_eq!(browser.send(twice).status, 400);
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn ch_23_bare_path_slash_and_below_are_the_same_app() {
    let site = Site::start();
    for target in ["/mcp", "/mcp/", "/mcp/x", "/mcp?x", "/mcp/x?y"] {
        let response =
            send(&Request::post(&site.url("tools.test", target)).header("Accept", AGENTS_ACCEPT).body(b"{}"))
                .expect(401);
        assert!(parameter(response.challenge(), "resource_metadata").is_some(), "{target}");
    }
    for target in ["/mcp2", "/mc", "/", "/other", "/MCP", "/mcp%20"] {
        send(&Request::get(&site.url("tools.test", target))).expect(404);
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn ch_24_a_preflight_never_reaches_the_upstream() {
    let site = Site::start();
    let preflight = Request::new("OPTIONS", &site.main("/x"))
        .header("Origin", "https://elsewhere.test")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization");
    let response = send(&preflight);
    assert!(matches!(response.status, 204 | 401 | 403), "{}", response.status);
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn hp_09_h_10_no_user_agent_opens_a_door() {
    let site = Site::start();
    for agent in
        ["GoogleHC/1.0", "kube-probe/1.30", "ELB-HealthChecker/2.0", "Mozilla/5.0 (X11; Linux)", "curl/8", "node", ""]
    {
        send(&Request::get(&site.main("/")).header("User-Agent", agent)).expect(401);
        send(&Request::get(&site.main("/")).html().header("User-Agent", agent)).expect(302);
    }
}

#[test]
fn an_app_can_say_otherwise() {
    let site = Site::start();
    let classic = site.url("classic.test", "/x");
    send(&Request::get(&classic)).expect(302);
    send(&Request::get(&classic).header("Accept", "application/json").header("Sec-Fetch-Mode", "cors")).expect(302);
    send(&Request::get(&classic).bearer("x")).expect(401);
    send(&Request::post(&classic).body(b"")).expect(401);
    send(&Request::get(&site.url("strict.test", "/x")).html()).expect(401);
}

#[test]
fn without_managed_oauth_the_challenge_names_no_metadata() {
    let site = Site::start();
    for url in [site.url("plain.test", "/x"), site.url("tools.test", "/vault/x")] {
        let refused = send(&Request::get(&url)).expect(401);
        let challenge = refused.challenge();
        assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("resource_metadata"), "{challenge}");
        assert!(refused.json().get("resource_metadata").is_none());
        send(&Request::get(&url).html()).expect(302);
    }
    let guess = send(&Request::get(&site.url("plain.test", RESOURCE)).html());
    assert_ne!(guess.status, 200);
}

#[test]
fn prm_01_prm_03_prm_04_prm_05_each_resource_is_named_as_asked_for() {
    let site = Site::start();
    let cases = [
        (site.main(RESOURCE), site.main(""), "Main app", site.main("")),
        (site.main(&format!("{RESOURCE}/mcp")), site.main("/mcp"), "Main app", site.main("")),
        (site.url("wiki.test", RESOURCE), site.url("wiki.test", ""), "Team wiki", site.url("wiki.test", "")),
        (
            site.url("tools.test", &format!("{RESOURCE}/mcp")),
            site.url("tools.test", "/mcp"),
            "tools",
            site.url("tools.test", "/mcp"),
        ),
        (
            site.url("tools.test", &format!("{RESOURCE}/mcp/x")),
            site.url("tools.test", "/mcp/x"),
            "tools",
            site.url("tools.test", "/mcp"),
        ),
    ];
    for (url, resource, name, issuer) in cases {
        let response = send(&Request::get(&url)).expect(200);
        assert_eq!(response.header("content-type"), Some("application/json"), "{url}");
        let document = response.json();
        assert_eq!(document["resource"], json!(resource), "{url}");
        assert_eq!(document["resource_name"], name);
        assert_eq!(document["authorization_servers"], json!([issuer]));
    }
}

#[test]
fn prm_06_prm_07_prm_08_prm_09_prm_10_prm_11_the_document_is_whole_and_true() {
    let site = Site::start();
    let document = send(&Request::get(&site.main(RESOURCE))).expect(200).json();
    let issuer = document["authorization_servers"][0].as_str().unwrap();
    let metadata = send(&Request::get(&format!("{issuer}{SERVER}"))).expect(200).json();
    assert_eq!(metadata["issuer"], json!(issuer), "byte for byte");
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    let scopes = document["scopes_supported"].as_array().unwrap();
    assert!(!scopes.is_empty() && !scopes.contains(&json!("offline_access")));
    for text in [document.to_string(), metadata.to_string()] {
        assert!(!text.contains("[]") && !text.contains("null"), "{text}");
    }
}

#[test]
fn prm_12_prm_14_prm_15_prm_17_asm_17_metadata_is_plainly_readable_by_everybody() {
    let site = Site::start();
    let urls = [
        site.main(RESOURCE),
        site.main(&format!("{RESOURCE}/x")),
        site.main(SERVER),
        site.main("/.doorward/oauth/main/jwks"),
    ];
    for url in urls {
        for accept in [None, Some("*/*"), Some("application/json"), Some("text/html")] {
            let request = accept.iter().fold(Request::get(&url), |request, accept| request.header("Accept", accept));
            let response = send(&request).expect(200);
            assert_eq!((response.header("set-cookie"), response.header("location")), (None, None), "{url}");
            assert_eq!(response.header("content-type"), Some("application/json"));
            assert_eq!(response.header("access-control-allow-origin"), Some("*"));
            assert_eq!(response.header("access-control-allow-credentials"), None);
            assert!(response.header("cache-control").is_some(), "{url}");
            assert_ne!(response.header("vary"), Some("*"));
        }
        let body = send(&Request::get(&url)).body;
        assert_eq!(send(&Request::get(&format!("{url}?x=1"))).expect(200).body, body);
        let head = send(&Request::new("HEAD", &url)).expect(200);
        assert_eq!(head.header("content-length"), Some(body.len().to_string().as_str()));
        let preflight = Request::new("OPTIONS", &url)
            .header("Origin", "https://inspector.test")
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "mcp-protocol-version");
        let allowed = send(&preflight).expect(204);
        let headers = allowed.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase();
        assert!(headers.contains("mcp-protocol-version") && allowed.header("access-control-allow-origin") == Some("*"));
        send(&Request::post(&url).form(&[])).expect(405);
        send(&Request::get(&url).bearer("nonsense")).expect(200);
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn prm_13_unknown_resources_are_404_json() {
    let site = Site::start();
    let tools = |target: &str| site.url("tools.test", target);
    for url in [
        tools(RESOURCE),
        tools(&format!("{RESOURCE}/nope")),
        tools(&format!("{RESOURCE}/mcp2")),
        tools(&format!("{SERVER}/nope")),
        site.login(RESOURCE),
        site.login(SERVER),
    ] {
        let response = send(&Request::get(&url).html()).expect(404);
        assert_eq!(response.header("content-type"), Some("application/json"), "{url}: {}", response.text());
        assert!(response.json()["error"].is_string());
    }
}

#[test]
fn prm_16_asm_15_nothing_is_built_from_what_a_request_claims() {
    let site = Site::start();
    let honest: Vec<_> =
        [RESOURCE, SERVER].iter().map(|path| send(&Request::get(&site.main(path))).expect(200).body).collect();
    let claims = [
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "host=evil.test;proto=https"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Original-URL", "/evil"),
        ("X-Host", "evil.test"),
        ("Origin", "http://evil.test"),
        ("Referer", "http://evil.test/"),
    ];
    for (path, body) in [RESOURCE, SERVER].iter().zip(&honest) {
        for (name, value) in claims {
            assert_eq!(&send(&Request::get(&site.main(path)).header(name, value)).expect(200).body, body, "{name}");
        }
    }
    for (name, value) in claims {
        let refused = send(&Request::get(&site.main("/x")).header(name, value)).expect(401);
        assert!(!refused.challenge().contains("evil") && !refused.text().contains("evil"), "{name}");
        let sent = send(&Request::get(&site.main("/x")).html().header(name, value)).expect(302);
        assert!(!sent.location().contains("evil"), "{name}");
    }
    for host in ["evil.test", &format!("evil.test:{}", site.port), "127.0.0.1", "127.0.0.1:1"] {
        for path in [RESOURCE, SERVER, "/x"] {
            let response = send(&Request::get(&site.main(path)).host(host).html()).expect(404);
            assert!(!response.text().contains("evil"), "{}", response.text());
        }
    }
}

#[test]
fn prm_20_the_upstreams_own_metadata_does_not_leak() {
    let site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    site.upstream.forget();
    for path in [RESOURCE, SERVER, "/.well-known/openid-configuration", "/mcp/.well-known/openid-configuration"] {
        let response = send(&Request::get(&site.main(path)).bearer(&tokens.access));
        assert!(matches!(response.status, 200 | 404), "{path}");
    }
    assert!(site.upstream.seen().is_empty());
    // What is not ours is the app's.
    send(&Request::get(&site.main("/.well-known/change-password")).bearer(&tokens.access)).expect(200);
    assert_eq!(site.upstream.last().target(), "/.well-known/change-password");
}

#[test]
fn asm_01_asm_02_asm_05_asm_06_asm_07_asm_08_asm_09_asm_22_the_server_says_what_it_does() {
    let site = Site::start();
    let metadata = send(&Request::get(&site.main(SERVER))).expect(200).json();
    assert_eq!(metadata["issuer"], json!(site.main("")));
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let grant_types = ["authorization_code", "refresh_token", "client_credentials", exchange];
    assert_eq!(metadata["grant_types_supported"], json!(grant_types));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert!(metadata["token_endpoint_auth_methods_supported"].as_array().unwrap().contains(&json!("none")));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], json!(true));
    assert_eq!(metadata["authorization_endpoint"], json!(site.login("/.doorward/oauth/main/authorize")));
    for name in ["token_endpoint", "registration_endpoint", "jwks_uri"] {
        let url = metadata[name].as_str().unwrap();
        assert!(url.starts_with(&site.main("/.doorward/")), "{name}: {url}");
    }
}

#[test]
fn asm_03_asm_04_the_issuer_is_what_was_asked_for_or_404() {
    let site = Site::start();
    let tools = |target: &str| send(&Request::get(&site.url("tools.test", target)));
    let issuer = json!(site.url("tools.test", "/mcp"));
    assert_eq!(tools(&format!("{SERVER}/mcp")).expect(200).json()["issuer"], issuer);
    assert_eq!(tools(&format!("/mcp{SERVER}")).expect(200).json()["issuer"], issuer);
    for target in [SERVER.to_owned(), format!("{SERVER}/mcp/x"), format!("/mcp/x{SERVER}"), format!("{SERVER}/vault")] {
        assert!(matches!(tools(&target).status, 401 | 404), "{target}");
        assert!(tools(&target).json().get("issuer").is_none(), "{target}");
    }
    tools(&format!("{SERVER}/mcp/x")).expect(404);
}

#[test]
fn asm_16_there_is_no_openid_provider() {
    let site = Site::start();
    for url in [
        site.main("/.well-known/openid-configuration"),
        site.main("/x/.well-known/openid-configuration"),
        site.url("tools.test", "/.well-known/openid-configuration/mcp"),
        site.url("tools.test", "/mcp/.well-known/openid-configuration"),
    ] {
        let response = send(&Request::get(&url)).expect(404);
        assert_eq!(response.header("content-type"), Some("application/json"), "{url}");
    }
}

#[test]
fn hp_12_spellings_of_a_host_are_one_and_strangers_are_none() {
    let site = Site::start();
    let port = site.port;
    let status = |host: &str| send(&Request::get(&site.main("/x")).host(host)).status;
    for host in [format!("wiki.test:{port}"), format!("WIKI.Test:{port}"), format!("wiki.test.:{port}")] {
        assert_eq!(status(&host), 401, "{host}");
    }
    for host in [
        format!("evil.wiki.test:{port}"),
        format!("wiki.test.evil:{port}"),
        "wiki.test".to_owned(),
        "wiki.test:443".to_owned(),
        format!("[::1]:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("xwiki.test:{port}"),
    ] {
        assert_eq!(status(&host), 404, "{host}");
    }
}

#[test]
fn no_app_is_404_that_says_nothing() {
    let site = Site::start();
    let stranger = |request: Request| send(&request.host("stranger.test")).expect(404);
    let page = stranger(Request::get(&site.main("/")).html());
    let text = page.text();
    for name in ["Main app", "wiki", "doorward.toml", "Pingora"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    assert!(stranger(Request::get(&site.main("/"))).json()["error"].is_string());
    assert!(page.header("server").is_none());
    for path in ["/.doorward/login", "/.doorward/certs", RESOURCE] {
        stranger(Request::get(&site.main(path)));
    }
}

#[test]
fn the_login_url_of_a_401_brings_a_person_back() {
    let site = Site::start();
    let refused = send(&Request::get(&site.main("/deep/page?x=1&y=%2F"))).expect(401);
    let login_url = refused.json()["login_url"].as_str().unwrap().to_owned();
    assert_eq!(query(&login_url, "return_to").as_deref(), Some("/deep/page?x=1&y=%2F"));
    let page = site.browser().sign_in(&login_url, &site.ada()).expect(200);
    assert_eq!(page.url, site.main("/deep/page?x=1&y=%2F"));
}

#[test]
fn hp_20_the_refusal_comes_before_the_body() {
    let site = Site::start();
    let mut wire = Wire::open(site.port);
    let head = format!(
        "POST /x HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n",
        site.port
    );
    wire.write(head.as_bytes());
    let refused: Response = wire.answer(false).unwrap();
    assert_eq!((refused.status, refused.interim), (401, vec![]), "no 100 before the 401");
    assert!(site.upstream.seen().is_empty());
}

//! RFC 8693: the upstream of one app acts at another as the person who called it, and never for more.

use crate::harness::*;
use http::StatusCode;
use oauth::Endpoint;
use oauth::client::{Authentication, Client, RegisteredBy};
use oauth::grant_type::GrantType;
use oauth::jwt::{self, Registered};
use oauth::keys::SigningAlgorithm;
use oauth::scope::{Scope, Scopes};
use oauth::store::{EndedBecause, GrantFilter, KeyPurpose, Store};
use serde_json::{Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Both apps know `shared`; the upstream of the wiki has a client at the mail.
struct Linked {
    bench: Bench,
    client: Client,
    credentials: String,
}

fn linked(client: &mut Client) {
    client.grant_types = [GrantType::TokenExchange].into();
    client.details.acts_for = ["wiki".to_owned()].into();
}

impl Linked {
    async fn new() -> Self {
        Self::with(linked).await
    }

    async fn with(change: impl FnOnce(&mut Client)) -> Self {
        let mut bench = Bench::new().await;
        let scope =
            |name: &str| Scope { name: name.into(), description: name.into(), includes: Vec::new(), optional: false };
        bench.wiki.scopes = Scopes::new(vec![scope("wiki:write"), scope("shared")]);
        let broad = Scope { includes: vec!["shared".to_owned()], ..scope("mail:all") };
        bench.mail.scopes = Scopes::new(vec![broad, scope("shared"), scope("mail:write")]);
        bench.settle();
        let (client, credentials) = bench.service(&bench.mail, change).await;
        Self { bench, client, credentials }
    }

    async fn exchange(&self, form: &Fields) -> Answer {
        self.bench.token_basic(&self.bench.mail, &self.credentials, form).await
    }

    /// An agent's token for the wiki, with a scope.
    async fn subject(&self, scope: &str) -> (String, Tokens) {
        let agent = self.bench.client().await;
        let bench = &self.bench;
        let consent = page_of(bench.ask(&authorization(&agent).and("scope", scope)).await);
        let ticks: Vec<_> = scope.split(' ').collect();
        let allowed = bench.press_with(&bench.wiki, Some(&bench.ada), ("allow", &consent.token), &ticks).await;
        let code = redirect_of(allowed).parameter("code").unwrap();
        let tokens = bench.token(&bench.wiki, &redemption(&agent, &code)).await.tokens();
        assert_eq!(tokens.scope, scope);
        (agent, tokens)
    }

    /// What the wiki's upstream was told of whoever holds `grant`.
    fn assertion(&self, change: impl FnOnce(&mut Value, &mut Registered<'_>)) -> String {
        let login = self.bench.server.realm.login.clone();
        let mut registered = Registered {
            issuer: &login,
            audience: "wiki",
            subject: "ada",
            id: None,
            issued_at: self.bench.now,
            expires_at: self.bench.now.plus(GRACE),
        };
        let mut claims = json!({});
        change(&mut claims, &mut registered);
        sign(&self.bench, KeyPurpose::Assertion, registered, claims)
    }
}

fn sign(bench: &Bench, purpose: KeyPurpose, registered: Registered<'_>, claims: Value) -> String {
    let signer = bench.server.keys.signer(purpose, SigningAlgorithm::EdDsa, bench.now).unwrap();
    jwt::sign(&signer, "JWT", registered, claims).unwrap()
}

fn asking(kind: &str, token: &str) -> Fields {
    fields([("grant_type", GRANT), ("subject_token", token), ("subject_token_type", kind)])
}

fn claims(access: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn tx_05_an_agents_token_is_exchanged_and_the_chain_is_told() {
    let linked = Linked::new().await;
    let (agent, subject) = linked.subject("access shared").await;
    let answer = linked.exchange(&asking(ACCESS_TOKEN, &subject.access)).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let body = answer.json();
    assert_eq!((&body["issued_token_type"], &body["token_type"]), (&json!(ACCESS_TOKEN), &json!("Bearer")));
    assert_eq!((body.get("refresh_token"), &body["scope"]), (None, &json!("access mail:all mail:write")));
    let access = body["access_token"].as_str().unwrap();
    let token = linked.bench.present(&linked.bench.mail, access).await.unwrap();
    assert_eq!((token.sub.as_str(), token.client_id.as_str()), ("ada", linked.client.id.as_str()));
    assert_eq!(claims(access)["act"], json!({ "client_id": linked.client.id, "act": { "client_id": agent } }));
    assert!(linked.bench.verify(&linked.bench.wiki, access).is_err(), "it is for the mail alone");
    let (_, resource_server) = linked.bench.service(&linked.bench.mail, |_| ()).await;
    let mut request = fields([("token", access)]).post();
    request.headers_mut().insert("authorization", resource_server.parse().unwrap());
    let told = linked.bench.call(&linked.bench.mail, Endpoint::Introspection, request).await.json();
    assert_eq!(told["act"]["act"]["client_id"], json!(agent));
}

#[tokio::test]
async fn tx_05_an_assertion_of_a_browser_is_exchanged_and_ends_with_its_session() {
    let linked = Linked::new().await;
    let mut session = linked.bench.store.grant(&linked.bench.ada.session).await.unwrap().unwrap();
    session.id = "browser at the wiki".to_owned();
    session.app = "wiki".to_owned();
    session.parent = Some(linked.bench.ada.session.clone());
    session.expires_at = linked.bench.now.plus(GRACE);
    linked.bench.store.renew_grant(&session, linked.bench.now).await.unwrap().unwrap();
    let assertion = linked.assertion(|claims, _| claims["sid"] = json!(session.id));
    let answer = linked.exchange(&asking(JWT, &assertion)).await;
    let body = answer.json();
    assert_eq!(body["expires_in"], json!(GRACE.as_secs()), "never longer than the session");
    let access = body["access_token"].as_str().unwrap();
    assert_eq!(claims(access)["act"], json!({ "client_id": linked.client.id }));
    let again = linked.exchange(&asking(JWT, &assertion)).await.tokens().access;
    let of_mail = GrantFilter { app: Some("mail".to_owned()), ..GrantFilter::of("ada") };
    let grants = linked.bench.store.grants(&of_mail, linked.bench.now).await.unwrap();
    assert_eq!(grants.len(), 1, "one grant, however often it is asked for");
    assert!(
        linked
            .bench
            .store
            .revoke_grant(&linked.bench.ada.session, EndedBecause::SignedOut, linked.bench.now)
            .await
            .unwrap()
    );
    for token in [access, &again] {
        assert!(linked.bench.present(&linked.bench.mail, token).await.is_err(), "signing out ends it");
    }
    linked.exchange(&asking(JWT, &assertion)).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn tx_05_only_a_good_token_of_a_linked_app_does() {
    let mut linked = Linked::new().await;
    let (_, subject) = linked.subject("access").await;
    let bench = &linked.bench;
    let grant = bench.verify(&bench.wiki, &subject.access).unwrap().grant;
    let good = |claims: &mut Value, _: &mut Registered<'_>| claims["grant"] = json!(grant);
    assert_eq!(linked.exchange(&asking(JWT, &linked.assertion(good))).await.status, StatusCode::OK);
    let there = bench.register(&bench.mail, &json!({ "redirect_uris": [REDIRECT] })).await;
    let there = mail_tokens(bench, &id(&there.json())).await;
    let login = bench.server.realm.login.clone();
    let registered = |audience| Registered {
        issuer: &login,
        audience,
        subject: "ada",
        id: None,
        issued_at: bench.now,
        expires_at: bench.now.plus(GRACE),
    };
    let mut forged = sign(bench, KeyPurpose::Assertion, registered("wiki"), json!({ "grant": grant }));
    let signature = forged.rfind('.').unwrap();
    forged.replace_range(signature + 1.., &"A".repeat(86));
    let of_the_wrong_key = sign(bench, KeyPurpose::AccessToken, registered("wiki"), json!({ "grant": grant }));
    let bad = [
        (
            "another issuer",
            JWT,
            linked.assertion(|claims, registered| {
                claims["grant"] = json!(grant);
                registered.issuer = "https://idp.ex";
            }),
        ),
        (
            "another audience",
            JWT,
            linked.assertion(|claims, registered| {
                claims["grant"] = json!(grant);
                registered.audience = "mail";
            }),
        ),
        (
            "another person",
            JWT,
            linked.assertion(|claims, registered| {
                claims["grant"] = json!(grant);
                registered.subject = "bob";
            }),
        ),
        (
            "expired",
            JWT,
            linked.assertion(|claims, registered| {
                claims["grant"] = json!(grant);
                registered.expires_at = registered.issued_at;
            }),
        ),
        ("no grant", JWT, linked.assertion(|_, _| ())),
        ("an unknown grant", JWT, linked.assertion(|claims, _| claims["grant"] = json!("g_x"))),
        ("a signature of nobody", JWT, forged),
        ("the key of access tokens", JWT, of_the_wrong_key),
        ("an access token as an assertion", JWT, subject.access.clone()),
        ("an assertion as an access token", ACCESS_TOKEN, linked.assertion(good)),
        ("a refresh token", ACCESS_TOKEN, subject.refresh.clone()),
        ("a token of this app", ACCESS_TOKEN, there.access),
        ("no token", ACCESS_TOKEN, "a.b.c".to_owned()),
    ];
    for (what, kind, token) in bad {
        let answer = linked.exchange(&asking(kind, &token)).await;
        assert_eq!((answer.status.as_u16(), answer.text("error").as_str()), (400, "invalid_request"), "{what}");
    }
    let asked = asking(ACCESS_TOKEN, &subject.access);
    assert_eq!(linked.exchange(&asked).await.status, StatusCode::OK);
    assert!(linked.bench.store.revoke_grant(&grant, EndedBecause::RevokedByPerson, linked.bench.now).await.unwrap());
    linked.exchange(&asked).await.assert_error(400, "invalid_request");
    let (_, late) = linked.subject("access").await;
    linked.bench.later(ACCESS_TOKEN_LIFETIME);
    linked.exchange(&asking(ACCESS_TOKEN, &late.access)).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn tx_05_scopes_are_never_wider_than_the_clients_or_the_tokens() {
    let linked = Linked::with(|client| {
        linked_with(client, "access shared");
    })
    .await;
    let (_, narrow) = linked.subject("access").await;
    let (_, wide) = linked.subject("access shared").await;
    let ask = async |subject: &Tokens, scope: Option<&str>| {
        let form = asking(ACCESS_TOKEN, &subject.access);
        linked.exchange(&scope.map_or(form.clone(), |scope| form.and("scope", scope))).await
    };
    assert_eq!(ask(&narrow, None).await.text("scope"), "access", "who has it not passes it not on");
    assert_eq!(ask(&wide, None).await.text("scope"), "access shared");
    assert_eq!(ask(&wide, Some("shared")).await.text("scope"), "shared");
    for (subject, scope) in [
        (&narrow, "shared"),
        (&narrow, "access shared"),
        (&wide, "mail:write"),
        (&wide, "mail:all"),
        (&wide, "shared mail:write"),
        (&wide, "wiki:write"),
        (&wide, "offline_access"),
    ] {
        ask(subject, Some(scope)).await.assert_error(400, "invalid_scope");
    }
    let broad = Linked::new().await;
    let (_, narrow) = broad.subject("access").await;
    let answer = broad.exchange(&asking(ACCESS_TOKEN, &narrow.access)).await;
    assert_eq!(answer.text("scope"), "access mail:write", "nor within a broader one");
}

/// Ada's tokens for an agent of the mail.
async fn mail_tokens(bench: &Bench, agent: &str) -> Tokens {
    let page = page_of(bench.ask_as(&bench.mail, Some(&bench.ada), &authorization(agent)).await);
    let code = redirect_of(bench.press_as(&bench.mail, Some(&bench.ada), "allow", &page.token).await).parameter("code");
    bench.token(&bench.mail, &redemption(agent, &code.unwrap())).await.tokens()
}

fn linked_with(client: &mut Client, scope: &str) {
    linked(client);
    client.details.scope = Some(scope.to_owned());
}

#[tokio::test]
async fn tx_06_what_is_not_supported_is_refused_by_the_right_name() {
    let linked = Linked::new().await;
    let (_, subject) = linked.subject("access").await;
    let good = asking(ACCESS_TOKEN, &subject.access);
    for (name, value, error) in [
        ("subject_token_type", "urn:x", "invalid_request"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token", "invalid_request"),
        ("subject_token_type", "", "invalid_request"),
        ("subject_token", "", "invalid_request"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token", "invalid_request"),
        ("requested_token_type", JWT, "invalid_request"),
        ("actor_token", "x", "invalid_request"),
        ("actor_token_type", JWT, "invalid_request"),
        ("audience", "wiki", "invalid_target"),
        ("audience", "https://nowhere.ex", "invalid_target"),
        ("resource", WIKI, "invalid_target"),
    ] {
        linked.exchange(&good.clone().with(name, value)).await.assert_error(400, error);
    }
    for (name, value) in
        [("requested_token_type", ACCESS_TOKEN), ("audience", "mail"), ("audience", MAIL), ("resource", MAIL)]
    {
        assert_eq!(linked.exchange(&good.clone().with(name, value)).await.status, StatusCode::OK, "{name}={value}");
    }
}

#[tokio::test]
async fn tx_05_only_a_linked_client_with_a_secret_may_exchange() {
    let linked = Linked::new().await;
    let (_, subject) = linked.subject("access").await;
    let form = asking(ACCESS_TOKEN, &subject.access);
    let bench = &linked.bench;
    let (_, unlinked) =
        bench.service(&bench.mail, |client| client.grant_types = [GrantType::TokenExchange].into()).await;
    bench.token_basic(&bench.mail, &unlinked, &form).await.assert_error(400, "invalid_request");
    let (_, without) = bench.service(&bench.mail, |client| client.details.acts_for = ["wiki".to_owned()].into()).await;
    bench.token_basic(&bench.mail, &without, &form).await.assert_error(400, "unauthorized_client");
    let public = |client: &mut Client| {
        linked_with(client, "access");
        client.authentication = Authentication::None;
    };
    let (public, _) = bench.service(&bench.mail, public).await;
    let form = form.and("client_id", public.id.as_str());
    bench.token(&bench.mail, &form).await.assert_error(400, "unauthorized_client");
    bench.token(&bench.mail, &form.without("client_id")).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn tx_05_a_client_that_registered_itself_may_not_exchange() {
    let linked = Linked::new().await;
    let (_, subject) = linked.subject("access").await;
    let itself = |client: &mut Client| {
        linked_with(client, "access");
        client.registered_by = RegisteredBy::Itself;
    };
    let bench = &linked.bench;
    let (_, credentials) = bench.service(&bench.mail, itself).await;
    let form = asking(ACCESS_TOKEN, &subject.access);
    bench.token_basic(&bench.mail, &credentials, &form).await.assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn px_07_a_token_that_is_bound_to_a_key_is_not_exchanged_by_who_has_it_alone() {
    let linked = Linked::new().await;
    let (bench, agent, key) = (&linked.bench, linked.bench.client().await, Prover::new(1));
    let code = bench.code(&agent).await;
    let request = proven(&redemption(&agent, &code), &[&key.proof(bench.now)]);
    let bound = bench.call(&bench.wiki, Endpoint::Token, request).await.tokens();
    assert!(claims(&bound.access)["cnf"]["jkt"].is_string());
    linked.exchange(&asking(ACCESS_TOKEN, &bound.access)).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn jw_11_nobody_acts_for_a_service() {
    let linked = Linked::new().await;
    let bench = &linked.bench;
    let own = |client: &mut Client| client.grant_types = [GrantType::ClientCredentials].into();
    let (_, credentials) = bench.service(&bench.wiki, own).await;
    let form = fields([("grant_type", "client_credentials")]);
    let service = bench.token_basic(&bench.wiki, &credentials, &form).await.tokens();
    linked.exchange(&asking(ACCESS_TOKEN, &service.access)).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn tx_05_the_policy_of_the_other_app_is_asked_about_the_person() {
    let linked = Linked::new().await;
    let (_, subject) = linked.subject("access").await;
    let form = asking(ACCESS_TOKEN, &subject.access);
    linked.bench.policy.set(Mood::Refuses);
    linked.exchange(&form).await.assert_error(400, "invalid_request");
    linked.bench.policy.set(Mood::Unavailable);
    linked.exchange(&form).await.assert_error(503, "temporarily_unavailable");
    linked.bench.policy.set(Mood::Approves);
    for act in 0..3 {
        linked.bench.store.set(Fault::Nth(act));
        linked.exchange(&form).await.assert_error(503, "temporarily_unavailable");
    }
    assert_eq!(linked.exchange(&form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tx_05_a_chain_grows_to_four_and_no_further() {
    let linked = Linked::new().await;
    let (agent, subject) = linked.subject("access").await;
    let bench = &linked.bench;
    let back = |client: &mut Client| {
        client.grant_types = [GrantType::TokenExchange].into();
        client.details.acts_for = ["mail".to_owned()].into();
    };
    let (_, credentials) = bench.service(&bench.wiki, back).await;
    let mut access = linked.exchange(&asking(ACCESS_TOKEN, &subject.access)).await.tokens().access;
    access = bench.token_basic(&bench.wiki, &credentials, &asking(ACCESS_TOKEN, &access)).await.tokens().access;
    access = linked.exchange(&asking(ACCESS_TOKEN, &access)).await.tokens().access;
    assert_eq!(claims(&access)["act"]["act"]["act"]["act"], json!({ "client_id": agent }));
    let fifth = bench.token_basic(&bench.wiki, &credentials, &asking(ACCESS_TOKEN, &access)).await;
    fifth.assert_error(400, "invalid_request");
}

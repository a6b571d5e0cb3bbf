//! An OAuth client: finds its way from a 401 alone, as the clients in the field do.

use super::{Browser, Request, Response, User, encode, parameter, query, send};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where the client waits for its code; nobody listens there.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:33418/callback";
const VERIFIER: &str = "a-verifier-that-has-at-least-forty-three-characters";

/// A client that knows an app's endpoints and has registered.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) resource: String,
    pub(crate) metadata: Value,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: Option<String>,
}

/// What a token endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) scope: String,
    pub(crate) body: Vec<u8>,
}

impl Agent {
    /// From a protected URL to a registered client.
    #[track_caller]
    pub(crate) fn discover(url: &str) -> Self {
        let refused = send(&Request::get(url).header("Accept", "*/*")).expect(401);
        let resource_metadata = parameter(refused.challenge(), "resource_metadata").expect("resource_metadata");
        let resource = send(&Request::get(resource_metadata)).expect(200).json();
        let issuer = resource["authorization_servers"][0].as_str().unwrap().to_owned();
        let metadata = send(&Request::get(&well_known(&issuer))).expect(200).json();
        assert_eq!(metadata["issuer"], json!(issuer));
        let registration = json!({
            "client_name": "A plain agent",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        let request = Request::post(metadata["registration_endpoint"].as_str().unwrap()).json(&registration);
        let client = send(&request).expect(201).json();
        Self {
            resource: resource["resource"].as_str().unwrap().to_owned(),
            client_id: client["client_id"].as_str().unwrap().to_owned(),
            redirect_uri: REDIRECT.to_owned(),
            metadata,
            scope: None,
        }
    }

    pub(crate) fn with_scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }

    pub(crate) fn endpoint(&self, name: &str) -> &str {
        self.metadata[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {}", self.metadata))
    }

    pub(crate) fn authorization_url(&self, state: &str) -> String {
        let challenge = pkce_challenge(VERIFIER);
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", state),
            ("resource", &self.resource),
        ];
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        format!("{}?{}", self.endpoint("authorization_endpoint"), encode(&fields))
    }

    /// The person signs in if need be, and presses Allow; the answer to the client is the `Location`.
    #[track_caller]
    pub(crate) fn consent(&self, browser: &mut Browser, user: &User) -> Response {
        let page = browser.sign_in(&self.authorization_url("st"), user).expect(200);
        assert!(page.text().contains("Allow"), "{}", page.text());
        browser.submit(&page, &[("decision", "allow")]).expect(303)
    }

    #[track_caller]
    pub(crate) fn code(&self, browser: &mut Browser, user: &User) -> String {
        let answer = self.consent(browser, user);
        let location = answer.location();
        assert!(location.starts_with(&self.redirect_uri), "{location}");
        assert_eq!(query(location, "state").as_deref(), Some("st"));
        assert_eq!(query(location, "iss").as_deref(), Some(self.endpoint("issuer")));
        query(location, "code").unwrap_or_else(|| panic!("no code: {location}"))
    }

    pub(crate) fn redeem(&self, code: &str) -> Response {
        send(&self.redemption(code))
    }

    pub(crate) fn redemption(&self, code: &str) -> Request {
        self.token_request(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
            ("client_id", &self.client_id),
            ("resource", &self.resource),
        ])
    }

    pub(crate) fn refresh(&self, token: &str) -> Response {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &self.client_id)])
    }

    /// The same, asking for these scopes.
    pub(crate) fn refresh_with(&self, token: &str, scope: &str) -> Response {
        let client = ("client_id", self.client_id.as_str());
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token), client, ("scope", scope)])
    }

    pub(crate) fn token(&self, fields: &[(&str, &str)]) -> Response {
        send(&self.token_request(fields))
    }

    pub(crate) fn token_request(&self, fields: &[(&str, &str)]) -> Request {
        Request::post(self.endpoint("token_endpoint")).header("Accept", "application/json").form(fields)
    }

    /// Everything at once.
    #[track_caller]
    pub(crate) fn authorize(&self, browser: &mut Browser, user: &User) -> Tokens {
        Tokens::of(&self.redeem(&self.code(browser, user)).expect(200))
    }
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(response: &Response) -> Self {
        let answer = response.json();
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {answer}")).to_owned();
        assert_eq!(answer["token_type"], "Bearer");
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            scope: text("scope"),
            body: response.body.clone(),
        }
    }
}

/// RFC 8414 section 3.1: the path is inserted.
fn well_known(issuer: &str) -> String {
    let at = issuer.match_indices('/').nth(2).map_or(issuer.len(), |(at, _)| at);
    let (origin, path) = issuer.split_at(at);
    format!("{origin}/.well-known/oauth-authorization-server{path}")
}

/// RFC 7636 section 4.2.
pub(crate) fn pkce_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

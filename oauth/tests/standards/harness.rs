//! A server with two apps, a policy and a store that the test commands, and the steps that a client takes through it.

mod answer;
mod prover;
mod published;
mod request;
mod signer;
mod store;
mod world;

pub(crate) use answer::*;
pub(crate) use prover::*;
pub(crate) use published::*;
pub(crate) use request::*;
pub(crate) use signer::*;
pub(crate) use store::{Fault, TestStore};
pub(crate) use world::*;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use oauth::app::{App, Realm};
use oauth::call::Consent;
use oauth::call::Person;
use oauth::client::{Authentication, Client, ClientId};
use oauth::keys::{KeyPlan, Keyring};
use oauth::secret::{Kind, Secret, SecretHash};
use oauth::store::{Credential, Grant, GrantDetails, KeyAlgorithm, KeyPurpose, Store};
use oauth::token::AccessToken;
use oauth::world::Timestamp;
use oauth::{Call, Endpoint, Reply, Server, jwt, token};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(900);
pub(crate) const GRANT_DURATION: Duration = Duration::from_secs(14 * 24 * 3600);
pub(crate) const GRACE: Duration = Duration::from_secs(60);
/// What clients register here unless a test says otherwise.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:7777/callback";
/// Where every request comes from.
pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CURSOR: &str = "cursor://anysphere.cursor-mcp/oauth/callback";

/// The login origin.
pub(crate) const LOGIN: &str = "https://auth.ex";

/// Everything a test works with. `now` is the time of the next request.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) store: Arc<TestStore>,
    pub(crate) policy: Arc<Policy>,
    /// What clients publish.
    pub(crate) published: Arc<Published>,
    /// At the root of its host.
    pub(crate) wiki: App,
    /// Below a path of its host.
    pub(crate) mail: App,
    pub(crate) ada: Person,
    pub(crate) now: Timestamp,
}

/// The tokens of one response.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) scope: String,
}

/// What the bench's keys are sealed under.
pub(crate) fn at_rest() -> oauth::seal::Sealer {
    oauth::seal::Sealer::new([42; 32].into())
}

/// Which keys the bench has.
pub(crate) fn key_plan() -> KeyPlan {
    KeyPlan {
        kinds: vec![
            (KeyPurpose::AccessToken, KeyAlgorithm::Ed25519),
            (KeyPurpose::Assertion, KeyAlgorithm::Ed25519),
            (KeyPurpose::Sealing, KeyAlgorithm::XChaCha20Poly1305),
        ],
        rotation_interval: Duration::from_secs(90 * 24 * 3600),
        publish_ahead: Duration::from_secs(24 * 3600),
        longest_token: ACCESS_TOKEN_LIFETIME,
    }
}

/// Opens the single sign-on session that a person has.
pub(crate) async fn sign_in(store: &dyn Store, person: &Person) {
    let expires_at = START.plus(GRANT_DURATION * 100);
    let sso = Grant {
        id: person.session.clone(),
        app: oauth::app::LOGIN.to_owned(),
        client: ClientId::browser(),
        subject: person.subject.clone(),
        scope: String::new(),
        login_method: person.login_method.clone(),
        authenticated_at: person.authenticated_at,
        created_at: person.authenticated_at,
        expires_at,
        parent: None,
        revoked_at: None,
        details: GrantDetails::default(),
    };
    let hash = SecretHash::of(&person.session);
    let credential = Credential { hash, grant: sso.id.clone(), expires_at, rotated_at: None };
    store.open_grant(&sso, &credential).await.unwrap();
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let store = Arc::new(TestStore::default());
        let policy = Arc::new(Policy::default());
        let random = Arc::new(Seeded::default());
        let keys = Keyring::load(&*store, &at_rest(), &*random, &key_plan(), START).await.unwrap();
        let published = Arc::new(Published::default());
        let server = Server {
            store: store.clone(),
            keys: keys.into(),
            keys_max_age: key_plan().max_age(),
            random,
            approval: policy.clone(),
            fetch: published.clone(),
            documents: Arc::default(),
            foreign_keys: Arc::default(),
            realm: Arc::default(),
        };
        let ada = person("ada", "sso-of-ada");
        sign_in(&*store, &ada).await;
        let (wiki, mail) = (app("wiki", WIKI, MAIL), app("mail", MAIL, WIKI));
        let mut bench = Self { server, store, policy, published, wiki, mail, ada, now: START };
        bench.settle();
        bench
    }

    /// What a node has that starts now on the same store.
    pub(crate) async fn keys_of_another_node(&self) -> Keyring {
        Keyring::load(&*self.store, &at_rest(), &*self.server.random, &key_plan(), self.now).await.unwrap()
    }

    /// Lets the server know both apps as they are now.
    pub(crate) fn settle(&mut self) {
        let apps = [&self.wiki, &self.mail].map(|app| (app.id.clone(), app.clone()));
        self.server.realm = Arc::new(Realm { login: LOGIN.to_owned(), apps: apps.into() });
    }

    pub(crate) fn later(&mut self, by: Duration) {
        self.now = self.now.plus(by);
    }

    /// Calls an endpoint that answers clients.
    pub(crate) async fn call(&self, app: &App, endpoint: Endpoint, request: Request<Bytes>) -> Answer {
        let call = Call { app, endpoint: &endpoint, person: None, ip: HERE, now: self.now };
        let Reply::Response(response) = self.server.answer(call, &request).await else {
            panic!("{endpoint:?} answered with a page")
        };
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, app: &App, endpoint: Endpoint) -> Answer {
        self.call(app, endpoint, request(Method::GET, "/", Bytes::new())).await
    }

    pub(crate) async fn token(&self, app: &App, form: &Fields) -> Answer {
        self.call(app, Endpoint::Token, form.post()).await
    }

    /// The token endpoint with HTTP Basic.
    pub(crate) async fn token_basic(&self, app: &App, credentials: &str, form: &Fields) -> Answer {
        let mut request = form.post();
        request.headers_mut().insert(header::AUTHORIZATION, credentials.parse().unwrap());
        self.call(app, Endpoint::Token, request).await
    }

    pub(crate) async fn register(&self, app: &App, metadata: &Value) -> Answer {
        self.call(app, Endpoint::Registration, json_post(metadata.to_string())).await
    }

    /// A client of the wiki: its information response.
    pub(crate) async fn registered(&self, metadata: &Value) -> Value {
        let answer = self.register(&self.wiki, metadata).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
        answer.json()
    }

    /// A public client of the wiki: its id.
    pub(crate) async fn client(&self) -> String {
        id(&self.registered(&json!({ "client_name": "Test", "redirect_uris": [REDIRECT] })).await)
    }

    /// A client of the wiki that has a secret: its id, and the secret.
    pub(crate) async fn confidential(&self, method: &str) -> (String, String) {
        let metadata =
            json!({ "client_name": method, "redirect_uris": [REDIRECT], "token_endpoint_auth_method": method });
        let client = self.registered(&metadata).await;
        (id(&client), client["client_secret"].as_str().unwrap().to_owned())
    }

    /// A client that an administrator registered at `app`, with a secret for HTTP Basic: as kept, and the header.
    pub(crate) async fn service(&self, app: &App, change: impl FnOnce(&mut Client)) -> (Client, String) {
        let secret = Secret::generate(Kind::Client, &*self.server.random);
        let mut client = Client::by_administrator(&app.id, "A service", &*self.server.random, self.now);
        client.authentication = Authentication::ClientSecretBasic { secret: secret.hash() };
        change(&mut client);
        self.store.keep_client(&client).await.unwrap();
        let credentials = basic(client.id.as_str(), secret.expose());
        (client, credentials)
    }

    /// Another public client of the wiki, with the same redirect URI.
    pub(crate) async fn other_client(&self) -> String {
        id(&self.registered(&json!({ "client_name": "Other", "redirect_uris": [REDIRECT] })).await)
    }

    /// Opens the authorization URL of the wiki as Ada.
    pub(crate) async fn ask(&self, query: &Fields) -> Reply {
        self.ask_as(&self.wiki, Some(&self.ada), query).await
    }

    pub(crate) async fn ask_as(&self, app: &App, person: Option<&Person>, query: &Fields) -> Reply {
        let request = request(Method::GET, &format!("/authorize?{}", query.encode()), Bytes::new());
        self.authorization(app, person, request).await
    }

    pub(crate) async fn authorization(&self, app: &App, person: Option<&Person>, request: Request<Bytes>) -> Reply {
        let call = Call { app, endpoint: &Endpoint::Authorization, person, ip: HERE, now: self.now };
        self.server.answer(call, &request).await
    }

    /// Presses a button of the consent page as Ada.
    pub(crate) async fn press(&self, decision: &str, consent: &Consent) -> Reply {
        self.press_as(&self.wiki, Some(&self.ada), decision, &consent.token).await
    }

    pub(crate) async fn press_as(&self, app: &App, person: Option<&Person>, decision: &str, sealed: &str) -> Reply {
        let ticks = ["access", "wiki:read", "wiki:write", "mail:write", "offline_access"];
        self.press_with(app, person, (decision, sealed), &ticks).await
    }

    /// The same with these scopes ticked alone.
    pub(crate) async fn press_with(
        &self,
        app: &App,
        person: Option<&Person>,
        (decision, sealed): (&str, &str),
        ticks: &[&str],
    ) -> Reply {
        let form = fields([("consent", sealed), ("decision", decision)]);
        let tick = |form: Fields, name: &&str| form.and(&format!("scope:{name}"), "on");
        self.authorization(app, person, ticks.iter().fold(form, tick).post()).await
    }

    /// The code that Ada gives for this request.
    pub(crate) async fn code_for(&self, query: &Fields) -> String {
        let consent = page_of(self.ask(query).await);
        redirect_of(self.press("allow", &consent).await).parameter("code").unwrap()
    }

    pub(crate) async fn code(&self, client: &str) -> String {
        self.code_for(&authorization(client)).await
    }

    /// A fresh grant of Ada's for a public client of the wiki.
    pub(crate) async fn tokens(&self, client: &str) -> Tokens {
        let code = self.code(client).await;
        self.token(&self.wiki, &redemption(client, &code)).await.tokens()
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Answer {
        self.token(&self.wiki, &refreshing(client, token)).await
    }

    /// What the door sees in an access token presented at `app`: its own checks, then the grant's.
    pub(crate) async fn present(&self, app: &App, access: &str) -> Result<AccessToken, String> {
        let token = self.verify(app, access).map_err(|invalid| invalid.to_string())?;
        let grant = oauth::store::Store::grant(&*self.store, &token.grant).await.unwrap();
        match grant.is_some_and(|grant| grant.is_live(self.now)) {
            true => Ok(token),
            false => Err("the grant has ended".to_owned()),
        }
    }

    pub(crate) fn verify(&self, app: &App, access: &str) -> Result<AccessToken, jwt::Invalid> {
        token::verify(&self.server.keys, app, access, self.now)
    }
}

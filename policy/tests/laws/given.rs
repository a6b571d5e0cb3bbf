//! Policies and facts made up from a small vocabulary, so that they often meet.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use policy::{
    Action, Facts, Groups, Identity, Kind, Message, RawClaim, RawPolicy, RawSelector, RawValue, RequestFacts,
    SelectorKey, StepUp, Via,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Facts that own what they are about.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) identity: Option<Identity>,
    pub(crate) via: Via,
    pub(crate) client_id: Option<String>,
    pub(crate) linked_app: Option<String>,
    pub(crate) authenticated_for: Option<Duration>,
    pub(crate) request: Option<(IpAddr, String, String)>,
    /// The MCP message of the request.
    pub(crate) message: Message<'static>,
}

impl Asker {
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            identity: self.identity.as_ref(),
            via: self.via,
            client_id: self.client_id.as_deref(),
            linked_app: self.linked_app.as_deref(),
            authenticated_for: self.authenticated_for,
            request: self.request.as_ref().map(|(ip, method, path)| RequestFacts {
                ip: *ip,
                method,
                path,
                message: self.message,
                certificate: None,
            }),
        }
    }

    pub(crate) fn with_message_unread(&self) -> Self {
        Self { message: Message::Unread, ..self.clone() }
    }

    pub(crate) fn without_request(&self) -> Self {
        Self { request: None, ..self.clone() }
    }

    /// The same person after the sign-in that the hint asks for.
    pub(crate) fn stepped_up(&self, step_up: &StepUp) -> Self {
        let mut after = self.clone();
        if let Some(identity) = &mut after.identity {
            identity.auth_methods = step_up.auth_methods.clone();
        }
        after.authenticated_for = step_up.max_age.or(after.authenticated_for);
        after
    }
}

/// Facts in the words that the policies use.
pub(crate) fn asker() -> impl Strategy<Value = Asker> {
    let ip = select(IPS).prop_map(|ip| ip.parse().expect("an address"));
    let method = select(METHODS).prop_map(str::to_owned);
    let request = option::weighted(0.8, (ip, method, one_path()));
    let client_id = option::of(select(CLIENTS).prop_map(str::to_owned));
    let email = option::weighted(0.9, select(EMAILS).prop_map(str::to_owned));
    let login_method = select(LOGIN_METHODS).prop_map(str::to_owned);
    let identity = option::weighted(0.8, identity(email, login_method));
    from_parts(identity, client_id, request)
}

/// Facts in any words.
pub(crate) fn stranger() -> impl Strategy<Value = Asker> {
    let request = option::of((any::<IpAddr>(), any::<String>(), any::<String>()));
    let identity = option::of(identity(any::<Option<String>>(), any::<String>()));
    from_parts(identity, any::<Option<String>>(), request)
}

/// At least so many policies, and a few more, each with its own name.
pub(crate) fn policies(least: usize) -> impl Strategy<Value = Vec<RawPolicy>> {
    let action = prop_oneof![
        4 => Just(Action::Allow),
        3 => Just(Action::Block),
        2 => Just(Action::ServiceAuth),
        1 => Just(Action::Bypass),
    ];
    vec(policy(action), least..=least + 4).prop_map(|mut policies| {
        for (index, policy) in policies.iter_mut().enumerate() {
            policy.name = Some(format!("policy {index}"));
        }
        policies
    })
}

pub(crate) fn policy(action: impl Strategy<Value = Action>) -> impl Strategy<Value = RawPolicy> {
    action.prop_flat_map(|action| {
        let any_selector = || selector(action != Action::Bypass);
        let sections = (vec(any_selector(), 1..4), vec(any_selector(), 0..2), vec(any_selector(), 0..2));
        let longest = option::weighted(0.3, select(DURATIONS).prop_map(str::to_owned));
        (sections, longest).prop_map(move |((include, require, exclude), longest)| RawPolicy {
            name: None,
            action,
            include,
            require,
            exclude,
            session_duration: longest.filter(|_| action == Action::Allow),
        })
    })
}

/// A selector; with `personal`, perhaps one that is about the identity.
pub(crate) fn selector(personal: bool) -> impl Strategy<Value = RawSelector> {
    let everyone = Just(raw_selector(SelectorKey::Everyone, RawValue::Flag(true))).boxed();
    let mut kinds = vec![
        everyone,
        texts(SelectorKey::Ip, RANGES),
        texts(SelectorKey::Method, METHODS),
        texts(SelectorKey::Path, PATTERNS),
        texts(SelectorKey::Group, &["office"]),
        texts(SelectorKey::McpTool, TOOLS),
        texts(SelectorKey::McpMethod, CALLS),
    ];
    if personal {
        kinds.extend([
            texts(SelectorKey::Email, EMAILS),
            texts(SelectorKey::EmailDomain, &["x.example", "y.example"]),
            texts(SelectorKey::LoginMethod, LOGIN_METHODS),
            texts(SelectorKey::AuthMethod, AUTH_METHODS),
            texts(SelectorKey::IdpGroup, IDP_GROUPS),
            claim(),
            texts(SelectorKey::ClientId, CLIENTS),
            texts(SelectorKey::Via, &["browser", "agent", "service", "device"]),
            texts(SelectorKey::Group, &["staff", "office", "mixed", "strong"]),
            texts(SelectorKey::ServiceToken, &["1", "2"]),
            Just(raw_selector(SelectorKey::AnyServiceToken, RawValue::Flag(true))).boxed(),
            texts(SelectorKey::LinkedApp, APPS),
        ]);
    }
    proptest::strategy::Union::new(kinds)
}

pub(crate) fn raw_selector(key: SelectorKey, value: RawValue) -> RawSelector {
    RawSelector { key, value }
}

pub(crate) fn one_path() -> impl Strategy<Value = String> {
    select(PATHS).prop_map(str::to_owned)
}

/// The groups that the policies refer to.
pub(crate) fn groups() -> &'static Groups {
    static GROUPS: LazyLock<Groups> = LazyLock::new(|| {
        let raw = toml::from_str(
            r#"
            staff = { include = [{ email_domain = "x.example" }], exclude = [{ login_method = "local" }] }
            office = { include = [{ ip = "10.0.0.0/8" }, { path = "/a" }], exclude = [{ method = "PUT" }] }
            mixed = { include = [{ group = ["staff", "office"] }], require = [{ via = ["browser", "agent"] }] }
            strong = { include = [{ auth_method = "mfa" }], exclude = [{ auth_method = "sms" }] }
            "#,
        );
        Groups::parse(&raw.expect("well-formed groups")).expect("sound groups")
    });
    &GROUPS
}

fn texts(key: SelectorKey, values: &'static [&'static str]) -> BoxedStrategy<RawSelector> {
    let text = select(values).prop_map(str::to_owned);
    prop_oneof![text.clone().prop_map(RawValue::Text), vec(text, 1..3).prop_map(RawValue::List),]
        .prop_map(move |value| raw_selector(key, value))
        .boxed()
}

fn claim() -> BoxedStrategy<RawSelector> {
    let claim = |value| RawClaim { name: "team".into(), value: Box::new(RawValue::Text(value)) };
    let value = select(TEAMS).prop_map(str::to_owned);
    value.prop_map(move |value| raw_selector(SelectorKey::Claim, RawValue::Claim(claim(value)))).boxed()
}

fn identity(
    email: impl Strategy<Value = Option<String>>,
    login_method: impl Strategy<Value = String>,
) -> impl Strategy<Value = Identity> {
    let kind = prop_oneof![3 => Just(Kind::User), 1 => Just(Kind::Service)];
    let words = |from: &'static [&'static str]| vec(select(from).prop_map(str::to_owned), 0..3);
    let said = (words(AUTH_METHODS), words(IDP_GROUPS), words(TEAMS));
    (kind, email, login_method, said).prop_map(|(kind, email, login_method, (auth_methods, groups, teams))| Identity {
        kind,
        subject: "1".into(),
        email,
        name: None,
        groups,
        login_method,
        auth_methods,
        claims: BTreeMap::from([("team".to_owned(), teams)]),
    })
}

fn from_parts(
    identity: impl Strategy<Value = Option<Identity>>,
    client_id: impl Strategy<Value = Option<String>>,
    request: impl Strategy<Value = Option<(IpAddr, String, String)>>,
) -> impl Strategy<Value = Asker> {
    let via = select(&[Via::Browser, Via::Agent, Via::Service, Via::Device][..]);
    let linked_app = option::weighted(0.3, select(APPS).prop_map(str::to_owned));
    let age = option::weighted(0.9, select(AGES).prop_map(Duration::from_secs));
    (identity, via, client_id, linked_app, age, request, message()).prop_map(
        |(identity, via, client_id, linked_app, authenticated_for, request, message)| Asker {
            identity,
            via,
            client_id,
            linked_app,
            authenticated_for,
            request,
            message,
        },
    )
}

fn message() -> impl Strategy<Value = Message<'static>> {
    let call = |tool| Message::Read { method: Some("tools/call"), tool: Some(tool) };
    prop_oneof![
        3 => Just(Message::None),
        1 => Just(Message::Unread),
        2 => select(TOOLS).prop_map(call),
        1 => option::of(select(CALLS)).prop_map(|method| Message::Read { method, tool: None }),
    ]
}

const EMAILS: &[&str] = &["ann@x.example", "ben@x.example", "ann@y.example"];
const LOGIN_METHODS: &[&str] = &["local", "company", "service_token"];
const AUTH_METHODS: &[&str] = &["pwd", "mfa", "hwk", "sms"];
const IDP_GROUPS: &[&str] = &["engineers", "managers"];
const TEAMS: &[&str] = &["red", "blue"];
const DURATIONS: &[&str] = &["1m", "1h"];
const AGES: &[u64] = &[0, 60, 61, 4000];
const APPS: &[&str] = &["notes", "mail"];
const TOOLS: &[&str] = &["add", "danger"];
const CALLS: &[&str] = &["tools/call", "tools/list"];
const CLIENTS: &[&str] = &["one", "two"];
const METHODS: &[&str] = &["GET", "POST", "PUT"];
const PATHS: &[&str] = &["/", "/a", "/a/", "/a/b", "/a//b", "/ab", "/b"];
const PATTERNS: &[&str] = &["/", "/a", "/a/", "/a/*", "/a/b", "/b/*", "/*"];
const IPS: &[&str] = &["10.0.0.1", "10.1.0.1", "192.0.2.1", "2001:db8::1"];
const RANGES: &[&str] = &["10.0.0.0/8", "10.1.0.0/16", "::ffff:10.0.0.0/112", "192.0.2.1", "2001:db8::/32"];

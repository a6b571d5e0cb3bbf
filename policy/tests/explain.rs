//! An explanation as people and programs read it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use policy::{
    Decision, Explanation, Facts, Groups, Identity, Kind, Message, Policies, Policy, RawGroup, RawPolicy, Reason,
    RequestFacts, StepUp, Via,
};
use serde::Deserialize;

#[test]
fn people_read_every_policy_in_evaluation_order() {
    let expected = r#"
denied: blocked by `no agent writes`
1. bypass `health`: no
   include path = "/health": no
2. service_auth `robots`: no, is only about services
   include everyone = true: yes
3. block `no agent writes`: yes, decides
   include via = "agent": yes
   exclude method = ["GET", "HEAD"]: no
      any of method = "GET": no
      any of method = "HEAD": no
4. allow `staff`: yes
   session_duration = "15m": yes
   include group = "staff": yes
      include email_domain = "example.com": yes
      exclude email = "ivy@example.com": no
   require ip = "10.0.0.0/8": yes
   require claim = [{ name = "team", value = "red" }, { name = "team", value = "blue" }]: yes
      any of claim = { name = "team", value = "red" }: no
      any of claim = { name = "team", value = "blue" }: yes
"#;
    assert_eq!(explanation().to_string(), expected.trim_start());
}

#[test]
fn programs_read_the_same() {
    let text = toml::to_string(&explanation()).expect("an explanation can be written");
    let read: toml::Table = toml::from_str(&text).expect("and read");

    let decision = &read["decision"];
    assert_eq!(decision["outcome"].as_str(), Some("deny"));
    assert_eq!(decision["reason"].as_str(), Some("blocked"));
    assert_eq!(decision["rule"].as_str(), Some("no agent writes"));

    let block = &read["policies"][2];
    assert_eq!(block["action"].as_str(), Some("block"));
    assert_eq!(block["outcome"].as_str(), Some("yes"));
    assert_eq!(block["decides"].as_bool(), Some(true));
    assert_eq!(block["exclude"][0]["any_of"][1]["selector"].as_str(), Some("method = \"HEAD\""));

    let group = &read["policies"][3]["include"][0]["group"];
    assert_eq!(group["exclude"][0]["outcome"].as_str(), Some("no"));
}

#[test]
fn a_denial_says_what_a_sign_in_must_be() {
    let step_up = StepUp { auth_methods: vec!["pwd".into(), "mfa".into()], max_age: Some(Duration::from_secs(900)) };
    let reason = Reason::StrongerAuthenticationRequired { step_up };
    let decision = Decision::Deny { reason, rule: Some("secrets".into()) };
    assert_eq!(
        decision.to_string(),
        "denied: insufficient_user_authentication by `secrets`, needs a sign-in with `pwd` and `mfa`, not older than 900s"
    );
    let read: toml::Table = toml::from_str(&toml::to_string(&decision).expect("written")).expect("and read");
    assert_eq!(read["outcome"].as_str(), Some("deny"));
    assert_eq!(read["reason"].as_str(), Some("insufficient_user_authentication"));
    assert_eq!(read["step_up"]["max_age"].as_integer(), Some(900));
    assert_eq!(read["step_up"]["auth_methods"][1].as_str(), Some("mfa"));
}

#[derive(Deserialize)]
struct App {
    groups: BTreeMap<String, RawGroup>,
    policies: Vec<RawPolicy>,
}

fn explanation() -> Explanation {
    let app: App = toml::from_str(
        r#"
        groups.staff = { include = [{ email_domain = "@example.com" }], exclude = [{ email = "ivy@example.com" }] }

        [[policies]]
        name = "no agent writes"
        action = "block"
        include = [{ via = "agent" }]
        exclude = [{ method = ["GET", "HEAD"] }]

        [[policies]]
        name = "health"
        action = "bypass"
        include = [{ path = "/health" }]

        [[policies]]
        name = "staff"
        action = "allow"
        include = [{ group = "staff" }]
        require = [{ ip = "10.0.0.0/8" }, { claim = { name = "team", value = ["red", "blue"] } }]
        session_duration = "15m"

        [[policies]]
        name = "robots"
        action = "service_auth"
        include = [{ everyone = true }]
        "#,
    )
    .expect("a well-formed app");
    let groups = Groups::parse(&app.groups).expect("sound groups");
    let policies = app.policies.iter().map(|raw| {
        let policy = Policy::parse("unnamed", raw, &groups);
        Arc::new(policy.expect("a sound policy"))
    });
    let ann = Identity {
        kind: Kind::User,
        subject: "1".into(),
        email: Some("ann@example.com".into()),
        name: None,
        groups: Vec::new(),
        login_method: "company".into(),
        auth_methods: vec!["pwd".into()],
        claims: BTreeMap::from([("team".to_owned(), vec!["blue".to_owned()])]),
    };
    Policies::new(policies.collect()).explain(&Facts {
        identity: Some(&ann),
        via: Via::Agent,
        client_id: Some("editor"),
        linked_app: None,
        authenticated_for: Some(Duration::from_secs(60)),
        request: Some(RequestFacts {
            ip: [10, 0, 0, 1].into(),
            method: "POST",
            path: "/pages",
            message: Message::None,
            certificate: None,
        }),
    })
}

//! Parsers of single values.

use super::corpus;
use crate::harness::{Bench, Seeded, WIKI};
use oauth::client_document::DocumentUrl;
use oauth::parameters::Parameters;
use oauth::redirect_uri::{self, RedirectRules, Unacceptable};
use oauth::resource::Resource;
use oauth::scope::{Scope, Scopes};
use oauth::secret::{Kind, Secret};
use oauth::{pkce, scope};
use url::{Position, Url};

#[test]
fn tk_04_fuzz_form_parameters() {
    corpus("form").fuzz(|bytes| {
        let parsed = Parameters::parse(bytes);
        let pairs: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
        for (name, value) in &pairs {
            let count = pairs.iter().filter(|(other, _)| other == name).count();
            if name == "resource" {
                assert!(value.is_empty() || parsed.resources().contains(value));
                continue;
            }
            assert_eq!(parsed.is_repeated(name), count > 1, "{name}");
            let first = pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
            assert_eq!(parsed.get(name), first.filter(|value| !value.is_empty()), "{name}");
        }
    });
}

/// `registered presented`, of which one or both may be nonsense.
fn two(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, text))
}

fn rules() -> RedirectRules {
    let allowed = ["https://play.ex/*", "cursor://anysphere.cursor-mcp/oauth/callback", "com.example.app:/cb"];
    RedirectRules { any_on_localhost: true, any_on_loopback: true, allowed: allowed.map(str::to_owned).into() }
}

#[test]
fn ru_01_ru_05_ru_06_ru_09_fuzz_redirect_uris() {
    let rules = rules();
    corpus("redirect_uri").fuzz_text(|text| {
        let (registered, presented) = two(text);
        let _ = (redirect_uri::shown_host(presented), redirect_uri::csp_source(presented));
        // What an administrator, or a document, could name.
        if !matches!(rules.check(presented), Err(Unacceptable::Never(_))) {
            let source = redirect_uri::csp_source(presented).unwrap();
            assert!(!source.contains([' ', ';', ',', '\'', '"']), "a policy of its own: {source}");
        }
        if rules.check(registered).is_err() {
            return;
        }
        let url = Url::parse(registered).unwrap();
        assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{registered}");
        let on_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        assert!(url.scheme() != "http" || on_loopback, "{registered}");
        assert!(redirect_uri::matches(registered, registered));
        if redirect_uri::matches(registered, presented) {
            let other = Url::parse(presented).unwrap();
            assert_eq!((url.scheme(), url.host_str()), (other.scheme(), other.host_str()), "{text}");
            assert_eq!(url[Position::BeforePath..], other[Position::BeforePath..], "{text}");
            assert!(on_loopback || url.port() == other.port(), "{text}");
            assert!(rules.check(presented).is_ok(), "what may be used could have been registered: {text}");
        }
        let answer = Url::parse(&redirect_uri::with_parameters(registered, &[("code", "a&b=c#d")])).unwrap();
        assert_eq!(answer[..Position::AfterPath], url[..Position::AfterPath]);
        assert!(answer.query_pairs().any(|pair| pair == ("code".into(), "a&b=c#d".into())), "{answer}");
    });
}

#[test]
fn ru_01_fuzz_redirect_uris_of_the_gateway_itself() {
    corpus("redirect_uri").fuzz_text(|text| {
        let (_, presented) = two(text);
        if redirect_uri::is_first_party("https://*.apps.ex/.doorward/callback", presented) {
            let url = Url::parse(presented).unwrap();
            let label = url.host_str().unwrap().strip_suffix(".apps.ex").unwrap();
            assert!(!label.is_empty() && !label.contains('.'), "{presented}");
            assert_eq!(url.as_str(), presented);
        }
    });
}

#[test]
fn cm_02_fuzz_document_urls() {
    corpus("document_url").fuzz_text(|text| {
        let Ok(document) = DocumentUrl::parse(text) else { return };
        let url = Url::parse(text).unwrap();
        assert_eq!((document.as_str(), document.url()), (text, &url));
        assert_eq!((url.scheme(), url.host_str()), ("https", Some(document.host())), "{text}");
        assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{text}");
        let path = text.split('?').next().unwrap();
        assert!(url.path().len() > 1 && !path.contains("/../") && !path.contains("/./"), "{text}");
    });
}

#[test]
fn fuzz_scopes() {
    let scope = |name: &str, includes: &[&str]| Scope {
        name: name.to_owned(),
        description: String::new(),
        includes: includes.iter().map(|name| (*name).to_owned()).collect(),
        optional: false,
    };
    let scopes = Scopes::new(vec![scope("notes:read", &[]), scope("notes:write", &["notes:read"])]);
    let everything = scopes.grant(None).unwrap();
    corpus("scope").fuzz_text(|text| {
        if let Ok(granted) = scopes.grant(Some(text)) {
            assert!(granted.split(' ').all(scope::is_scope_token), "{granted}");
            assert_eq!(scopes.grant(Some(&granted)).as_deref(), Ok(granted.as_str()), "{text}");
        }
        let (granted, asked) = two(text);
        // Nothing else is ever granted.
        let Ok(granted) = scopes.grant(Some(granted)) else { return };
        let granted = granted.as_str();
        if let Ok(narrowed) = scopes.narrow(granted, Some(asked)) {
            assert!(narrowed.split(' ').all(|name| scopes.covers(granted, name)), "more than `{granted}`: {narrowed}");
            assert_eq!(scopes.narrow(&narrowed, Some(&narrowed)).as_deref(), Ok(narrowed.as_str()), "{text}");
        }
        let _ = scopes.narrow(&everything, Some(text));
    });
}

#[test]
fn ri_03_fuzz_resources() {
    let parse = |url: &str| Url::parse(url).unwrap();
    let app = Resource::new(&[parse("https://app.ex/mcp")], &[parse("https://app.ex/mcp/private"), parse(WIKI)]);
    corpus("resource").fuzz_text(|text| {
        if app.is_named_by(text) {
            let url = parse(text);
            assert_eq!(url.origin(), parse("https://app.ex").origin(), "{text}");
            let path = url.path();
            assert!(path == "/" || path == "/mcp" || path.starts_with("/mcp/"), "{text}");
            assert!(path != "/mcp/private" && !path.starts_with("/mcp/private/"), "{text}");
            assert!(url.query().is_none() && url.fragment().is_none() && url.username().is_empty(), "{text}");
        }
    });
}

#[test]
fn pk_03_fuzz_pkce() {
    corpus("pkce").fuzz_text(|text| {
        let (verifier, challenge) = two(text);
        let _ = pkce::is_challenge(text);
        if pkce::verifies(verifier, challenge) {
            assert!(pkce::is_challenge(challenge) && pkce::challenge(verifier) == challenge, "{text}");
            assert!((43..=128).contains(&verifier.len()), "{text}");
        }
    });
}

#[test]
fn fuzz_secrets() {
    const KINDS: [Kind; 4] = [Kind::Code, Kind::Refresh, Kind::Session, Kind::Client];
    let random = Seeded::default();
    let made: Vec<_> = KINDS.iter().map(|kind| (*kind, Secret::generate(*kind, &random))).collect();
    let seeds = made.iter().fold(corpus("secret"), |seeds, (_, secret)| seeds.and(secret.expose().as_bytes()));
    seeds.fuzz_text(|text| {
        for kind in KINDS {
            // Nothing that was changed passes the checksum, and no kind for another.
            let genuine = made.iter().any(|(made, secret)| *made == kind && secret.expose() == text);
            assert_eq!(Secret::parse(kind, text).is_some(), genuine, "{kind:?} {text}");
        }
    });
}

#[tokio::test]
async fn jw_05_fuzz_access_tokens() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let token = bench.tokens(&client).await.access;
    corpus("jwt").and(token.as_bytes()).fuzz_text(|text| {
        assert_eq!(bench.verify(&bench.wiki, text).is_ok(), text == token, "{text}");
        assert!(bench.verify(&bench.mail, text).is_err(), "{text}");
    });
}

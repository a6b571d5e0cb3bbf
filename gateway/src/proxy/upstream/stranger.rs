//! What somebody gets who reaches a server without the gateway and claims to be somebody: the part of an app's safety that
//! the gateway cannot provide, and can only try.

use super::ask::{ask, question};
use super::group::{Group, Upstreams};
use super::peer::peer;
use super::server::Server;
use crate::config::{App, HostHeader, HostPattern, Place};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::LOCATION;
use oauth::world::Timestamp;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::prelude::{Error, Result};
use pingora::protocols::http::client::HttpSession;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// What is tried at each server.
pub(crate) struct Attempt<'a> {
    /// The path of the server itself.
    pub(crate) path: &'a str,
    /// Whom the stranger claims to be: an e-mail address.
    pub(crate) name: &'a str,
    /// Who would sign assertions.
    pub(crate) issuer: &'a str,
    pub(crate) now: Timestamp,
}

/// What came of it at one server.
pub(crate) struct Found {
    pub(crate) app: String,
    /// As in the configuration.
    pub(crate) server: String,
    /// Whether only programs of this machine reach it.
    pub(crate) local: bool,
    pub(crate) verdict: Verdict,
}

/// How a server treats a stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It talks to nobody who has not the gateway's certificate.
    Guarded,
    /// A forged identity changes nothing about this refusal.
    Refuses(StatusCode),
    /// It serves anybody, with an identity or without.
    Open(StatusCode),
    /// It took a forged identity for a true one; what it answered without, and with it.
    Believes(StatusCode, StatusCode),
    /// It could not be asked.
    Unreachable(String),
}

/// How long a server may take for each step of an answer.
const WAIT: Duration = Duration::from_secs(10);

/// How much of an answer is read, in bytes.
const READ: usize = 256 * 1024;

/// Headers by which apps are told who somebody is: ours, and those that apps are often set up to believe.
const NAMES: [&str; 12] = [
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Preferred-Username",
    "Remote-User",
    "Remote-Email",
    "X-Remote-User",
    "X-WEBAUTH-USER",
    "X-WEBAUTH-EMAIL",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-authentik-username",
    "Tailscale-User-Login",
];

/// Tries each server of an app.
pub(crate) async fn selftest(app: &Arc<App>, attempt: &Attempt<'_>) -> Vec<Found> {
    let upstreams = Upstreams::new();
    let group = upstreams.group(app);
    let mut found = Vec::new();
    for server in &group.servers {
        let (local, verdict) = match upstreams.locate(server).await {
            Ok(address) => {
                let stranger = Stranger { group: &group, server, address, attempt };
                (is_local(&stranger.address), stranger.verdict().await)
            }
            Err(error) => (false, Verdict::Unreachable(error.to_string())),
        };
        found.push(Found { app: app.id.clone(), server: server.url.clone(), local, verdict });
    }
    found
}

fn is_local(address: &PeerAddress) -> bool {
    match address {
        PeerAddress::Inet(address) => address.ip().is_loopback(),
        PeerAddress::Unix(_) => true,
    }
}

/// What a question comes with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    Nothing,
    /// A forged identity.
    Forged,
    /// The gateway's own certificate, to see that the server would answer at all.
    Certificate,
}

/// Somebody before one server.
struct Stranger<'a> {
    group: &'a Group,
    server: &'a Server,
    address: PeerAddress,
    attempt: &'a Attempt<'a>,
}

/// As much of an answer as is compared.
#[derive(PartialEq, Eq)]
struct Answer {
    status: StatusCode,
    /// Where it leads, without the query, which is new each time at many login pages.
    location: Option<String>,
    /// Whether it speaks of whom the stranger claims to be.
    names: bool,
}

impl Answer {
    async fn read(session: &mut HttpSession<()>, name: &str) -> Result<Self> {
        let header = session.response_header();
        let status = header.map_or(StatusCode::BAD_GATEWAY, |header| header.status);
        let location = header.and_then(|header| header.headers.get(LOCATION)).and_then(|value| value.to_str().ok());
        let location = location.and_then(|location| location.split('?').next()).map(str::to_owned);
        let mut body = Vec::new();
        while body.len() < READ {
            let Some(part) = session.read_response_body().await? else { break };
            body.extend_from_slice(&part);
        }
        let names = body.windows(name.len()).any(|part| part == name.as_bytes());
        Ok(Self { status, location, names })
    }

    /// Whether the other answer, to a forged identity, is one that a stranger should not have got.
    fn yields_to(&self, forged: &Self) -> bool {
        let let_in = forged.status.is_success() && !self.status.is_success();
        let led_on = forged.status.is_redirection() && forged.location != self.location;
        let_in || led_on || forged.names && !self.names
    }
}

impl Stranger<'_> {
    async fn verdict(&self) -> Verdict {
        let (plain, forged) = match (self.ask(Claim::Nothing).await, self.ask(Claim::Forged).await) {
            (Ok(plain), Ok(forged)) => (plain, forged),
            (Err(error), _) | (_, Err(error)) => return self.unanswered(&error).await,
        };
        if plain.yields_to(&forged) {
            return Verdict::Believes(plain.status, forged.status);
        }
        if plain.status.is_success() { Verdict::Open(plain.status) } else { Verdict::Refuses(plain.status) }
    }

    /// A server that hangs up on strangers, and answers who has the gateway's certificate.
    async fn unanswered(&self, error: &Error) -> Verdict {
        if self.group.client.is_some() && self.ask(Claim::Certificate).await.is_ok() {
            return Verdict::Guarded;
        }
        Verdict::Unreachable(error.to_string())
    }

    async fn ask(&self, claim: Claim) -> Result<Answer> {
        let mut peer = peer(self.group, self.server, self.address.clone(), false);
        if claim != Claim::Certificate {
            peer.client_cert_key = None;
        }
        let mut question = question(self.group, self.server, self.attempt.path)?;
        if self.group.app.upstream.host_header == HostHeader::Preserve {
            question.insert_header("Host", self.public_authority())?;
        }
        question.insert_header("User-Agent", "Doorward-Selftest")?;
        question.insert_header("Accept", "text/html, application/json, */*")?;
        if claim == Claim::Forged {
            self.forge(&mut question)?;
        }
        // A connection for each question: an app may remember on one who somebody was.
        let mut session = ask(&Connector::new(None), &peer, question, WAIT).await?;
        let answer = Answer::read(&mut session, self.attempt.name).await;
        session.shutdown().await;
        answer
    }

    /// Where the app is reached, if it is at one host: a stranger knows that, too.
    fn public_authority(&self) -> String {
        let exact = |place: &&Place| matches!(place.host, HostPattern::Exact(_));
        let url = self.group.app.places.iter().find(exact).map(|place| place.origin().url());
        let authority = url.as_deref().and_then(|url| url.split_once("://")).map(|(_, authority)| authority.to_owned());
        authority.unwrap_or_else(|| self.server.config.authority())
    }

    fn forge(&self, question: &mut RequestHeader) -> Result<()> {
        for name in NAMES {
            question.insert_header(name, self.attempt.name)?;
        }
        question.insert_header("X-Forwarded-Groups", "admin,admins,staff")?;
        question.insert_header("Doorward-Assertion", self.assertion())?;
        Ok(())
    }

    /// An assertion that says all that a true one would, and is signed by nobody.
    fn assertion(&self) -> String {
        let now = self.attempt.now.seconds();
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "forged" });
        let claims = json!({
            "iss": self.attempt.issuer,
            "aud": self.group.app.id,
            "sub": self.attempt.name,
            "email": self.attempt.name,
            "groups": ["admin", "admins", "staff"],
            "iat": now,
            "exp": now + 300,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(&header), part(&claims), URL_SAFE_NO_PAD.encode([7; 64]))
    }
}

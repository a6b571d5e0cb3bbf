//! `doorward selftest`: whether an app believes a stranger who goes round the gateway.

use super::{Failure, block_on, load};
use crate::config::{App, Config};
use crate::mail::is_address;
use crate::proxy::{Attempt, Found, Verdict, selftest};
use crate::world::System;
use oauth::world::Clock;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Selftest {
    /// Try this app alone.
    #[arg(long)]
    app: Option<String>,
    /// Ask for this path of the upstreams; choose one that strangers must not see.
    #[arg(long, default_value = "/")]
    path: String,
    /// Claim to be this person. An app that believes it may make an account of that name.
    #[arg(long = "as", value_name = "EMAIL", default_value = "selftest@doorward.invalid")]
    name: String,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Good,
    /// Safe as long as nobody else reaches the server, which cannot be seen from here.
    Depends,
    Failed,
}

impl Selftest {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let apps = self.apps(&config)?;
        if !self.path.starts_with('/') {
            return Err(Failure::Other(format!("`--path {}` does not begin with `/`", self.path)));
        }
        if !is_address(&self.name) {
            let what = format!("`--as {}` is not an e-mail address; write it as `ada@example.com`", self.name);
            return Err(Failure::Other(what));
        }
        let issuer = config.auth.origin.url();
        let attempt = Attempt { path: &self.path, name: &self.name, issuer: &issuer, now: System.now() };
        let found = block_on(async {
            let mut found = Vec::new();
            for app in apps {
                found.extend(selftest(&app, &attempt).await);
            }
            Ok(found)
        })?;
        if self.json {
            println!("{:#}", found.iter().map(told).collect::<Value>());
        } else {
            found.iter().for_each(print);
        }
        let failed = found.iter().any(|found| weight(found) == Weight::Failed);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn apps(&self, config: &Config) -> Result<Vec<Arc<App>>, Failure> {
        let Some(id) = &self.app else { return Ok(config.apps.values().cloned().collect()) };
        let app = config.apps.get(id).cloned();
        let unknown = || Failure::Other(format!("there is no app `{id}`; `doorward check --print` shows all"));
        Ok(vec![app.ok_or_else(unknown)?])
    }
}

fn weight(found: &Found) -> Weight {
    match (&found.verdict, found.local) {
        (Verdict::Guarded | Verdict::Refuses(_), _) | (Verdict::Open(_), true) => Weight::Good,
        (Verdict::Open(_), false) | (Verdict::Believes(..), true) => Weight::Depends,
        (Verdict::Believes(..), false) | (Verdict::Unreachable(_), _) => Weight::Failed,
    }
}

fn name(weight: Weight) -> &'static str {
    match weight {
        Weight::Good => "good",
        Weight::Depends => "depends",
        Weight::Failed => "failed",
    }
}

/// What happened, and what to do about it.
fn words(found: &Found) -> (String, Option<&'static str>) {
    const CLOSE: &str = "let nobody but the gateway reach it (a Unix socket, loopback, a firewall, or a server that asks for the \
                         client certificate of `upstream_tls`), or have it verify `Doorward-Assertion`: see docs/upstreams.md";
    match &found.verdict {
        Verdict::Guarded => ("talks to nobody without the gateway's certificate".into(), None),
        Verdict::Refuses(status) => (format!("refuses strangers ({status}), with a forged identity or without"), None),
        Verdict::Open(status) if found.local => {
            (format!("serves anybody ({status}), but only programs of this machine reach it"), None)
        }
        Verdict::Open(status) => (format!("serves anybody who reaches it ({status})"), Some(CLOSE)),
        Verdict::Believes(without, with) => {
            (format!("believes a forged identity ({without} without, {with} with it)"), Some(CLOSE))
        }
        Verdict::Unreachable(what) => (format!("could not be asked: {what}"), None),
    }
}

fn print(found: &Found) {
    let (what, to_do) = words(found);
    println!("{:8} {}  {}  {what}", name(weight(found)), found.app, found.server);
    if let Some(to_do) = to_do {
        println!("         {to_do}");
    }
}

fn told(found: &Found) -> Value {
    let (what, to_do) = words(found);
    json!({ "app": found.app, "upstream": found.server, "result": name(weight(found)), "what": what, "to_do": to_do })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[test]
    fn h_12_what_others_can_reach_is_judged_more_strictly() {
        let (refused, fine) = (StatusCode::UNAUTHORIZED, StatusCode::OK);
        for (verdict, far, near) in [
            (Verdict::Guarded, Weight::Good, Weight::Good),
            (Verdict::Refuses(refused), Weight::Good, Weight::Good),
            (Verdict::Open(fine), Weight::Depends, Weight::Good),
            (Verdict::Believes(refused, fine), Weight::Failed, Weight::Depends),
            (Verdict::Unreachable("down".into()), Weight::Failed, Weight::Failed),
        ] {
            for (local, expected) in [(false, far), (true, near)] {
                let found = Found { app: "wiki".into(), server: "http://wiki".into(), local, verdict: verdict.clone() };
                assert_eq!(weight(&found), expected, "{verdict:?} {local}");
            }
        }
    }
}

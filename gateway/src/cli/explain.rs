//! `doorward explain`: a decision that was made, by its id, or one that would be made.

use super::{Failure, block_on, load};
use crate::config::{App, Config};
use crate::store::{self, Stores};
use crate::telemetry::remedy;
use policy::{ClientCertificate, Facts, Identity, Kind, Message, RequestFacts, Via};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// A decision id, such as `d_1a2b3c4d5e6f`, from a refused page, an answer's body or the log.
    #[arg(conflicts_with_all = ["app", "email"], required_unless_present = "app")]
    id: Option<String>,
    /// The app that would be asked for.
    #[arg(long)]
    app: Option<String>,
    /// Who would ask; nobody (anonymous) if left out.
    #[arg(long)]
    email: Option<String>,
    /// From which address.
    #[arg(long, default_value = "127.0.0.1")]
    ip: IpAddr,
    /// With which method.
    #[arg(long, default_value = "GET")]
    method: String,
    /// For which path.
    #[arg(long, default_value = "/")]
    path: String,
    /// With which method of an MCP message, such as `tools/list`.
    #[arg(long)]
    mcp_method: Option<String>,
    /// For which tool of an MCP server.
    #[arg(long, conflicts_with = "mcp_method")]
    mcp_tool: Option<String>,
    /// Through which OAuth client; a browser if left out.
    #[arg(long)]
    client: Option<String>,
    /// How they would have proven who they are, such as `pwd` or `mfa` (RFC 8176); can be given several times.
    #[arg(long = "auth-method")]
    auth_methods: Vec<String>,
    /// How long ago they would have signed in.
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    signed_in_for: Duration,
    /// With a client certificate of this common name.
    #[arg(long)]
    common_name: Option<String>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let store = store::open(&config.store.url)?;
        match (&self.id, &self.app) {
            (Some(id), _) => block_on(self.explain_past(&*store, id)),
            (None, Some(app)) => block_on(self.explain_possible(&config, &*store, app)),
            (None, None) => Err(Failure::Other("name a decision id or an app".into())),
        }
    }

    async fn explain_past(&self, store: &dyn Stores, id: &str) -> Result<ExitCode, Failure> {
        let Some(decision) = store.decision(id).await? else {
            return Err(Failure::Other(format!(
                "no refusal `{id}` is kept; the newest 10,000 are, and requests that were let through are in the log"
            )));
        };
        let record: Value = serde_json::from_str(&decision.json).map_err(|error| Failure::Other(error.to_string()))?;
        if self.json {
            let mut record = record;
            if let Some((client, admin)) = record["outcome"].as_str().and_then(remedy) {
                record["remedy"] = json!({ "client": client, "admin": admin });
            }
            println!("{record:#}");
        } else {
            print_past(&record);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn explain_possible(&self, config: &Config, store: &dyn Stores, id: &str) -> Result<ExitCode, Failure> {
        let app = config.apps.get(id).ok_or_else(|| {
            let known: Vec<_> = config.apps.keys().map(String::as_str).collect();
            Failure::Other(format!("no app is called `{id}`; there are: {}", known.join(", ")))
        })?;
        let identity = match &self.email {
            Some(email) => Some(identity_of(store, email, &self.auth_methods).await?),
            None => None,
        };
        let certificate = self.common_name.clone();
        let certificate = certificate.map(|name| ClientCertificate { common_name: Some(name), ..Default::default() });
        let facts = Facts {
            identity: identity.as_ref(),
            via: if self.client.is_some() { Via::Agent } else { Via::Browser },
            client_id: self.client.as_deref(),
            linked_app: None,
            authenticated_for: Some(self.signed_in_for),
            request: Some(RequestFacts {
                ip: self.ip,
                method: &self.method,
                path: &self.path,
                message: self.message(),
                certificate: certificate.as_ref(),
            }),
        };
        let explanation = app.policies.explain(&facts);
        if self.json {
            println!("{:#}", json!({ "app": id, "explanation": explanation }));
        } else {
            println!("{explanation}");
            if identity.is_none() {
                println!("{}", browser_or_not(app));
            }
        }
        Ok(if explanation.decision.is_allowed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Explain {
    /// Without a word of them, what is sent is not known.
    fn message(&self) -> Message<'_> {
        match (self.mcp_method.as_deref(), self.mcp_tool.as_deref()) {
            (_, Some(tool)) => Message::Read { method: Some("tools/call"), tool: Some(tool) },
            (Some(method), None) => Message::Read { method: Some(method), tool: None },
            (None, None) => Message::Unread,
        }
    }
}

/// The account of that name, or somebody like it who has signed in for the first time.
async fn identity_of(store: &dyn Stores, email: &str, auth_methods: &[String]) -> Result<Identity, Failure> {
    let account = store.account_by_username(email).await?;
    Ok(account.map_or_else(
        || Identity {
            kind: Kind::User,
            subject: "unknown".into(),
            email: Some(email.to_owned()),
            name: None,
            groups: Vec::new(),
            login_method: "local".into(),
            auth_methods: auth_methods.to_vec(),
            claims: Default::default(),
        },
        |account| account.identity("local", auth_methods),
    ))
}

fn print_past(record: &Value) {
    let text = |name: &str| match &record[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    };
    println!("decision  {}", text("id"));
    println!("outcome   {} (rule: {})", text("outcome"), text("rule"));
    println!("who       {} via {} (client: {})", text("who"), text("via"), text("client"));
    println!("asked     {} {} at app {} from {}", text("method"), text("path"), text("app"), text("ip"));
    if let Value::Object(sent) = &record["sent"] {
        for (name, value) in sent {
            println!("sent      {} = {}", printable(name), printable(value.as_str().unwrap_or_default()));
        }
    }
    if let Value::String(detail) = &record["detail"] {
        println!("why       {}", printable(detail));
    }
    if let Some((client, admin)) = record["outcome"].as_str().and_then(remedy) {
        println!("client    {client}");
        println!("admin     {admin}");
    }
    if let Value::String(policies) = &record["text"] {
        println!("\n{policies}");
    }
}

/// Strangers chose some of these texts: nothing in them may move the cursor or hide the rest of a line.
fn printable(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
    };
    text.chars().map(|c| if hides(c) { '\u{fffd}' } else { c }).collect()
}

fn browser_or_not(app: &App) -> String {
    let rule = match app.challenge {
        crate::config::Challenge::Auto => {
            "302 to login if it is a person's navigation (GET or HEAD, Accept names text/html, Sec-Fetch-Mode absent or \
             navigate, no Authorization, no upgrade, no X-Requested-With), else 401"
        }
        crate::config::Challenge::Redirect => "302 to login for every GET, else 401",
        crate::config::Challenge::Unauthorized => "always 401",
    };
    format!("an anonymous request that is not let through gets: {rule}")
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_strangers_text_cannot_write_elsewhere_on_the_screen() {
        assert_eq!(
            printable("a\u{1b}]0;x\u{7}\nb\u{9b}2J\u{202e}c"),
            "a\u{fffd}]0;x\u{fffd}\u{fffd}b\u{fffd}2J\u{fffd}c"
        );
        assert_eq!(printable("/\u{e4} wiki"), "/\u{e4} wiki");
    }
}

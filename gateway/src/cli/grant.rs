//! `doorward grant` and `doorward session`: what people have let in. Works beside a running gateway, which heeds it at once.

use super::{Failure, audit, block_on, load};
use crate::login::describe;
use crate::store::{self, Stores, Trace};
use crate::world::{System, rfc3339};
use oauth::client::ClientId;
use oauth::store::{EndedBecause, Grant, GrantFilter, GrantState, Listed};
use oauth::world::{Clock, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Grants {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// List what is live now.
    List {
        #[command(flatten)]
        which: Which,
        /// List those that ended in the last 30 days, with the reason, instead of the live ones.
        #[arg(long)]
        ended: bool,
        /// List both.
        #[arg(long, conflicts_with = "ended")]
        all: bool,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one, live or ended.
    Show {
        /// Its id, as listed.
        id: String,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// End one, or all that the options name, with everything that came from them: tokens, and the sessions of a single
    /// sign-on.
    Revoke {
        /// Its id, as listed.
        #[arg(conflicts_with_all = ["user", "app", "client"], required_unless_present_any = ["user", "app", "client"])]
        id: Option<String>,
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Of one person alone, by their username.
    #[arg(long)]
    user: Option<String>,
    /// At one app alone; `login` is the single sign-on.
    #[arg(long)]
    app: Option<String>,
    /// Of one client alone, by its id.
    #[arg(long)]
    client: Option<String>,
}

/// Which grants a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// All: agents, and signed-in browsers.
    Everything,
    /// Signed-in browsers.
    Browsers,
}

impl Grants {
    pub(super) fn run(&self, file: &Path, of: Of) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let store = store::open(&config.store.url)?;
        block_on(self.act(&*store, of))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn act(&self, store: &dyn Stores, of: Of) -> Result<(), Failure> {
        match &self.act {
            Act::List { which, ended, all, json } => {
                let filter = which.filter(store, of).await?;
                let mut listed = Vec::new();
                if !ended {
                    listed.extend(store.grants(&filter, System.now()).await?);
                }
                if *ended || *all {
                    let filter = GrantFilter { state: GrantState::Ended, ..filter };
                    listed.extend(store.grants(&filter, System.now()).await?);
                }
                show(store, &listed, *json).await
            }
            Act::Show { id, json } => {
                let grant = store.grant(id).await?.filter(|grant| of.covers(grant)).ok_or_else(|| of.unknown(id))?;
                let client = store.client(&grant.app, &grant.client).await?;
                show(store, &[Listed { grant, client }], *json).await
            }
            Act::Revoke { id: Some(id), .. } => revoke(store, of, id).await,
            Act::Revoke { id: None, which } => {
                let filter = which.filter(store, of).await?;
                let ended = store.revoke_grants(&filter, EndedBecause::RevokedByAdmin, System.now()).await?;
                ended.iter().for_each(tell);
                println!("{} ended", ended.len());
                Ok(())
            }
        }
    }
}

impl Which {
    async fn filter(&self, store: &dyn Stores, of: Of) -> Result<GrantFilter, Failure> {
        let subject = match &self.user {
            Some(user) => Some(subject_of(store, user).await?),
            None => None,
        };
        let browser = ClientId::browser().as_str().to_owned();
        let client = match of {
            Of::Everything => self.client.clone(),
            Of::Browsers if self.client.as_ref().is_some_and(|client| *client != browser) => {
                return Err(Failure::Other("a session has no client; `doorward grant` is about clients".into()));
            }
            Of::Browsers => Some(browser),
        };
        Ok(GrantFilter { subject, app: self.app.clone(), client, ..GrantFilter::default() })
    }
}

impl Of {
    fn covers(self, grant: &Grant) -> bool {
        self == Self::Everything || grant.client.is_browser()
    }

    const fn command(self) -> &'static str {
        match self {
            Self::Everything => "grant",
            Self::Browsers => "session",
        }
    }

    fn unknown(self, id: &str) -> Failure {
        let command = self.command();
        Failure::Other(format!("there is no {command} `{id}`; `doorward {command} list --all` shows all"))
    }
}

async fn show(store: &dyn Stores, listed: &[Listed], as_json: bool) -> Result<(), Failure> {
    let names: HashMap<_, _> =
        store.accounts().await?.into_iter().map(|account| (account.subject, account.username)).collect();
    let ids: Vec<_> = listed.iter().map(|listed| listed.grant.id.clone()).collect();
    let traces = store.traces(&ids).await?;
    let now = System.now();
    let line = |listed: &Listed| {
        let username = names.get(&listed.grant.subject).map(String::as_str);
        describe_for_admin(listed, traces.get(&listed.grant.id), username, now)
    };
    let lines: Vec<_> = listed.iter().map(line).collect();
    if as_json {
        println!("{:#}", Value::from(lines));
    } else {
        lines.iter().for_each(print);
    }
    Ok(())
}

async fn revoke(store: &dyn Stores, of: Of, id: &str) -> Result<(), Failure> {
    let now = System.now();
    let known = store.grant(id).await?.filter(|grant| of.covers(grant) && grant.is_live(now));
    match known {
        Some(grant) if store.revoke_grant(id, EndedBecause::RevokedByAdmin, now).await? => {
            tell(&grant);
            Ok(())
        }
        _ => {
            let command = of.command();
            Err(Failure::Other(format!("there is no live {command} `{id}`; `doorward {command} list` shows all")))
        }
    }
}

fn tell(grant: &Grant) {
    let what = json!({
        "act": "revoke", "by": "admin", "subject": grant.subject, "grant": grant.id, "client": grant.client,
        "app": grant.app,
    });
    audit(what);
}

async fn subject_of(store: &dyn Stores, user: &str) -> Result<String, Failure> {
    let account = store.account_by_username(user).await?;
    let unknown = || Failure::Other(format!("there is no account `{user}`; `doorward user list` shows all"));
    Ok(account.ok_or_else(unknown)?.subject)
}

/// The subject stands for whoever has no account any more.
fn describe_for_admin(listed: &Listed, trace: Option<&Trace>, username: Option<&str>, now: Timestamp) -> Value {
    let mut one = describe(listed, trace, now);
    one["user"] = json!(username.unwrap_or(&listed.grant.subject));
    one
}

fn print(line: &Value) {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => text.chars().filter(|c| !c.is_control()).collect(),
        _ => "-".to_owned(),
    };
    let time = |value: &Value| value.as_i64().map_or("-".to_owned(), |at| rfc3339(Timestamp::from_seconds(at)));
    let [id, kind, user, app, scope] = ["id", "kind", "user", "app", "scope"].map(|name| text(&line[name]));
    let (client, since, until) = (text(&line["client"]["name"]), time(&line["created_at"]), time(&line["expires_at"]));
    let (used, from) = (time(&line["last_use"]["at"]), text(&line["last_use"]["address"]));
    print!("{id}  {kind}  {user}  {app}  {client}  {scope}  {since}  {until}  {used}  {from}");
    if line["ended"].is_object() {
        print!("  ended {} ({})", time(&line["ended"]["at"]), text(&line["ended"]["because"]));
    }
    println!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::grant_type::GrantType;
    use oauth::store::GrantDetails;

    fn grant(app: &str, client: &str) -> Grant {
        Grant {
            id: "g".into(),
            app: app.into(),
            client: ClientId::new(client),
            subject: "u".into(),
            scope: "access".into(),
            login_method: "local".into(),
            authenticated_at: Timestamp::from_seconds(1),
            created_at: Timestamp::from_seconds(1),
            expires_at: Timestamp::from_seconds(2),
            parent: None,
            revoked_at: None,
            details: GrantDetails::default(),
        }
    }

    #[test]
    fn cn_11_each_grant_is_of_one_kind() {
        let browser = ClientId::browser();
        let now = Timestamp::from_seconds(1);
        let kind = |grant: &Grant| {
            let listed = Listed { grant: grant.clone(), client: None };
            describe(&listed, None, now)["kind"].as_str().unwrap().to_owned()
        };
        assert_eq!(kind(&grant("login", browser.as_str())), "login");
        assert_eq!(kind(&grant("wiki", browser.as_str())), "session");
        assert_eq!(kind(&grant("wiki", "c_1")), "agent");
        let details = GrantDetails { opened_by: Some(GrantType::ClientCredentials), ..GrantDetails::default() };
        assert_eq!(kind(&Grant { details, ..grant("wiki", "c_1") }), "service");
        assert!(Of::Everything.covers(&grant("wiki", "c_1")) && !Of::Browsers.covers(&grant("wiki", "c_1")));
        assert!(Of::Browsers.covers(&grant("login", browser.as_str())));
    }

    #[test]
    fn a_line_names_the_account_or_else_the_subject() {
        let listed = Listed { grant: grant("wiki", "c_1"), client: None };
        let now = Timestamp::from_seconds(1);
        let describe = |username| describe_for_admin(&listed, None, username, now);
        assert_eq!(describe(Some("ada@example.com"))["user"], "ada@example.com");
        assert_eq!(describe(None)["user"], "u");
        assert_eq!(describe(None)["client"], json!({ "id": "c_1", "name": null }));
    }
}

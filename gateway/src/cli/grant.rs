//! `doorward grant` and `doorward session`: what people have let in. Works beside a running gateway, which heeds it at once.

use super::{Failure, block_on, load};
use crate::store::{self, Stores};
use crate::world::{System, rfc3339};
use oauth::store::{EndedBecause, Grant, GrantFilter, Listed};
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
        /// Of one person alone, by their username.
        #[arg(long)]
        user: Option<String>,
        /// At one app alone; `login` is the single sign-on.
        #[arg(long)]
        app: Option<String>,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// End one, with everything that came from it: tokens, and the sessions of a single sign-on.
    Revoke {
        /// Its id, as listed.
        id: String,
    },
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
        match &self.act {
            Act::List { user, app, json } => block_on(list(&*store, of, (user.as_deref(), app.as_deref()), *json))?,
            Act::Revoke { id } => block_on(revoke(&*store, of, id))?,
        }
        Ok(ExitCode::SUCCESS)
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
}

async fn list(
    store: &dyn Stores,
    of: Of,
    (user, app): (Option<&str>, Option<&str>),
    as_json: bool,
) -> Result<(), Failure> {
    let subject = match user {
        Some(user) => Some(subject_of(store, user).await?),
        None => None,
    };
    let filter = GrantFilter { subject, app: app.map(str::to_owned), ..GrantFilter::default() };
    let listed = store.grants(&filter, System.now()).await?;
    let names: HashMap<_, _> =
        store.accounts().await?.into_iter().map(|account| (account.subject, account.username)).collect();
    let lines: Vec<_> = listed
        .iter()
        .filter(|listed| of.covers(&listed.grant))
        .map(|listed| describe(listed, names.get(&listed.grant.subject).map(String::as_str)))
        .collect();
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
    if known.is_none() || !store.revoke_grant(id, EndedBecause::RevokedByAdmin, now).await? {
        let command = of.command();
        return Err(Failure::Other(format!("there is no live {command} `{id}`; `doorward {command} list` shows all")));
    }
    Ok(())
}

async fn subject_of(store: &dyn Stores, user: &str) -> Result<String, Failure> {
    let account = store.account_by_username(user).await?;
    let unknown = || Failure::Other(format!("there is no account `{user}`; `doorward user list` shows all"));
    Ok(account.ok_or_else(unknown)?.subject)
}

/// The subject stands for whoever has no account any more.
fn describe(listed: &Listed, username: Option<&str>) -> Value {
    let grant = &listed.grant;
    let name = listed.client.as_ref().map(|client| client.name.as_str());
    json!({
        "id": grant.id, "kind": kind(grant), "user": username.unwrap_or(&grant.subject), "app": grant.app,
        "client": { "id": grant.client, "name": name }, "scope": grant.scope,
        "created_at": grant.created_at, "expires_at": grant.expires_at,
    })
}

fn kind(grant: &Grant) -> &'static str {
    match grant.client.is_browser() {
        true if grant.app == oauth::app::LOGIN => "login",
        true => "session",
        false if grant.is_of_service() => "service",
        false => "agent",
    }
}

fn print(line: &Value) {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => text.chars().filter(|c| !c.is_control()).collect(),
        _ => "-".to_owned(),
    };
    let time = |name: &str| rfc3339(Timestamp::from_seconds(line[name].as_i64().unwrap_or_default()));
    let [id, kind, user, app, scope] = ["id", "kind", "user", "app", "scope"].map(|name| text(&line[name]));
    let (client, since, until) = (text(&line["client"]["name"]), time("created_at"), time("expires_at"));
    println!("{id}  {kind}  {user}  {app}  {client}  {scope}  {since}  {until}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::client::ClientId;
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
        assert_eq!(describe(&listed, Some("ada@example.com"))["user"], "ada@example.com");
        assert_eq!(describe(&listed, None)["user"], "u");
        assert_eq!(describe(&listed, None)["client"], json!({ "id": "c_1", "name": null }));
    }
}

//! `doorward client`: the clients of an app. Works before the first start and beside a running gateway, which heeds it at once.

mod add;

use super::{Failure, block_on, load};
use crate::store::{self, Stores};
use crate::world::{System, rfc3339};
use oauth::client::{Client, ClientId, PreviousSecret, RegisteredBy};
use oauth::secret::{Kind, Secret};
use oauth::world::{Clock, Timestamp};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Clients {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Register a client. Its secret is printed once.
    Add(add::Add),
    /// List the clients that an administrator registered.
    List {
        /// Of one app alone.
        #[arg(long)]
        app: Option<String>,
        /// Those that registered themselves too.
        #[arg(long)]
        all: bool,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one client.
    Show {
        #[command(flatten)]
        which: Which,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give a client a new secret, printed once. The one before does for a while.
    Rotate {
        #[command(flatten)]
        which: Which,
        /// How long the secret before this one is still accepted, such as `24h`; `0s` ends it now.
        #[arg(long, default_value = "24h", value_parser = humantime::parse_duration)]
        overlap: Duration,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove a client and end all its grants.
    Remove {
        #[command(flatten)]
        which: Which,
    },
}

/// One client.
#[derive(Debug, clap::Args)]
struct Which {
    /// Its id.
    id: String,
    /// Its app; needed only where several apps know a client by this id.
    #[arg(long)]
    app: Option<String>,
}

impl Clients {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let store = store::open(&config.store.url)?;
        match &self.act {
            Act::Add(add) => block_on(add.run(&config, &*store))?,
            Act::List { app, all, json } => block_on(list(&*store, app.as_deref(), *all, *json))?,
            Act::Show { which, json } => block_on(show(&*store, which, *json))?,
            Act::Rotate { which, overlap, json } => block_on(rotate(&*store, which, *overlap, *json))?,
            Act::Remove { which } => block_on(remove(&*store, which))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(store: &dyn Stores, app: Option<&str>, all: bool, as_json: bool) -> Result<(), Failure> {
    let clients = store.clients(app).await?;
    let shown = clients.iter().filter(|client| all || client.registered_by == RegisteredBy::Administrator);
    let lines: Vec<_> = shown.map(describe).collect();
    if as_json {
        println!("{:#}", Value::from(lines));
    } else {
        lines.iter().for_each(print);
    }
    Ok(())
}

async fn show(store: &dyn Stores, which: &Which, as_json: bool) -> Result<(), Failure> {
    let line = describe(&find(store, which).await?);
    if as_json {
        println!("{line:#}");
    } else {
        print(&line);
    }
    Ok(())
}

async fn rotate(store: &dyn Stores, which: &Which, overlap: Duration, as_json: bool) -> Result<(), Failure> {
    let client = find(store, which).await?;
    let now = System.now();
    let Some(hash) = client.authentication.secret().copied() else {
        return Err(Failure::Other(format!("client `{}` has no secret", client.id)));
    };
    if client.registered_by != RegisteredBy::Administrator {
        let why = "registered itself, and would not learn of another secret; `doorward client remove` ends it";
        return Err(Failure::Other(format!("client `{}` {why}", client.id)));
    }
    let secret = Secret::generate(Kind::Client, &System);
    let mut rotated = client.clone();
    rotated.authentication = client.authentication.with_secret(secret.hash());
    let previous = PreviousSecret { hash, until: now.plus(overlap.min(LONGEST_OVERLAP)) };
    rotated.details.previous_secret = (!overlap.is_zero()).then_some(previous);
    if !store.replace_client(&client, &rotated).await? {
        return Err(Failure::Other(format!("client `{}` was changed at the same time; look and try again", client.id)));
    }
    print_secret(&rotated, Some(&secret), as_json);
    Ok(())
}

async fn remove(store: &dyn Stores, which: &Which) -> Result<(), Failure> {
    let client = find(store, which).await?;
    store.remove_client(&client.app, &client.id, System.now()).await?;
    Ok(())
}

/// The one client that is meant.
async fn find(store: &dyn Stores, which: &Which) -> Result<Client, Failure> {
    let id = ClientId::new(which.id.as_str());
    let mut found = store.clients(which.app.as_deref()).await?;
    found.retain(|client| client.id == id);
    match (found.pop(), found.is_empty()) {
        (Some(client), true) => Ok(client),
        (Some(_), false) => Err(Failure::Other(format!("several apps know a client `{id}`; name one with `--app`"))),
        (None, _) => Err(Failure::Other(format!("there is no client `{id}`; `doorward client list --all` shows all"))),
    }
}

/// The id and the secret of a client, when the secret is new.
fn print_secret(client: &Client, secret: Option<&Secret>, as_json: bool) {
    let until = client.details.previous_secret.map(|previous| previous.until);
    if as_json {
        let mut answer = describe(client);
        if let (Value::Object(answer), Some(secret)) = (&mut answer, secret) {
            answer.insert("client_secret".into(), json!(secret.expose()));
        }
        println!("{answer}");
        return;
    }
    println!("client_id      {}", client.id);
    if let Some(secret) = secret {
        println!("client_secret  {}\n\nThe secret is not kept in clear and cannot be shown again.", secret.expose());
    }
    if let Some(until) = until {
        println!("The secret before it is accepted until {}.", rfc3339(until));
    }
}

fn describe(client: &Client) -> Value {
    let previous = client.details.previous_secret.map(|previous| previous.until);
    json!({
        "client_id": client.id, "app": client.app, "client_name": client.name,
        "registered_by": client.registered_by, "registered_at": client.registered_at,
        "token_endpoint_auth_method": client.authentication.as_str(), "grant_types": client.grant_types,
        "redirect_uris": client.redirect_uris, "scope": client.details.scope, "acts_for": client.details.acts_for,
        "previous_secret_until": previous,
    })
}

fn print(line: &Value) {
    let text = |name: &str| match &line[name] {
        Value::String(text) if !text.is_empty() => text.chars().filter(|c| !c.is_control()).collect(),
        Value::Array(list) if !list.is_empty() => list
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(",")
            .chars()
            .filter(|c| !c.is_control())
            .collect(),
        _ => "-".to_owned(),
    };
    let names = ["client_id", "app", "client_name", "registered_by", "token_endpoint_auth_method", "grant_types"];
    let shown = names.map(text).join("  ");
    let since = rfc3339(Timestamp::from_seconds(line["registered_at"].as_i64().unwrap_or_default()));
    println!("{shown}  {}  {}  {}  {since}", text("scope"), text("redirect_uris"), text("acts_for"));
}

/// Nothing that is added to a clock may overflow it.
const LONGEST_OVERLAP: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

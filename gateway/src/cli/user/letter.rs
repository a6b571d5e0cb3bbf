//! `doorward user invite` and `reset`: links by which people set their passwords.

use super::{Person, add, tell, unknown};
use crate::cli::Failure;
use crate::config::Config;
use crate::login::local::invitation::link;
use crate::mail;
use crate::pages::{LinkLetter, link_letter};
use crate::store::Stores;
use crate::world::System;
use oauth::world::Clock;
use serde_json::json;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Invite {
    #[command(flatten)]
    person: Person,
    #[command(flatten)]
    link: Link,
}

#[derive(Debug, clap::Args)]
pub(super) struct Reset {
    /// The username.
    email: String,
    #[command(flatten)]
    link: Link,
}

/// A link to set a password by.
#[derive(Debug, clap::Args)]
struct Link {
    /// How long it is good.
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = humantime::parse_duration)]
    expires: Duration,
    /// Send it by mail too (`[mail]`).
    #[arg(long)]
    send: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

impl Invite {
    pub(super) async fn run(&self, store: &dyn Stores, config: &Config) -> Result<(), Failure> {
        add(store, &self.person, None).await?;
        tell("user_invite", &self.person.email);
        make_link(store, config, (&self.person.email, false), &self.link).await
    }
}

impl Reset {
    pub(super) async fn run(&self, store: &dyn Stores, config: &Config) -> Result<(), Failure> {
        tell("user_reset", &self.email);
        make_link(store, config, (&self.email, true), &self.link).await
    }
}

/// Makes a link, prints it, and sends it if that is wanted.
async fn make_link(
    store: &dyn Stores,
    config: &Config,
    (email, reset): (&str, bool),
    wanted: &Link,
) -> Result<(), Failure> {
    let account = store.account_by_username(email.trim()).await?.filter(|account| !account.external);
    let account = account.ok_or_else(|| unknown(email))?;
    let times = (System.now(), wanted.expires);
    let url = link(store, (config, &System), (&account, reset), times).await?;
    if wanted.json {
        println!("{}", json!({ "username": account.username, "url": url, "expires_at": times.0.plus(times.1) }));
    } else {
        println!("username  {}\nlink      {url}\n\nIt is good once, and cannot be shown again.", account.username);
    }
    if !wanted.send {
        return Ok(());
    }
    let Some(server) = &config.mail else {
        return Err(Failure::Other("it was not sent: the configuration has no section `[mail]`".into()));
    };
    let letter = LinkLetter { url: &url, reset, lifetime: wanted.expires, from: None };
    let letter = link_letter(&config.brand.look(None), &account.username, &letter);
    mail::send(server, &letter).await.map_err(|unsent| Failure::Other(format!("it was not sent: {unsent}")))
}

//! `doorward user`: local accounts. Works before the first start and beside a running gateway, which heeds it at once.

mod factors;
mod identity;
mod letter;
mod list;
mod password;

use super::{Failure, audit, block_on, load};
use crate::config::Config;
use crate::mail;
use crate::store::{self, Account, Added, Stores};
use crate::world::System;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use list::list;
use oauth::world::{Clock, Random};
pub(super) use password::{cost_of, hash};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct User {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Add an account. Its password is printed once.
    Add(password::Add),
    /// Add an account without a password, and make a link by which the person sets one.
    Invite(letter::Invite),
    /// Make a link by which a person sets a new password.
    Reset(letter::Reset),
    /// List the accounts.
    List {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one account.
    Show {
        /// The username.
        email: String,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give an account a new password, printed once.
    Rotate(password::Rotate),
    /// List what proves an account besides its password; or remove it, for somebody who has lost it.
    Factors(factors::Factors),
    /// Disable an account and end all its sessions and grants; `--undo` enables it again.
    Revoke {
        /// The username.
        email: String,
        /// Enable it again. Ended sessions and grants stay ended.
        #[arg(long)]
        undo: bool,
    },
    /// Say who an account is at a token issuer, so that its assertions are accepted for it.
    Link(identity::Linked),
    /// Take such a link away. What came by it lasts as long as its access token.
    Unlink(identity::Linked),
    /// Remove an account and end all its sessions and grants.
    Remove {
        /// The username.
        email: String,
    },
}

/// Whom a new account is for.
#[derive(Debug, clap::Args)]
pub(super) struct Person {
    /// Their e-mail address, which is the username.
    pub(super) email: String,
    /// Their name.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// A group they are in; may be repeated.
    #[arg(long = "group")]
    pub(super) groups: Vec<String>,
}

impl User {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let store = store::open(&config.store.url)?;
        block_on(self.act(&*store, &config))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn act(&self, store: &dyn Stores, config: &Config) -> Result<(), Failure> {
        match &self.act {
            Act::Add(add) => add.run(store, config).await,
            Act::Invite(invite) => invite.run(store, config).await,
            Act::Reset(reset) => reset.run(store, config).await,
            Act::List { json } => list(&store.accounts().await?, *json),
            Act::Show { email, json } => list(&[find(store, email).await?], *json),
            Act::Rotate(rotate) => rotate.run(store, config).await,
            Act::Factors(factors) => factors.run(store).await,
            Act::Revoke { email, undo } => {
                found(store.set_disabled(email, !undo, System.now()).await?, email)?;
                tell(if *undo { "user_enable" } else { "user_disable" }, email);
                Ok(())
            }
            Act::Link(linked) => linked.link(store).await,
            Act::Unlink(linked) => linked.unlink(store).await,
            Act::Remove { email } => {
                found(store.remove_account(email, System.now()).await?, email)?;
                tell("user_remove", email);
                Ok(())
            }
        }
    }
}

/// Adds a local account, with a hashed password if it is to have one.
pub(super) async fn add(
    store: &dyn Stores,
    Person { email, name, groups }: &Person,
    password: Option<String>,
) -> Result<(), Failure> {
    let username = email.trim().to_ascii_lowercase();
    if !mail::is_address(&username) {
        return Err(Failure::Other(format!("`{email}` is not an e-mail address; write it as `ada@example.com`")));
    }
    if let Some(group) = groups.iter().find(|group| group.is_empty() || group.contains(',')) {
        return Err(Failure::Other(format!(
            "`{group}` cannot be a group's name: upstreams get groups separated by commas"
        )));
    }
    let random: &dyn Random = &System;
    let account = Account {
        subject: format!("u_{}", URL_SAFE_NO_PAD.encode(random.bytes::<15>())),
        username,
        name: name.clone(),
        groups: groups.clone(),
        password,
        disabled: false,
        created_at: System.now(),
        external: false,
        profiles: Vec::new(),
    };
    match store.add_account(&account).await? {
        Added::Added => Ok(()),
        Added::Exists => Err(Failure::Other(format!(
            "there is an account `{email}` already; `doorward user rotate` gives it a new password"
        ))),
    }
}

async fn find(store: &dyn Stores, email: &str) -> Result<Account, Failure> {
    store.account_by_username(email).await?.ok_or_else(|| unknown(email))
}

fn tell(act: &str, email: &str) {
    audit(json!({ "act": act, "by": "admin", "user": email }));
}

fn found(was: bool, email: &str) -> Result<(), Failure> {
    if was { Ok(()) } else { Err(unknown(email)) }
}

fn unknown(email: &str) -> Failure {
    Failure::Other(format!("there is no account `{email}`; `doorward user list` shows all"))
}

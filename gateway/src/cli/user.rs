//! `doorward user`: local accounts. Works before the first start and beside a running gateway, which heeds it at once.

use super::{Failure, audit, block_on, load};
use crate::config::{Config, PasswordCost};
use crate::login::local::invitation::link;
use crate::login::local::{password, strength};
use crate::mail;
use crate::pages::{Brand, LinkLetter, link_letter};
use crate::store::{self, Account, Added, FactorsOf, Stores};
use crate::world::System;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth::approval::ForeignIdentity;
use oauth::world::{Clock, Random};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct User {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Add an account. Its password is printed once.
    Add {
        /// Their e-mail address, which is the username.
        email: String,
        /// Their name.
        #[arg(long)]
        name: Option<String>,
        /// A group they are in; may be repeated.
        #[arg(long = "group")]
        groups: Vec<String>,
        /// Read the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Add an account without a password, and make a link by which the person sets one.
    Invite {
        /// Their e-mail address, which is the username.
        email: String,
        /// Their name.
        #[arg(long)]
        name: Option<String>,
        /// A group they are in; may be repeated.
        #[arg(long = "group")]
        groups: Vec<String>,
        #[command(flatten)]
        link: Link,
    },
    /// Make a link by which a person sets a new password.
    Reset {
        /// The username.
        email: String,
        #[command(flatten)]
        link: Link,
    },
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
    Rotate {
        /// The username.
        email: String,
        /// Read the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what proves an account besides its password; or remove it, for somebody who has lost it.
    Factors {
        /// The username.
        email: String,
        /// Remove codes of an app, all passkeys, or both; with the last factor go the recovery codes.
        #[arg(long)]
        remove: Option<Factor>,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Disable an account and end all its sessions and grants; `--undo` enables it again.
    Revoke {
        /// The username.
        email: String,
        /// Enable it again. Ended sessions and grants stay ended.
        #[arg(long)]
        undo: bool,
    },
    /// Say who an account is at a token issuer, so that its assertions are accepted for it.
    Link {
        /// The username.
        email: String,
        #[command(flatten)]
        identity: Identity,
    },
    /// Take such a link away. What came by it lasts as long as its access token.
    Unlink {
        /// The username.
        email: String,
        #[command(flatten)]
        identity: Identity,
    },
    /// Remove an account and end all its sessions and grants.
    Remove {
        /// The username.
        email: String,
    },
}

/// What proves an account besides its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Factor {
    /// Codes of an app.
    Totp,
    /// Passkeys.
    Passkeys,
    /// All of them.
    All,
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

/// Who somebody is at a token issuer.
#[derive(Debug, clap::Args)]
struct Identity {
    /// `iss` of its assertions.
    #[arg(long)]
    issuer: String,
    /// `sub` of the person there.
    #[arg(long)]
    subject: String,
    /// `tenant` there, if the issuer has several.
    #[arg(long)]
    tenant: Option<String>,
}

impl Identity {
    fn named(&self) -> Result<ForeignIdentity<'_>, Failure> {
        if [Some(&self.issuer), Some(&self.subject), self.tenant.as_ref()].into_iter().flatten().any(String::is_empty) {
            return Err(Failure::Other("issuer, subject and tenant must not be empty".into()));
        }
        Ok(ForeignIdentity { issuer: &self.issuer, tenant: self.tenant.as_deref(), subject: &self.subject })
    }
}

impl User {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let store = store::open(&config.store.url)?;
        block_on(self.act(&*store, &config))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn act(&self, store: &dyn Stores, config: &Config) -> Result<(), Failure> {
        let (now, cost) = (System.now(), cost_of(config));
        match &self.act {
            Act::Add { email, name, groups, password_stdin, json } => {
                let password = choose_password(*password_stdin, &[email, name.as_deref().unwrap_or_default()])?;
                let phc = hash(&password, cost)?;
                add(store, email, name.clone(), groups.clone(), Some(phc)).await?;
                tell("user_add", email);
                print_password(email, &password, *json);
                Ok(())
            }
            Act::Invite { email, name, groups, link } => {
                add(store, email, name.clone(), groups.clone(), None).await?;
                tell("user_invite", email);
                make_link(store, config, (email, false), link).await
            }
            Act::Reset { email, link } => {
                tell("user_reset", email);
                make_link(store, config, (email, true), link).await
            }
            Act::List { json } => list(&store.accounts().await?, *json),
            Act::Show { email, json } => {
                let account = store.account_by_username(email).await?.ok_or_else(|| unknown(email))?;
                list(std::slice::from_ref(&account), *json)
            }
            Act::Rotate { email, password_stdin, json } => {
                let account = store.account_by_username(email).await?.ok_or_else(|| unknown(email))?;
                let name = account.name.unwrap_or_default();
                let password = choose_password(*password_stdin, &[email, &name])?;
                let phc = hash(&password, cost)?;
                found(store.set_password(email, &phc, now).await?, email)?;
                tell("user_rotate", email);
                print_password(email, &password, *json);
                Ok(())
            }
            Act::Factors { email, remove, json } => {
                let account = store.account_by_username(email).await?.ok_or_else(|| unknown(email))?;
                if let Some(factor) = remove {
                    remove_factors(store, &account, *factor).await?;
                    tell("user_factors_removed", email);
                }
                print_factors(&store.factors(&account.subject).await?, *json);
                Ok(())
            }
            Act::Revoke { email, undo } => {
                found(store.set_disabled(email, !undo, now).await?, email)?;
                tell(if *undo { "user_enable" } else { "user_disable" }, email);
                Ok(())
            }
            Act::Link { email, identity } => {
                found(store.link(email, identity.named()?).await?, email)?;
                tell("user_link", email);
                Ok(())
            }
            Act::Unlink { email, identity } => {
                if !store.unlink(email, identity.named()?).await? {
                    return Err(Failure::Other(format!("`{email}` is not linked with this identity")));
                }
                tell("user_unlink", email);
                Ok(())
            }
            Act::Remove { email } => {
                found(store.remove_account(email, now).await?, email)?;
                tell("user_remove", email);
                Ok(())
            }
        }
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

/// Adds a local account, with a hashed password if it is to have one.
pub(super) async fn add(
    store: &dyn Stores,
    email: &str,
    name: Option<String>,
    groups: Vec<String>,
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
        name,
        groups,
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

/// What hashing a password costs: as the configuration says of the local accounts.
pub(super) fn cost_of(config: &Config) -> PasswordCost {
    config.identity_providers.values().find_map(|provider| provider.password_cost()).unwrap_or_default()
}

/// Hashes a password.
pub(super) fn hash(password: &str, cost: PasswordCost) -> Result<String, Failure> {
    password::hash(password, cost, &System).ok_or_else(|| Failure::Other("the password cannot be hashed".into()))
}

fn choose_password(from_stdin: bool, about: &[&str]) -> Result<String, Failure> {
    if !from_stdin {
        return Ok(password::generate(&System));
    }
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text).map_err(|error| Failure::Other(error.to_string()))?;
    let password = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    strength::check(password, about).map_err(|weak| Failure::Other(weak.sentence(&Brand::default().look(None))))?;
    Ok(password.to_owned())
}

fn print_password(email: &str, password: &str, as_json: bool) {
    let username = email.trim().to_ascii_lowercase();
    if as_json {
        println!("{}", json!({ "username": username, "password": password }));
    } else {
        println!(
            "username  {username}\npassword  {password}\n\nThe password is not kept in clear and cannot be shown again."
        );
    }
}

async fn remove_factors(store: &dyn Stores, account: &Account, factor: Factor) -> Result<(), Failure> {
    let factors = store.factors(&account.subject).await?;
    if factor != Factor::Passkeys {
        store.remove_totp(&account.subject).await?;
    }
    for passkey in factors.passkeys.iter().filter(|_| factor != Factor::Totp) {
        store.remove_passkey(&account.subject, &passkey.id).await?;
    }
    Ok(())
}

fn print_factors(factors: &FactorsOf, as_json: bool) {
    let passkeys = factors.passkeys.iter().map(|passkey| {
        json!({ "name": passkey.name, "created_at": passkey.created_at, "last_used_at": passkey.last_used_at })
    });
    let passkeys: Vec<_> = passkeys.collect();
    if as_json {
        let totp = factors.totp.as_ref().map(|totp| json!({ "created_at": totp.created_at }));
        println!("{:#}", json!({ "totp": totp, "passkeys": passkeys, "recovery_codes": factors.recovery_codes }));
        return;
    }
    println!("codes of an app  {}", if factors.totp.is_some() { "on" } else { "off" });
    println!("passkeys         {}", passkeys.len());
    println!("recovery codes   {}", factors.recovery_codes);
}

fn list(accounts: &[Account], as_json: bool) -> Result<(), Failure> {
    if as_json {
        println!("{:#}", Value::from(accounts.iter().map(describe).collect::<Vec<_>>()));
    } else {
        for account in accounts {
            let state = if account.disabled { "disabled" } else { "active" };
            println!(
                "{}  {state}  {}  {}",
                account.username,
                account.name.as_deref().unwrap_or("-"),
                account.groups.join(",")
            );
        }
    }
    Ok(())
}

fn describe(account: &Account) -> Value {
    json!({
        "username": account.username, "sub": account.subject, "name": account.name, "groups": account.groups,
        "disabled": account.disabled, "created_at": account.created_at,
    })
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

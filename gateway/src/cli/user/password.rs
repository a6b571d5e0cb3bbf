//! `doorward user add` and `rotate`: accounts with a password, which is printed once.

use super::{Person, add, find, found, tell};
use crate::cli::Failure;
use crate::config::{Config, PasswordCost};
use crate::login::local::{password, strength};
use crate::pages::Brand;
use crate::store::Stores;
use crate::world::System;
use oauth::world::Clock;
use serde_json::json;
use std::io::Read;

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    #[command(flatten)]
    person: Person,
    #[command(flatten)]
    password: Password,
}

#[derive(Debug, clap::Args)]
pub(super) struct Rotate {
    /// The username.
    email: String,
    #[command(flatten)]
    password: Password,
}

/// How a password is chosen and told.
#[derive(Debug, clap::Args)]
struct Password {
    /// Read the password from standard input instead of making one.
    #[arg(long)]
    password_stdin: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

impl Add {
    pub(super) async fn run(&self, store: &dyn Stores, config: &Config) -> Result<(), Failure> {
        let Person { email, name, .. } = &self.person;
        let password = self.password.choose(&[email, name.as_deref().unwrap_or_default()])?;
        add(store, &self.person, Some(hash(&password, cost_of(config))?)).await?;
        tell("user_add", email);
        self.password.print(email, &password);
        Ok(())
    }
}

impl Rotate {
    pub(super) async fn run(&self, store: &dyn Stores, config: &Config) -> Result<(), Failure> {
        let name = find(store, &self.email).await?.name.unwrap_or_default();
        let password = self.password.choose(&[&self.email, &name])?;
        let phc = hash(&password, cost_of(config))?;
        found(store.set_password(&self.email, &phc, System.now()).await?, &self.email)?;
        tell("user_rotate", &self.email);
        self.password.print(&self.email, &password);
        Ok(())
    }
}

impl Password {
    fn choose(&self, about: &[&str]) -> Result<String, Failure> {
        if !self.password_stdin {
            return Ok(password::generate(&System));
        }
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text).map_err(|error| Failure::Other(error.to_string()))?;
        let password = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
        strength::check(password, about).map_err(|weak| Failure::Other(weak.sentence(&Brand::default().look(None))))?;
        Ok(password.to_owned())
    }

    fn print(&self, email: &str, password: &str) {
        let username = email.trim().to_ascii_lowercase();
        if self.json {
            println!("{}", json!({ "username": username, "password": password }));
        } else {
            println!(
                "username  {username}\npassword  {password}\n\nThe password is not kept in clear and cannot be shown again."
            );
        }
    }
}

/// What hashing a password costs: as the configuration says of the local accounts.
pub(in crate::cli) fn cost_of(config: &Config) -> PasswordCost {
    config.identity_providers.values().find_map(|provider| provider.password_cost()).unwrap_or_default()
}

/// Hashes a password.
pub(in crate::cli) fn hash(password: &str, cost: PasswordCost) -> Result<String, Failure> {
    password::hash(password, cost, &System).ok_or_else(|| Failure::Other("the password cannot be hashed".into()))
}

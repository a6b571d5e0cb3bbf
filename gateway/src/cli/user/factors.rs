//! `doorward user factors`: what proves an account besides its password.

use super::{find, tell};
use crate::cli::Failure;
use crate::store::{Account, FactorsOf, Stores};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Factors {
    /// The username.
    email: String,
    /// Remove codes of an app, all passkeys, or both; with the last factor go the recovery codes.
    #[arg(long)]
    remove: Option<Factor>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
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

impl Factors {
    pub(super) async fn run(&self, store: &dyn Stores) -> Result<(), Failure> {
        let account = find(store, &self.email).await?;
        if let Some(factor) = self.remove {
            remove(store, &account, factor).await?;
            tell("user_factors_removed", &self.email);
        }
        print(&store.factors(&account.subject).await?, self.json);
        Ok(())
    }
}

async fn remove(store: &dyn Stores, account: &Account, factor: Factor) -> Result<(), Failure> {
    let factors = store.factors(&account.subject).await?;
    if factor != Factor::Passkeys {
        store.remove_totp(&account.subject).await?;
    }
    for passkey in factors.passkeys.iter().filter(|_| factor != Factor::Totp) {
        store.remove_passkey(&account.subject, &passkey.id).await?;
    }
    Ok(())
}

fn print(factors: &FactorsOf, as_json: bool) {
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

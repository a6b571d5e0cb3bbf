//! `doorward user list` and `show`.

use crate::cli::Failure;
use crate::store::Account;
use serde_json::{Value, json};

pub(super) fn list(accounts: &[Account], as_json: bool) -> Result<(), Failure> {
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

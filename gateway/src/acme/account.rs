//! The account at an ACME server (RFC 8555 section 7.3): made once, kept in the store.

use super::{Failed, kept};
use crate::config::Acme;
use crate::gateway::World;
use instant_acme::{Account, AccountBuilder, AccountCredentials, ExternalAccountKey, NewAccount};

/// The account in use.
#[derive(Default)]
pub(super) struct Accounts(Option<Account>);

impl Accounts {
    /// The account for a configuration; it stays while that stays.
    pub(super) async fn of(&mut self, world: &World, acme: &Acme) -> Result<Account, Failed> {
        if let Some(account) = &self.0 {
            return Ok(account.clone());
        }
        let name = name(acme);
        let account = match kept::open::<AccountCredentials>(world, &name).await? {
            Some(credentials) => builder(acme)?.from_credentials(credentials).await?,
            None => open(world, acme, &name).await?,
        };
        Ok(self.0.insert(account).clone())
    }
}

async fn open(world: &World, acme: &Acme, name: &str) -> Result<Account, Failed> {
    let contact: Vec<_> = acme.email.iter().map(|email| format!("mailto:{email}")).collect();
    let contact: Vec<_> = contact.iter().map(String::as_str).collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let known = acme.external_account.as_ref();
    let known = known.map(|(id, key)| ExternalAccountKey::new(id.clone(), key.expose()));
    let (account, credentials) = builder(acme)?.create(&new, acme.directory.clone(), known.as_ref()).await?;
    kept::seal(world, name, &credentials).await?;
    tracing::info!(target: "acme", directory = acme.directory, id = account.id(), "an account was opened");
    Ok(account)
}

fn builder(acme: &Acme) -> Result<AccountBuilder, Failed> {
    Ok(match &acme.ca {
        Some(file) => Account::builder_with_root(file)?,
        None => Account::builder()?,
    })
}

/// Where the account is kept: another server, address or identity of ours is another account.
fn name(acme: &Acme) -> String {
    let external = acme.external_account.as_ref().map(|(id, _)| id.as_str()).unwrap_or_default();
    let email = acme.email.as_deref().unwrap_or_default();
    format!("acme account {email} {external} at {}", acme.directory)
}

//! `doorward user link` and `unlink`: who an account is at a token issuer.

use super::{found, tell};
use crate::cli::Failure;
use crate::store::Stores;
use oauth::approval::ForeignIdentity;

#[derive(Debug, clap::Args)]
pub(super) struct Linked {
    /// The username.
    email: String,
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

impl Linked {
    pub(super) async fn link(&self, store: &dyn Stores) -> Result<(), Failure> {
        found(store.link(&self.email, self.identity()?).await?, &self.email)?;
        tell("user_link", &self.email);
        Ok(())
    }

    pub(super) async fn unlink(&self, store: &dyn Stores) -> Result<(), Failure> {
        if !store.unlink(&self.email, self.identity()?).await? {
            return Err(Failure::Other(format!("`{}` is not linked with this identity", self.email)));
        }
        tell("user_unlink", &self.email);
        Ok(())
    }

    fn identity(&self) -> Result<ForeignIdentity<'_>, Failure> {
        if [Some(&self.issuer), Some(&self.subject), self.tenant.as_ref()].into_iter().flatten().any(String::is_empty) {
            return Err(Failure::Other("issuer, subject and tenant must not be empty".into()));
        }
        Ok(ForeignIdentity { issuer: &self.issuer, tenant: self.tenant.as_deref(), subject: &self.subject })
    }
}

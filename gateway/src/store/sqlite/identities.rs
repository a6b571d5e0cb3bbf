//! Who people are at token issuers, in SQLite.

use super::sql;
use oauth::approval::ForeignIdentity;
use rusqlite::{Connection, Result};

/// An identity of its own, for another thread.
pub(super) struct Owned {
    issuer: String,
    tenant: String,
    subject: String,
}

impl From<ForeignIdentity<'_>> for Owned {
    fn from(identity: ForeignIdentity<'_>) -> Self {
        Self {
            issuer: identity.issuer.to_owned(),
            tenant: identity.tenant.unwrap_or_default().to_owned(),
            subject: identity.subject.to_owned(),
        }
    }
}

/// Links an identity with an account.
pub(super) fn link(db: &Connection, account: &str, identity: &Owned) -> Result<u64> {
    let insert = "
        INSERT INTO identities (issuer, tenant, subject, account) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (issuer, tenant, subject) DO UPDATE SET account = excluded.account";
    sql::execute(db, insert, (&identity.issuer, &identity.tenant, &identity.subject, account))
}

/// Takes the link away; 0 if the account has it not.
pub(super) fn unlink(db: &Connection, account: &str, identity: &Owned) -> Result<u64> {
    let delete = "DELETE FROM identities WHERE issuer = ?1 AND tenant = ?2 AND subject = ?3 AND account = ?4";
    sql::execute(db, delete, (&identity.issuer, &identity.tenant, &identity.subject, account))
}

/// The account of an identity.
pub(super) fn find(db: &Connection, identity: &Owned) -> Result<Option<String>> {
    let select = "SELECT account FROM identities WHERE issuer = ?1 AND tenant = ?2 AND subject = ?3";
    sql::first(db, select, (&identity.issuer, &identity.tenant, &identity.subject), |row| row.get("account"))
}

//! Sign-ins by OpenID providers in SQLite.

use super::{Sqlite, sql};
use crate::store::{ProviderSession, ProviderSessions};
use async_trait::async_trait;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};

#[async_trait]
impl ProviderSessions for Sqlite {
    async fn keep_provider_session(&self, session: &ProviderSession) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |db| insert(db, &session)).await
    }

    async fn provider_session(&self, grant: &str) -> Result<Option<ProviderSession>, StoreError> {
        let grant = grant.to_owned();
        self.read(move |db| sql::first(db, "SELECT * FROM provider_sessions WHERE grant_id = ?1", [grant], read)).await
    }

    async fn provider_sessions(
        &self,
        issuer: &str,
        sub: Option<&str>,
        sid: Option<&str>,
    ) -> Result<Vec<ProviderSession>, StoreError> {
        let [sub, sid] = [sub, sid].map(|text| text.map(str::to_owned));
        let issuer = issuer.to_owned();
        let select = "
            SELECT * FROM provider_sessions
            WHERE issuer = ?1 AND (?2 IS NULL OR sub = ?2) AND (?3 IS NULL OR sid = ?3) AND NOT (?2 IS NULL AND ?3 IS NULL)
            ORDER BY created_at, grant_id";
        self.read(move |db| sql::all(db, select, (&issuer, &sub, &sid), read)).await
    }

    async fn claim_provider_session(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ProviderSession>, StoreError> {
        let claim = "
            UPDATE provider_sessions SET due = ?2 WHERE grant_id = (
                SELECT grant_id FROM provider_sessions AS session
                WHERE due <= ?1 AND EXISTS (SELECT 1 FROM grants
                        WHERE grants.subject = session.subject AND login_method = provider
                            AND revoked_at IS NULL AND expires_at > ?1)
                    AND (EXISTS (SELECT 1 FROM grants
                            WHERE grants.id = grant_id AND revoked_at IS NULL AND expires_at > ?1)
                        OR NOT EXISTS (SELECT 1 FROM provider_sessions AS newer
                            WHERE newer.subject = session.subject AND newer.provider = session.provider
                                AND (newer.created_at, newer.grant_id) > (session.created_at, session.grant_id)))
                ORDER BY due LIMIT 1)
            RETURNING *";
        self.write(move |db| sql::first(db, claim, (now.seconds(), until.seconds()), read)).await
    }

    async fn refresh_provider_session(
        &self,
        grant: &str,
        sealed: &str,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (grant, sealed) = (grant.to_owned(), sealed.to_owned());
        let update = "UPDATE provider_sessions SET sealed = ?2, due = ?3 WHERE grant_id = ?1";
        self.write(move |db| sql::execute(db, update, (&grant, &sealed, due.map(Timestamp::seconds))).map(drop)).await
    }

    async fn forget_provider_session(&self, grant: &str) -> Result<(), StoreError> {
        let grant = grant.to_owned();
        self.write(move |db| sql::execute(db, "DELETE FROM provider_sessions WHERE grant_id = ?1", [grant]).map(drop))
            .await
    }
}

fn insert(db: &Connection, session: &ProviderSession) -> Result<()> {
    let insert = "
        INSERT INTO provider_sessions (grant_id, provider, subject, issuer, sub, sid, sealed, due, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let values = (
        &session.grant,
        &session.provider,
        &session.subject,
        &session.issuer,
        &session.sub,
        &session.sid,
        &session.sealed,
        session.due.map(Timestamp::seconds),
        session.created_at.seconds(),
    );
    sql::execute(db, insert, values).map(drop)
}

/// Forgets those whose person has no grant left that came by the provider.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    let delete = "
        DELETE FROM provider_sessions WHERE NOT EXISTS (SELECT 1 FROM grants
            WHERE grants.subject = provider_sessions.subject AND login_method = provider
                AND revoked_at IS NULL AND expires_at > ?1)";
    sql::execute(db, delete, [now.seconds()])
}

fn read(row: &Row<'_>) -> Result<ProviderSession> {
    Ok(ProviderSession {
        grant: row.get("grant_id")?,
        provider: row.get("provider")?,
        subject: row.get("subject")?,
        issuer: row.get("issuer")?,
        sub: row.get("sub")?,
        sid: row.get("sid")?,
        sealed: row.get("sealed")?,
        due: sql::time_if_any(row, "due")?,
        created_at: sql::time(row, "created_at")?,
    })
}

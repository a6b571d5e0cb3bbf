//! The requests of devices in SQLite.

use super::{codes, grants, sql};
use oauth::client::ClientId;
use oauth::secret::SecretHash;
use oauth::store::{
    Credential, DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, EndedBecause, Grant, Pace, Polled,
    Redeemed, UNREDEEMED_KEPT,
};
use oauth::world::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row};
use std::time::Duration;

/// Keeps a request if there is room for it and its user code is free.
pub(super) fn keep(
    db: &Connection,
    device: &DeviceAuthorization,
    limits: DeviceLimits,
    now: Timestamp,
) -> Result<DeviceKept> {
    if find(db, &device.user_code)?.is_some() {
        return Ok(DeviceKept::Taken);
    }
    let waiting = "SELECT count(*) FROM devices WHERE app = ?1 AND expires_at > ?2";
    if sql::count(db, waiting, (&device.app, now.seconds()))? >= limits.total {
        return Ok(DeviceKept::Full);
    }
    let insert = "
        INSERT INTO devices (device_code, user_code, app, client, scope, asked_from, asked_at, expires_at, decision,
            interval)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = (
        device.device_code.as_bytes().as_slice(),
        device.user_code.as_bytes().as_slice(),
        &device.app,
        device.client.as_str(),
        &device.scope,
        device.asked_from.to_string(),
        device.asked_at.seconds(),
        device.expires_at.seconds(),
        device.decision.as_ref().map(sql::to_json).transpose()?,
        seconds(limits.interval),
    );
    sql::execute(db, insert, values)?;
    Ok(DeviceKept::New)
}

/// The request with this user code.
pub(super) fn find(db: &Connection, user_code: &SecretHash) -> Result<Option<DeviceAuthorization>> {
    sql::first(db, "SELECT * FROM devices WHERE user_code = ?1", [user_code.as_bytes().as_slice()], read)
}

/// Keeps what was decided, unless something was before.
pub(super) fn decide(
    db: &Connection,
    user_code: &SecretHash,
    decision: &DeviceDecision,
    now: Timestamp,
) -> Result<bool> {
    let update = "UPDATE devices SET decision = ?2 WHERE user_code = ?1 AND decision IS NULL AND opened IS NULL AND expires_at > ?3";
    let values = (user_code.as_bytes().as_slice(), sql::to_json(decision)?, now.seconds());
    Ok(sql::execute(db, update, values)? > 0)
}

/// The request with this device code, if it is of this client, and whether it was asked for too early.
pub(super) fn poll(
    db: &Connection,
    device_code: &SecretHash,
    (app, client): (&str, &ClientId),
    now: Timestamp,
) -> Result<Option<Polled>> {
    let found = by_device_code(db, device_code)?;
    let found = found.filter(|(device, ..)| device.app == app && device.client == *client);
    let Some((device, mut pace, _)) = found else { return Ok(None) };
    let mut too_early = false;
    if device.is_pending(now) {
        too_early = pace.note(now);
        let update = "UPDATE devices SET interval = ?2, polled_at = ?3 WHERE device_code = ?1";
        sql::execute(
            db,
            update,
            (device_code.as_bytes().as_slice(), seconds(pace.interval), pace.asked_at.map(Timestamp::seconds)),
        )?;
    }
    Ok(Some(Polled { device, too_early }))
}

/// Opens the grant, or ends the one that an earlier redemption opened.
pub(super) fn redeem(
    db: &Connection,
    device_code: &SecretHash,
    grant: &Grant,
    credential: &Credential,
    now: Timestamp,
) -> Result<Redeemed> {
    let Some((device, _, opened)) = by_device_code(db, device_code)? else { return Ok(Redeemed::Unknown) };
    if let Some(opened) = opened {
        grants::end(db, &opened, EndedBecause::CodeReplayed, now)?;
        return Ok(Redeemed::Replayed { grant: opened });
    }
    let Some(DeviceDecision::Allowed { session, .. }) = device.decision else { return Ok(Redeemed::Unknown) };
    let signed_in = grants::find(db, &session)?.is_some_and(|session| session.is_live(now));
    if now >= device.expires_at || !signed_in {
        return Ok(Redeemed::Unknown);
    }
    let update = "UPDATE devices SET opened = ?2 WHERE device_code = ?1";
    sql::execute(db, update, (device_code.as_bytes().as_slice(), &grant.id))?;
    grants::open(db, grant, credential)?;
    Ok(Redeemed::Opened)
}

/// Forgets requests long expired; those that opened a grant are remembered as codes are.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    let delete = "DELETE FROM devices WHERE expires_at < ?1 AND (opened IS NULL OR expires_at < ?2)";
    sql::execute(db, delete, (now.minus(UNREDEEMED_KEPT).seconds(), now.minus(codes::KEPT).seconds()))
}

/// With its pace, and the grant that its redemption opened.
fn by_device_code(
    db: &Connection,
    device_code: &SecretHash,
) -> Result<Option<(DeviceAuthorization, Pace, Option<String>)>> {
    let select = "SELECT * FROM devices WHERE device_code = ?1";
    sql::first(db, select, [device_code.as_bytes().as_slice()], |row| Ok((read(row)?, pace(row)?, row.get("opened")?)))
}

fn read(row: &Row<'_>) -> Result<DeviceAuthorization> {
    let decision: Option<String> = row.get("decision")?;
    Ok(DeviceAuthorization {
        device_code: sql::hash(row, "device_code")?,
        user_code: sql::hash(row, "user_code")?,
        app: row.get("app")?,
        client: ClientId::new(row.get::<_, String>("client")?),
        scope: row.get("scope")?,
        asked_from: row.get::<_, String>("asked_from")?.parse().map_err(unreadable)?,
        asked_at: sql::time(row, "asked_at")?,
        expires_at: sql::time(row, "expires_at")?,
        decision: decision.map(|text| serde_json::from_str(&text).map_err(unreadable)).transpose()?,
    })
}

fn pace(row: &Row<'_>) -> Result<Pace> {
    let interval = u64::try_from(row.get::<_, i64>("interval")?).map_err(unreadable)?;
    Ok(Pace { interval: Duration::from_secs(interval), asked_at: sql::time_if_any(row, "polled_at")? })
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(0, Type::Text, error.into())
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

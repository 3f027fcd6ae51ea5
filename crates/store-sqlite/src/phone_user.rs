//! Who may register by SIP with a password.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sidetone_engine::{ids::AppKey, units::Timestamp};
use sidetone_store::{error::StoreError, phone_user::PhoneUser};

use crate::error::failed;

const COLUMNS: &str = "name, app, ha1_md5, ha1_sha256, created";

fn user(row: &Row<'_>) -> rusqlite::Result<PhoneUser> {
    Ok(PhoneUser {
        name: row.get(0)?,
        app: AppKey::from_bytes(row.get(1)?),
        ha1_md5: row.get(2)?,
        ha1_sha256: row.get(3)?,
        created: Timestamp::from_micros(row.get(4)?),
    })
}

/// Every phone user, by name.
pub(crate) fn all(db: &Connection) -> Result<Vec<PhoneUser>, StoreError> {
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM phone_users ORDER BY name")).map_err(failed)?;
    let rows = select.query_map([], user).map_err(failed)?;
    rows.map(|row| row.map_err(failed)).collect()
}

/// The one of that name.
pub(crate) fn find(db: &Connection, name: &str) -> Result<Option<PhoneUser>, StoreError> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM phone_users WHERE name = ?1"))
        .and_then(|mut select| select.query_row([name], user).optional())
        .map_err(failed)
}

/// `false` when the name is taken.
pub(crate) fn create(db: &Connection, user: &PhoneUser) -> Result<bool, StoreError> {
    let PhoneUser { name, app, ha1_md5, ha1_sha256, created } = user;
    let sql = "INSERT INTO phone_users (name, app, ha1_md5, ha1_sha256, created) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let values = params![name, app.to_bytes(), ha1_md5, ha1_sha256, created.as_micros()];
    db.execute(sql, values).map(|changed| changed == 1).map_err(failed)
}

/// `false` when there is none.
pub(crate) fn update(db: &Connection, user: &PhoneUser) -> Result<bool, StoreError> {
    let values = params![user.name, user.ha1_md5, user.ha1_sha256];
    let sql = "UPDATE phone_users SET ha1_md5 = ?2, ha1_sha256 = ?3 WHERE name = ?1";
    db.execute(sql, values).map(|changed| changed == 1).map_err(failed)
}

/// `false` when there was none.
pub(crate) fn remove(db: &Connection, name: &str) -> Result<bool, StoreError> {
    db.execute("DELETE FROM phone_users WHERE name = ?1", [name]).map(|changed| changed == 1).map_err(failed)
}

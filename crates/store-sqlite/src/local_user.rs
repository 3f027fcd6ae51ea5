//! Who may log in to the dashboard. That a session goes with its user is a trigger's work.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sidetone_engine::units::Timestamp;
use sidetone_store::{
    error::StoreError,
    local_user::{LocalUser, Role, Session},
};

use crate::error::failed;

const COLUMNS: &str = "u.name, u.role, u.password_hash, u.created";

fn user(row: &Row<'_>) -> rusqlite::Result<(LocalUser, String)> {
    let role: String = row.get(1)?;
    let user = LocalUser {
        name: row.get(0)?,
        role: Role::from_name(&role).unwrap_or(Role::Engineer),
        password_hash: row.get(2)?,
        created: Timestamp::from_micros(row.get(3)?),
    };
    Ok((user, role))
}

fn checked((user, role): (LocalUser, String)) -> Result<LocalUser, StoreError> {
    if user.role.name() == role {
        return Ok(user);
    }
    Err(StoreError::Corrupt { table: "local_users", row: user.name, problem: format!("there is no role {role:?}") })
}

/// Every local user, by name.
pub(crate) fn all(db: &Connection) -> Result<Vec<LocalUser>, StoreError> {
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM local_users u ORDER BY u.name")).map_err(failed)?;
    let rows = select.query_map([], user).map_err(failed)?;
    rows.map(|row| checked(row.map_err(failed)?)).collect()
}

/// `false` when the name is taken.
pub(crate) fn create(db: &Connection, user: &LocalUser) -> Result<bool, StoreError> {
    insert(db, "INSERT INTO local_users (name, role, password_hash, created) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING", user)
}

/// `false` when there is a local user already.
pub(crate) fn create_first(db: &Connection, user: &LocalUser) -> Result<bool, StoreError> {
    let sql = "INSERT INTO local_users (name, role, password_hash, created)
               SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM local_users)";
    insert(db, sql, user)
}

fn insert(db: &Connection, sql: &str, user: &LocalUser) -> Result<bool, StoreError> {
    let values = params![user.name, user.role.name(), user.password_hash, user.created.as_micros()];
    db.execute(sql, values).map(|changed| changed == 1).map_err(failed)
}

/// `false` when there is no such user.
pub(crate) fn update(db: &Connection, user: &LocalUser) -> Result<bool, StoreError> {
    let values = params![user.name, user.role.name(), user.password_hash];
    db.execute("UPDATE local_users SET role = ?2, password_hash = ?3 WHERE name = ?1", values).map(|changed| changed == 1).map_err(failed)
}

/// `false` when there was none.
pub(crate) fn remove(db: &Connection, name: &str) -> Result<bool, StoreError> {
    db.execute("DELETE FROM local_users WHERE name = ?1", [name]).map(|changed| changed == 1).map_err(failed)
}

/// `false` when there is no such user.
pub(crate) fn create_session(db: &Connection, session: &Session) -> Result<bool, StoreError> {
    let Session { token_digest, user, created, expires } = session;
    db.execute("DELETE FROM sessions WHERE expires <= ?1", [created.as_micros()]).map_err(failed)?;
    db.execute(
        "INSERT INTO sessions (token_digest, user, created, expires)
         SELECT ?1, name, ?3, ?4 FROM local_users WHERE name = ?2",
        params![token_digest, user, created.as_micros(), expires.as_micros()],
    )
    .map(|changed| changed == 1)
    .map_err(failed)
}

/// Whose session this is.
pub(crate) fn session_user(db: &Connection, token_digest: [u8; 32], now: Timestamp) -> Result<Option<LocalUser>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM sessions s JOIN local_users u ON u.name = s.user WHERE s.token_digest = ?1 AND s.expires > ?2");
    let found = db
        .prepare_cached(&sql)
        .and_then(|mut select| select.query_row(params![token_digest, now.as_micros()], user).optional())
        .map_err(failed)?;
    found.map(checked).transpose()
}

pub(crate) fn end_session(db: &Connection, token_digest: [u8; 32]) -> Result<(), StoreError> {
    db.execute("DELETE FROM sessions WHERE token_digest = ?1", [token_digest]).map(drop).map_err(failed)
}

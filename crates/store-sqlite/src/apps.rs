//! Apps.

use rusqlite::{Connection, params};
use sidetone_engine::{ids::AppKey, units::Timestamp};
use sidetone_store::{
    error::StoreError,
    record::{App, AppSettings},
};

use crate::{error::failed, record::SettingsJson};

fn settings_json(settings: &AppSettings) -> Result<String, StoreError> {
    serde_json::to_string(&SettingsJson::from(settings)).map_err(|error| StoreError::Backend(Box::new(error)))
}

pub(crate) fn create(db: &Connection, app: &App) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO apps (key, name, created, settings) VALUES (?1, ?2, ?3, ?4)",
        params![app.key.to_bytes(), app.name, app.created.as_micros(), settings_json(&app.settings)?],
    )
    .map(drop)
    .map_err(failed)
}

/// `false` when there is no such app.
pub(crate) fn update(db: &Connection, app: &App) -> Result<bool, StoreError> {
    db.execute(
        "UPDATE apps SET name = ?2, settings = ?3 WHERE key = ?1",
        params![app.key.to_bytes(), app.name, settings_json(&app.settings)?],
    )
    .map(|changed| changed == 1)
    .map_err(failed)
}

/// Every app, oldest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<App>, StoreError> {
    let mut select = db.prepare_cached("SELECT key, name, created, settings FROM apps ORDER BY key").map_err(failed)?;
    let rows = select
        .query_map([], |row| {
            Ok((AppKey::from_bytes(row.get(0)?), row.get(1)?, Timestamp::from_micros(row.get(2)?), row.get::<_, String>(3)?))
        })
        .map_err(failed)?;
    rows.map(|row| {
        let (key, name, created, json) = row.map_err(failed)?;
        let corrupt = |problem: String| StoreError::Corrupt { table: "apps", row: key.to_string(), problem };
        let json: SettingsJson = serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))?;
        Ok(App { key, name, created, settings: json.try_into().map_err(corrupt)? })
    })
    .collect()
}

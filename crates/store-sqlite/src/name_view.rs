//! Who was shown real names.

use rusqlite::{Connection, params};
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ConferenceKey},
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    local_user::Role,
    name_view::{NameView, NameViewPage, NameViewQuery},
};

use crate::{error::failed, row::time};

pub(crate) fn add(db: &mut Connection, views: &[NameView]) -> Result<(), StoreError> {
    let transaction = db.transaction().map_err(failed)?;
    for view in views {
        let NameView { at, app, viewer, role, conference, conference_id, way, name_count } = view;
        transaction
            .prepare_cached(
                "INSERT INTO name_views (at, app, viewer, role, conference, conference_id, way, name_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )
            .and_then(|mut insert| {
                let (app, conference) = (app.to_bytes(), conference.to_bytes());
                insert.execute(params![time(*at), app, viewer, role.name(), conference, conference_id.as_str(), way, name_count])
            })
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

pub(crate) fn find(db: &Connection, query: NameViewQuery) -> Result<NameViewPage, StoreError> {
    let NameViewQuery { app, after, limit } = query;
    let mut select = db
        .prepare_cached(
            "SELECT id, at, app, viewer, role, conference, conference_id, way, name_count FROM name_views
             WHERE (?1 IS NULL OR app = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
        )
        .map_err(failed)?;
    let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut found = select.query(params![app.map(|app| app.to_bytes()), after, more]).map_err(failed)?;
    let mut page = NameViewPage::default();
    let mut last = None;
    while let Some(row) = found.next().map_err(failed)? {
        if page.rows.len() == limit {
            page.next = last;
            break;
        }
        let read = || -> rusqlite::Result<(i64, NameView)> {
            let role: String = row.get(4)?;
            let conference_id: String = row.get(6)?;
            let view = NameView {
                at: Timestamp::from_micros(row.get(1)?),
                app: AppKey::from_bytes(row.get(2)?),
                viewer: row.get(3)?,
                role: Role::from_name(&role).unwrap_or(Role::Support),
                conference: ConferenceKey::from_bytes(row.get(5)?),
                conference_id: ConferenceId::new(conference_id).unwrap_or_default(),
                way: row.get(7)?,
                name_count: row.get(8)?,
            };
            Ok((row.get(0)?, view))
        };
        let (id, view) = read().map_err(failed)?;
        last = Some(id);
        page.rows.push(view);
    }
    Ok(page)
}

pub(crate) fn expire(db: &Connection, before: Timestamp) -> Result<u64, StoreError> {
    db.execute("DELETE FROM name_views WHERE at < ?1", [time(before)]).map(|count| count as u64).map_err(failed)
}

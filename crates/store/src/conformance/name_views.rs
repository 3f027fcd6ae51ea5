//! Cases on who was shown real names.
#![expect(clippy::unwrap_used, reason = "tests")]

use sidetone_engine::ids::{ConferenceId, ConferenceKey};

use super::{app, at};
use crate::{
    Store,
    local_user::Role,
    name_view::{NameView, NameViewQuery},
};

fn view(seconds: i64, of: u128) -> NameView {
    NameView {
        at: at(seconds),
        app: app(of),
        viewer: "user ada".into(),
        role: Role::Support,
        conference: ConferenceKey::mint(at(seconds), 1),
        conference_id: ConferenceId::new("weekly").unwrap(),
        way: "page".into(),
        name_count: 3,
    }
}

/// Newest first, in pages, of one app or of all; also of apps and conferences that are gone.
pub async fn name_views_are_kept(store: &dyn Store) {
    store.add_name_views(vec![view(1, 1), view(2, 2)]).await.unwrap();
    store.add_name_views(vec![view(3, 1)]).await.unwrap();
    let all = store.name_views(NameViewQuery { limit: 10, ..NameViewQuery::default() }).await.unwrap();
    assert_eq!((all.rows, all.next), (vec![view(3, 1), view(2, 2), view(1, 1)], None));
    let first = store.name_views(NameViewQuery { app: Some(app(1)), limit: 1, after: None }).await.unwrap();
    assert_eq!(first.rows, [view(3, 1)]);
    let second = store.name_views(NameViewQuery { app: Some(app(1)), limit: 1, after: first.next }).await.unwrap();
    assert_eq!((second.rows, second.next), (vec![view(1, 1)], None));
    assert_eq!(store.expire_name_views(at(3)).await.unwrap(), 2);
    assert_eq!(store.name_views(NameViewQuery { limit: 10, ..NameViewQuery::default() }).await.unwrap().rows, [view(3, 1)]);
}

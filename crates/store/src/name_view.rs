//! Who was shown real names of people. Kept apart from the calls: it outlives them.

use sidetone_engine::{
    ids::{AppKey, ConferenceId, ConferenceKey},
    units::Timestamp,
};

use crate::local_user::Role;

/// That somebody was shown the real names of one conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameView {
    /// When.
    pub at: Timestamp,
    /// Of which app.
    pub app: AppKey,
    /// Who: a local user, a token's user, a secret by the beginning of its digest, the command line.
    pub viewer: String,
    /// The role that allowed it.
    pub role: Role,
    /// Of which conference.
    pub conference: ConferenceKey,
    /// The app's name for it.
    pub conference_id: ConferenceId,
    /// Where: `page`, `api`, `download`, `export`.
    pub way: String,
    /// How many names.
    pub name_count: u32,
}

/// Which views, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct NameViewQuery {
    /// Of one app.
    pub app: Option<AppKey>,
    /// After this place: [`NameViewPage::next`] of the page before.
    pub after: Option<i64>,
    /// Most rows.
    pub limit: usize,
}

/// Some views.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameViewPage {
    /// Newest first.
    pub rows: Vec<NameView>,
    /// Where the next page begins, a number private to the store; `None` at the end.
    pub next: Option<i64>,
}

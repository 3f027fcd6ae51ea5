//! Questions that a store answers.

use sidetone_engine::{
    ids::{ConferenceId, ConferenceKey, ParticipantKey, PeerConnectionKey},
    issue::Severity,
    units::Timestamp,
};

use crate::record::{Conference, ConferenceKind, ConferenceState, StoredEvent};

/// Most rows that one page may hold.
pub const PAGE_ROWS_MAX: usize = 500;

/// How a text is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// To the byte.
    Exact(String),
    /// From the start, letter case folded.
    Prefix(String),
}

/// Which conferences. Every condition that is given must hold; those on users must hold for one and the same participant.
#[derive(Clone, Debug, Default)]
pub struct ConferenceQuery {
    /// Ended at or after.
    pub from: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
    /// Conference id.
    pub conference_id: Option<TextMatch>,
    /// User id.
    pub user_id: Option<TextMatch>,
    /// Browser of a participant, exact, letter case folded.
    pub browser: Option<String>,
    /// Site of a participant, exact.
    pub site: Option<String>,
    /// Any additional id of a participant: (name or any, value), exact.
    pub additional_id: Option<(Option<String>, String)>,
    /// A rule that fired.
    pub issue: Option<String>,
    /// Least severity of that rule, or of any.
    pub severity: Option<Severity>,
    /// `mos_cq` (or `mos_v` where there is no audio) at least.
    pub mos_min: Option<f64>,
    /// … at most.
    pub mos_max: Option<f64>,
    /// What it is; `None`: anything.
    pub kind: Option<ConferenceKind>,
    /// Where it stands.
    pub state: Option<ConferenceState>,
    /// After this place in the list (keyset pagination).
    pub after: Option<Cursor>,
    /// Most rows, up to [`PAGE_ROWS_MAX`]; 0 means 50.
    pub limit: usize,
}

/// A place in the list of conferences, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Start of the last row of the page before.
    pub start: Timestamp,
    /// Its key.
    pub key: ConferenceKey,
}

/// Some conferences.
#[derive(Clone, Debug, Default)]
pub struct ConferencePage {
    /// Newest first.
    pub rows: Vec<Conference>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// Which events of a conference.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// Of one participant.
    pub participant: Option<ParticipantKey>,
    /// Of one peer connection.
    pub peer_connection: Option<PeerConnectionKey>,
    /// Of these kinds; empty: any.
    pub kinds: Vec<String>,
    /// After this place.
    pub after: Option<EventCursor>,
    /// Most rows, up to [`PAGE_ROWS_MAX`]; 0 means 50.
    pub limit: usize,
}

/// A place among the events of a conference, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCursor {
    /// Time of the last row of the page before.
    pub time: Timestamp,
    /// Its row, a number private to the store.
    pub row: i64,
}

/// Some events.
#[derive(Clone, Debug, Default)]
pub struct EventPage {
    /// Oldest first.
    pub rows: Vec<StoredEvent>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<EventCursor>,
}

/// The app's name of a conference, matched to the byte.
impl From<ConferenceId> for TextMatch {
    fn from(id: ConferenceId) -> Self {
        Self::Exact(id.as_str().to_owned())
    }
}

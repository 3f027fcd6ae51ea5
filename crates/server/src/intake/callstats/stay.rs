//! Which participant a report belongs to.
//!
//! A report names the occurrence (`ucID`), user, device and connection; a page may join twice, and two pages of one browser share user and
//! device. What tells them apart is the connection, and the session in the access token, which changes when the token is renewed: so each
//! report that is understood teaches what it names. What this process never saw (it was restarted) is looked up in the store.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;
use ring::digest::{Context, SHA256, digest};
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ConferenceKey, ParticipantId, UserId},
    units::Timestamp,
};
use sidetone_store::record::ConferenceDetail;

use super::access_token::Visitor;

/// Stays that are held; one that is forgotten is found in the store again.
const STAYS_MAX: usize = 100_000;
/// Names by which they are found.
const NAMES_MAX: usize = 4 * STAYS_MAX;
/// Reports of a stay that would be recognised if they came again.
const RECENT_MAX: usize = 16;
/// Longest device id that is held as it is.
const DEVICE_BYTES_MAX: usize = 200;

/// Where that is posted which may be told when the call is over.
const AFTERTHOUGHTS: [&str; 3] = ["events/feedback", "events/app/logs", "events/customevent"];

/// One participant, as far as this process has heard of it.
#[derive(Debug)]
pub(super) struct Stay {
    pub(super) app: AppKey,
    pub(super) conference_id: ConferenceId,
    pub(super) user_id: UserId,
    pub(super) participant_id: ParticipantId,
    heard: Mutex<Heard>,
}

#[derive(Debug)]
struct Heard {
    /// When the server last heard it.
    at: Timestamp,
    /// When something was last written.
    written: Option<Timestamp>,
    /// Number of the latest batch.
    batch_seq: u32,
    recent: VecDeque<[u8; 32]>,
    ended: bool,
}

impl Stay {
    pub(super) fn new(app: AppKey, conference_id: ConferenceId, user_id: UserId, participant_id: ParticipantId, now: Timestamp) -> Self {
        let heard = Heard { at: now, written: None, batch_seq: slot(now).wrapping_sub(1), recent: VecDeque::new(), ended: false };
        Self { app, conference_id, user_id, participant_id, heard: Mutex::new(heard) }
    }

    /// Whether anything of it was kept since the server started.
    pub(super) fn has_written(&self) -> bool {
        self.heard().written.is_some()
    }

    /// As [`Self::new`], one that is over until it is heard.
    pub(super) fn of_the_past(
        app: AppKey,
        conference_id: ConferenceId,
        user_id: UserId,
        participant_id: ParticipantId,
        now: Timestamp,
    ) -> Self {
        let stay = Self::new(app, conference_id, user_id, participant_id, now);
        stay.heard().ended = true;
        stay
    }

    /// Hears a report; an afterthought does not say that the participant is there. `None` when it is one that was just heard; else the number
    /// of its batch.
    pub(super) fn hear(&self, body: &[u8], topic: &str, now: Timestamp) -> Option<u32> {
        let mut context = Context::new(&SHA256);
        context.update(topic.as_bytes());
        context.update(&[0]);
        context.update(body);
        let digest = as_array(context.finish().as_ref());
        let mut heard = self.heard();
        if !AFTERTHOUGHTS.contains(&topic) {
            heard.at = now;
            heard.ended = false;
        }
        if heard.recent.contains(&digest) {
            return None;
        }
        if heard.recent.len() == RECENT_MAX {
            heard.recent.pop_front();
        }
        heard.recent.push_back(digest);
        let (now, next) = (slot(now), heard.batch_seq.wrapping_add(1));
        heard.batch_seq = if now.wrapping_sub(next) <= u32::MAX / 2 { now } else { next };
        Some(heard.batch_seq)
    }

    /// Forgets a report that could not be kept.
    pub(super) fn unhear(&self) {
        self.heard().recent.pop_back();
    }

    /// Hears a sign of life; whether it has to be written, because nothing else was for so long.
    pub(super) fn is_due(&self, now: Timestamp, pause_us: i64) -> bool {
        let mut heard = self.heard();
        let is_due = heard.ended || heard.written.is_none_or(|written| written.plus_micros(pause_us) <= now);
        heard.at = now;
        is_due
    }

    pub(super) fn wrote(&self, now: Timestamp) {
        self.heard().written = Some(now);
    }

    /// Ends it as it was last heard at `at`: the number of the batch that says so, unless it was heard again.
    pub(super) fn end(&self, at: Timestamp) -> Option<u32> {
        let mut heard = self.heard();
        heard.batch_seq = heard.batch_seq.wrapping_add(1);
        (heard.at == at).then_some(heard.batch_seq)
    }

    /// When it was last heard, if that is before `silent_since` and it has not ended yet. It has then.
    fn end_if_silent(&self, silent_since: Timestamp) -> Option<Timestamp> {
        let mut heard = self.heard();
        (!heard.ended && heard.at < silent_since).then(|| {
            heard.ended = true;
            heard.at
        })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tenths of a millisecond: the number of a batch, so that it is another one after a restart too. It comes round after five days.
fn slot(now: Timestamp) -> u32 {
    u32::try_from((now.as_micros() / 100).rem_euclid(1 << 32)).unwrap_or_default()
}

type Name = [u8; 32];

/// The stays of this process.
#[derive(Debug)]
pub(crate) struct Stays(Mutex<Known>);

#[derive(Debug)]
struct Known {
    by_name: LruCache<Name, Arc<Stay>>,
    /// By participant, each once.
    all: LruCache<Name, Arc<Stay>>,
}

impl Default for Stays {
    fn default() -> Self {
        let size = |count| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(Known { by_name: LruCache::sparse(size(NAMES_MAX)), all: LruCache::sparse(size(STAYS_MAX)) }))
    }
}

/// What a report says of where it comes from.
pub(super) struct From<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) conference_id: &'a str,
    pub(super) uc_id: &'a str,
    pub(super) device: &'a str,
    pub(super) connection: Option<&'a str>,
}

impl From<'_> {
    /// Its names, the surest first.
    fn names(&self) -> Vec<Name> {
        let Self { visitor, conference_id, uc_id, device, connection } = self;
        let name = |kind: &str, part: &str| name(visitor, &[kind, conference_id, uc_id, device, part]);
        let connection = connection.map(|connection| name("connection", connection));
        connection.into_iter().chain([name("session", &visitor.session), name("device", "")]).collect()
    }
}

/// The name of a page, wherever it is.
fn page(visitor: &Visitor) -> Name {
    name(visitor, &["page", &visitor.session])
}

fn name(visitor: &Visitor, parts: &[&str]) -> Name {
    let mut context = Context::new(&SHA256);
    context.update(&visitor.app.key.to_bytes());
    for part in [&[visitor.user_id.as_str()], parts].concat() {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    as_array(context.finish().as_ref())
}

impl Stays {
    /// The stay that a report belongs to. Names of it that are new are learnt.
    pub(super) fn find(&self, from: &From<'_>) -> Option<Arc<Stay>> {
        let names = from.names();
        let mut known = self.known();
        let stay = names.iter().find_map(|name| known.by_name.get(name).map(Arc::clone))?;
        // All but that of the device, which several pages share.
        for name in &names[..names.len() - 1] {
            known.by_name.put(*name, Arc::clone(&stay));
        }
        Some(stay)
    }

    /// Holds a stay under every name; that of a device leads to the latest.
    pub(super) fn learn(&self, from: &From<'_>, stay: &Arc<Stay>) {
        let mut known = self.known();
        for name in from.names().into_iter().chain((!from.uc_id.is_empty()).then(|| page(from.visitor))) {
            known.by_name.put(name, Arc::clone(stay));
        }
        let participant = as_array(digest(&SHA256, stay.participant_id.as_str().as_bytes()).as_ref());
        known.all.put(participant, Arc::clone(stay));
    }

    /// The stay that a page joined last.
    pub(super) fn latest(&self, visitor: &Visitor) -> Option<Arc<Stay>> {
        self.known().by_name.get(&page(visitor)).map(Arc::clone)
    }

    /// Those that fell silent, and when they were last heard.
    pub(super) fn silent(&self, silent_since: Timestamp) -> Vec<(Arc<Stay>, Timestamp)> {
        let known = self.known();
        known.all.iter().filter_map(|(_, stay)| Some((Arc::clone(stay), stay.end_if_silent(silent_since)?))).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Our id for a stay: the device, the session and when it joined. A join that comes twice has the same.
pub(super) fn participant_id(device: &str, session: &str, joined: Timestamp) -> String {
    format!("{}/{session}/{}", short(device), joined.as_micros())
}

/// A device id that is long is known by its digest.
fn short(device: &str) -> String {
    if device.len() <= DEVICE_BYTES_MAX {
        return device.to_owned();
    }
    digest(&SHA256, device.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The stay among those of a stored conference: by connection, else by session, else the latest of the device.
pub(super) fn among(detail: &ConferenceDetail, from: &From<'_>) -> Option<ParticipantId> {
    let device = short(from.device);
    let of_user = detail.participants.iter().filter(|participant| participant.user_id == from.visitor.user_id);
    let ranked = of_user.filter_map(|participant| {
        let mut parts = participant.participant_id.as_str().rsplitn(3, '/');
        let (_, session, held) = (parts.next()?, parts.next()?, parts.next()?);
        let has_connection = from.connection.is_some_and(|connection| {
            let mut connections = detail.peer_connections.iter().filter(|held| held.participant == participant.key);
            connections.any(|held| held.peer_connection_id.as_str() == connection)
        });
        let rank = (has_connection, session == from.visitor.session, participant.joined);
        (held == device).then_some((rank, &participant.participant_id))
    });
    ranked.max_by_key(|(rank, _)| *rank).map(|(_, participant_id)| participant_id.clone())
}

/// The key of an occurrence, if the ucID is one of ours.
pub(super) fn key(uc_id: &str) -> Option<ConferenceKey> {
    uc_id.parse().ok()
}

fn as_array(bytes: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    array.copy_from_slice(bytes);
    array
}

//! Engine and wire for the browser: bindings only, no logic of their own.
//!
//! A [`Recording`] owns what one page saw of one peer connection since the last batch, and its live analysis. Reports come in as numbers
//! (`flat`) and what they lead to goes out as numbers (`output`): no JSON passes. `abi` is what JavaScript calls. `README.md` beside this crate
//! says how to. Without the feature `engine` there is no analysis: that is the module for pages that only send.

mod abi;
mod flat;
#[cfg(feature = "engine")]
mod judging;
#[cfg(feature = "engine")]
mod output;

#[cfg(feature = "engine")]
use sidetone_engine::{
    analysis::{MediaKind, MuteChange, Muted, Notice, Noticed},
    issue::{Preset, RuleSet, Severity},
};
use sidetone_engine::{
    ids::{ConferenceId, IdTooLong, ParticipantId, PeerConnectionId, UserId},
    units::Timestamp,
};
use sidetone_wire::{
    batch::{self, Batch, Event},
    codec,
};

pub use flat::{FlatError, REPORTS_MAX};

/// Half as large as the standard library's, and faster.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// What is told by its number: the metrics in the first line and the rules of a preset in the second, separated by blanks and none without the
/// analysis; then an error in each line.
#[must_use]
pub fn names(preset: &str) -> String {
    #[cfg(feature = "engine")]
    let mut names = output::names(&rules(preset, &[]));
    #[cfg(not(feature = "engine"))]
    let (mut names, _) = (String::from("\n"), preset);
    for error in FlatError::ALL {
        names.extend(["\n", error.message()]);
    }
    names
}

/// The rules of a preset, those of `sidetone` where there is none of that name, with some thresholds changed.
#[cfg(feature = "engine")]
fn rules(preset: &str, changes: &[f64]) -> RuleSet {
    let mut rules = Preset::from_name(preset).unwrap_or_default().rules();
    for change in changes.chunks_exact(3) {
        let rule = flat::index(change[0]).and_then(|place| rules.rules.get_mut(place));
        let severity = flat::index(change[1]).and_then(|place| Severity::ALL.get(place));
        if let (Some(rule), Some(&severity)) = (rule, severity) {
            *rule.thresholds.of_mut(severity) = Some(change[2]).filter(|threshold| !threshold.is_nan());
        }
    }
    rules
}

/// What one page saw of one peer connection, or of its participant, since the last batch.
#[derive(Debug)]
pub struct Recording {
    intake: flat::Intake,
    encoder: codec::Encoder,
    events: Vec<Event>,
    #[cfg(feature = "engine")]
    judging: judging::Judging,
}

impl Recording {
    /// Nothing seen yet; it is to be judged by the rules of a preset with some thresholds changed: for each the place of the rule in
    /// [`names`], the severity (0 minor, 1 major, 2 critical) and the threshold, NaN where that severity is not to be reached.
    #[must_use]
    pub fn new(preset: &str, changes: &[f64]) -> Self {
        let _ = (preset, changes);
        Self {
            intake: flat::Intake::default(),
            encoder: codec::Encoder::default(),
            events: Vec::new(),
            #[cfg(feature = "engine")]
            judging: judging::Judging::by(rules(preset, changes)),
        }
    }

    /// Learns the next text. Number 0 is the empty one, the first that is told is number 1.
    pub fn text(&mut self, text: &str) {
        self.intake.text(text);
    }

    /// Learns the next shape, by numbers of texts: id, type, then name, key (0: none, else its number and 1) and kind (0 number, 1 boolean, 2 text, 3 JSON text)
    /// of each member. The first that is told is number 0.
    ///
    /// # Errors
    /// When it is none.
    pub fn shape(&mut self, parts: &[f64]) -> Result<(), FlatError> {
        let parts: Option<Vec<usize>> = parts.iter().map(|&part| flat::index(part)).collect();
        self.intake.shape(&parts.ok_or(FlatError::Shape)?)
    }

    /// Takes a report: for each stats object the number of its shape and a value for each of its members. The oldest of more than
    /// [`REPORTS_MAX`] that wait gives way. With `judges` the engine reads it, and what it leads to comes back (`output`).
    ///
    /// # Errors
    /// When the time is none, or the numbers are no report in the shapes told so far.
    pub fn push(&mut self, time_ms: f64, values: Vec<f64>, judges: bool) -> Result<Vec<f64>, FlatError> {
        self.intake.push(time(time_ms)?, values)?;
        #[cfg(feature = "engine")]
        if judges {
            return Ok(self.judging.read(&self.intake));
        }
        let _ = judges;
        Ok(Vec::new())
    }

    /// Takes an event. The payload is a JSON object as text.
    ///
    /// # Errors
    /// When the time is none.
    pub fn event(&mut self, time_ms: f64, kind: String, payload: String) -> Result<(), FlatError> {
        self.events.push(Event { time: time(time_ms)?, kind, payload });
        Ok(())
    }

    /// Has what comes judged by other rules, given as to [`Recording::new`]. The issues that this ends come back (`output`), in the names of the
    /// preset before.
    #[cfg(feature = "engine")]
    pub fn change_rules(&mut self, preset: &str, changes: &[f64]) -> Vec<f64> {
        self.judging.change(rules(preset, changes))
    }

    /// Tells the analysis of silence that is meant: of the microphone (0; with `track`, only of that track), of the far end (1), of the
    /// whole call (2), or of a `track` of the microphone that comes (3).
    ///
    /// # Errors
    /// When the time is none.
    #[cfg(feature = "engine")]
    pub fn mute(&mut self, time_ms: f64, of: u32, track: &str, is_muted: bool) -> Result<(), FlatError> {
        let of = match of {
            0 => Muted::Microphone { track: (!track.is_empty()).then(|| track.into()) },
            1 => Muted::FarEnd,
            2 => Muted::Call,
            _ => Muted::Added { track: track.into() },
        };
        self.judging.mute(MuteChange { time: time(time_ms)?, of, is_muted });
        Ok(())
    }

    /// Tells the analysis what an event said of the connection: it gathers (0), has gathered (1), knows both descriptions (2), is
    /// connected (3), has its first media (4); its ICE is in the state `text` (5), its DTLS failed (6), its network is `text` (7); the
    /// received track `text` is to carry media (8), or no more (9); the received track `text` of sound (10) or pictures (11) was agreed upon;
    /// the far end rings (12), or has answered.
    ///
    /// # Errors
    /// When the time is none.
    #[cfg(feature = "engine")]
    pub fn notice(&mut self, time_ms: f64, what: u32, text: &str) -> Result<(), FlatError> {
        let what = match what {
            0 => Noticed::Gathering,
            1 => Noticed::Gathered,
            2 => Noticed::Described,
            3 => Noticed::Connected,
            4 => Noticed::FirstMedia,
            5 => Noticed::Ice(text.into()),
            6 => Noticed::DtlsFailed,
            7 => Noticed::Network(text.into()),
            8 | 9 => Noticed::Track { track: text.into(), is_live: what == 8 },
            10 => Noticed::Agreed { track: text.into(), kind: MediaKind::Audio },
            11 => Noticed::Agreed { track: text.into(), kind: MediaKind::Video },
            12 => Noticed::Ringing,
            _ => Noticed::Answered,
        };
        self.judging.notice(Notice { time: time(time_ms)?, what });
        Ok(())
    }

    /// How many reports wait for a batch.
    #[must_use]
    pub fn count(&self) -> usize {
        self.intake.len()
    }

    /// How many reports had to give way since this was asked last.
    pub fn take_dropped(&mut self) -> u32 {
        self.intake.take_dropped()
    }

    /// Everything since the last batch in the compact form, for these ids of conference, user, participant and peer connection.
    ///
    /// # Errors
    /// When an identifier is too long or the time is none; then everything still waits.
    pub fn take_batch(&mut self, ids: [String; 4], batch_seq: u32, sent_ms: f64) -> Result<Vec<u8>, FlatError> {
        let [conference_id, user_id, participant_id, peer_connection_id] = ids;
        let too_long = |_: IdTooLong| FlatError::Id;
        let batch = Batch {
            conference_id: ConferenceId::new(conference_id).map_err(too_long)?,
            user_id: UserId::new(user_id).map_err(too_long)?,
            participant_id: ParticipantId::new(participant_id).map_err(too_long)?,
            peer_connection_id: PeerConnectionId::new(peer_connection_id).map_err(too_long)?,
            batch_seq,
            sent: time(sent_ms)?,
            events: std::mem::take(&mut self.events),
            reports: self.intake.take(),
        };
        batch::encode_with(&mut self.encoder, &batch).ok_or(FlatError::Report)
    }

    /// Forgets all texts and shapes: to be called after a batch was taken, when many were told.
    pub fn forget(&mut self) {
        self.intake.forget();
        #[cfg(feature = "engine")]
        self.judging.forget();
    }
}

fn time(time_ms: f64) -> Result<Timestamp, FlatError> {
    Timestamp::from_millis_f64(time_ms).ok_or(FlatError::Time)
}

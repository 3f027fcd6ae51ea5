//! Engine and wire for the browser: bindings only, no logic of their own.
//!
//! A [`Recording`] owns what one page saw of one peer connection since the last batch, and its live analysis. Reports come in as numbers
//! (`flat`) and what they lead to goes out as numbers (`output`): no JSON passes. `README.md` beside this crate says how to call it.

mod flat;
mod output;

use sidetone_engine::{
    analysis::{Analyzer, MuteChange, Muted, Notice, Noticed},
    ids::{ConferenceId, IdTooLong, ParticipantId, PeerConnectionId, UserId},
    issue::{Preset, RuleSet},
    units::Timestamp,
};
use sidetone_wire::{
    batch::{self, Batch, Event},
    codec,
};
use wasm_bindgen::prelude::*;

pub use flat::{FlatError, REPORTS_MAX};

/// Names of the metrics and, on the second line, of the rules of a preset, separated by blanks: their places are their numbers.
#[wasm_bindgen]
#[must_use]
pub fn names(preset: &str) -> String {
    output::names(&rules(preset))
}

/// The rules of a preset; those of `sidetone` where there is none of that name.
fn rules(preset: &str) -> RuleSet {
    Preset::from_name(preset).unwrap_or_default().rules()
}

/// What one page saw of one peer connection, or of its participant, since the last batch.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Recording {
    rules: RuleSet,
    intake: flat::Intake,
    /// The last reports that the analyzer was told, the newest first.
    forms: Vec<flat::Live>,
    encoder: codec::Encoder,
    events: Vec<Event>,
    /// What it was told of silence and by events before there was an analyzer.
    mutes: Vec<MuteChange>,
    notices: Vec<Notice>,
    analyzer: Option<Analyzer>,
}

#[wasm_bindgen]
impl Recording {
    /// Nothing seen yet; it is to be judged by the rules of a preset.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(preset: &str) -> Self {
        Self {
            rules: rules(preset),
            intake: flat::Intake::default(),
            forms: Vec::new(),
            encoder: codec::Encoder::default(),
            events: Vec::new(),
            mutes: Vec::new(),
            notices: Vec::new(),
            analyzer: None,
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
    pub fn shape(&mut self, parts: &[u32]) -> Result<(), JsError> {
        told(self.intake.shape(parts))
    }

    /// Takes a report: for each stats object the number of its shape and a value for each of its members. The oldest of more than
    /// [`REPORTS_MAX`] that wait gives way. With `judges` the engine reads it, and what it leads to comes back (`output`).
    ///
    /// # Errors
    /// When the time is none, or the numbers are no report in the shapes told so far.
    pub fn push(&mut self, time_ms: f64, values: Vec<f64>, judges: bool) -> Result<Vec<f64>, JsError> {
        told(self.take_report(time_ms, values, judges))
    }

    /// Takes an event. The payload is a JSON object as text.
    ///
    /// # Errors
    /// When the time is none.
    pub fn event(&mut self, time_ms: f64, kind: String, payload: String) -> Result<(), JsError> {
        self.events.push(Event { time: told(time(time_ms))?, kind, payload });
        Ok(())
    }

    /// Tells the analysis of silence that is meant: of the microphone (0; with `track`, only of that track), of the far end (1) or of the
    /// whole call (2).
    ///
    /// # Errors
    /// When the time is none.
    pub fn mute(&mut self, time_ms: f64, of: u8, track: &str, is_muted: bool) -> Result<(), JsError> {
        let of = match of {
            0 => Muted::Microphone { track: (!track.is_empty()).then(|| track.into()) },
            1 => Muted::FarEnd,
            _ => Muted::Call,
        };
        let change = MuteChange { time: told(time(time_ms))?, of, is_muted };
        match &mut self.analyzer {
            Some(analyzer) => analyzer.set_mute(change),
            None => self.mutes.push(change),
        }
        Ok(())
    }

    /// Tells the analysis what an event said of the connection: it gathers (0), has gathered (1), knows both descriptions (2), is
    /// connected (3), has its first media (4); its ICE is in the state `text` (5), its DTLS failed (6), its network is `text` (7); the
    /// received track `text` is to carry media (8), or no more.
    ///
    /// # Errors
    /// When the time is none.
    pub fn notice(&mut self, time_ms: f64, what: u8, text: &str) -> Result<(), JsError> {
        let what = match what {
            0 => Noticed::Gathering,
            1 => Noticed::Gathered,
            2 => Noticed::Described,
            3 => Noticed::Connected,
            4 => Noticed::FirstMedia,
            5 => Noticed::Ice(text.into()),
            6 => Noticed::DtlsFailed,
            7 => Noticed::Network(text.into()),
            live_or_not => Noticed::Track { track: text.into(), is_live: live_or_not == 8 },
        };
        let notice = Notice { time: told(time(time_ms))?, what };
        match &mut self.analyzer {
            Some(analyzer) => analyzer.notice(notice),
            None if self.notices.len() < REPORTS_MAX => self.notices.push(notice),
            None => {}
        }
        Ok(())
    }

    /// How many reports wait for a batch.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn count(&self) -> usize {
        self.intake.len()
    }

    /// How many reports had to give way since this was asked last.
    #[wasm_bindgen(js_name = takeDropped)]
    pub fn take_dropped(&mut self) -> u32 {
        self.intake.take_dropped()
    }

    /// Everything since the last batch in the compact form.
    ///
    /// # Errors
    /// When an identifier is too long or the time is none; then everything still waits.
    #[wasm_bindgen(js_name = takeBatch)]
    pub fn take_batch(
        &mut self,
        conference_id: String,
        user_id: String,
        participant_id: String,
        peer_connection_id: String,
        batch_seq: u32,
        sent_ms: f64,
    ) -> Result<Vec<u8>, JsError> {
        let ids = [conference_id, user_id, participant_id, peer_connection_id];
        told(self.encode(ids, batch_seq, sent_ms))
    }

    /// Forgets all texts and shapes: to be called after a batch was taken, when many were told.
    pub fn forget(&mut self) {
        self.intake.forget();
        self.forms.clear();
    }
}

impl Recording {
    fn take_report(&mut self, time_ms: f64, values: Vec<f64>, judges: bool) -> Result<Vec<f64>, FlatError> {
        self.intake.push(time(time_ms)?, values)?;
        if !judges {
            return Ok(Vec::new());
        }
        let analyzer = self.analyzer.get_or_insert_with(|| {
            let mut analyzer = Analyzer::live(&self.rules);
            self.mutes.drain(..).for_each(|change| analyzer.set_mute(change));
            self.notices.drain(..).for_each(|notice| analyzer.notice(notice));
            // What came before anybody wanted to know is its history.
            analyzer.push(&self.intake.earlier(), &mut |_| {});
            analyzer
        });
        let mut outcome = output::Outcome::default();
        if let Some(live) = self.intake.judged(&mut self.forms) {
            analyzer.push_in(&live.layout, &live.reports, &mut |output| outcome.add(output, &self.rules));
        }
        Ok(outcome.into_numbers())
    }

    fn encode(
        &mut self,
        [conference_id, user_id, participant_id, peer_connection_id]: [String; 4],
        batch_seq: u32,
        sent_ms: f64,
    ) -> Result<Vec<u8>, FlatError> {
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
}

impl Default for Recording {
    fn default() -> Self {
        Self::new(Preset::default().name())
    }
}

fn time(time_ms: f64) -> Result<Timestamp, FlatError> {
    Timestamp::from_millis_f64(time_ms).ok_or(FlatError::Time)
}

fn told<T>(result: Result<T, FlatError>) -> Result<T, JsError> {
    result.map_err(|error| JsError::new(error.message()))
}

//! Files with calls in them, as the command line reads and judges them.

use std::path::Path;

use anyhow::{Result, anyhow};
use sidetone_engine::{
    analysis::{Analysis, Analyzer, Output},
    ids::ConferenceId,
    issue::RuleSet,
    score::life::{Life, Scores},
};
use sidetone_server::import::CallFile;
use sidetone_wire::{batch::Batch, import::Limits, mute, notice};

/// Reads a file; `conference` is used where the file names none, and the name of the file where that is `None`.
pub(crate) fn read(path: &Path, conference: Option<&ConferenceId>) -> Result<CallFile> {
    let named = |error: anyhow::Error| error.context(path.display().to_string());
    let limit = Limits::default().text_bytes_max;
    let length = std::fs::metadata(path).map_err(|error| named(error.into()))?.len();
    if length > limit as u64 {
        return Err(named(anyhow!("the file has {length} bytes, at most {limit} are read")));
    }
    let bytes = std::fs::read(path).map_err(|error| named(error.into()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    CallFile::parse(&bytes, &name, conference).map_err(|error| named(error.into()))
}

/// Each peer connection with what the engine says of it.
pub(crate) fn analyses<'a>(file: &'a CallFile, rules: &RuleSet) -> Vec<ScoredConnection<'a>> {
    let mut scored = Vec::new();
    for batches in file.connections() {
        let Some(first) = batches.first() else { continue };
        let mut analyzer = Analyzer::new(rules);
        let of_conference = file.batches.iter().filter(|batch| batch.conference_id == first.conference_id);
        let events = of_conference.flat_map(|batch| batch.events.iter().map(|event| (&batch.participant_id, event)));
        mute::changes(events, &first.participant_id).into_iter().for_each(|change| analyzer.set_mute(change));
        let own = file.batches.iter().filter(|batch| batch.participant_id == first.participant_id);
        let own = own.filter(|batch| batch.peer_connection_id == first.peer_connection_id || batch.peer_connection_id.as_str().is_empty());
        own.flat_map(|batch| &batch.events).filter_map(notice::read).for_each(|notice| analyzer.notice(notice));
        let mut life = Life::default();
        for batch in &batches {
            analyzer.push(&batch.reports, &mut |output| {
                if let Output::Tick(tick) = output {
                    life.add(tick);
                }
            });
        }
        scored.push(ScoredConnection { first, scores: life.scores(), analysis: analyzer.finish() });
    }
    scored
}

/// A peer connection of a file with its analysis.
pub(crate) struct ScoredConnection<'a> {
    /// One of its batches, for the names.
    pub(crate) first: &'a Batch,
    pub(crate) scores: Scores,
    pub(crate) analysis: Analysis,
}

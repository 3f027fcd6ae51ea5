//! A file with calls in it, whatever wrote it: dumps of browsers, rtcstats streams, batches, exported conferences.

use std::{collections::BTreeMap, ffi::OsStr, io::Read, path::Path};

use anyhow::{Context, Result, anyhow, bail};
use flate2::read::MultiGzDecoder;
use sidetone_engine::{
    analysis::{Analysis, Analyzer},
    ids::ConferenceId,
    issue::RuleSet,
};
use sidetone_wire::{
    batch::Batch,
    import::{self, Limits},
    mute, portable,
};

/// A file, understood as a whole.
pub(crate) struct CallFile {
    /// What it is, such as `webrtc-internals`.
    pub(crate) format: &'static str,
    /// Everything in it.
    pub(crate) batches: Vec<Batch>,
    /// What was left out, and why.
    pub(crate) skipped: Vec<String>,
}

impl CallFile {
    /// Reads a file; `conference` is used where the file names none, and the name of the file where that is `None`.
    pub(crate) fn read(path: &Path, conference: Option<&ConferenceId>) -> Result<Self> {
        let named = |error: anyhow::Error| error.context(path.display().to_string());
        let limit = Limits::default().text_bytes_max;
        let length = std::fs::metadata(path).map_err(|error| named(error.into()))?.len();
        if length > limit as u64 {
            return Err(named(anyhow!("the file has {length} bytes, at most {limit} are read")));
        }
        let bytes = std::fs::read(path).map_err(|error| named(error.into()))?;
        Self::parse(&bytes, path.file_name().unwrap_or_default(), conference).map_err(named)
    }

    /// Understands the bytes of a file of that name.
    pub(crate) fn parse(bytes: &[u8], name: &OsStr, conference: Option<&ConferenceId>) -> Result<Self> {
        if let Some(text) = portable_text(bytes)? {
            let conference = portable::read(&text)?;
            return Ok(Self { format: "sidetone-conference", batches: conference.batches, skipped: Vec::new() });
        }
        let imported = import::import(bytes, &Limits::default())?;
        let conference = match conference {
            Some(conference) => conference.clone(),
            None => ConferenceId::new(stem(name))?,
        };
        let format = imported.format.name();
        let skipped = imported.skipped.iter().map(|skipped| format!("{}: {}", skipped.position, skipped.reason)).collect();
        Ok(Self { format, batches: imported.into_batches(&conference)?, skipped })
    }

    /// Number of reports.
    pub(crate) fn report_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.reports.len()).sum()
    }

    /// The batches of each peer connection, in order.
    pub(crate) fn connections(&self) -> Vec<Vec<&Batch>> {
        let mut connections: BTreeMap<_, Vec<&Batch>> = BTreeMap::new();
        for batch in self.batches.iter().filter(|batch| !batch.peer_connection_id.as_str().is_empty()) {
            connections.entry((&batch.conference_id, &batch.participant_id, &batch.peer_connection_id)).or_default().push(batch);
        }
        let mut connections: Vec<Vec<&Batch>> = connections.into_values().collect();
        for batches in &mut connections {
            batches.sort_by_key(|batch| batch.batch_seq);
        }
        connections
    }

    /// Each peer connection with what the engine says of it.
    pub(crate) fn analyses(&self, rules: &RuleSet) -> Vec<ScoredConnection<'_>> {
        let mut scored = Vec::new();
        for batches in self.connections() {
            let Some(first) = batches.first() else { continue };
            let mut analyzer = Analyzer::new(rules);
            let of_conference = self.batches.iter().filter(|batch| batch.conference_id == first.conference_id);
            let events = of_conference.flat_map(|batch| batch.events.iter().map(|event| (&batch.participant_id, event)));
            mute::changes(events, &first.participant_id).into_iter().for_each(|change| analyzer.set_mute(change));
            for batch in &batches {
                analyzer.push(&batch.reports, &mut |_| {});
            }
            scored.push(ScoredConnection { first, analysis: analyzer.finish() });
        }
        scored
    }
}

/// A peer connection of a file with its analysis.
pub(crate) struct ScoredConnection<'a> {
    /// One of its batches, for the names.
    pub(crate) first: &'a Batch,
    pub(crate) analysis: Analysis,
}

/// The name without its extensions.
fn stem(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// The text of the file if it is an exported conference.
fn portable_text(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    const HEAD: u64 = 32 << 10;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(portable::is_portable(bytes).then(|| bytes.to_owned()));
    }
    let mut head = Vec::new();
    // A file that is damaged here is no exported conference; whoever reads it next says what is wrong.
    if MultiGzDecoder::new(bytes).take(HEAD).read_to_end(&mut head).is_err() && head.is_empty() || !portable::is_portable(&head) {
        return Ok(None);
    }
    let limit = Limits::default().text_bytes_max;
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(limit as u64 + 1)
        .read_to_end(&mut text)
        .context("the gzip frame is damaged, the file may be cut off")?;
    if text.len() > limit {
        bail!("the file inflates to more than {limit} bytes");
    }
    Ok(Some(text))
}

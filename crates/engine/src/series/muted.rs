//! Speech into a muted microphone: what the page heard of it, which getStats cannot say, for a disabled track is silent there.
//!
//! The SDK measures it in the page and adds an object `muted-microphone` to the report, in the manner of W3C counters: `observedDuration`,
//! seconds listened, and `speechDuration`, those of them with speech. No sound leaves the page.

use super::{counters::Counters, field::Field, kind::Kind, table::Table};
use crate::metric::{Draft, Metric};

/// The counters of the muted microphone.
#[derive(Debug, Default)]
pub(crate) struct MutedSpeech {
    counters: Counters,
}

impl MutedSpeech {
    /// Reads the object in `row`; a report without one, for nothing is muted, ends the baseline.
    pub(crate) fn read(&mut self, table: Table<'_>, row: usize, values: &mut Draft) {
        if let Some(heard) = table.of(Kind::Muted).find(|heard| heard.is_in(row)) {
            self.counters.now.load(heard, row);
            values.set(Metric::MutedSpeechRatio, self.counters.share(Field::SpeechDuration, Field::ObservedDuration));
        }
        self.counters.roll();
    }
}

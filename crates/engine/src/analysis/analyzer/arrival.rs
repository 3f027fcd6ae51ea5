//! Where a report belongs in time.

use std::{cmp::Ordering, time::Duration};

use super::{Memory, place};
use crate::series::Table;

/// Reports closer than this are one report told twice: browsers answer from a cache of about 50 ms.
const INTERVAL_MIN: Duration = Duration::from_millis(10);

/// An interval longer than this is a gap: the computer slept, or nobody asked.
const INTERVAL_MAX: Duration = Duration::from_secs(60);

/// So is one of this many times the interval before …
const GAP_TIMES: u32 = 5;
/// … and this much more.
const GAP_MORE: Duration = Duration::from_secs(5);

/// How a report follows those before.
pub(super) enum Arrival {
    /// In order, after an interval; zero after a gap.
    Next(Duration),
    Duplicate,
    Late,
}

impl Memory {
    /// Where a report belongs in time.
    ///
    /// A report older than the last is late, unless its packets were counted later: then the client's clock was set back.
    pub(super) fn arrival(&self, table: Table<'_>, row: usize) -> Arrival {
        let time = table.reports.times()[row];
        let Some((_, last)) = self.analysis.span else { return Arrival::Next(Duration::ZERO) };
        let Some(interval) = time.since(last) else {
            let mut is_later = false;
            for object in table.streams() {
                let Some(index) = object.stream_id(row).and_then(|id| place(&self.streams, id)) else { continue };
                match self.streams[index].state.progress(object, row) {
                    Some(Ordering::Less) => return Arrival::Late,
                    Some(Ordering::Greater) => is_later = true,
                    _ => {}
                }
            }
            return if is_later { Arrival::Next(Duration::ZERO) } else { Arrival::Late };
        };
        if interval < INTERVAL_MIN {
            return Arrival::Duplicate;
        }
        let gap = self.usual.map_or(INTERVAL_MAX, |usual| (usual * GAP_TIMES + GAP_MORE).min(INTERVAL_MAX));
        Arrival::Next(if interval > gap { Duration::ZERO } else { interval })
    }
}

//! Collecting reports into runs of bounded size.

use sidetone_engine::report::{Report, Reports};

use super::{ImportError, Limits};

/// Most reports in one run, so that a run fits a batch.
const RUN_REPORTS_MAX: usize = 600;

/// A run is closed early when its table has this many cells for each value in it (objects that come and go) …
const CELLS_PER_VALUE_MAX: usize = 4;

/// … and more than this.
const CELLS_FREE: usize = 1 << 18;

/// How many values may still come.
pub(super) struct Budget {
    left: usize,
    limit: usize,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { left: limits.values_max, limit: limits.values_max }
    }

    pub(super) fn take(&mut self, values: usize) -> Result<(), ImportError> {
        let over = ImportError::TooLarge { what: "the number of values in the reports", limit: self.limit };
        self.left = self.left.checked_sub(values).ok_or(over)?;
        Ok(())
    }
}

/// The runs of one peer connection.
#[derive(Default)]
pub(super) struct Runs {
    done: Vec<Reports>,
    open: Reports,
    open_values: usize,
}

impl Runs {
    pub(super) fn push(&mut self, report: &Report, budget: &mut Budget) -> Result<(), ImportError> {
        let values = report.stats.values().map(|stats| stats.members.len() + 1).sum::<usize>() + 1;
        budget.take(values)?;
        self.open_values += values;
        self.open.push(report);
        let cells = self.open.len() * self.open.objects().iter().map(|object| object.columns.len() + 1).sum::<usize>();
        if self.open.len() >= RUN_REPORTS_MAX || cells > CELLS_FREE + CELLS_PER_VALUE_MAX * self.open_values {
            self.close();
        }
        Ok(())
    }

    fn close(&mut self) {
        self.open_values = 0;
        let run = std::mem::take(&mut self.open);
        if !run.is_empty() {
            self.done.push(run);
        }
    }

    pub(super) fn finish(mut self) -> Vec<Reports> {
        self.close();
        self.done
    }
}

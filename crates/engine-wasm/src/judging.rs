//! The live analysis of one connection.

use sidetone_engine::{
    analysis::{Analyzer, MuteChange, Notice},
    issue::RuleSet,
};

use crate::{
    REPORTS_MAX,
    flat::{Intake, Live},
    output::Outcome,
};

/// What the analysis remembers.
#[derive(Debug)]
pub(crate) struct Judging {
    rules: RuleSet,
    /// The last reports that the analyzer was told, the newest first.
    forms: Vec<Live>,
    /// What it was told of silence and by events before there was an analyzer.
    mutes: Vec<MuteChange>,
    notices: Vec<Notice>,
    analyzer: Option<Analyzer>,
}

impl Default for Judging {
    fn default() -> Self {
        Self::by(RuleSet::sidetone())
    }
}

impl Judging {
    /// By these rules, of nothing yet.
    pub(crate) fn by(rules: RuleSet) -> Self {
        Self { rules, forms: Vec::new(), mutes: Vec::new(), notices: Vec::new(), analyzer: None }
    }

    /// Reads the newest report and gives what it leads to.
    pub(crate) fn read(&mut self, intake: &Intake) -> Vec<f64> {
        let analyzer = self.analyzer.get_or_insert_with(|| {
            let mut analyzer = Analyzer::live(&self.rules);
            self.mutes.drain(..).for_each(|change| analyzer.set_mute(change));
            self.notices.drain(..).for_each(|notice| analyzer.notice(notice));
            // What came before anybody wanted to know is its history.
            analyzer.push(&intake.earlier(), &mut |_| {});
            analyzer
        });
        let mut outcome = Outcome::default();
        if let Some(live) = intake.judged(&mut self.forms) {
            analyzer.push_in(&live.layout, &live.reports, &mut |output| outcome.add(output, &self.rules));
        }
        outcome.into_numbers()
    }

    /// Takes note of silence that is meant.
    pub(crate) fn mute(&mut self, change: MuteChange) {
        match &mut self.analyzer {
            Some(analyzer) => analyzer.set_mute(change),
            None => self.mutes.push(change),
        }
    }

    /// Takes note of what an event said.
    pub(crate) fn notice(&mut self, notice: Notice) {
        match &mut self.analyzer {
            Some(analyzer) => analyzer.notice(notice),
            None if self.notices.len() < REPORTS_MAX => self.notices.push(notice),
            None => {}
        }
    }

    /// Forgets what was told in texts and shapes that are forgotten.
    pub(crate) fn forget(&mut self) {
        self.forms.clear();
    }
}

//! The live analysis of one connection.

use sidetone_engine::{
    analysis::{Analyzer, MuteChange, Notice},
    issue::RuleSet,
};

use crate::{
    flat::{Intake, Live},
    output::Outcome,
};

/// What the analysis remembers.
#[derive(Debug)]
pub(crate) struct Judging {
    rules: RuleSet,
    /// The last reports that the analyzer was told, the newest first.
    forms: Vec<Live>,
    analyzer: Analyzer,
    /// Whether it was told any.
    has_begun: bool,
}

impl Judging {
    /// By these rules, of nothing yet.
    pub(crate) fn by(rules: RuleSet) -> Self {
        Self { analyzer: Analyzer::live(&rules), rules, forms: Vec::new(), has_begun: false }
    }

    /// Reads the newest report and gives what it leads to.
    pub(crate) fn read(&mut self, intake: &Intake) -> Vec<f64> {
        if !self.has_begun {
            self.has_begun = true;
            // What came before anybody wanted to know is its history.
            self.analyzer.push(&intake.earlier(), &mut |_| {});
        }
        let mut outcome = Outcome::new();
        if let Some(live) = intake.judged(&mut self.forms) {
            self.analyzer.push_in(&live.layout, &live.reports, &live.numbers, &mut |output| outcome.add(output, &self.rules));
        }
        outcome.into_numbers()
    }

    /// Goes over to other rules and gives what this ends, in the numbers of the rules before.
    pub(crate) fn change(&mut self, rules: RuleSet) -> Vec<f64> {
        let mut outcome = Outcome::new();
        self.analyzer.set_rules(&rules, &mut |output| outcome.add(output, &self.rules));
        self.rules = rules;
        outcome.into_numbers()
    }

    /// Takes note of silence that is meant.
    pub(crate) fn mute(&mut self, change: MuteChange) {
        self.analyzer.set_mute(change);
    }

    /// Takes note of what an event said.
    pub(crate) fn notice(&mut self, notice: Notice) {
        self.analyzer.notice(notice);
    }

    /// Forgets what was told in texts and shapes that are forgotten.
    pub(crate) fn forget(&mut self) {
        self.forms.clear();
    }
}

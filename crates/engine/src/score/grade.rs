//! A score in a word, and a call in a phrase.

use crate::issue::Severity;

/// A score in one word, for the score as it is shown, with one digit after the point: what reads 4.0 is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Below.
    Bad,
    /// From 3.1 on.
    Poor,
    /// From 3.6 on.
    Fair,
    /// From 4 on.
    Good,
}

impl Grade {
    /// Every grade, the best first.
    pub const ALL: [Self; 4] = [Self::Good, Self::Fair, Self::Poor, Self::Bad];

    /// Good from 4.0 on, as ITU-T P.800 has it; below, at the 3.6 and 3.1 that the hosted products warn at. The issue `low_mos` has steps of its own.
    #[must_use]
    pub fn of(score: f64) -> Self {
        match score {
            _ if score >= 3.95 => Self::Good,
            _ if score >= 3.55 => Self::Fair,
            _ if score >= 3.05 => Self::Poor,
            _ => Self::Bad,
        }
    }

    /// Least and greatest score, each inclusive, where there is one.
    #[must_use]
    pub fn bounds(self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Good => (Some(3.95), None),
            Self::Fair => (Some(3.55), Some(3.949_999)),
            Self::Poor => (Some(3.05), Some(3.549_999)),
            Self::Bad => (None, Some(3.049_999)),
        }
    }

    /// `good`, `fair`, `poor` or `bad`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
            Self::Bad => "bad",
        }
    }

    /// What a call was whose score has this grade, and whose worst issue was so severe.
    #[must_use]
    pub fn call(self, worst: Option<Severity>) -> &'static str {
        match (self, worst) {
            (Self::Good, None | Some(Severity::Minor)) => "A good call",
            (Self::Good, Some(_)) => "A good call with a bad moment",
            (Self::Fair, _) => "A fair call",
            (Self::Poor, _) => "A poor call",
            (Self::Bad, _) => "A bad call",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_meet_without_a_gap_and_fit_the_score_that_is_shown() {
        for (score, grade) in [
            (4.6, Grade::Good),
            (3.96, Grade::Good),
            (3.94, Grade::Fair),
            (3.56, Grade::Fair),
            (3.54, Grade::Poor),
            (3.06, Grade::Poor),
            (3.04, Grade::Bad),
        ] {
            assert_eq!(Grade::of(score), grade, "{score}");
            assert_eq!(Grade::of(format!("{score:.1}").parse().unwrap()), grade, "{score}");
            let (least, most) = grade.bounds();
            assert!(least.is_none_or(|least| score >= least) && most.is_none_or(|most| score <= most), "{score}");
        }
    }
}

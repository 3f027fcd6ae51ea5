//! Why there is no score: nothing is invented where there is nothing to judge.

use crate::metric::Metric;

macro_rules! reasons {
    ($($variant:ident $name:literal $sentence:literal;)*) => {
        /// Why a stream has no score.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Unjudged {
            $(#[doc = $sentence] $variant,)*
        }

        impl Unjudged {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in API, SQL and pages.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// For a person: part of a sentence that begins with "no score:".
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

reasons! {
    NoInterval "first_report" "the first report, or the first after a gap: there is none before it to compare with";
    NotCounted "not_counted" "the browser does not count what a score is made of";
    NotTold "no_rtcp" "the far end has not told lately what arrived (RTCP)";
    NothingDue "no_packets" "no packets: nobody sends";
    Sparse "dtx" "hardly any packets: the sender is silent and saves them (DTX)";
    Settling "first_second" "the first second: the jitter buffer finds its size";
    Muted "muted" "muted, and nothing was to be heard";
    Held "on_hold" "on hold, and nothing was to be heard";
    Silent "silence" "silence for seconds: muted without being told, or nothing to hear";
    NoPicture "no_picture" "no picture was due: the camera is off or paused";
    NoRoundTrip "no_round_trip" "no round-trip time is known, which a conversation is judged by";
}

impl Unjudged {
    /// The reason of that [`Unjudged::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }
}

/// The metrics that are scores, and so may be absent for a reason.
pub const SCORES: [Metric; 3] = [Metric::MosLq, Metric::MosCq, Metric::MosV];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_sentences_go_on_after_a_colon() {
        for &reason in Unjudged::ALL {
            assert_eq!(Unjudged::from_name(reason.name()), Some(reason));
            assert!(reason.sentence().starts_with(char::is_lowercase) && !reason.sentence().ends_with('.'), "{reason:?}");
        }
        assert_eq!(Unjudged::from_name("Muted"), None);
    }
}

//! What the objects of a report are to the engine.

use crate::analysis::Direction;

/// What an object is to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `inbound-rtp` or `outbound-rtp`.
    Stream(Direction),
    /// What the far end says of our stream of that direction: `remote-inbound-rtp` is about an outbound stream.
    Remote(Direction),
    /// `media-source`.
    Source,
    /// `media-playout`.
    Playout,
    /// `track` of Chrome before 2023.
    Track,
    /// `codec`.
    Codec,
    /// `candidate-pair`.
    Pair,
    /// `transport`.
    Transport,
    /// `local-candidate` or `remote-candidate`.
    Candidate,
    /// `muted-microphone`: what the page itself heard of a microphone that is muted.
    Muted,
}

impl Kind {
    /// How many sorts there are.
    pub(super) const SORTS: usize = 10;

    /// Its number, whatever the direction.
    pub(super) const fn sort(self) -> usize {
        match self {
            Self::Stream(_) => 0,
            Self::Remote(_) => 1,
            Self::Source => 2,
            Self::Playout => 3,
            Self::Track => 4,
            Self::Codec => 5,
            Self::Pair => 6,
            Self::Transport => 7,
            Self::Candidate => 8,
            Self::Muted => 9,
        }
    }

    /// What an object of that `type` is; `None` for what the engine does not read.
    pub(super) fn of(stats_type: &str) -> Option<Self> {
        Some(match stats_type {
            "inbound-rtp" | "inboundrtp" => Self::Stream(Direction::Inbound),
            "outbound-rtp" | "outboundrtp" => Self::Stream(Direction::Outbound),
            "remote-inbound-rtp" => Self::Remote(Direction::Outbound),
            "remote-outbound-rtp" => Self::Remote(Direction::Inbound),
            "media-source" => Self::Source,
            "media-playout" => Self::Playout,
            "track" => Self::Track,
            "codec" => Self::Codec,
            "candidate-pair" | "candidatepair" => Self::Pair,
            "transport" => Self::Transport,
            "local-candidate" | "localcandidate" | "remote-candidate" | "remotecandidate" => Self::Candidate,
            "muted-microphone" => Self::Muted,
            _ => return None,
        })
    }
}

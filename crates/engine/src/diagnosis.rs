//! Diagnosis: for each poor stretch of a conference, whose side it was, which hop, how sure that is, and the evidence.
//!
//! An [`Inquiry`] takes what is known of the connections of a conference (`inquiry`), merges their issues into poor stretches of *flows*, what one
//! end sends to another (`flow`), asks for the values of those stretches again (`values`), and lets suspicions speak in the case of each (`case`):
//! of devices and machines (`device`), of the network (`network`), of calls that began late (`beginning`), and apart from these of connections
//! that never came to be (`setup`). The surest wins; where none is sure enough the cause is [`Cause::Unknown`]. `cause` lists the causes, `words`
//! says one to a person.
//!
//! Both ends speak together: what the sender sent and its far end's RTCP told, against what the receiver received under the same SSRC.
//! Of two ends that talk directly nobody can tell whose access network lost a packet: then it is the path between them. Streams to
//! and from others settle it: what all of one receiver's streams suffer is his downlink, what all who listen to a sender suffer is her uplink.

mod beginning;
mod case;
mod cause;
mod device;
mod flow;
mod happening;
mod inquiry;
mod network;
mod setup;
mod values;
mod words;

use std::collections::BTreeSet;

pub use cause::Cause;
pub use happening::{Happening, What};
pub use inquiry::{Connection, Inquiry, STRETCHES_MAX};

use crate::{
    analysis::{MediaKind, StreamId},
    ids::{ParticipantKey, PeerConnectionKey},
    issue::Severity,
    metric::Metric,
    report::Text,
    units::Timestamp,
};

/// Whose side a cause lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Who sends what is poor.
    Sender,
    /// Who receives it.
    Receiver,
    /// The network between the two.
    Path,
    /// The media server.
    Server,
    /// Cannot be told.
    Unknown,
}

impl Side {
    /// Every side.
    pub const ALL: [Self; 5] = [Self::Sender, Self::Receiver, Self::Path, Self::Server, Self::Unknown];

    /// `sender`, `receiver` …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
            Self::Path => "path",
            Self::Server => "server",
            Self::Unknown => "unknown",
        }
    }

    /// The side of that [`Side::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }
}

/// A station on the way from one person to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hop {
    /// Microphone or camera.
    CaptureDevice,
    /// The encoder, or the processor that it runs on.
    Encoder,
    /// The sender's way to the server or the internet.
    Uplink,
    /// A TURN server.
    Relay,
    /// The receiver's way from the server or the internet.
    Downlink,
    /// Decoder, renderer and loudspeaker, or the processor that they run on.
    Playout,
}

impl Hop {
    /// Every hop, in the order of the way.
    pub const ALL: [Self; 6] = [Self::CaptureDevice, Self::Encoder, Self::Uplink, Self::Relay, Self::Downlink, Self::Playout];

    /// `capture_device`, `encoder` …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CaptureDevice => "capture_device",
            Self::Encoder => "encoder",
            Self::Uplink => "uplink",
            Self::Relay => "relay",
            Self::Downlink => "downlink",
            Self::Playout => "playout",
        }
    }

    /// The hop of that [`Hop::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hop| hop.name() == name)
    }
}

/// Something that a person can look at.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// A series during the stretch.
    Series {
        /// Of which peer connection.
        connection: PeerConnectionKey,
        /// Of which of its streams; `None`: its own.
        stream: Option<StreamId>,
        /// Which series.
        metric: Metric,
        /// What is typical of the stretch: the mean of a ratio, the median of anything else.
        value: f64,
        /// The same of the half minute before, where there was any.
        before: Option<f64>,
    },
    /// An event.
    Event {
        /// Whose.
        participant: ParticipantKey,
        /// On which peer connection, if on one.
        connection: Option<PeerConnectionKey>,
        /// When.
        time: Timestamp,
        /// Its kind.
        kind: Text,
    },
    /// The network that an end used.
    Network {
        /// Of which peer connection.
        connection: PeerConnectionKey,
        /// `networkType` of its selected local candidate: `wifi`, `cellular`, `ethernet`, `vpn` …
        network: Text,
    },
}

/// Why a stretch of a conference was poor.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// What it was.
    pub cause: Cause,
    /// Whose side.
    pub side: Side,
    /// Which hop, where that can be told.
    pub hop: Option<Hop>,
    /// How sure that is, 0 to 1; 0 where the cause is unknown.
    pub confidence: f64,
    /// The worst of the issues that it explains.
    pub severity: Severity,
    /// Who sent what was poor, where that is known. The direction is from here …
    pub sender: Option<ParticipantKey>,
    /// … to here.
    pub receiver: Option<ParticipantKey>,
    /// What was poor; `None`: everything between the two.
    pub media: Option<MediaKind>,
    /// The peer connection where it shows best; `None` where there never was one.
    pub connection: Option<PeerConnectionKey>,
    /// Begin of the stretch.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// Rules that fired in it.
    pub rules: BTreeSet<Text>,
    /// What speaks for it, the strongest first.
    pub evidence: Vec<Evidence>,
}

impl Diagnosis {
    /// The participant on whose side it lies, if it lies on one's side.
    #[must_use]
    pub fn culprit(&self) -> Option<ParticipantKey> {
        match self.side {
            Side::Sender => self.sender,
            Side::Receiver => self.receiver,
            _ => None,
        }
    }
}

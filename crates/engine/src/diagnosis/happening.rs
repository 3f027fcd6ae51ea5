//! Events that explain a call, as `wire` reads them.

use crate::{
    analysis::MediaKind,
    ids::{ParticipantKey, PeerConnectionKey},
    report::Text,
    units::Timestamp,
};

/// An event that may explain a poor stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// Whose.
    pub participant: ParticipantKey,
    /// On which peer connection, if on one.
    pub connection: Option<PeerConnectionKey>,
    /// When.
    pub time: Timestamp,
    /// Its kind, as it is stored.
    pub kind: Text,
    /// What it says.
    pub what: What,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A sent track ended, or nothing comes from its device any more.
    DeviceLost(MediaKind),
    /// The network that the browser uses, where it says so; absent where it does not.
    Network(Option<Text>),
    /// The browser has no network at all.
    Offline,
    /// The browser stopped the page.
    PageFrozen,
    /// The participant left.
    Left,
    /// The peer connection was closed.
    Closed,
    /// The page asked for devices and was refused, with the name of the error.
    MediaRefused(Text),
    /// The devices that the page asked for are there.
    MediaGranted,
    /// `iceGatheringState` became this.
    Gathering(Text),
    /// `signalingState` became this.
    Signaling(Text),
    /// `iceConnectionState` became this.
    Ice(Text),
    /// `connectionState` became this.
    Connection(Text),
    /// DTLS failed.
    DtlsFailed,
    /// A description could not be made or set.
    NegotiationFailed,
    /// The app says that its signalling failed.
    SignallingFailed,
    /// The app says that nobody answered.
    Unanswered,
}

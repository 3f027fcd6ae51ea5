//! The causes that there are, each with its name.

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)*) => {
        /// What made a stretch poor. Side and hop say where.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[$doc])* $variant,)*
        }

        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in API and store.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

causes! {
    /// The microphone gives no sound.
    DeadMicrophone "dead_microphone";
    /// The microphone is too quiet.
    QuietMicrophone "quiet_microphone";
    /// The microphone is overdriven.
    LoudMicrophone "loud_microphone";
    /// The device was unplugged, or taken away.
    DeviceLost "device_lost";
    /// The sound card's clock runs too fast or too slowly.
    WrongClock "wrong_clock";
    /// The camera gives few pictures or none.
    SlowCamera "slow_camera";
    /// A computer is too busy to encode, or to decode and play.
    Overload "overload";
    /// The playout device was not fed in time.
    StarvedPlayout "starved_playout";
    /// Packets are lost.
    PacketLoss "packet_loss";
    /// A line is full: a queue grows, or less is sent than there is to send.
    Congestion "congestion";
    /// Packets come unevenly.
    Jitter "jitter";
    /// The way is long.
    LongWay "long_way";
    /// Sound and pictures take their way at different speeds.
    OutOfStep "out_of_step";
    /// A TURN server is reached by TCP.
    TcpRelay "tcp_relay";
    /// What is sent does not arrive, though the connection stands.
    Blocked "blocked";
    /// The connection between the two broke.
    ConnectionLost "connection_lost";
    /// An end lost its network, or came to another.
    NetworkChange "network_change";
    /// The browser stopped the page.
    PageSuspended "page_suspended";
    /// The far end had gone.
    GoneAway "gone_away";
    /// Nothing was sent.
    NotSent "not_sent";
    /// The server had it and did not send it on.
    NotForwarded "not_forwarded";
    /// Candidates were gathered for long, and the call waited for them.
    SlowGathering "slow_gathering";
    /// The answer was on its way for long.
    SlowSignalling "slow_signalling";
    /// It took long to find a way between the two.
    SlowPath "slow_path";
    /// It took long to agree upon keys.
    SlowKeys "slow_keys";
    /// Setup: the participant or the system refused microphone or camera.
    PermissionDenied "permission_denied";
    /// Setup: there is no such device.
    NoDevice "no_device";
    /// Setup: the device is used by something else.
    DeviceBusy "device_busy";
    /// Setup: a description (SDP) could not be made or set.
    NegotiationFailed "negotiation_failed";
    /// Setup: no candidate pair worked.
    IceFailed "ice_failed";
    /// Setup: the keys could not be agreed upon.
    DtlsFailed "dtls_failed";
    /// Setup: the app's signalling failed.
    SignallingFailed "signalling_failed";
    /// Setup: the other side never answered the offer.
    NeverAnswered "never_answered";
    /// Setup: nothing was negotiated at all.
    NeverOffered "never_offered";
    /// Nothing that was seen explains it.
    Unknown "unknown";
}

impl Cause {
    /// The cause of that [`Cause::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.name() == name)
    }

    /// Whether sound and pictures of one sender suffer it alike.
    #[must_use]
    pub fn is_of_all_media(self) -> bool {
        use Cause::{
            Congestion, ConnectionLost, GoneAway, Jitter, LongWay, NetworkChange, OutOfStep, Overload, PacketLoss, PageSuspended, TcpRelay,
        };
        matches!(
            self,
            ConnectionLost
                | Congestion
                | GoneAway
                | Jitter
                | LongWay
                | NetworkChange
                | OutOfStep
                | Overload
                | PacketLoss
                | PageSuspended
                | TcpRelay
        )
    }

    /// Whether it kept a connection from coming to be.
    #[must_use]
    pub fn is_setup_failure(self) -> bool {
        self >= Self::PermissionDenied && self < Self::Unknown
    }
}

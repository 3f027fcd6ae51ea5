//! Why a call ended: the 22 reasons, in every spelling.

/// What kind of ending a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCategory {
    /// Somebody hung up.
    Normal,
    /// Nobody answered.
    NotAnswered,
    /// In another call.
    Busy,
    /// Nothing happened for too long.
    Timeout,
    /// Two things happened at once.
    Race,
    /// Not allowed.
    Policy,
    /// A device was refused or missing.
    Device,
    /// The client's program failed.
    ClientFault,
    /// The network failed.
    Network,
    /// Something else failed.
    Fault,
    /// Not said.
    Unknown,
}

impl EndCategory {
    /// The name in payloads.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::NotAnswered => "not_answered",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Race => "race",
            Self::Policy => "policy",
            Self::Device => "device",
            Self::ClientFault => "client_fault",
            Self::Network => "network",
            Self::Fault => "fault",
            Self::Unknown => "unknown",
        }
    }
}

macro_rules! reasons {
    ($($variant:ident $documented:literal $canonical:literal $category:ident),+ $(,)?) => {
        /// Why a call ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EndReason {
            $(#[doc = concat!("`", $documented, "`")] $variant),+
        }

        impl EndReason {
            /// All of them, as Meta's page lists them.
            pub const ALL: [Self; 22] = [$(Self::$variant),+];

            /// As Meta's page writes it, such as `Hangup_Call`.
            #[must_use]
            pub fn documented(self) -> &'static str {
                match self { $(Self::$variant => $documented),+ }
            }

            /// As the Graph API specification writes it, and as it is stored, such as `HANGUP_CALL`.
            #[must_use]
            pub fn canonical(self) -> &'static str {
                match self { $(Self::$variant => $canonical),+ }
            }

            /// What kind of ending it is.
            #[must_use]
            pub fn category(self) -> EndCategory {
                match self { $(Self::$variant => EndCategory::$category),+ }
            }
        }
    };
}

reasons! {
    CallEndAcceptAfterHangUp "Call_End_Accept_After_Hang_Up" "CALL_END_ACCEPT_AFTER_HANG_UP" Race,
    CallerNotVisible "Caller_Not_Visible" "CALLER_NOT_VISIBLE" Policy,
    CameraPermissionDenied "Camera_Permission_Denied" "CAMERA_PERMISSION_DENIED" Device,
    ClientError "Client_Error" "CLIENT_ERROR" ClientFault,
    ClientInterrupted "Client_Interrupted" "CLIENT_INTERRUPTED" ClientFault,
    ConnectionDropped "Connection_Dropped" "CONNECTION_DROPPED" Network,
    HangupCall "Hangup_Call" "HANGUP_CALL" Normal,
    IgnoreCall "Ignore_Call" "IGNORE_CALL" NotAnswered,
    InAnotherCall "In_Another_Call" "IN_ANOTHER_CALL" Busy,
    InactiveTimeout "Inactive_Timeout" "INACTIVE_TIMEOUT" Timeout,
    IncomingTimeout "Incoming_Timeout" "INCOMING_TIMEOUT" NotAnswered,
    MaxAllowedParticipantsReached "Max_Allowed_Participants_Reached" "MAX_ALLOWED_PARTICIPANTS_REACHED" Policy,
    MicrophonePermissionDenied "Microphone_Permission_Denied" "MICROPHONE_PERMISSION_DENIED" Device,
    NoAnswerTimeout "No_Answer_Timeout" "NO_ANSWER_TIMEOUT" NotAnswered,
    NoPermission "No_Permission" "NO_PERMISSION" Policy,
    RemovedByParticipant "Removed_By_Participant" "REMOVED_BY_PARTICIPANT" Normal,
    RingMuted "Ring_Muted" "RING_MUTED" NotAnswered,
    SignalingMessageFailed "Signaling_Message_Failed" "SIGNALING_MESSAGE_FAILED" Network,
    UnexpectedEndOfCall "Unexpected_End_Of_Call" "UNEXPECTED_END_OF_CALL" Fault,
    Unknown "Unknown" "UNKNOWN" Unknown,
    VersionUnsupported "Version_Unsupported" "VERSION_UNSUPPORTED" ClientFault,
    WebRtcError "WebRTC_Error" "WEBRTC_ERROR" Fault,
}

impl EndReason {
    /// The reason in any spelling: case and everything that is no letter or digit do not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters = bare(text);
        Self::ALL.into_iter().find(|reason| bare(reason.canonical()) == letters)
    }

    /// Whether `text` is one of the two spellings that Meta documents.
    #[must_use]
    pub fn is_spelled(self, text: &str) -> bool {
        text == self.documented() || text == self.canonical()
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

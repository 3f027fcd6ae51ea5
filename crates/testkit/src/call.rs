//! Synthetic calls: one end of a 1:1 call as Chromium would report it, under conditions that are known.
//!
//! The counters are consistent with one another and with the conditions, second by second and without chance:
//! 2 % loss over 60 s of 50 packets a second is exactly 60 packets lost.
//!
//! ```
//! use sidetone_testkit::call::Call;
//! let reports = Call::of_seconds(60).with_video().during(20..30, |line| line.loss_in = 0.10).reports();
//! assert_eq!(reports.len(), 61);
//! ```

mod counters;

use std::{fmt, ops::Range};

use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};
use sidetone_wire::batch::{Batch, Event, kind};

use counters::Counters;

/// What line and machine are like during one second. The default is a good call.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// Share of the packets to us that are lost.
    pub loss_in: f64,
    /// Share of the packets from us that are lost.
    pub loss_out: f64,
    /// RTP jitter at both ends.
    pub jitter_ms: f64,
    /// RTP jitter of what we send; `None`: as at this end.
    pub jitter_out_ms: Option<f64>,
    /// Round-trip time, by STUN and by RTCP.
    pub rtt_ms: f64,
    /// Share of the audio that is concealed; `None`: as much as is lost.
    pub concealed: Option<f64>,
    /// Share of the concealed audio that is silence.
    pub concealed_silent: f64,
    /// Delay of the audio jitter buffer.
    pub buffer_ms: f64,
    /// Audio bit rate, both ways.
    pub audio_bps: f64,
    /// Level of the microphone, 0 to 1; 0 is a silent microphone.
    pub mic_level: f64,
    /// Level of what is heard, 0 to 1.
    pub heard_level: f64,
    /// Frame rate, both ways.
    pub fps: f64,
    /// Video bit rate, both ways.
    pub video_bps: f64,
    /// Height of the picture, both ways; the width is 4/3 of it.
    pub height: f64,
    /// No picture arrives.
    pub frozen: bool,
    /// Frame rate of what arrives; `None`: as of what is sent.
    pub fps_in: Option<f64>,
    /// Frame rate of the camera; `None`: as many as are sent.
    pub camera_fps: Option<f64>,
    /// Share of the pictures that arrive and are not shown.
    pub dropped: f64,
    /// Nothing is sent, though the track is there.
    pub sends_nothing: bool,
    /// No media arrives, though the connection stands.
    pub blocked: bool,
    /// `qualityLimitationReason` of what we send: `none`, `bandwidth`, `cpu` or `other`.
    pub limited_by: &'static str,
    /// `availableOutgoingBitrate`.
    pub available_bps: f64,
    /// `dtlsState` of the transport.
    pub dtls_state: &'static str,
    /// `relayProtocol` of the local candidate, which is then a relay; `None`: it is a host candidate.
    pub relay_protocol: Option<&'static str>,
    /// `networkType` of the local candidate.
    pub network_type: &'static str,
    /// `selectedCandidatePairChanges` of the transport.
    pub pair_changes: f64,
    /// `iceLocalUsernameFragment` of the transport: a restart changes it.
    pub fragment: &'static str,
    /// `decoderImplementation`, `encoderImplementation`, and whether they save power.
    pub implementation: (&'static str, bool),
    /// What the SDK heard of a muted microphone: the share of the time with speech; `None`: it is not muted.
    pub muted_speech: Option<f64>,
    /// The audio that is received has no `inbound-rtp` any more.
    pub vanished: bool,
    /// How much later the picture is played than the sound.
    pub skew_ms: f64,
    /// Share of the playout that the device made up.
    pub starved: f64,
    /// `contentType` of the pictures is `screenshare`.
    pub is_screen: bool,
    /// Nothing arrives and nothing gets through, RTCP and STUN included.
    pub dead: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            loss_in: 0.0,
            loss_out: 0.0,
            jitter_ms: 2.0,
            jitter_out_ms: None,
            rtt_ms: 40.0,
            concealed: None,
            concealed_silent: 0.1,
            buffer_ms: 40.0,
            audio_bps: 32_000.0,
            mic_level: 0.3,
            heard_level: 0.3,
            fps: 30.0,
            video_bps: 1_000_000.0,
            height: 480.0,
            frozen: false,
            fps_in: None,
            camera_fps: None,
            dropped: 0.0,
            sends_nothing: false,
            blocked: false,
            limited_by: "none",
            available_bps: 2_500_000.0,
            dtls_state: "connected",
            relay_protocol: None,
            network_type: "ethernet",
            pair_changes: 1.0,
            fragment: "XUT9",
            implementation: ("libvpx", false),
            muted_speech: None,
            vanished: false,
            skew_ms: 20.0,
            starved: 0.0,
            is_screen: false,
            dead: false,
        }
    }
}

type Fault = Box<dyn Fn(&mut Conditions) + Send + Sync>;

/// One end of a call.
pub struct Call {
    start: Timestamp,
    seconds: u32,
    audio: bool,
    video: bool,
    ssrc: u32,
    answers: bool,
    faults: Vec<(Range<u32>, Fault)>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call of {} s from {:?}, {} faults", self.seconds, self.start, self.faults.len())
    }
}

/// Who is on the line, for [`Call::batches`].
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// The conference.
    pub conference: &'a str,
    /// The user.
    pub user: &'a str,
    /// The stay.
    pub participant: &'a str,
    /// The peer connection.
    pub peer_connection: &'a str,
}

impl Call {
    /// An audio call of so many seconds under good conditions, from 2026-11-21T02:00:00Z on.
    #[must_use]
    pub fn of_seconds(seconds: u32) -> Self {
        let start = Timestamp::from_micros(1_795_226_400_000_000);
        Self { start, seconds, audio: true, video: false, ssrc: 1000, answers: false, faults: Vec::new() }
    }

    /// Begins at another time.
    #[must_use]
    pub fn starting(mut self, start: Timestamp) -> Self {
        self.start = start;
        self
    }

    /// With video too.
    #[must_use]
    pub fn with_video(mut self) -> Self {
        self.video = true;
        self
    }

    /// Video alone.
    #[must_use]
    pub fn video_only(mut self) -> Self {
        (self.audio, self.video) = (false, true);
        self
    }

    /// First of the four SSRCs (audio in, audio out, video in, video out); 1000 unless told.
    #[must_use]
    pub fn ssrcs_from(mut self, ssrc: u32) -> Self {
        self.ssrc = ssrc;
        self
    }

    /// The other end of the call that has the same SSRCs: what that one sends, this one receives.
    #[must_use]
    pub fn answering(mut self) -> Self {
        self.answers = true;
        self
    }

    /// Changes the conditions from one second of the call up to another.
    #[must_use]
    pub fn during(mut self, seconds: Range<u32>, fault: impl Fn(&mut Conditions) + Send + Sync + 'static) -> Self {
        self.faults.push((seconds, Box::new(fault)));
        self
    }

    /// Changes the conditions of the whole call.
    #[must_use]
    pub fn throughout(self, fault: impl Fn(&mut Conditions) + Send + Sync + 'static) -> Self {
        self.during(0..u32::MAX, fault)
    }

    /// A report at the start and one after each second.
    #[must_use]
    pub fn reports(&self) -> Reports {
        let mut counters = Counters::new(self.start, self.audio, self.video, self.ssrcs());
        let mut reports = Reports::default();
        reports.push(&counters.report(&self.conditions(0)));
        for second in 0..self.seconds {
            let conditions = self.conditions(second);
            counters.advance(&conditions);
            reports.push(&counters.report(&conditions));
        }
        reports
    }

    /// SSRCs of audio in, audio out, video in, video out.
    fn ssrcs(&self) -> [u32; 4] {
        let first = self.ssrc;
        if self.answers { [first + 1, first, first + 3, first + 2] } else { [first, first + 1, first + 2, first + 3] }
    }

    fn conditions(&self, second: u32) -> Conditions {
        let mut conditions = Conditions::default();
        for (_, fault) in self.faults.iter().filter(|(seconds, _)| seconds.contains(&second)) {
            fault(&mut conditions);
        }
        conditions
    }

    /// The call as the SDK sends it: ten reports a batch, `joined` in the first, the peer connection closed and `left` in the last.
    ///
    /// # Panics
    /// When an id is too long.
    #[must_use]
    pub fn batches(&self, who: Who<'_>) -> Vec<Batch> {
        let reports: Vec<_> = self.reports().iter().collect();
        let runs: Vec<_> = reports.chunks(10).collect();
        let mut batches = Vec::new();
        for (batch_seq, run) in runs.iter().enumerate() {
            let first = run.first().map_or(self.start, |report| report.time);
            let last = run.last().map_or(first, |report| report.time);
            let mut events = Vec::new();
            if batch_seq == 0 {
                let payload = r#"{"browser":"Chrome","browser_version":"156.0","os":"Linux","sdk":"testkit/1"}"#;
                events.push(Event { time: first, kind: kind::JOINED.into(), payload: payload.into() });
            }
            if batch_seq + 1 == runs.len() {
                events.push(Event { time: last, kind: kind::CLOSED.into(), payload: "{}".into() });
                events.push(Event { time: last, kind: kind::LEFT.into(), payload: "{}".into() });
            }
            batches.push(Batch {
                conference_id: ConferenceId::new(who.conference).expect("a short id"),
                user_id: UserId::new(who.user).expect("a short id"),
                participant_id: ParticipantId::new(who.participant).expect("a short id"),
                peer_connection_id: PeerConnectionId::new(who.peer_connection).expect("a short id"),
                batch_seq: u32::try_from(batch_seq).expect("few batches"),
                sent: last.plus_micros(5_000),
                events,
                reports: run.iter().cloned().collect(),
            });
        }
        batches
    }
}

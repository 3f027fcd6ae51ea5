//! The series that the engine derives: names, units and meanings, in one table.

mod values;

pub(crate) use values::Draft;
pub use values::MetricValues;

use crate::histogram::Buckets;

/// To what a metric belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The whole peer connection.
    Connection,
    /// A received audio stream.
    InboundAudio,
    /// A received video stream.
    InboundVideo,
    /// A sent audio stream.
    OutboundAudio,
    /// A sent video stream.
    OutboundVideo,
}

/// Which values of a metric please.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Greater ones.
    Higher,
    /// Smaller ones.
    Lower,
    /// Neither: it describes.
    Neither,
}

const STREAMS: &[Scope] = &[Scope::InboundAudio, Scope::InboundVideo, Scope::OutboundAudio, Scope::OutboundVideo];
const CONNECTION: &[Scope] = &[Scope::Connection];
const ALL: &[Scope] = &[Scope::Connection, Scope::InboundAudio, Scope::InboundVideo, Scope::OutboundAudio, Scope::OutboundVideo];
const INBOUND: &[Scope] = &[Scope::InboundAudio, Scope::InboundVideo];
const OUTBOUND: &[Scope] = &[Scope::OutboundAudio, Scope::OutboundVideo];
const AUDIO: &[Scope] = &[Scope::InboundAudio, Scope::OutboundAudio];
const VIDEO: &[Scope] = &[Scope::InboundVideo, Scope::OutboundVideo];
const AUDIO_SCORE: &[Scope] = &[Scope::Connection, Scope::InboundAudio, Scope::OutboundAudio];
const VIDEO_SCORE: &[Scope] = &[Scope::Connection, Scope::InboundVideo, Scope::OutboundVideo];
const INBOUND_AUDIO: &[Scope] = &[Scope::InboundAudio];
const INBOUND_VIDEO: &[Scope] = &[Scope::InboundVideo];
const OUTBOUND_AUDIO: &[Scope] = &[Scope::OutboundAudio];
const OUTBOUND_VIDEO: &[Scope] = &[Scope::OutboundVideo];

macro_rules! metrics {
    ($($variant:ident $name:literal $unit:literal $scopes:ident $better:ident $buckets:expr, $description:literal;)*) => {
        /// A derived quantity over time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Metric {
            $(#[doc = $description] $variant,)*
        }

        impl Metric {
            /// Every metric, in display order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name with its unit, as API, SQL and pages write it: `bitrate_bps`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its unit for a person: `bit/s`, `ms`, or empty for a plain number and for a ratio of 0 to 1.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)* }
            }

            /// One sentence: what it is and from which counters.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }

            /// To what it belongs.
            #[must_use]
            pub const fn scopes(self) -> &'static [Scope] {
                match self { $(Self::$variant => $scopes,)* }
            }

            /// Which values please.
            #[must_use]
            pub const fn better(self) -> Better {
                match self { $(Self::$variant => Better::$better,)* }
            }

            /// The histogram buckets for its values.
            #[must_use]
            pub const fn buckets(self) -> Buckets {
                match self { $(Self::$variant => $buckets,)* }
            }
        }
    };
}

use Buckets::{Linear, Log};

metrics! {
    MosLq "mos_lq" "" AUDIO_SCORE Higher Linear(0.05), "Listening quality, 1 to 5: from what had to be concealed or stretched (inbound) or from the loss that RTCP tells (outbound); of the connection, the worst of its streams.";
    MosCq "mos_cq" "" AUDIO_SCORE Higher Linear(0.05), "Conversational quality, 1 to 5: as mos_lq, lowered by the one-way delay; of the connection, the worst of its streams.";
    MosV "mos_v" "" VIDEO_SCORE Higher Linear(0.05), "Video quality, 1 to 5: from QP or bits per pixel, picture size, frame rate and freezes; of the connection, the worst of its streams.";
    Rtt "rtt_ms" "ms" ALL Lower Log, "Round-trip time: of the connection, the last that was measured, by STUN on the selected candidate pair (currentRoundTripTime) or by RTCP (roundTripTime), the least where several came since the report before; of a stream, the last RTCP report (roundTripTime).";
    MediaLatency "media_latency_ms" "ms" INBOUND Lower Log, "Half the round trip plus the time in the jitter buffer: what network and buffer add to the delay.";
    Bitrate "bitrate_bps" "bit/s" STREAMS Higher Log, "Media bit rate without RTP headers and padding, from bytesReceived or bytesSent.";
    PacketRate "packet_rate_pps" "packets/s" STREAMS Neither Log, "RTP packets a second, from packetsReceived or packetsSent; padding counts.";
    LossRatio "loss_ratio" "" STREAMS Lower Log, "Packets lost of those expected in the interval, 0 to 1: from packetsLost and packetsReceived (inbound), as the far end's RTCP says (outbound).";
    Jitter "jitter_ms" "ms" STREAMS Lower Log, "Interarrival jitter of RFC 3550, from jitter; outbound as the far end's RTCP says.";
    SendBitrate "send_bitrate_bps" "bit/s" CONNECTION Higher Log, "Media bit rate of all outbound streams together.";
    ReceiveBitrate "receive_bitrate_bps" "bit/s" CONNECTION Higher Log, "Media bit rate of all inbound streams together.";
    AudioReceiveBitrate "audio_receive_bitrate_bps" "bit/s" CONNECTION Higher Log, "Media bit rate of all inbound audio streams together, once any of them carried something; 0 too where sound was agreed upon, as events tell, and none ever came.";
    VideoReceiveBitrate "video_receive_bitrate_bps" "bit/s" CONNECTION Higher Log, "Media bit rate of all inbound video streams together, while anything comes; 0 only where pictures were agreed upon, as events tell, and none ever came.";
    AvailableOutgoingBitrate "available_outgoing_bitrate_bps" "bit/s" CONNECTION Higher Log, "What congestion control thinks can be sent, from availableOutgoingBitrate of the selected candidate pair.";
    AvailableIncomingBitrate "available_incoming_bitrate_bps" "bit/s" CONNECTION Higher Log, "What congestion control thinks can be received, from availableIncomingBitrate of the selected candidate pair.";
    IceDisconnected "ice_disconnected" "" CONNECTION Lower Linear(1.0), "1 while ICE is disconnected or failed on any transport, else 0, from iceState.";
    IceFailed "ice_failed" "" CONNECTION Lower Linear(1.0), "1 while ICE has failed on any transport, else 0, from iceState.";
    DtlsFailed "dtls_failed" "" CONNECTION Lower Linear(1.0), "1 while DTLS has failed on any transport, else 0, from dtlsState.";
    IceRestarts "ice_restarts" "" CONNECTION Lower Log, "ICE restarts in the interval: changes of iceLocalUsernameFragment of a transport.";
    GatheringTime "gathering_ms" "ms" CONNECTION Lower Log, "How long ICE gathers candidates: so far while it does, once in all when it has them; by events.";
    ConnectingTime "connecting_ms" "ms" CONNECTION Lower Log, "From when both descriptions are known until ICE and DTLS stand for the first time: so far while it lasts, once in all when they do; by events. How long somebody takes to answer does not count.";
    FirstMediaTime "first_media_ms" "ms" CONNECTION Lower Log, "From when the connection stood until the first packet of media came in, told once; by events.";
    NetworkChanges "network_changes" "" CONNECTION Lower Log, "Changes of the network in the interval: networkType of the selected local candidate, its address where addresses are kept, or navigator.connection by events.";
    MissingStreams "missing_streams" "" CONNECTION Lower Log, "Received tracks that are to go on and carried media, of which the report has no inbound-rtp at all; only where events tell of tracks.";
    MutedSpeechRatio "muted_speech_ratio" "" CONNECTION Lower Linear(0.05), "Share of the interval in which somebody spoke into a muted microphone, as the page heard it: speechDuration of muted-microphone, an object of Sidetone's own.";
    Relayed "relayed" "" CONNECTION Neither Linear(1.0), "1 while the selected candidate pair goes through a TURN server of either end, else 0, from candidateType.";
    RelayedOverTcp "relayed_over_tcp" "" CONNECTION Lower Linear(1.0), "1 while our TURN server is reached by TCP or TLS, else 0, from relayProtocol of the selected local candidate.";
    CandidatePairChanges "candidate_pair_changes" "" CONNECTION Lower Log, "Changes of the selected candidate pair in the interval, the first selection apart, from selectedCandidatePairChanges, else from the pair's id.";
    AvSkew "av_skew_ms" "ms" CONNECTION Lower Log, "How far sound and pictures of the far end are apart when they are played, from estimatedPlayoutTimestamp; the worst pair of streams.";
    ConcealmentRatio "concealment_ratio" "" INBOUND_AUDIO Lower Log, "Samples that had to be made up of all samples played, from concealedSamples and totalSamplesReceived.";
    AudibleConcealmentRatio "audible_concealment_ratio" "" INBOUND_AUDIO Lower Log, "Samples made up that were not silent, of all samples played: concealedSamples less silentConcealedSamples.";
    SilentConcealmentRatio "silent_concealment_ratio" "" INBOUND_AUDIO Lower Log, "Samples made up as silence or comfort noise, of all samples played: drop-outs, or DTX pauses.";
    ConcealmentBurst "concealment_burst_ms" "ms" INBOUND_AUDIO Lower Log, "Mean length of a concealed run, from concealedSamples and concealmentEvents.";
    TimeStretchRatio "time_stretch_ratio" "" INBOUND_AUDIO Lower Log, "Samples inserted or removed to adapt the jitter buffer, of all samples played.";
    JitterBufferDelay "jitter_buffer_delay_ms" "ms" INBOUND Lower Log, "Mean time in the jitter buffer, from jitterBufferDelay and jitterBufferEmittedCount.";
    JitterBufferTarget "jitter_buffer_target_ms" "ms" INBOUND Lower Log, "Time that the jitter buffer aims at, from jitterBufferTargetDelay and jitterBufferEmittedCount.";
    ProcessingDelay "processing_delay_ms" "ms" INBOUND Lower Log, "Mean time from reception to decoded, from totalProcessingDelay.";
    PlayoutDelay "playout_delay_ms" "ms" INBOUND_AUDIO Lower Log, "Mean delay of the playout device, from totalPlayoutDelay and totalSamplesCount.";
    SynthesizedPlayoutRatio "synthesized_playout_ratio" "" INBOUND_AUDIO Lower Log, "Share of playout that the device made up because it starved, from synthesizedSamplesDuration: a fault of this computer.";
    AudioLevel "audio_level" "" AUDIO Neither Log, "Momentary audio level, 0 to 1 of full scale, from audioLevel: inbound as decoded, outbound of the media source.";
    AudioRms "audio_rms" "" AUDIO Neither Log, "Root mean square of the audio over the interval, 0 to 1 of full scale, from totalAudioEnergy and totalSamplesDuration.";
    FecRatio "fec_ratio" "" INBOUND_AUDIO Neither Log, "Packets that forward error correction repaired, of all received: fecPacketsReceived less fecPacketsDiscarded.";
    DiscardRatio "discard_ratio" "" INBOUND Lower Log, "Packets discarded (late, early or redundant) of all received, from packetsDiscarded.";
    ClockDrift "clock_drift_ppm" "ppm" AUDIO Lower Log, "How far two clocks run apart, in millionths, over two minutes: of received sound that of the far end and ours (remoteTimestamp against its arrival), of sent sound that of the microphone and ours (totalSamplesDuration of the media source against timestamp).";
    EchoReturnLoss "echo_return_loss_db" "dB" OUTBOUND_AUDIO Higher Linear(1.0), "Echo return loss, from echoReturnLoss.";
    EchoReturnLossEnhancement "echo_return_loss_enhancement_db" "dB" OUTBOUND_AUDIO Higher Linear(1.0), "What the echo canceller adds to it, from echoReturnLossEnhancement.";
    Width "width_px" "px" VIDEO Neither Log, "Picture width, from frameWidth.";
    Height "height_px" "px" VIDEO Neither Log, "Picture height, from frameHeight.";
    SentSizeRatio "sent_size_ratio" "" OUTBOUND_VIDEO Higher Linear(0.05), "Shorter side of the pictures that are sent, of the shorter side of those that camera or screen give: frameWidth and frameHeight over width and height of the media source. Not of simulcast layers, which are small on purpose.";
    SourceFrameRate "source_frame_rate_fps" "fps" OUTBOUND_VIDEO Higher Log, "Frames a second from the camera or screen, from frames of the media source.";
    EncodedFrameRate "encoded_frame_rate_fps" "fps" OUTBOUND_VIDEO Higher Log, "Frames encoded a second, from framesEncoded.";
    SentFrameRate "sent_frame_rate_fps" "fps" OUTBOUND_VIDEO Higher Log, "Frames sent a second, from framesSent.";
    ReceivedFrameRate "received_frame_rate_fps" "fps" INBOUND_VIDEO Higher Log, "Frames received a second, from framesReceived.";
    DecodedFrameRate "decoded_frame_rate_fps" "fps" INBOUND_VIDEO Higher Log, "Frames decoded a second, from framesDecoded.";
    DroppedFrameRatio "dropped_frame_ratio" "" INBOUND_VIDEO Lower Log, "Frames dropped of those received, from framesDropped and framesReceived.";
    Freezes "freezes" "" INBOUND_VIDEO Lower Log, "Freezes that ended in the interval, from freezeCount.";
    FrozenRatio "frozen_ratio" "" INBOUND_VIDEO Lower Log, "Share of the interval in which the picture stood: totalFreezesDuration, and a freeze that still lasts.";
    CurrentFreeze "current_freeze_ms" "ms" INBOUND_VIDEO Lower Log, "How long no frame has been decoded although one was due; 0 while frames move; absent in a pause.";
    FrameIntervalVariation "frame_interval_variation" "" INBOUND_VIDEO Lower Log, "Standard deviation of the time between frames over its mean, from totalInterFrameDelay and totalSquaredInterFrameDelay.";
    SoftwareFallback "software_fallback" "" VIDEO Lower Linear(1.0), "1 since software took over from the hardware that decoded or encoded the stream, else 0, from decoderImplementation, encoderImplementation and powerEfficientDecoder, powerEfficientEncoder.";
    Qp "qp" "" VIDEO Lower Log, "Mean quantiser of the frames, from qpSum: compare only within a codec.";
    LimitedByNone "limited_none_ratio" "" OUTBOUND_VIDEO Higher Log, "Share of time in which nothing limited the quality, from qualityLimitationDurations.";
    LimitedByCpu "limited_cpu_ratio" "" OUTBOUND_VIDEO Lower Log, "Share of time in which the processor limited the quality, from qualityLimitationDurations or qualityLimitationReason; 1, whatever they say, while a software encoder takes 70 % of the time and frames of the source stay behind, or 50 % and a twentieth of the sound to be played is not ready in time.";
    LimitedByBandwidth "limited_bandwidth_ratio" "" OUTBOUND_VIDEO Lower Log, "Share of time in which bandwidth limited the quality.";
    LimitedByOther "limited_other_ratio" "" OUTBOUND_VIDEO Lower Log, "Share of time in which something else limited the quality.";
    KeyFrameRate "key_frame_rate_hz" "1/s" VIDEO Neither Log, "Key frames a second, from keyFramesDecoded or keyFramesEncoded.";
    NackRate "nack_rate_hz" "1/s" STREAMS Lower Log, "NACKs a second, from nackCount.";
    PliRate "pli_rate_hz" "1/s" VIDEO Lower Log, "Picture loss indications a second, from pliCount.";
    FirRate "fir_rate_hz" "1/s" VIDEO Lower Log, "Full intra requests a second, from firCount.";
    RetransmissionRatio "retransmission_ratio" "" STREAMS Lower Log, "Packets that were retransmissions, of all packets, from retransmittedPacketsReceived or retransmittedPacketsSent.";
    DecodeTime "decode_time_ms" "ms" INBOUND_VIDEO Lower Log, "Time to decode a frame, from totalDecodeTime and framesDecoded.";
    EncodeTime "encode_time_ms" "ms" OUTBOUND_VIDEO Lower Log, "Time to encode a frame, from totalEncodeTime and framesEncoded.";
    SendDelay "send_delay_ms" "ms" OUTBOUND Lower Log, "Time a packet waited before it was sent, from totalPacketSendDelay and packetsSent.";
    TargetBitrate "target_bitrate_bps" "bit/s" OUTBOUND Neither Log, "Bit rate that the encoder aims at, from targetBitrate.";
}

impl Metric {
    /// Number of metrics.
    pub const COUNT: usize = Self::ALL.len();

    /// The metric of that [`Metric::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.name() == name)
    }

    /// Its place in [`Metric::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for (index, &metric) in Metric::ALL.iter().enumerate() {
            assert_eq!(metric.index(), index);
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
            assert!(!metric.scopes().is_empty());
            assert!(metric.description().ends_with('.'), "{}", metric.name());
        }
        assert_eq!(Metric::from_name("bitrate"), None);
    }

    #[test]
    fn a_name_ends_in_its_unit() {
        for &metric in Metric::ALL {
            let suffix = match metric.unit() {
                "bit/s" => "_bps",
                "ms" => "_ms",
                "px" => "_px",
                "fps" => "_fps",
                "dB" => "_db",
                "1/s" => "_hz",
                "ppm" => "_ppm",
                "packets/s" => "_pps",
                _ => "",
            };
            assert!(metric.name().ends_with(suffix), "{} {}", metric.name(), metric.unit());
        }
    }
}

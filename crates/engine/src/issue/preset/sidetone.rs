//! `sidetone`: the thresholds of the hosted products brought together, and what none of them finds.

use Bound::{Above, AtLeast, Below};

use super::*;
use crate::series::A_LAW_STEP;

/// Where `mos_lq` is low: below these lie as many segments of the recorded calls as below the 3.6, 3.1 and 2.6 that the hosted products use on
/// the scale of the E-model.
///
/// Of the 768 undisturbed segments of `testdata/quality/segments.csv` the E-model with published codec constants (our `MODEL` 1, which those
/// numbers came from) puts 42.4, 28.0 and 17.8 % below; the same shares of our `mos_lq` (fitted on PESQ-WB, which falls faster: 2.74,
/// 2.11 and 1.74 are its own) lie below 2.83, 2.23 and 1.83. With the old numbers six segments of ten would be low. A clean narrow-band
/// call, 2.96, is not.
const LOW_MOS: Thresholds = thresholds(2.8, 2.2, 1.8);

/// Three steps of 16-bit sound, of full scale: −80 dB. The quietest live microphone of the recorded calls hisses at −70 dB.
const LAST_BITS: f64 = 0.0001;

/// Three seconds of five, or two that are as bad as the next severity asks for.
const THREE_OF_FIVE_OR_TWO: Statistic = Statistic::Sustained { needed: 3, worse: 2, of: 5 };

/// Ten seconds on end.
const TEN_OF_TEN: Statistic = sustained(10, 10);

/// Three seconds of ten.
const THREE_OF_TEN: Statistic = sustained(3, 10);

/// The default preset: a synthesis of the thresholds of the hosted products.
pub(super) const RULES: &[Rule] = {
    &[
        rule("high_rtt", Metric::Rtt, CONNECTION, THREE_OF_FIVE_OR_TWO, Above, thresholds(200.0, 400.0, 800.0)),
        rule("high_jitter", Metric::Jitter, STREAMS, THREE_OF_FIVE, Above, thresholds(30.0, 60.0, 100.0)),
        rule("high_loss", Metric::LossRatio, STREAMS, THREE_OF_FIVE, Above, thresholds(0.01, 0.05, 0.15)),
        // Bursts that spare most intervals: mean above 3 % over 7 s, gone at 1 %.
        Rule {
            clear_at: Some(0.01),
            ..rule("bursty_loss", Metric::LossRatio, STREAMS, Statistic::Mean(seconds(7)), Above, only_minor(0.03))
        },
        // A jitter buffer begins with a little of it, as when a hold ends, and ends with a little when nothing more comes.
        Rule {
            condition: Condition::Arriving,
            ..rule(
                "audible_concealment",
                Metric::AudibleConcealmentRatio,
                INBOUND_AUDIO,
                Statistic::Mean(seconds(5)),
                Above,
                thresholds(0.02, 0.05, 0.10),
            )
        },
        Rule { condition: Condition::Impaired, ..rule("low_mos", Metric::MosLq, AUDIO, THREE_OF_FIVE, Below, LOW_MOS) },
        // ITU-T G.107: up to 100 ms cost nothing (Idd = 0), 200 ms make very satisfied users satisfied ones (R below 90, G.109), 300 ms leave
        // some of them dissatisfied (R below 80), and 400 ms are the limit that ITU-T G.114 sets.
        rule("high_media_latency", Metric::MediaLatency, INBOUND_AUDIO, THREE_OF_FIVE_OR_TWO, Above, thresholds(200.0, 300.0, 400.0)),
        // Half a second frozen within 30 s, 5 % of the time, 20 % of the time.
        Rule {
            condition: Condition::OffHold,
            ..rule(
                "video_freeze",
                Metric::FrozenRatio,
                INBOUND_VIDEO,
                Statistic::Share(seconds(30)),
                AtLeast,
                thresholds(0.5 / 30.0, 0.05, 0.20),
            )
        },
        // Silence is sent every 0.4 s too (Opus DTX, RFC 7587): after 2 s it is no pause.
        Rule {
            condition: Condition::OffHold,
            ..rule(
                "no_inbound_audio",
                Metric::AudioReceiveBitrate,
                CONNECTION,
                Statistic::Lasting(0.0),
                AtLeast,
                Thresholds { minor: None, major: Some(2.0), critical: Some(3.0) },
            )
        },
        // Only pictures that never came: those that did may be paused, and `video_freeze` tells of them.
        Rule {
            condition: Condition::OffHold,
            ..rule("no_inbound_video", Metric::VideoReceiveBitrate, CONNECTION, Statistic::Lasting(0.0), AtLeast, only_major(2.0))
        },
        // Packets flow and carry silence: at most the least step of A-law (ITU-T G.711), 8 of 32768, which a phone sends when it has nothing.
        Rule {
            condition: Condition::FarEndOpen,
            ..rule(
                "silent_inbound_audio",
                Metric::AudioRms,
                INBOUND_AUDIO,
                Statistic::Lasting(A_LAW_STEP),
                AtLeast,
                Thresholds { minor: None, major: Some(10.0), critical: Some(30.0) },
            )
        },
        // Nothing but the last bits of 16-bit sound: a live microphone in a quiet room hisses above, so a listener who says nothing is no
        // alarm, as he is with the 1 % of full scale that hosted products use. Ten seconds, because a noise gate makes the same of a pause.
        Rule {
            condition: Condition::MicrophoneOpen,
            ..rule("dead_microphone", Metric::AudioLevel, OUTBOUND_AUDIO, Statistic::Lasting(LAST_BITS), AtLeast, only_major(10.0))
        },
        rule("ice_disconnected", Metric::IceDisconnected, CONNECTION, BOTH, AtLeast, only_major(1.0)),
        at_once("ice_failed", Metric::IceFailed, only_critical(1.0)),
        at_once("ice_restart", Metric::IceRestarts, only_minor(1.0)),
        at_once("dtls_failed", Metric::DtlsFailed, only_critical(1.0)),
        rule("candidate_pair_change", Metric::CandidatePairChanges, CONNECTION, AT_ONCE, AtLeast, only_minor(1.0)),
        rule("network_change", Metric::NetworkChanges, CONNECTION, AT_ONCE, AtLeast, only_minor(1.0)),
        // Plivo warns at 2 s; an unreachable STUN or TURN server costs 5 to 40 s.
        at_once("slow_gathering", Metric::GatheringTime, thresholds(2000.0, 5000.0, 10_000.0)),
        // ITU-T E.721, table 2, after dialling, in 95 of 100 calls: local ones 6 s, international ones 11 s. The other numbers are ours.
        at_once("slow_connecting", Metric::ConnectingTime, thresholds(3000.0, 6000.0, 10_000.0)),
        // Ours: a pause of a talker lasts 1.6 s on average, and 5 s in one case of twenty (ITU-T P.59).
        at_once("slow_first_media", Metric::FirstMediaTime, thresholds(1500.0, 3000.0, 5000.0)),
        // A received track that is to go on, without any stream: three reports on end.
        rule("missing_stream", Metric::MissingStreams, CONNECTION, sustained(3, 3), AtLeast, only_major(1.0)),
        // TCP repeats what is lost and holds up what comes after it.
        rule("relayed_over_tcp", Metric::RelayedOverTcp, CONNECTION, BOTH, AtLeast, only_minor(1.0)),
        // ITU-R BT.1359: noticed from 125 ms (sound late), unacceptable from 185 ms.
        rule("av_skew", Metric::AvSkew, CONNECTION, Statistic::Mean(seconds(5)), Above, thresholds(125.0, 185.0, 400.0)),
        Rule {
            condition: Condition::Camera,
            ..rule(
                "low_frame_rate",
                Metric::DecodedFrameRate,
                INBOUND_VIDEO,
                Statistic::Mean(seconds(10)),
                Below,
                thresholds(12.0, 7.0, 3.0),
            )
        },
        rule("cpu_limited", Metric::LimitedByCpu, OUTBOUND_VIDEO, Statistic::Mean(seconds(5)), Above, minor_major(0.5, 0.9)),
        Rule {
            condition: Condition::LineFull,
            ..rule(
                "bandwidth_limited",
                Metric::LimitedByBandwidth,
                OUTBOUND_VIDEO,
                Statistic::Mean(seconds(10)),
                Above,
                minor_major(0.5, 0.9),
            )
        },
        Rule {
            condition: Condition::Struggling,
            ..rule("decoder_fallback", Metric::SoftwareFallback, INBOUND_VIDEO, THREE_OF_FIVE, AtLeast, only_minor(1.0))
        },
        Rule {
            condition: Condition::Struggling,
            ..rule("encoder_fallback", Metric::SoftwareFallback, OUTBOUND_VIDEO, THREE_OF_FIVE, AtLeast, only_minor(1.0))
        },
        // The playout device asked for sound that this computer had not ready.
        rule(
            "starved_playout",
            Metric::SynthesizedPlayoutRatio,
            INBOUND_AUDIO,
            Statistic::Mean(seconds(5)),
            Above,
            thresholds(0.02, 0.05, 0.20),
        ),
        // −4 dB of full scale, more than a sine of −1 dB has, in three seconds of ten: speech has pauses, and never so much without being cut off.
        rule("loud_microphone", Metric::AudioRms, OUTBOUND_AUDIO, THREE_OF_TEN, Above, minor_major(0.6, 0.7)),
        // Somebody speaks, and in a quarter of a minute not one second reaches −40 dB of full scale: what is heard of speech lies 20 dB above.
        Rule {
            condition: Condition::MicrophoneSpeaks,
            ..rule("quiet_microphone", Metric::AudioRms, OUTBOUND_AUDIO, Statistic::Peak(seconds(15)), Below, only_minor(0.01))
        },
        // Of a computer's clock NTP tolerates 500 millionths (RFC 5905, MAXFREQ): 20 ms of sound too many or too few in 40 s. At
        // 2000 the jitter buffer must cut or stretch every ten seconds.
        Rule { clear_at: Some(300.0), ..rule("clock_drift", Metric::ClockDrift, AUDIO, TEN_OF_TEN, Above, minor_major(500.0, 2000.0)) },
        // A second and a half of speech within five is a sentence, not a cough.
        rule("speaking_while_muted", Metric::MutedSpeechRatio, CONNECTION, Statistic::Share(seconds(5)), AtLeast, only_minor(0.3)),
    ]
};

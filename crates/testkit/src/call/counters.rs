//! The counters of a synthetic call, moved on second by second and written in Chromium's shape.

use sidetone_engine::{report::Report, units::Timestamp};

use super::Conditions;
use crate::report::{ReportBuilder, report};

const AUDIO_PACKETS: f64 = 50.0;
const SAMPLES: f64 = 48_000.0;
const VIDEO_PAYLOAD: f64 = 1_100.0;
/// RTP header with extensions, as Chromium counts it.
const HEADER: f64 = 28.0;

const AUDIO_CODEC: &str = "CT01_111_minptime=10;useinbandfec=1";
const VIDEO_CODEC: &str = "CT01_96";

/// Packets of one direction of one stream.
#[derive(Default)]
struct Flow {
    /// Sent by whoever sends it.
    sent: f64,
    /// Lost on the way.
    lost: f64,
    /// Payload bytes sent.
    bytes_sent: f64,
    /// Payload bytes that arrived.
    bytes_received: f64,
    /// What the other end said last by RTCP: when, packets, packets lost, share lost since.
    said: Option<(Timestamp, f64, f64, f64)>,
}

impl Flow {
    fn advance(&mut self, packets: f64, bytes: f64, loss: f64) {
        self.sent += packets;
        self.lost += packets * loss;
        self.bytes_sent += bytes;
        self.bytes_received += bytes * (1.0 - loss);
    }

    fn received(&self) -> f64 {
        whole(self.sent) - whole(self.lost)
    }

    fn say(&mut self, now: Timestamp) {
        let (sent, lost) = self.said.map_or((0.0, 0.0), |(_, sent, lost, _)| (sent, lost));
        let fraction = if self.sent > sent { (self.lost - lost) / (self.sent - sent) } else { 0.0 };
        self.said = Some((now, self.sent, self.lost, fraction));
    }
}

/// Counts are whole; what is between is carried on.
fn whole(count: f64) -> f64 {
    (count + 1e-6).floor()
}

pub(super) struct Counters {
    now: Timestamp,
    second: u32,
    audio: bool,
    video: bool,
    /// Of audio in, audio out, video in, video out.
    ssrcs: [u32; 4],
    audio_in: Flow,
    audio_out: Flow,
    video_in: Flow,
    video_out: Flow,
    samples: f64,
    concealed: f64,
    concealed_silent: f64,
    concealment_events: f64,
    buffer_delay_samples: f64,
    mic_energy: f64,
    heard_energy: f64,
    frames_in: f64,
    frames_dropped: f64,
    frames_out: f64,
    frames_captured: f64,
    frame_delay_s: f64,
    encode_s: f64,
    frozen_s: f64,
    freezes: f64,
    freezes_s: f64,
    frame_gaps: f64,
    frame_gaps_squared: f64,
    limited_s: [(&'static str, f64); 4],
    resolution_changes: f64,
    height: Option<f64>,
    pings: f64,
    ping_time: f64,
    rtcp: f64,
    rtcp_time: f64,
    starved_s: f64,
    observed_s: f64,
    speech_s: f64,
}

impl Counters {
    pub(super) fn new(start: Timestamp, audio: bool, video: bool, ssrcs: [u32; 4]) -> Self {
        Self {
            now: start,
            second: 0,
            audio,
            video,
            ssrcs,
            audio_in: Flow::default(),
            audio_out: Flow::default(),
            video_in: Flow::default(),
            video_out: Flow::default(),
            samples: 0.0,
            concealed: 0.0,
            concealed_silent: 0.0,
            concealment_events: 0.0,
            buffer_delay_samples: 0.0,
            mic_energy: 0.0,
            heard_energy: 0.0,
            frames_in: 0.0,
            frames_dropped: 0.0,
            frames_out: 0.0,
            frames_captured: 0.0,
            frame_delay_s: 0.0,
            encode_s: 0.0,
            frozen_s: 0.0,
            freezes: 0.0,
            freezes_s: 0.0,
            frame_gaps: 0.0,
            frame_gaps_squared: 0.0,
            limited_s: [("bandwidth", 0.0), ("cpu", 0.0), ("none", 0.0), ("other", 0.0)],
            resolution_changes: 0.0,
            height: None,
            pings: 0.0,
            ping_time: 0.0,
            rtcp: 0.0,
            rtcp_time: 0.0,
            starved_s: 0.0,
            observed_s: 0.0,
            speech_s: 0.0,
        }
    }

    /// One second passes under these conditions.
    pub(super) fn advance(&mut self, line: &Conditions) {
        self.starved_s += line.starved;
        if let Some(speech) = line.muted_speech {
            self.observed_s += 1.0;
            self.speech_s += speech;
        }
        self.now = self.now.plus_micros(1_000_000);
        self.second += 1;
        if self.audio {
            self.advance_audio(line);
        }
        if self.video {
            self.advance_video(line);
        }
        if line.dead {
            return;
        }
        if self.second.is_multiple_of(2) {
            self.pings += 1.0;
            self.ping_time += line.rtt_ms / 1000.0;
        }
        // RTCP reports: every 5 s for audio, every second for video.
        if self.second.is_multiple_of(5) {
            self.audio_in.say(self.now);
            self.audio_out.say(self.now);
            self.rtcp += 1.0;
            self.rtcp_time += line.rtt_ms / 1000.0;
        }
        self.video_in.say(self.now);
        self.video_out.say(self.now);
    }

    fn advance_audio(&mut self, line: &Conditions) {
        let bytes = line.audio_bps / 8.0;
        if !line.sends_nothing {
            self.audio_out.advance(AUDIO_PACKETS, bytes, if line.dead { 1.0 } else { line.loss_out });
        }
        let mut concealed = line.concealed.unwrap_or(line.loss_in);
        if line.dead || line.blocked {
            // Nothing comes, so nothing is known to be lost: playout goes on with concealment.
            concealed = 1.0;
        } else {
            self.audio_in.advance(AUDIO_PACKETS, bytes, line.loss_in);
        }
        let silent = if line.dead || line.blocked { 0.95 } else { line.concealed_silent };
        self.samples += SAMPLES;
        self.concealed += SAMPLES * concealed;
        self.concealed_silent += SAMPLES * concealed * silent;
        self.concealment_events += if concealed > 0.0 { (concealed * AUDIO_PACKETS).clamp(1.0, 10.0) } else { 0.0 };
        self.buffer_delay_samples += SAMPLES * line.buffer_ms / 1000.0;
        self.mic_energy += line.mic_level * line.mic_level;
        self.heard_energy += line.heard_level * line.heard_level * (1.0 - concealed);
    }

    fn advance_video(&mut self, line: &Conditions) {
        let packets = (line.video_bps / 8.0 / VIDEO_PAYLOAD).max(line.fps);
        if !line.sends_nothing {
            self.video_out.advance(packets, line.video_bps / 8.0, if line.dead { 1.0 } else { line.loss_out });
            self.frames_out += line.fps;
        }
        self.frames_captured += line.camera_fps.unwrap_or(line.fps);
        // A machine at its limit needs nearly the whole frame interval.
        self.encode_s += if line.limited_by == "cpu" { 0.9 } else { line.fps * 0.004 };
        if self.height.is_some_and(|height| height != line.height) {
            self.resolution_changes += 1.0;
        }
        self.height = Some(line.height);
        for (reason, seconds) in &mut self.limited_s {
            *seconds += if *reason == line.limited_by { 1.0 } else { 0.0 };
        }
        let fps = line.fps_in.unwrap_or(line.fps);
        if line.frozen || line.dead || line.blocked || fps <= 0.0 {
            self.frozen_s += 1.0;
            return;
        }
        self.video_in.advance(packets, line.video_bps / 8.0, line.loss_in);
        self.frames_in += fps;
        self.frames_dropped += fps * line.dropped;
        self.frame_delay_s += fps * line.buffer_ms / 1000.0;
        let mut normal_s = 1.0;
        let mut gaps = fps;
        if self.frozen_s > 0.0 {
            // A freeze is counted when the next frame comes.
            let gap = self.frozen_s + 1.0 / fps;
            self.freezes += 1.0;
            self.freezes_s += gap;
            self.frame_gaps += gap;
            self.frame_gaps_squared += gap * gap;
            self.frozen_s = 0.0;
            gaps -= 1.0;
            normal_s -= 1.0 / fps;
        }
        self.frame_gaps += normal_s;
        self.frame_gaps_squared += gaps / (fps * fps);
    }

    /// The report at this instant.
    pub(super) fn report(&self, line: &Conditions) -> Report {
        let mut report = self.transport(line);
        if self.audio {
            report = self.audio(report, line);
        }
        if self.video {
            report = self.video(report, line);
        }
        if line.muted_speech.is_some() {
            report = report
                .object("sidetone-muted", "muted-microphone")
                .number("observedDuration", self.observed_s)
                .number("speechDuration", self.speech_s);
        }
        let mut report = report.build();
        if line.vanished {
            report.stats.remove("IT01A");
        }
        report
    }

    fn transport(&self, line: &Conditions) -> ReportBuilder {
        let received = self.audio_in.received() + self.video_in.received();
        let sent = whole(self.audio_out.sent) + whole(self.video_out.sent);
        let bytes_received = whole(self.audio_in.bytes_received + self.video_in.bytes_received) + received * HEADER;
        let bytes_sent = whole(self.audio_out.bytes_sent + self.video_out.bytes_sent) + sent * HEADER;
        let ice = if line.dead { "disconnected" } else { "connected" };
        let relay = |report: ReportBuilder| match line.relay_protocol {
            Some(protocol) => report.text("relayProtocol", protocol),
            None => report,
        };
        let mut pair = report(self.now)
            .object("P", "peer-connection")
            .number("dataChannelsOpened", 0.0)
            .number("dataChannelsClosed", 0.0)
            .object("T01", "transport")
            .number("bytesReceived", bytes_received)
            .number("bytesSent", bytes_sent)
            .number("packetsReceived", received)
            .number("packetsSent", sent)
            .text("dtlsState", line.dtls_state)
            .text("iceState", ice)
            .text("iceRole", "controlling")
            .text("iceLocalUsernameFragment", line.fragment)
            .number("selectedCandidatePairChanges", line.pair_changes)
            .text("selectedCandidatePairId", "CPlocal_remote")
            .object("Ilocal", "local-candidate")
            .text("address", "192.0.2.2")
            .text("candidateType", if line.relay_protocol.is_some() { "relay" } else { "host" })
            .text("networkType", line.network_type)
            .text("protocol", "udp")
            .number("port", 40_000.0)
            .text("transportId", "T01");
        pair = relay(pair)
            .object("Iremote", "remote-candidate")
            .text("address", "198.51.100.7")
            .text("candidateType", "srflx")
            .text("protocol", "udp")
            .number("port", 50_000.0)
            .text("transportId", "T01")
            .object("CPlocal_remote", "candidate-pair")
            .text("localCandidateId", "Ilocal")
            .text("remoteCandidateId", "Iremote")
            .text("transportId", "T01")
            .text("state", if line.dead { "in-progress" } else { "succeeded" })
            .bool("nominated", true)
            .number("bytesReceived", bytes_received)
            .number("bytesSent", bytes_sent)
            .number("packetsReceived", received)
            .number("packetsSent", sent)
            .number("responsesReceived", self.pings)
            .number("totalRoundTripTime", self.ping_time)
            .number("availableOutgoingBitrate", line.available_bps);
        if self.pings > 0.0 {
            pair = pair.number("currentRoundTripTime", line.rtt_ms / 1000.0);
        }
        pair
    }

    fn audio(&self, report: ReportBuilder, line: &Conditions) -> ReportBuilder {
        let flow = &self.audio_in;
        let report = codec(report, AUDIO_CODEC, "audio/opus", 48_000.0, 111.0)
            .number("channels", 2.0)
            .text("sdpFmtpLine", "minptime=10;useinbandfec=1");
        let report = rtp(report, "IT01A", "inbound-rtp", "audio", AUDIO_CODEC, self.ssrcs[0])
            .text("mid", "0")
            .text("trackIdentifier", "remote-audio")
            .text("remoteId", "ROA")
            .text("playoutId", "AP")
            .number("packetsReceived", flow.received())
            .number("packetsLost", whole(flow.lost))
            .number("packetsDiscarded", 0.0)
            .number("estimatedPlayoutTimestamp", self.now.as_millis_f64())
            .number("bytesReceived", whole(flow.bytes_received))
            .number("headerBytesReceived", flow.received() * HEADER)
            .number("jitter", line.jitter_ms / 1000.0)
            .number("audioLevel", if line.dead || line.blocked { 0.0 } else { line.heard_level })
            .number("totalAudioEnergy", self.heard_energy)
            .number("totalSamplesReceived", whole(self.samples))
            .number("totalSamplesDuration", self.samples / SAMPLES)
            .number("concealedSamples", whole(self.concealed))
            .number("silentConcealedSamples", whole(self.concealed_silent))
            .number("concealmentEvents", whole(self.concealment_events))
            .number("insertedSamplesForDeceleration", 0.0)
            .number("removedSamplesForAcceleration", 0.0)
            .number("jitterBufferDelay", self.buffer_delay_samples)
            .number("jitterBufferTargetDelay", self.buffer_delay_samples)
            .number("jitterBufferMinimumDelay", self.buffer_delay_samples)
            .number("jitterBufferEmittedCount", whole(self.samples));
        let report = report
            .object("AP", "media-playout")
            .text("kind", "audio")
            .number("synthesizedSamplesDuration", self.starved_s)
            .number("totalSamplesDuration", self.samples / SAMPLES)
            .number("totalSamplesCount", whole(self.samples));
        let report = rtp(report, "OT01A", "outbound-rtp", "audio", AUDIO_CODEC, self.ssrcs[1])
            .text("mid", "0")
            .text("mediaSourceId", "SA1")
            .text("remoteId", "RIA")
            .bool("active", true)
            .number("packetsSent", whole(self.audio_out.sent))
            .number("bytesSent", whole(self.audio_out.bytes_sent))
            .number("headerBytesSent", whole(self.audio_out.sent) * HEADER)
            .number("targetBitrate", line.audio_bps)
            .object("SA1", "media-source")
            .text("kind", "audio")
            .text("trackIdentifier", "local-audio")
            .number("audioLevel", line.mic_level)
            .number("totalAudioEnergy", self.mic_energy)
            .number("totalSamplesDuration", f64::from(self.second));
        self.remote(report, line, "A", "audio", AUDIO_CODEC, (&self.audio_in, self.ssrcs[0]), (&self.audio_out, self.ssrcs[1]))
    }

    fn video(&self, report: ReportBuilder, line: &Conditions) -> ReportBuilder {
        let still = line.frozen || line.dead || line.blocked;
        let fps = line.fps_in.unwrap_or(line.fps);
        let shown = self.frames_in - self.frames_dropped;
        let report = codec(report, VIDEO_CODEC, "video/VP8", 90_000.0, 96.0);
        let mut report = rtp(report, "IT01V", "inbound-rtp", "video", VIDEO_CODEC, self.ssrcs[2]);
        if line.is_screen {
            report = report.text("contentType", "screenshare");
        }
        let report = report
            .text("mid", "1")
            .text("trackIdentifier", "remote-video")
            .text("remoteId", "ROV")
            .text("decoderImplementation", line.implementation.0)
            .bool("powerEfficientDecoder", line.implementation.1)
            .number("estimatedPlayoutTimestamp", self.now.as_millis_f64() - line.skew_ms)
            .number("packetsReceived", self.video_in.received())
            .number("packetsLost", whole(self.video_in.lost))
            .number("bytesReceived", whole(self.video_in.bytes_received))
            .number("headerBytesReceived", self.video_in.received() * HEADER)
            .number("jitter", line.jitter_ms / 1000.0)
            .number("framesReceived", whole(self.frames_in))
            .number("framesDecoded", whole(shown))
            .number("framesDropped", whole(self.frames_dropped))
            .number("keyFramesDecoded", if self.frames_in > 0.0 { 1.0 } else { 0.0 })
            .number("framesPerSecond", if still { 0.0 } else { fps })
            .number("frameWidth", line.height * 4.0 / 3.0)
            .number("frameHeight", line.height)
            .number("freezeCount", self.freezes)
            .number("totalFreezesDuration", self.freezes_s)
            .number("pauseCount", 0.0)
            .number("totalPausesDuration", 0.0)
            .number("totalInterFrameDelay", self.frame_gaps)
            .number("totalSquaredInterFrameDelay", self.frame_gaps_squared)
            .number("totalDecodeTime", shown * 0.002 + self.frames_dropped * 0.02)
            .number("qpSum", self.frames_in * 20.0)
            .number("jitterBufferDelay", self.frame_delay_s)
            .number("jitterBufferEmittedCount", whole(self.frames_in))
            .number("firCount", 0.0)
            .number("pliCount", self.freezes)
            .number("nackCount", whole(self.video_in.lost));
        let mut report = rtp(report, "OT01V", "outbound-rtp", "video", VIDEO_CODEC, self.ssrcs[3])
            .text("mid", "1")
            .text("mediaSourceId", "SV2")
            .text("remoteId", "RIV")
            .text("encoderImplementation", line.implementation.0)
            .bool("powerEfficientEncoder", line.implementation.1)
            .text("scalabilityMode", "L1T1")
            .bool("active", true)
            .number("packetsSent", whole(self.video_out.sent))
            .number("bytesSent", whole(self.video_out.bytes_sent))
            .number("headerBytesSent", whole(self.video_out.sent) * HEADER)
            .number("framesSent", whole(self.frames_out))
            .number("framesEncoded", whole(self.frames_out))
            .number("keyFramesEncoded", if self.frames_out > 0.0 { 1.0 } else { 0.0 })
            .number("framesPerSecond", line.fps)
            .number("frameWidth", line.height * 4.0 / 3.0)
            .number("frameHeight", line.height)
            .number("totalEncodeTime", self.encode_s)
            .number("qpSum", self.frames_out * 20.0)
            .number("targetBitrate", line.video_bps)
            .number("nackCount", whole(self.video_out.lost))
            .text("qualityLimitationReason", line.limited_by)
            .number("qualityLimitationResolutionChanges", self.resolution_changes);
        if line.is_screen {
            report = report.text("contentType", "screenshare");
        }
        for (reason, seconds) in self.limited_s {
            report = report.entry("qualityLimitationDurations", reason, seconds);
        }
        let report = report
            .object("SV2", "media-source")
            .text("kind", "video")
            .text("trackIdentifier", "local-video")
            .number("width", line.height * 4.0 / 3.0)
            .number("height", line.height)
            .number("frames", whole(self.frames_captured))
            .number("framesPerSecond", line.camera_fps.unwrap_or(line.fps));
        self.remote(report, line, "V", "video", VIDEO_CODEC, (&self.video_in, self.ssrcs[2]), (&self.video_out, self.ssrcs[3]))
    }

    /// What the other end said by RTCP, if it did.
    #[expect(clippy::too_many_arguments, reason = "the two directions of one kind of media")]
    fn remote(
        &self,
        mut report: ReportBuilder,
        line: &Conditions,
        letter: &str,
        kind: &str,
        codec: &str,
        (inbound, inbound_ssrc): (&Flow, u32),
        (outbound, outbound_ssrc): (&Flow, u32),
    ) -> ReportBuilder {
        if let Some((time, sent, _, _)) = inbound.said {
            report = rtp(report, &format!("RO{letter}"), "remote-outbound-rtp", kind, codec, inbound_ssrc)
                .number("timestamp", time.as_millis_f64())
                .number("remoteTimestamp", time.as_millis_f64())
                .text("localId", &format!("IT01{letter}"))
                .number("packetsSent", whole(sent))
                .number("reportsSent", f64::from(self.second));
        }
        if let Some((time, _, lost, fraction)) = outbound.said {
            report = rtp(report, &format!("RI{letter}"), "remote-inbound-rtp", kind, codec, outbound_ssrc)
                .number("timestamp", time.as_millis_f64())
                .text("localId", &format!("OT01{letter}"))
                .number("packetsLost", whole(lost))
                .number("fractionLost", fraction)
                .number("jitter", line.jitter_out_ms.unwrap_or(line.jitter_ms) / 1000.0);
            if self.rtcp > 0.0 {
                report = report
                    .number("roundTripTime", line.rtt_ms / 1000.0)
                    .number("roundTripTimeMeasurements", self.rtcp)
                    .number("totalRoundTripTime", self.rtcp_time);
            }
        }
        report
    }
}

fn codec(report: ReportBuilder, id: &str, mime_type: &str, clock_rate: f64, payload_type: f64) -> ReportBuilder {
    report
        .object(id, "codec")
        .text("mimeType", mime_type)
        .number("clockRate", clock_rate)
        .number("payloadType", payload_type)
        .text("transportId", "T01")
}

fn rtp(report: ReportBuilder, id: &str, stats_type: &str, kind: &str, codec: &str, ssrc: u32) -> ReportBuilder {
    report.object(id, stats_type).text("kind", kind).text("codecId", codec).text("transportId", "T01").number("ssrc", ssrc)
}

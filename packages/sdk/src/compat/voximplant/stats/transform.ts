/** From two reports of the browser to what `CallStatsReceived` carries. */

import { mosG107 } from "./mos.ts";
import type {
  ConnectionStatsReport,
  InboundAudioStatsReport,
  InboundVideoStatsReport,
  OutboundAudioStatsReport,
  OutboundVideoStatsReport,
  StatsReport,
} from "./report.ts";
import { number, type Source, type Stats, text } from "./source.ts";

/** What a received track is to the page. */
export interface Played {
  /** Id of its renderer. */
  readonly renderer: string;
  /** Id of its endpoint. */
  readonly endpoint: string;
}

/** The report at `now`; rates and what is said of the interval are since `before`. */
export function statsReport(now: Source, before: Source | undefined, played: (trackId: string) => Played | undefined): StatsReport {
  const connection = connectionOf(now);
  const outbound: StatsReport["outbound"] = {};
  for (const stream of now.all("outbound-rtp")) {
    const track = text(now.follow(stream, "mediaSourceId"), "trackIdentifier") ?? String(stream["ssrc"]);
    (outbound[track] ??= []).push(outboundOf(now, before, stream));
  }
  const inbound: StatsReport["inbound"] = {};
  const scores: number[] = [];
  for (const stream of now.all("inbound-rtp")) {
    const track = text(stream, "trackIdentifier") ?? String(stream["ssrc"]);
    const of = played(track);
    const report = inboundOf(now, before, stream, of?.endpoint);
    inbound[of?.renderer ?? track] = report;
    if (report.kind === "audio" && report.packetsReceived > 0) scores.push(scoreOf(report, connection));
  }
  const mean = scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { connection, outbound, inbound, mos: { mosG107: mean as number } };
}

/** Bit/s between two counts of bytes; 0 where no time has passed. */
export function bitrate(bytes: number, bytesBefore: number | undefined, timeMs: number, timeBeforeMs: number | undefined): number {
  if (bytesBefore === undefined || timeBeforeMs === undefined || timeMs <= timeBeforeMs) return 0;
  return Math.max(0, ((bytes - bytesBefore) * 8000) / (timeMs - timeBeforeMs));
}

function scoreOf(report: InboundAudioStatsReport | InboundVideoStatsReport, connection: ConnectionStatsReport): number {
  const rttMs = 1000 * (connection.currentRtt ?? report.rtt ?? 0);
  return mosG107({ rttMs, lossRatio: report.intervalLoss ?? report.loss, jitterMs: 1000 * report.jitter, codec: report.codec });
}

function connectionOf(now: Source): ConnectionStatsReport {
  const pair = now.selectedPair;
  const local = now.follow(pair, "localCandidateId");
  const remote = now.follow(pair, "remoteCandidateId");
  const responses = number(pair, "responsesReceived");
  const sum = number(pair, "totalRoundTripTime");
  return known({
    timestamp: number(pair, "timestamp"),
    remoteType: text(remote, "candidateType"),
    remoteIp: text(remote, "address") ?? text(remote, "ip"),
    remoteProtocol: text(remote, "protocol"),
    remotePort: number(remote, "port"),
    localType: text(local, "candidateType"),
    localIp: text(local, "address") ?? text(local, "ip"),
    localProtocol: text(local, "protocol"),
    localPort: number(local, "port"),
    bytesSent: number(pair, "bytesSent"),
    bytesReceived: number(pair, "bytesReceived"),
    availableOutgoingBitrate: number(pair, "availableOutgoingBitrate"),
    rtt: sum,
    currentRtt: number(pair, "currentRoundTripTime"),
    averageRtt: sum !== undefined && responses ? sum / responses : undefined,
    networkType: text(local, "networkType"),
  }) as unknown as ConnectionStatsReport;
}

function outboundOf(now: Source, before: Source | undefined, stream: Stats): OutboundAudioStatsReport | OutboundVideoStatsReport {
  const past = before?.get(text(stream, "id"));
  const remote = now.remoteInbound(stream);
  const codec = now.follow(stream, "codecId");
  const source = now.follow(stream, "mediaSourceId");
  const sent = number(stream, "packetsSent");
  const lost = number(remote, "packetsLost");
  const common = {
    ...rates(stream, past, "bytesSent"),
    bytesSent: number(stream, "bytesSent"),
    packetsSent: sent,
    rid: text(stream, "rid"),
    jitter: number(remote, "jitter"),
    rtt: number(remote, "roundTripTime"),
    totalRtt: number(remote, "totalRoundTripTime"),
    packetsLost: lost,
    loss: ratio(lost, sent),
    intervalLoss: past && before ? ratio(since(lost, number(before.remoteInbound(past), "packetsLost")), since(sent, number(past, "packetsSent"))) : undefined,
    codec: text(codec, "mimeType"),
    pt: number(codec, "payloadType"),
    targetBitrate: number(stream, "targetBitrate"),
    retransmittedBytesSent: number(stream, "retransmittedBytesSent"),
    retransmittedPacketsSent: number(stream, "retransmittedPacketsSent"),
  };
  if (stream["kind"] === "audio") {
    const audio = { kind: "audio", audioLevel: number(source, "audioLevel"), totalAudioEnergy: number(source, "totalAudioEnergy") };
    return known({ ...common, ...audio }) as unknown as OutboundAudioStatsReport;
  }
  const video = {
    kind: "video",
    ...numbers(stream, ["firCount", "pliCount", "nackCount", "framesPerSecond", "qualityLimitationResolutionChanges", "qpSum", "framesEncoded", "keyFramesEncoded"]),
    width: number(stream, "frameWidth"),
    height: number(stream, "frameHeight"),
    baseWidth: number(source, "width"),
    baseHeight: number(source, "height"),
    baseFramesPerSecond: number(source, "framesPerSecond"),
    qualityLimitationReason: text(stream, "qualityLimitationReason"),
  };
  return known({ ...common, ...video }) as unknown as OutboundVideoStatsReport;
}

function inboundOf(now: Source, before: Source | undefined, stream: Stats, endpoint: string | undefined): InboundAudioStatsReport | InboundVideoStatsReport {
  const past = before?.get(text(stream, "id"));
  const remote = now.remoteOutbound(stream);
  const received = number(stream, "packetsReceived") ?? 0;
  const lost = Math.max(0, number(stream, "packetsLost") ?? 0);
  const lostBefore = number(past, "packetsLost");
  const common = {
    ...rates(stream, past, "bytesReceived"),
    kind: text(stream, "kind"),
    bytesReceived: number(stream, "bytesReceived") ?? 0,
    packetsReceived: received,
    packetsLost: lost,
    loss: ratio(lost, received) ?? 0,
    intervalLoss: past ? ratio(since(lost, lostBefore), since(received, number(past, "packetsReceived"))) : undefined,
    jitter: number(stream, "jitter") ?? 0,
    endpoint,
    codec: text(now.follow(stream, "codecId"), "mimeType"),
    rtt: number(remote, "roundTripTime"),
    totalRtt: number(remote, "totalRoundTripTime"),
    jitterBufferMs: jitterBufferMs(stream, past),
  };
  if (stream["kind"] === "audio") {
    const names = [
      "audioLevel",
      "totalAudioEnergy",
      "totalSamplesReceived",
      "totalSamplesDuration",
      "insertedSamplesForDeceleration",
      "silentConcealedSamples",
      "concealedSamples",
      "concealmentEvents",
    ];
    return known({ ...common, ...numbers(stream, names) }) as unknown as InboundAudioStatsReport;
  }
  const video = {
    ...numbers(stream, ["framesReceived", "framesDecoded", "framesDropped", "framesPerSecond", "freezeCount", "pauseCount", "totalFreezesDuration", "totalPausesDuration"]),
    height: number(stream, "frameHeight"),
    width: number(stream, "frameWidth"),
    totalFramesDuration: number(stream, "totalInterFrameDelay"),
  };
  return known({ ...common, ...video }) as unknown as InboundVideoStatsReport;
}

/** Mean delay in the jitter buffer of what was played since `past`, or at all, milliseconds. */
export function jitterBufferMs(stream: Stats, past: Stats | undefined): number | undefined {
  const seconds = since(number(stream, "jitterBufferDelay"), number(past, "jitterBufferDelay") ?? 0);
  const count = since(number(stream, "jitterBufferEmittedCount"), number(past, "jitterBufferEmittedCount") ?? 0);
  return seconds !== undefined && count ? (1000 * seconds) / count : undefined;
}

function rates(stream: Stats, past: Stats | undefined, bytes: "bytesSent" | "bytesReceived"): { timestamp: number; bitrate: number; bitrateKbps: number } {
  const timestamp = number(stream, "timestamp") ?? 0;
  const bps = bitrate(number(stream, bytes) ?? 0, number(past, bytes), timestamp, number(past, "timestamp"));
  return { timestamp, bitrate: bps, bitrateKbps: bps / 1000 };
}

function since(count: number | undefined, before: number | undefined): number | undefined {
  return count === undefined || before === undefined ? undefined : Math.max(0, count - before);
}

/** Lost packets of all that should have come; a late packet may have made the count negative. */
function ratio(lost: number | undefined, arrived: number | undefined): number | undefined {
  if (lost === undefined || arrived === undefined) return undefined;
  const expected = Math.max(0, lost) + arrived;
  return expected === 0 ? 0 : Math.max(0, lost) / expected;
}

function numbers(stats: Stats, names: readonly string[]): Record<string, number | undefined> {
  return Object.fromEntries(names.map((name) => [name, number(stats, name)]));
}

function known(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

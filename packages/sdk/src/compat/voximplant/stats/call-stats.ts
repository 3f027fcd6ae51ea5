/** The statistics of voximplant-websdk 4.3, made from those of 4.13: `callStats(event.stats)`. Counters run from the start; what is not known is absent. */

import type { InboundAudioStatsReport, InboundVideoStatsReport, OutboundAudioStatsReport, OutboundVideoStatsReport, StatsReport } from "./report.ts";

export interface OutboundAudioStats {
  /** 0 to 1. */
  audioLevel?: number;
  bytesSent: number;
  packetsSent: number;
  codec?: string;
  timestamp: number;
  retransmittedBytesSent?: number;
  retransmittedPacketsSent?: number;
}

/** Numbers, also where the original's types say text. */
export interface OutboundVideoStats {
  bytesSent: number;
  packetsSent: number;
  codec?: string;
  /** Bit/s. */
  encoderBitrate?: number;
  fps?: number;
  frameWidth?: number;
  frameHeight?: number;
  /** Bit/s. */
  targetBitrate?: number;
  timestamp: number;
  pli?: number;
  fir?: number;
  nack?: number;
  qualityLimitationReason?: string;
  qualityLimitationResolutionChanges?: number;
}

export interface InboundAudioStats {
  bytesReceived: number;
  packetsReceived: number;
  packetsLost: number;
  /** 0 to 1. */
  loss: number;
  /** Milliseconds, mean of the interval. */
  jitterBufferMs?: number;
  codec?: string;
  timestamp: number;
}

export interface InboundVideoStats extends InboundAudioStats {
  frameWidth?: number;
  frameHeight?: number;
  framesDecoded?: number;
  framesDropped?: number;
  framesReceived?: number;
}

export interface EndpointStats {
  audioBytesReceived: number;
  videoBytesReceived: number;
  totalBytesReceived: number;
  audioPacketsReceived: number;
  videoPacketsReceived: number;
  totalPacketsReceived: number;
  audioPacketsLost: number;
  videoPacketsLost: number;
  timestamp: number;
  remoteAudioStats: { [id: string]: InboundAudioStats };
  remoteVideoStats: { [id: string]: InboundVideoStats };
}

export interface CallStats {
  totalBytesReceived: number;
  totalBytesSent: number;
  audioBytesReceived: number;
  audioBytesSent: number;
  videoBytesReceived: number;
  videoBytesSent: number;
  totalPacketsReceived: number;
  totalPacketsSent: number;
  /** Of those that should have been received; so are the next two and the losses. */
  totalPacketsLost: number;
  audioPacketsLost: number;
  videoPacketsLost: number;
  audioPacketsReceived: number;
  audioPacketsSent: number;
  videoPacketsReceived: number;
  videoPacketsSent: number;
  /** 0 to 1. */
  totalLoss: number;
  audioLoss: number;
  videoLoss: number;
  /** Bit/s. */
  availableOutgoingBitrate?: number;
  /** Seconds: the latest. */
  rtt?: number;
  localCandidateType?: string;
  remoteCandidateType?: string;
  networkType?: string;
  /** Milliseconds since 1970 (the original's documentation says microseconds). */
  timestamp: number;
  localAudioStats: Map<string, OutboundAudioStats>;
  localVideoStats: Map<string, OutboundVideoStats>;
  endpointStats: Map<string, EndpointStats>;
}

type Inbound = InboundAudioStatsReport | InboundVideoStatsReport;
type Outbound = OutboundAudioStatsReport | OutboundVideoStatsReport;

export function callStats({ connection, inbound, outbound }: StatsReport): CallStats {
  const received = totals(Object.values(inbound));
  const sent = sums(Object.entries(outbound).flatMap(([, layers]) => layers));
  const { audio: lostAudio, video: lostVideo } = received.lost;
  return defined({
    totalBytesReceived: received.bytes.audio + received.bytes.video,
    totalBytesSent: sent.bytes.audio + sent.bytes.video,
    audioBytesReceived: received.bytes.audio,
    audioBytesSent: sent.bytes.audio,
    videoBytesReceived: received.bytes.video,
    videoBytesSent: sent.bytes.video,
    totalPacketsReceived: received.packets.audio + received.packets.video,
    totalPacketsSent: sent.packets.audio + sent.packets.video,
    totalPacketsLost: lostAudio + lostVideo,
    audioPacketsLost: lostAudio,
    videoPacketsLost: lostVideo,
    audioPacketsReceived: received.packets.audio,
    audioPacketsSent: sent.packets.audio,
    videoPacketsReceived: received.packets.video,
    videoPacketsSent: sent.packets.video,
    totalLoss: loss(lostAudio + lostVideo, received.packets.audio + received.packets.video),
    audioLoss: loss(lostAudio, received.packets.audio),
    videoLoss: loss(lostVideo, received.packets.video),
    availableOutgoingBitrate: connection.availableOutgoingBitrate,
    rtt: connection.currentRtt,
    localCandidateType: connection.localType,
    remoteCandidateType: connection.remoteType,
    networkType: connection.networkType,
    timestamp: connection.timestamp,
    localAudioStats: new Map(layersOf(outbound, "audio").map(([id, layer]) => [id, outboundAudio(layer as OutboundAudioStatsReport)])),
    localVideoStats: new Map(layersOf(outbound, "video").map(([id, layer]) => [id, outboundVideo(layer as OutboundVideoStatsReport)])),
    endpointStats: endpoints(inbound),
  });
}

/** Each layer of a simulcast under an id of its own: the track's, and its `rid`. */
function layersOf(outbound: StatsReport["outbound"], kind: Outbound["kind"]): (readonly [string, Outbound])[] {
  return Object.entries(outbound).flatMap(([id, layers]) =>
    layers.filter((layer) => layer.kind === kind).map((layer) => [layer.rid ? `${id}-${layer.rid}` : id, layer] as const),
  );
}

function outboundAudio({ audioLevel, bytesSent, packetsSent, codec, timestamp, retransmittedBytesSent, retransmittedPacketsSent }: OutboundAudioStatsReport): OutboundAudioStats {
  return defined({ audioLevel, bytesSent, packetsSent, codec, timestamp, retransmittedBytesSent, retransmittedPacketsSent });
}

function outboundVideo(layer: OutboundVideoStatsReport): OutboundVideoStats {
  const { bytesSent, packetsSent, codec, timestamp, targetBitrate, qualityLimitationReason, qualityLimitationResolutionChanges } = layer;
  return defined({
    bytesSent,
    packetsSent,
    codec,
    encoderBitrate: layer.bitrate,
    fps: layer.framesPerSecond,
    frameWidth: layer.width,
    frameHeight: layer.height,
    targetBitrate,
    timestamp,
    pli: layer.pliCount,
    fir: layer.firCount,
    nack: layer.nackCount,
    qualityLimitationReason,
    qualityLimitationResolutionChanges,
  });
}

function endpoints(inbound: StatsReport["inbound"]): Map<string, EndpointStats> {
  const all = new Map<string, EndpointStats>();
  const ids = new Set(Object.values(inbound).flatMap(({ endpoint }) => endpoint ?? []));
  for (const id of ids) {
    const own = Object.entries(inbound).filter(([, { endpoint }]) => endpoint === id);
    const { bytes, packets, lost } = totals(own.map(([, stream]) => stream));
    const streams = (kind: Inbound["kind"]) => Object.fromEntries(own.filter(([, stream]) => stream.kind === kind).map(([name, stream]) => [name, inboundStats(stream)]));
    all.set(id, {
      audioBytesReceived: bytes.audio,
      videoBytesReceived: bytes.video,
      totalBytesReceived: bytes.audio + bytes.video,
      audioPacketsReceived: packets.audio,
      videoPacketsReceived: packets.video,
      totalPacketsReceived: packets.audio + packets.video,
      audioPacketsLost: lost.audio,
      videoPacketsLost: lost.video,
      timestamp: Math.max(...own.map(([, { timestamp }]) => timestamp)),
      remoteAudioStats: streams("audio"),
      remoteVideoStats: streams("video"),
    });
  }
  return all;
}

function inboundStats(stream: Inbound): InboundVideoStats {
  const { bytesReceived, packetsReceived, packetsLost, jitterBufferMs, codec, timestamp } = stream;
  const video = stream as InboundVideoStatsReport;
  return defined({
    bytesReceived,
    packetsReceived,
    packetsLost,
    loss: stream.loss,
    jitterBufferMs,
    codec,
    timestamp,
    frameWidth: video.width,
    frameHeight: video.height,
    framesDecoded: video.framesDecoded,
    framesDropped: video.framesDropped,
    framesReceived: video.framesReceived,
  });
}

type PerKind = Record<"audio" | "video", number>;

function totals(streams: readonly Inbound[]): { bytes: PerKind; packets: PerKind; lost: PerKind } {
  return {
    bytes: perKind(streams, ({ bytesReceived }) => bytesReceived),
    packets: perKind(streams, ({ packetsReceived }) => packetsReceived),
    lost: perKind(streams, ({ packetsLost }) => packetsLost),
  };
}

function sums(streams: readonly Outbound[]): { bytes: PerKind; packets: PerKind } {
  return { bytes: perKind(streams, ({ bytesSent }) => bytesSent), packets: perKind(streams, ({ packetsSent }) => packetsSent) };
}

function perKind<Stream extends { kind: "audio" | "video" }>(streams: readonly Stream[], value: (stream: Stream) => number): PerKind {
  const sum = (kind: Stream["kind"]) => streams.filter((stream) => stream.kind === kind).reduce((total, stream) => total + (value(stream) ?? 0), 0);
  return { audio: sum("audio"), video: sum("video") };
}

function loss(lost: number, received: number): number {
  return lost + received === 0 ? 0 : lost / (lost + received);
}

/** Without what is `undefined`. */
function defined<Values extends object>(values: { [Name in keyof Values]: Values[Name] | undefined }): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;
}

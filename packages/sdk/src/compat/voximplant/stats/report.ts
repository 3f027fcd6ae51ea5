/**
 * What `CallStatsReceived` carries: the `StatsReport` of voximplant-websdk 4.13, and members of ours that say what its own leave open. Counters
 * run from the start of the stream. What the browser does not tell is absent at run time, also where the original's type promises a number.
 */

export interface ConnectionStatsReport {
  /** Milliseconds since 1970. */
  timestamp: number;
  /** May be `prflx` at run time. */
  remoteType: "host" | "srflx" | "relay";
  remoteIp?: string;
  remoteProtocol: "udp" | "tcp";
  remotePort: number;
  /** May be `prflx` at run time. */
  localType: "host" | "srflx" | "relay";
  localIp?: string;
  localProtocol: "udp" | "tcp";
  localPort: number;
  bytesSent: number;
  bytesReceived: number;
  /** Bit/s. */
  availableOutgoingBitrate?: number;
  /** Seconds: the sum of all round trips, as in the original. Draw {@link currentRtt} or {@link averageRtt}. */
  rtt: number;
  /** Seconds: the latest round trip. */
  currentRtt?: number;
  /** Of Sidetone: the mean of all round trips, seconds. */
  averageRtt?: number;
  /** Of Sidetone: kind of the local network, such as `wifi`. */
  networkType?: string;
}

interface BaseOutboundStatsReport {
  timestamp: number;
  bytesSent: number;
  packetsSent: number;
  /** Layer of a simulcast. */
  rid?: string;
  /** Seconds, as the other side reports it; as are `rtt`, `packetsLost` and `loss`. */
  jitter: number;
  /** Seconds: the latest. */
  rtt: number;
  packetsLost: number;
  /** 0 to 1, since the start. */
  loss: number;
  /** MIME type. */
  codec?: string;
  /** Payload type. */
  pt?: number;
  /** Seconds: the sum of all round trips. */
  totalRtt?: number;
  /** Bit/s since the report before (the original's documentation says kbit/s). */
  bitrate: number;
  /** Of Sidetone: kbit/s. */
  bitrateKbps: number;
  /** Of Sidetone: loss since the report before, 0 to 1. */
  intervalLoss?: number;
  /** Of Sidetone: what the encoder is told to make, bit/s. */
  targetBitrate?: number;
  /** Of Sidetone. */
  retransmittedBytesSent?: number;
  /** Of Sidetone. */
  retransmittedPacketsSent?: number;
}

export interface OutboundAudioStatsReport extends BaseOutboundStatsReport {
  kind: "audio";
  /** 0 to 1, linear. */
  audioLevel?: number;
  totalAudioEnergy?: number;
}

export interface OutboundVideoStatsReport extends BaseOutboundStatsReport {
  kind: "video";
  firCount: number;
  pliCount: number;
  nackCount: number;
  width?: number;
  /** As captured. */
  baseWidth?: number;
  height?: number;
  baseHeight?: number;
  framesPerSecond?: number;
  baseFramesPerSecond?: number;
  qualityLimitationReason?: "cpu" | "bandwidth" | "other" | "none";
  qualityLimitationResolutionChanges?: number;
  qpSum?: number;
  framesEncoded?: number;
  keyFramesEncoded?: number;
}

export type ReportKind = "audio" | "video";

interface BasicInboundStatsReport {
  timestamp: number;
  kind: ReportKind;
  bytesReceived: number;
  packetsReceived: number;
  packetsLost: number;
  /** 0 to 1, since the start. */
  loss: number;
  /** Seconds. */
  jitter: number;
  /** Bit/s since the report before (the original's documentation says kbit/s). */
  bitrate: number;
  /** Id of the {@link Endpoint}. */
  endpoint?: string;
  /** MIME type. */
  codec?: string;
  /** Seconds: the latest, of the sender's reports (RFC 3611), where the browser reckons it. */
  rtt?: number;
  /** Seconds: the sum of all. */
  totalRtt?: number;
  /** Of Sidetone: kbit/s. */
  bitrateKbps: number;
  /** Of Sidetone: loss since the report before, 0 to 1. */
  intervalLoss?: number;
  /** Of Sidetone: mean delay in the jitter buffer since the report before, milliseconds. */
  jitterBufferMs?: number;
}

export interface InboundAudioStatsReport extends BasicInboundStatsReport {
  /** 0 to 1, linear. */
  audioLevel?: number;
  totalAudioEnergy?: number;
  totalSamplesReceived?: number;
  /** Seconds. */
  totalSamplesDuration?: number;
  insertedSamplesForDeceleration?: number;
  silentConcealedSamples?: number;
  /** Of Sidetone. */
  concealedSamples?: number;
  /** Of Sidetone. */
  concealmentEvents?: number;
}

export interface InboundVideoStatsReport extends BasicInboundStatsReport {
  height?: number;
  width?: number;
  framesReceived?: number;
  framesDecoded?: number;
  framesDropped?: number;
  framesPerSecond?: number;
  freezeCount?: number;
  pauseCount?: number;
  /** Seconds between the first frame and the last, as the next two are seconds. */
  totalFramesDuration?: number;
  totalFreezesDuration?: number;
  totalPausesDuration?: number;
}

export interface MosReport {
  /** 1 to 4.5, the mean of the received voices; `null` at run time while there is none (NaN in the original). */
  mosG107: number;
}

export interface StatsReport {
  connection: ConnectionStatsReport;
  /** By id of the local track; its layers. */
  outbound: Record<string, (OutboundAudioStatsReport | OutboundVideoStatsReport)[]>;
  /** By id of the {@link MediaRenderer}, or of the track where none plays it. */
  inbound: Record<string, InboundAudioStatsReport | InboundVideoStatsReport>;
  mos: MosReport;
}

/** What `csStatsCallback` and `on("stats")` are given: every 10 s for each fabric, in the documented units. */

import type { Tick } from "../../api.ts";
import type { Fabric, FabricState } from "./fabric.ts";

/** The documented rhythm. */
export const STATS_INTERVAL_MS = 10_000;

/** Values of `mos_lq` and `mos_v` from which a track is called excellent, and fair. */
const EXCELLENT_FROM = 3.6;
const FAIR_FROM = 2.6;

/** One stream. Bit rate in kbit/s, packet rate in packets/s, jitter and round trip in ms, loss 0 to 1; what is not known is absent. */
export interface TrackStats {
  readonly ssrc: number;
  readonly statsType: "inbound-rtp" | "outbound-rtp";
  readonly mediaType: "audio" | "video";
  readonly remoteUserID: string;
  readonly usageLabel?: string;
  readonly associatedVideoTag?: string;
  readonly bitrate: number;
  readonly packetRate: number;
  readonly fractionLoss: number;
  readonly packetLossPercentage?: number;
  readonly jitter?: number;
  readonly averageJitter?: number;
  readonly rtt?: number;
  readonly averageRTT?: number;
  readonly quality: "excellent" | "fair" | "bad" | "unknown";
  readonly audioLevel?: number;
  readonly audioInputLevel?: number;
  /** As callstats.js spelled it. */
  readonly audioIntputLevel?: number;
  readonly audioOutputLevel?: number;
}

export interface ConferenceStats {
  readonly connectionState: "online" | "offline";
  readonly fabricState: FabricState;
  /** The conference's page; `null` until the server has it. */
  readonly conferenceURL: string | null;
  readonly streams: Readonly<Record<string, TrackStats>>;
  readonly mediaStreamTracks: readonly TrackStats[];
}

/** A mean over the life of a stream. */
class Mean {
  #sum = 0;
  #count = 0;

  add(value: number | undefined): number | undefined {
    if (value !== undefined) {
      this.#sum += value;
      this.#count += 1;
    }
    return this.#count > 0 ? this.#sum / this.#count : undefined;
  }
}

/** Gathers the ticks of one fabric. */
export class Statistics {
  readonly #means = new Map<string, { readonly jitter: Mean; readonly rtt: Mean }>();
  #dueMs = Date.now() + STATS_INTERVAL_MS;

  /** What the app is told now; `undefined` when it is not time yet. */
  take(tick: Tick, fabric: Fabric, conferenceURL: string | null): ConferenceStats | undefined {
    const tracks = tick.streams.map((held) => this.#track(held, fabric));
    if (tick.timeMs < this.#dueMs) return undefined;
    // In step with the clock, also after a pause.
    this.#dueMs = Math.max(this.#dueMs + STATS_INTERVAL_MS, tick.timeMs + STATS_INTERVAL_MS / 2);
    return {
      connectionState: navigator.onLine ? "online" : "offline",
      fabricState: fabric.state,
      conferenceURL,
      streams: Object.fromEntries(tracks.map((track) => [String(track.ssrc), track])),
      mediaStreamTracks: tracks,
    };
  }

  #track({ stream, values }: Tick["streams"][number], fabric: Fabric): TrackStats {
    const key = `${stream.direction} ${stream.ssrc}`;
    const means = this.#means.get(key) ?? { jitter: new Mean(), rtt: new Mean() };
    this.#means.set(key, means);
    const label = fabric.labels.get(String(stream.ssrc));
    const inbound = stream.direction === "inbound";
    const loss = values["loss_ratio"];
    const level = values["audio_level"];
    const track = {
      ssrc: stream.ssrc,
      statsType: inbound ? "inbound-rtp" : "outbound-rtp",
      mediaType: stream.kind,
      remoteUserID: (inbound ? label?.userId : undefined) ?? fabric.remote.id,
      usageLabel: label?.usageLabel,
      associatedVideoTag: label?.associatedVideoTag,
      bitrate: (values["bitrate_bps"] ?? 0) / 1000,
      packetRate: values["packet_rate_pps"] ?? 0,
      fractionLoss: loss ?? 0,
      packetLossPercentage: loss === undefined ? undefined : loss * 100,
      jitter: values["jitter_ms"],
      averageJitter: means.jitter.add(values["jitter_ms"]),
      rtt: values["rtt_ms"],
      averageRTT: means.rtt.add(values["rtt_ms"]),
      quality: quality(values[stream.kind === "audio" ? "mos_lq" : "mos_v"]),
      audioLevel: level,
      audioInputLevel: inbound ? undefined : level,
      audioIntputLevel: inbound ? undefined : level,
      audioOutputLevel: inbound ? level : undefined,
    };
    return Object.fromEntries(Object.entries(track).filter(([, value]) => value !== undefined)) as unknown as TrackStats;
  }
}

function quality(mos: number | undefined): TrackStats["quality"] {
  if (mos === undefined) return "unknown";
  return mos >= EXCELLENT_FROM ? "excellent" : mos >= FAIR_FROM ? "fair" : "bad";
}

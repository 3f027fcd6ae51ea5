/** A phone's options with the defaults filled in. */

import type { PhoneOptions, ServerAddress } from "./api.ts";
import { turnServers } from "./turn.ts";

export interface Settings {
  readonly servers: readonly ServerAddress[];
  readonly domain: string;
  readonly registrationSeconds: number;
  readonly autoRegister: boolean;
  readonly userAgent: string | undefined;
  readonly iceServers: () => Promise<readonly RTCIceServer[]>;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly codecs: readonly string[] | undefined;
  readonly maxAverageBitrate: number | undefined;
  readonly dscp: boolean;
  readonly gatheringTimeoutMs: number;
  readonly iceTimeoutMs: number;
  readonly ringSeconds: number;
  readonly multipleCalls: boolean;
  readonly closeProtection: boolean;
  readonly audio: MediaTrackConstraints | boolean;
  readonly noiseReduction: boolean;
  readonly ringbackUntilAnswer: boolean;
}

/** Throws a `TypeError` that says what is wrong: a phone without a server to speak to is of no use to anybody. */
export function settle(options: PhoneOptions): Settings {
  const servers = [options.servers].flat().map((server) => (typeof server === "string" ? { url: server } : (server as ServerAddress)));
  if (servers.length === 0) throw new TypeError("`servers` must name a WebSocket address, such as wss://phone.example.com/sip");
  for (const { url } of servers) {
    if (!/^wss?:$/.test(protocol(url))) throw new TypeError(`\`servers\` has ${JSON.stringify(url)}, which is no WebSocket address; give one such as wss://phone.example.com/sip`);
  }
  const { quality, iceServers = quality ? turnServers(quality) : [], maxAverageBitrate } = options;
  return {
    servers,
    domain: options.domain ?? new URL(servers[0]!.url).hostname,
    registrationSeconds: within(60, 86_400, options.registrationSeconds, 120),
    autoRegister: options.autoRegister !== false,
    userAgent: options.userAgent,
    iceServers: typeof iceServers === "function" ? iceServers : async () => iceServers,
    iceTransportPolicy: options.iceTransportPolicy ?? "all",
    codecs: options.codecs,
    maxAverageBitrate: maxAverageBitrate === undefined ? undefined : within(6000, 510_000, Math.round(maxAverageBitrate), 48_000),
    dscp: options.dscp !== false,
    gatheringTimeoutMs: within(0, 60_000, options.gatheringTimeoutMs, 2000),
    iceTimeoutMs: within(100, 600_000, options.iceTimeoutMs, 20_000),
    ringSeconds: within(1, 3600, options.ringSeconds, 60),
    multipleCalls: options.multipleCalls === true,
    closeProtection: options.closeProtection === true,
    audio: options.audio ?? true,
    noiseReduction: options.noiseReduction === true,
    ringbackUntilAnswer: options.ringbackUntilAnswer === true,
  };
}

function protocol(url: string): string {
  try {
    return new URL(url).protocol;
  } catch {
    return "";
  }
}

function within(least: number, most: number, given: number | undefined, otherwise: number): number {
  return Number.isFinite(given) ? Math.min(most, Math.max(least, given as number)) : otherwise;
}

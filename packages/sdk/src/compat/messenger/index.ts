/**
 * Messenger's `call_metrics`: `import { callMetricsFrom, submitCallMetrics } from "@sidetone/sdk/messenger"`.
 *
 * {@link transformRtcStats} is Meta's sample code, to the letter of its output: it copies sums as if they were averages and knows one stream.
 * {@link callMetricsFrom} does it right, and says with members of its own what the averages rest on.
 */

/** Why a call ended, as Meta's page writes it. */
export const END_CALL_REASONS = [
  "Call_End_Accept_After_Hang_Up",
  "Caller_Not_Visible",
  "Camera_Permission_Denied",
  "Client_Error",
  "Client_Interrupted",
  "Connection_Dropped",
  "Hangup_Call",
  "Ignore_Call",
  "In_Another_Call",
  "Inactive_Timeout",
  "Incoming_Timeout",
  "Max_Allowed_Participants_Reached",
  "Microphone_Permission_Denied",
  "No_Answer_Timeout",
  "No_Permission",
  "Removed_By_Participant",
  "Ring_Muted",
  "Signaling_Message_Failed",
  "Unexpected_End_Of_Call",
  "Unknown",
  "Version_Unsupported",
  "WebRTC_Error",
] as const;

export type EndCallReason = (typeof END_CALL_REASONS)[number];

/** The body of `POST /{page_id}/call_metrics`. Times in seconds since 1970; 0: never. */
export interface CallMetrics {
  platform: "messenger";
  call_id: string;
  end_call_reason: EndCallReason;
  end_call_subreason?: string;
  call_ended_time: number;
  first_audio_packet_received_time: number;
  audio_stats: AudioStats;
}

/** Spans in seconds. What the browser does not count is absent. */
export interface AudioStats {
  /** Interarrival jitter; of several streams, weighted by their packets. */
  jitter_sec?: number;
  packets_lost?: number;
  packets_received?: number;
  /** Sum of all round trips. */
  round_trip_time_sec?: number;
  /** Sum of the delays of all emitted samples. */
  jitter_buffer_delay_sec?: number;
  concealed_samples?: number;
  silent_concealed_samples?: number;
  total_samples_duration_sec?: number;
  /** Of Sidetone: how many round trips the sum is of. */
  round_trip_time_measurements?: number;
  /** Of Sidetone: how many samples the sum of delays is of. */
  jitter_buffer_emitted_count?: number;
  /** Of Sidetone: all samples, concealed ones included. */
  total_samples_received?: number;
  /** Of Sidetone: MIME type of the codec. */
  codec?: string;
  /** Of Sidetone: RTP clock rate of the codec, Hz. */
  clock_rate?: number;
  /** Of Sidetone: how many received streams were added up. */
  streams?: number;
}

/** What only the app knows of a call. */
export interface CallEnd {
  /** The call's id, as the webhook told it. */
  readonly callId: string;
  readonly reason: EndCallReason;
  readonly subreason?: string;
  /** When the hang-up webhook arrived, or the terminate request succeeded. Default: now. */
  readonly endedMs?: number;
  /** Whether members that Meta does not document are left out. Default: `false`. */
  readonly documentedOnly?: boolean;
}

type Member = Readonly<Record<string, unknown>>;

/** Meta's sample code: the last received audio stream, its counters copied. Ids, reason and times are the caller's to fill in. */
export function transformRtcStats(stats: { forEach(visit: (report: never) => void): void }) {
  const body = {
    platform: "messenger",
    call_id: "",
    end_call_reason: "HangupCall",
    end_call_subreason: "Conversation was finished",
    call_ended_time: 0,
    first_audio_packet_received_time: 0,
    audio_stats: {} as Record<string, unknown>,
  };
  let inbound: Member | undefined;
  let remote: Member | undefined;
  stats.forEach((report: Member) => {
    if (report["type"] === "inbound-rtp" && report["kind"] === "audio") inbound = report;
    else if (report["type"] === "remote-inbound-rtp" && report["kind"] === "audio") remote = report;
  });
  if (inbound) {
    body.audio_stats["jitter_sec"] = inbound["jitter"];
    body.audio_stats["packets_lost"] = inbound["packetsLost"];
    body.audio_stats["packets_received"] = inbound["packetsReceived"];
    body.audio_stats["jitter_buffer_delay_sec"] = inbound["jitterBufferDelay"];
    body.audio_stats["concealed_samples"] = inbound["concealedSamples"];
    body.audio_stats["silent_concealed_samples"] = inbound["silentConcealedSamples"];
    body.audio_stats["total_samples_duration_sec"] = inbound["totalSamplesDuration"];
  }
  if (remote) body.audio_stats["round_trip_time_sec"] = remote["totalRoundTripTime"];
  return body;
}

const FIRST_AUDIO_INTERVAL_MS = 100;

/** When the first audio packet of a connection came, and how that is known. */
export interface FirstAudio {
  readonly timeMs: number;
  /** The receiver's own time stamp of the packet, the first report that counted one, or reckoned back from what was played. */
  readonly from: "synchronization_source" | "packets_received" | "samples_duration";
}

const firstAudio = new WeakMap<RTCPeerConnection, { found?: FirstAudio }>();

/** Notes when the first audio packet comes; call it when the connection is made. The answer ends the watch. */
export function watchFirstAudio(peerConnection: RTCPeerConnection): () => void {
  const held: { found?: FirstAudio } = {};
  firstAudio.set(peerConnection, held);
  const timer = setInterval(() => void look(), FIRST_AUDIO_INTERVAL_MS);
  const look = async () => {
    if (peerConnection.signalingState === "closed" || held.found) return clearInterval(timer);
    const times = peerConnection
      .getReceivers()
      .filter(({ track }) => track.kind === "audio")
      .flatMap((receiver) => receiver.getSynchronizationSources().map(({ timestamp }) => timestamp));
    if (times.length > 0) {
      // Chromium counts from the page's start, others from 1970.
      const earliest = Math.min(...times);
      held.found = { timeMs: earliest < 1e12 ? performance.timeOrigin + earliest : earliest, from: "synchronization_source" };
      return;
    }
    const received = inboundAudio(members(await peerConnection.getStats())).some((stream) => (number(stream, "packetsReceived") ?? 0) > 0);
    if (received) held.found ??= { timeMs: Date.now(), from: "packets_received" };
  };
  return () => clearInterval(timer);
}

/** The metrics of a call. Call it at hang-up, before the connection is closed: afterwards its counters are gone. */
export async function callMetricsFrom(peerConnection: RTCPeerConnection, end: CallEnd): Promise<CallMetrics> {
  const endedMs = end.endedMs ?? Date.now();
  const all = members(await peerConnection.getStats());
  const streams = inboundAudio(all);
  const remotes = all.filter((held) => held["type"] === "remote-inbound-rtp" && held["kind"] === "audio");
  const sum = (of: readonly Member[], name: string) => {
    const values = of.flatMap((held) => number(held, name) ?? []);
    return values.length > 0 ? values.reduce((total, value) => total + value, 0) : undefined;
  };
  const packets = sum(streams, "packetsReceived");
  const duration = Math.max(0, ...streams.flatMap((held) => number(held, "totalSamplesDuration") ?? []));
  const codec = all.find((held) => held["type"] === "codec" && held["id"] === streams[0]?.["codecId"]);
  const documented = {
    jitter_sec: weighted(streams, packets),
    packets_lost: sum(streams, "packetsLost"),
    packets_received: packets,
    round_trip_time_sec: sum(remotes, "totalRoundTripTime"),
    jitter_buffer_delay_sec: sum(streams, "jitterBufferDelay"),
    concealed_samples: sum(streams, "concealedSamples"),
    silent_concealed_samples: sum(streams, "silentConcealedSamples"),
    total_samples_duration_sec: sum(streams, "totalSamplesDuration"),
  };
  const ours = {
    round_trip_time_measurements: sum(remotes, "roundTripTimeMeasurements"),
    jitter_buffer_emitted_count: sum(streams, "jitterBufferEmittedCount"),
    total_samples_received: sum(streams, "totalSamplesReceived"),
    codec: codec?.["mimeType"] as string | undefined,
    clock_rate: codec && number(codec, "clockRate"),
    streams: streams.length,
  };
  const reckoned = packets ? { timeMs: endedMs - duration * 1000 } : undefined;
  const first = firstAudio.get(peerConnection)?.found ?? reckoned;
  return {
    platform: "messenger",
    call_id: end.callId,
    end_call_reason: end.reason,
    ...(end.subreason !== undefined && { end_call_subreason: end.subreason }),
    call_ended_time: Math.round(endedMs / 1000),
    first_audio_packet_received_time: first && packets ? Math.round(first.timeMs / 1000) : 0,
    audio_stats: present({ ...documented, ...(end.documentedOnly ? {} : ours) }),
  };
}

/** Where metrics are sent to. */
export interface Destination {
  /** Sidetone, or the Graph API with its version: `https://graph.facebook.com/v23.0`. */
  readonly url: string;
  readonly pageId: string;
  /** The app's intake secret, or the page access token. */
  readonly token: string;
}

/** Thrown when metrics were refused; `code` and `subcode` are those of the answer. */
export class CallMetricsRefused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: number | undefined,
    readonly subcode: number | undefined,
  ) {
    super(message);
  }
}

const ATTEMPTS = 4;
const PAUSE_MS = 1000;

/**
 * Sends the metrics of a call. A lost answer is asked for again with the same key, so a call is never counted twice.
 *
 * @throws {CallMetricsRefused} when they are refused for good, or not taken after several tries
 */
export async function submitCallMetrics(destination: Destination, metrics: CallMetrics): Promise<void> {
  const { url, pageId, token } = destination;
  const body = JSON.stringify(metrics);
  const key = globalThis.crypto?.randomUUID?.() ?? `${metrics.call_id}-${Date.now()}`;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key };
  for (let attempt = 1; ; attempt += 1) {
    const refused = await fetch(`${url.replace(/\/$/, "")}/${encodeURIComponent(pageId)}/call_metrics`, { method: "POST", headers, body }).then(
      refusal,
      (error: unknown) => new CallMetricsRefused(`no answer: ${String(error)}`, 0, undefined, undefined),
    );
    if (!refused) return;
    const isTransient = refused.status === 0 || refused.status === 429 || refused.status >= 500;
    if (!isTransient || attempt === ATTEMPTS) throw refused;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** (attempt - 1)));
  }
}

async function refusal(response: Response): Promise<CallMetricsRefused | undefined> {
  const body = (await response.json().catch(() => ({}))) as {
    success?: boolean;
    error?: { message?: string; code?: number; error_subcode?: number };
  };
  if (response.ok && body.success !== false) return undefined;
  const { message = `status ${response.status}`, code, error_subcode } = body.error ?? {};
  return new CallMetricsRefused(message, response.status, code, error_subcode);
}

function members(report: RTCStatsReport): Member[] {
  const all: Member[] = [];
  report.forEach((held: Member) => all.push(held));
  return all;
}

function inboundAudio(all: readonly Member[]): Member[] {
  return all.filter((held) => held["type"] === "inbound-rtp" && held["kind"] === "audio");
}

function number(held: Member, name: string): number | undefined {
  const value = held[name];
  return typeof value === "number" ? value : undefined;
}

/** Jitter, weighted by the packets of each stream. */
function weighted(streams: readonly Member[], packets: number | undefined): number | undefined {
  const known = streams.filter((held) => number(held, "jitter") !== undefined);
  if (known.length === 0) return undefined;
  if (!packets) return number(known[0] ?? {}, "jitter");
  return known.reduce((total, held) => total + (number(held, "jitter") ?? 0) * (number(held, "packetsReceived") ?? 0), 0) / packets;
}

function present<Values extends object>(values: Values): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

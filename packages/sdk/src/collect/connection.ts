/** One peer connection: its states, candidates and tracks become events, its getStats becomes reports. */

import type { TrackLabel } from "../api.ts";
import type { BatchBuilder } from "../batch.ts";
import type { Outcome, StatsReport } from "../engine/index.ts";
import { Listeners } from "../listeners.ts";
import type { Recorder } from "../recorder.ts";
import { Labels } from "./labels.ts";
import { MutedSpeech } from "./muted.ts";
import { objectsOf, StatsReader } from "./stats.ts";
import { Timings } from "./timings.ts";
import { TrackWatch } from "./tracks.ts";
import { wrapNegotiation } from "./wrap.ts";

const STATES = {
  signalingState: ["signalingstatechange", "signaling_state_change"],
  iceGatheringState: ["icegatheringstatechange", "ice_gathering_state_change"],
  iceConnectionState: ["iceconnectionstatechange", "ice_connection_state_change"],
  connectionState: ["connectionstatechange", "connection_state_change"],
} as const;

export interface ConnectionHost {
  /** Whether the app keeps session descriptions, or may yet say so. */
  readonly mayKeepSdp: () => boolean;
  /** Whether to listen for speech while a microphone is muted. */
  readonly mutedSpeech: boolean;
  /** Whether the page wants to know how it goes. */
  readonly judges: () => boolean;
  /** Whether it wants to know the values of every report. */
  readonly ticks: () => boolean;
  onOutcome(outcome: Outcome): void;
  /** What was collected belongs into a batch of its own. */
  onCut(): void;
  onClosed(): void;
  guard(work: () => void): void;
}

export class Connection {
  readonly #listeners: Listeners;
  readonly #transports = new WeakSet<RTCDtlsTransport>();
  readonly #stats: StatsReader;
  readonly #tracks: TrackWatch;
  readonly #timings: Timings;
  readonly #muted = new MutedSpeech();
  /** The streams of each received track. */
  readonly #streams = new Map<string, readonly string[]>();
  readonly #labels: Labels;
  readonly #unwrap: () => void;
  #sdp = { local: "", remote: "" };

  constructor(
    readonly peerConnection: RTCPeerConnection,
    readonly id: string,
    readonly label: string | undefined,
    readonly recorder: Recorder,
    readonly batches: BatchBuilder,
    private readonly host: ConnectionHost,
  ) {
    const record = this.record.bind(this);
    this.#listeners = new Listeners((work) => host.guard(work));
    this.#tracks = new TrackWatch({ record, streamsOf: (trackId) => this.#streams.get(trackId) });
    this.#timings = new Timings({ record }, peerConnection.signalingState === "stable" && !peerConnection.currentRemoteDescription);
    this.#labels = new Labels(record);
    this.#stats = new StatsReader(() => peerConnection.getStats(), {
      onReport: (report, timeMs) => host.guard(() => this.#report(report, timeMs)),
      onEvent: record,
    });
    record("peer_connection_created", { label, configuration: configuration(peerConnection) });
    for (const attribute of Object.keys(STATES) as (keyof typeof STATES)[]) {
      const [event, kind] = STATES[attribute];
      this.#listeners.add(peerConnection, event, () => this.#state(attribute, kind));
    }
    this.#listeners.add(peerConnection, "icecandidate", (event) => this.#candidate((event as RTCPeerConnectionIceEvent).candidate));
    this.#listeners.add(peerConnection, "icecandidateerror", (event) => {
      const { address, port, url, errorCode, errorText } = event as RTCPeerConnectionIceErrorEvent;
      record("ice_candidate_error", { address, port, url, error_code: errorCode, error_text: errorText });
    });
    this.#listeners.add(peerConnection, "negotiationneeded", () => record("negotiation_needed", {}));
    this.#listeners.add(peerConnection, "datachannel", (event) => record("data_channel", { label: (event as RTCDataChannelEvent).channel.label }));
    this.#listeners.add(peerConnection, "track", (event) => this.#track(event as RTCTrackEvent));
    this.#unwrap = wrapNegotiation(peerConnection, record, host.guard);
    this.#look();
    this.describe();
  }

  record(kind: string, payload: object): void {
    this.batches.event(kind, payload, Date.now());
  }

  name(trackId: string, label: TrackLabel): void {
    this.#labels.set(trackId, label);
  }

  /** Tells the session descriptions that were not told yet. */
  describe(): void {
    if (!this.host.mayKeepSdp()) return;
    const { currentLocalDescription, pendingLocalDescription, currentRemoteDescription, pendingRemoteDescription } = this.peerConnection;
    for (const [side, description] of [
      ["local", pendingLocalDescription ?? currentLocalDescription],
      ["remote", pendingRemoteDescription ?? currentRemoteDescription],
    ] as const) {
      if (!description?.sdp || this.#sdp[side] === description.sdp) continue;
      this.#sdp[side] = description.sdp;
      this.record(`set_${side}_description`, { type: description.type, sdp: description.sdp });
    }
  }

  /** What was told of them before did not leave the page. */
  describeAnew(): void {
    this.#sdp = { local: "", remote: "" };
    this.describe();
  }

  /** Once a report interval; resolves when the report is there. */
  async poll(): Promise<void> {
    if (this.endIfClosed()) return;
    this.#look();
    await this.#stats.poll();
  }

  /** Nobody tells that `close()` was called. */
  endIfClosed(): boolean {
    if (this.peerConnection.signalingState !== "closed") return false;
    this.record("peer_connection_closed", {});
    this.host.onClosed();
    return true;
  }

  stop(): void {
    this.#listeners.clear();
    this.#unwrap();
    this.#stats.stop();
    this.#muted.stop();
    this.recorder.end();
  }

  #report(report: StatsReport, timeMs: number): void {
    // The clock was set back: a batch holds its reports in order.
    if (timeMs <= (this.recorder.lastMs ?? 0)) this.host.onCut();
    const objects = objectsOf(report);
    this.#labels.look(objects);
    const muted = this.#muted.counters(timeMs);
    if (muted) objects.set(muted.id, muted);
    objects.forEach((stats) => {
      const { type, kind, packetsReceived } = stats as { type?: string; kind?: string; packetsReceived?: number };
      if (type === "inbound-rtp" && kind && packetsReceived) this.#timings.media(kind, performance.now());
    });
    const outcome = this.recorder.push(timeMs, objects, this.host.judges(), this.host.ticks());
    if (outcome) this.host.onOutcome(outcome);
  }

  #state(attribute: keyof typeof STATES, kind: string): void {
    const state = this.peerConnection[attribute];
    this.record(kind, { state });
    if (attribute === "signalingState") {
      // Of an answer that was set this comes before the events of its tracks.
      this.#look(true);
      this.describe();
    }
    this.#transportsAppear();
    this.#timings.state(attribute, state, performance.now());
  }

  #look(isEarly = false): void {
    const transceivers = this.peerConnection.getTransceivers?.() ?? [];
    this.#tracks.look(transceivers, isEarly);
    if (this.host.mutedSpeech) this.#muted.look(transceivers.flatMap(({ sender }) => sender.track ?? []));
  }

  /** DTLS transports come with the descriptions, and bundling closes all but one; some browsers have none to look at. */
  #transportsAppear(): void {
    const { peerConnection } = this;
    if (peerConnection.signalingState !== "stable") return;
    const senders = peerConnection.getSenders?.() ?? [];
    for (const transport of [...senders.map((sender) => sender.transport), peerConnection.sctp?.transport]) {
      if (!transport || this.#transports.has(transport)) continue;
      this.#transports.add(transport);
      const tell = () => {
        this.record("dtls_state_change", { state: transport.state });
        this.#timings.state("dtlsState", transport.state, performance.now());
      };
      tell();
      this.#listeners.add(transport, "statechange", tell);
      this.#listeners.add(transport, "error", (event) => {
        const { error } = event as RTCErrorEvent;
        this.record("dtls_error", { error: error?.errorDetail, message: error?.message });
      });
    }
  }

  #candidate(candidate: RTCIceCandidate | null): void {
    if (!candidate) return this.record("ice_candidate", {});
    const { type, protocol, address, port, relatedAddress, relatedPort, tcpType, priority, component, sdpMid, sdpMLineIndex } = candidate;
    const { url, relayProtocol } = candidate as RTCIceCandidate & { url?: string; relayProtocol?: string };
    this.record("ice_candidate", { type, protocol, address, port, relatedAddress, relatedPort, tcpType, priority, component, sdpMid, sdpMLineIndex, url, relayProtocol });
  }

  /** A remote track is muted until the first packet. */
  #track({ track, streams }: RTCTrackEvent): void {
    this.#streams.set(track.id, streams.map(({ id }) => id));
    // Those of the other tracks of the description come after it.
    this.#look(true);
    if (track.muted) this.#listeners.add(track, "unmute", () => this.#timings.media(track.kind, performance.now()));
  }
}

/** The configuration without the credentials of its servers. */
function configuration(peerConnection: RTCPeerConnection): object {
  const { iceServers, iceTransportPolicy, bundlePolicy, rtcpMuxPolicy } = peerConnection.getConfiguration?.() ?? {};
  return { ice_servers: iceServers?.flatMap(({ urls }) => urls), ice_transport_policy: iceTransportPolicy, bundle_policy: bundlePolicy, rtcp_mux_policy: rtcpMuxPolicy };
}

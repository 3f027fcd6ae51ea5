/** One stay in one conference: the client that reports it, and the fabrics of it. */

import { Sidetone } from "../../index.ts";
import type { Options, Tick } from "../../api.ts";
import { Turns } from "../../turns.ts";
import type { FabricEvent, InternalEvent } from "./enums.ts";
import { Fabric } from "./fabric.ts";
import type { User } from "./answer.ts";
import { type ConferenceStats, Statistics } from "./statistics.ts";

type Payload = Record<string, unknown>;

/** What an app's event becomes: its kind, and members that it implies. Hold is told to the client itself. */
const EVENTS: Readonly<Partial<Record<FabricEvent, readonly [kind: string, constants?: Payload]>>> = {
  audioMute: ["muted", { kind: "audio" }],
  audioUnmute: ["unmuted", { kind: "audio" }],
  videoPause: ["muted", { kind: "video" }],
  videoResume: ["unmuted", { kind: "video" }],
  screenShareStart: ["screen_share_started"],
  screenShareStop: ["screen_share_ended"],
  dominantSpeaker: ["dominant_speaker"],
  activeDeviceList: ["active_devices"],
  applicationErrorLog: ["log"],
  callDetails: ["call_details"],
  callUnAnswered: ["unanswered"],
};

/** Members of an app's event by callstats' name and by ours. */
const MEMBERS: Readonly<Record<string, string>> = { mediaDeviceID: "device_id", deviceList: "devices" };

export interface ParticipationEvents {
  readonly stats: (stats: ConferenceStats) => void;
  readonly disruption: (type: string, payload: Payload) => void;
}

export class Participation {
  readonly #client: Sidetone;
  readonly #events: ParticipationEvents;
  readonly #fabrics = new Map<RTCPeerConnection, { readonly fabric: Fabric; readonly statistics: Statistics }>();
  readonly #url: string;
  #page: string | null = null;
  #isStopped = false;
  /** Connections that were in it. */
  readonly #past = new WeakSet<RTCPeerConnection>();
  /** What is told afterwards, one after the other. */
  readonly #afterwards = new Turns();

  constructor(url: string, options: Options, events: ParticipationEvents) {
    this.#url = url;
    this.#events = events;
    this.#client = new Sidetone(options);
    this.#client.on("tick", (tick) => this.#tick(tick));
    this.#client.on("upload", ({ conference }) => (this.#page = `${this.#url}/conferences/${conference}`));
    this.#client.on("issue", ({ rule, stream }) => this.#disruption(rule, "Start", stream?.ssrc));
    this.#client.on("issueCleared", ({ rule, stream }) => this.#disruption(rule, "Stop", stream?.ssrc));
  }

  /** Whether every fabric has ended, or the app said that the user left: the next one is a new stay. */
  get isOver(): boolean {
    return this.#isStopped;
  }

  /** Whether the connection was in it when it ended. */
  had(peerConnection: RTCPeerConnection): boolean {
    return this.#past.has(peerConnection);
  }

  fabric(peerConnection: unknown): Fabric | undefined {
    return this.#fabrics.get(peerConnection as RTCPeerConnection)?.fabric;
  }

  add(peerConnection: RTCPeerConnection, remote: User, attributes: Payload, onConnectivityLost: () => void): void {
    const held = this.#fabrics.get(peerConnection);
    if (held && !held.fabric.isTerminated) return;
    const fabric = new Fabric(peerConnection, remote);
    fabric.observation = this.#client.observe(peerConnection, remote.id ? { label: remote.id } : {});
    this.#fabrics.set(peerConnection, { fabric, statistics: new Statistics() });
    this.#client.event("remote_user", { remote_user_id: remote.id, ...(remote.userName && { user_name: remote.userName }), ...attributes }, peerConnection);
    const changed = () => {
      const state = peerConnection.iceConnectionState;
      if (state === "connected" || state === "completed") fabric.isSetUp = true;
      if (state === "disconnected") onConnectivityLost();
    };
    fabric.listen(peerConnection, "iceconnectionstatechange", changed);
    changed();
  }

  /** Says who is at the other end of a connection, or of all, where that was not known yet. */
  name(remote: User, peerConnection: RTCPeerConnection | undefined): void {
    for (const { fabric } of this.#fabrics.values()) {
      if (fabric.remote.id || (peerConnection && fabric.peerConnection !== peerConnection)) continue;
      fabric.remote = remote;
      this.#client.event("remote_user", { remote_user_id: remote.id, ...(remote.userName && { user_name: remote.userName }) }, fabric.peerConnection);
    }
  }

  /** What the app says of a fabric, or of the conference; also when it is over. */
  tell(kind: string, payload: Payload, peerConnection?: RTCPeerConnection): void {
    if (this.#isStopped) void this.#afterwards.take(() => this.#client.afterwards(kind, payload));
    else this.#client.event(kind, payload, peerConnection);
  }

  fabricEvent(fabric: Fabric, name: FabricEvent, data: Payload): void {
    const { peerConnection } = fabric;
    if (name === "fabricTerminated") {
      this.#client.event("peer_connection_closed", data, peerConnection);
      fabric.terminate();
      if ([...this.#fabrics.values()].every((held) => held.fabric.isTerminated)) this.stop();
    } else if (name === "fabricHold" || name === "fabricResume") {
      fabric.isHeld = name === "fabricHold";
      this.#client.hold(peerConnection, fabric.isHeld);
    } else {
      const [kind, constants] = EVENTS[name] ?? [name];
      this.#client.event(kind, { ...renamed(data), ...constants }, peerConnection);
    }
  }

  /** What the page tells by a name that the collector has events of its own for: kept as the page's word, so that nobody takes it for what was seen. */
  internalEvent({ peerConnection }: Fabric, name: InternalEvent, data: Payload): void {
    this.#client.event("custom", { name, value: data }, peerConnection);
  }

  stop(): void {
    for (const { fabric } of this.#fabrics.values()) {
      fabric.terminate();
      this.#past.add(fabric.peerConnection);
    }
    this.#fabrics.clear();
    this.#isStopped = true;
    void this.#client.stop();
  }

  #tick(tick: Tick): void {
    const held = this.#fabrics.get(tick.peerConnection);
    const stats = held && !held.fabric.isHeld ? held.statistics.take(tick, held.fabric, this.#page) : undefined;
    if (stats) this.#events.stats(stats);
  }

  #disruption(rule: string, edge: "Start" | "Stop", ssrc: number | undefined): void {
    const mediaType = rule === "no_inbound_video" ? "video" : "audio";
    if (mediaType === "video" || rule === "no_inbound_audio" || rule === "silent_inbound_audio") {
      const disruptionType = `oneWayMedia${edge}`;
      this.#events.disruption(disruptionType, { mediaType, disruptionType, ...(ssrc !== undefined && { ssrc: String(ssrc) }) });
    }
  }
}

function renamed(data: Payload): Payload {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [MEMBERS[name] ?? name, name === "ssrc" && value !== undefined ? String(value) : value]),
  );
}

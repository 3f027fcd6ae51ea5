/** Measures one call with Sidetone's collector and tells it what SIP said. */

import type { Issue, Tick } from "../api.ts";
import { Sidetone } from "../client.ts";
import type { QualityOptions } from "./api.ts";

export interface QualityEvents {
  onTick(tick: Tick): void;
  onIssue(issue: Issue, isCleared: boolean): void;
  /** Whether anybody in the page listens: then the engine runs in it. */
  hasListeners(): boolean;
}

export class Quality {
  #client: Sidetone | undefined;
  /** What happened before it was known who takes part. */
  readonly #early: (readonly [kind: string, payload: object])[] = [];
  #peerConnection: RTCPeerConnection | undefined;
  #named: ((conferenceId: string) => void) | undefined;

  constructor(private readonly options: QualityOptions | undefined, private readonly events: QualityEvents) {}

  /** It is known who takes part, by a name of this stay where there is one; in which conference may be told later, by {@link name}. */
  open(participantId: string | undefined, userId: string | undefined): void {
    if (!this.options || this.#client) return;
    const conferenceId = new Promise<string>((resolve) => (this.#named = resolve));
    const client = new Sidetone({ ...this.options, conferenceId, ...(participantId !== undefined && { participantId }), ...(userId !== undefined && { userId }) });
    this.#client = client;
    for (const [kind, payload] of this.#early.splice(0)) client.event(kind, payload);
    if (this.events.hasListeners()) this.listen();
  }

  /** The conference has its name; it keeps the first that it was given. */
  name(conferenceId: string): void {
    this.#named?.(conferenceId);
  }

  observe(peerConnection: RTCPeerConnection): void {
    this.#peerConnection = peerConnection;
    this.#client?.observe(peerConnection, { label: "call" });
  }

  /** Tells ticks and issues from now on. */
  listen(): void {
    const client = this.#client;
    if (!client || this.#listens) return;
    this.#listens = true;
    client.on("tick", (tick) => this.events.onTick(tick));
    client.on("issue", (issue) => this.events.onIssue(issue, false));
    client.on("issueCleared", (issue) => this.events.onIssue(issue, true));
  }

  #listens = false;

  event(kind: string, payload: object = {}): void {
    if (!this.options) return;
    if (this.#client) this.#client.event(kind, payload, this.#peerConnection);
    else this.#early.push([kind, payload]);
  }

  /** As {@link event}, and also when the call is over. Resolves when Sidetone has it, or cannot be reached. */
  async afterwards(kind: string, payload: object): Promise<void> {
    await this.#client?.afterwards(kind, payload);
  }

  /** Says what a track is used for. */
  label(track: MediaStreamTrack, label: string): void {
    this.#client?.label(track, { label });
  }

  hold(isHeld: boolean): void {
    if (this.#peerConnection) this.#client?.hold(this.#peerConnection, isHeld);
  }

  stop(): void {
    void this.#client?.stop();
  }
}

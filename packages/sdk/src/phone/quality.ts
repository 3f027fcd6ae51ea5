/** Measures one call with Sidetone's collector and tells it what SIP said. */

import type { Issue, Options, Tick } from "../api.ts";
import { Sidetone } from "../client.ts";

export interface QualityEvents {
  onTick(tick: Tick): void;
  onIssue(issue: Issue, isCleared: boolean): void;
  /** Whether anybody in the page listens: then the engine runs in it. */
  hasListeners(): boolean;
}

export class Quality {
  #client: Sidetone | undefined;
  /** What happened before the conference had a name. */
  readonly #early: (readonly [kind: string, payload: object])[] = [];
  #peerConnection: RTCPeerConnection | undefined;

  constructor(private readonly options: Omit<Options, "conferenceId" | "userId"> | undefined, private readonly events: QualityEvents) {}

  observe(peerConnection: RTCPeerConnection): void {
    this.#peerConnection = peerConnection;
    this.#client?.observe(peerConnection, { label: "call" });
  }

  /** The conference has its name. */
  start(conferenceId: string, userId: string | undefined): void {
    if (!this.options || this.#client) return;
    const client = new Sidetone({ ...this.options, conferenceId, ...(userId !== undefined && { userId }) });
    this.#client = client;
    if (this.#peerConnection) client.observe(this.#peerConnection, { label: "call" });
    for (const [kind, payload] of this.#early.splice(0)) client.event(kind, payload, this.#peerConnection);
    if (this.events.hasListeners()) this.listen();
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

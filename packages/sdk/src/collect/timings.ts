/** How long a connection took: from its first signalling to candidates, ICE, DTLS and the first media. */

export interface TimingEvents {
  record(kind: "connected" | "first_media", payload: object): void;
}

export class Timings {
  #startMs: number | undefined;
  #gatheringMs: number | undefined;
  #gatheredMs: number | undefined;
  #checkingMs: number | undefined;
  #iceMs: number | undefined;
  #dtlsStartMs: number | undefined;
  #dtlsMs: number | undefined;
  #connectedMs: number | undefined;
  readonly #media = new Set<string>();

  /** `isNew`: nothing was negotiated yet. A connection that is met later has no timings, whatever is negotiated anew. */
  constructor(
    private readonly events: TimingEvents,
    private readonly isNew: boolean,
  ) {}

  /** Any state of the connection became another, by the name of the attribute that holds it. */
  state(name: string, state: string, nowMs: number): void {
    switch (`${name} ${state}`) {
      case "signalingState have-local-offer":
      case "signalingState have-remote-offer":
        if (this.isNew) this.#startMs ??= nowMs;
        break;
      case "iceGatheringState gathering":
        this.#gatheringMs ??= nowMs;
        break;
      case "iceGatheringState complete":
        this.#gatheredMs ??= nowMs;
        break;
      case "iceConnectionState checking":
        this.#checkingMs ??= nowMs;
        break;
      case "iceConnectionState connected":
      case "iceConnectionState completed":
        this.#iceMs ??= nowMs;
        break;
      case "dtlsState connecting":
        this.#dtlsStartMs ??= nowMs;
        break;
      case "dtlsState connected":
        this.#dtlsMs ??= nowMs;
        break;
      case "connectionState connected":
        this.#connected(nowMs);
    }
  }

  /** The first packet of a kind of media came in. */
  media(kind: string, nowMs: number): void {
    if (this.#startMs === undefined || this.#media.has(kind)) return;
    this.#media.add(kind);
    const sinceConnected = span(this.#connectedMs, nowMs);
    this.events.record("first_media", { kind, setup_ms: span(this.#startMs, nowMs), after_connect_ms: sinceConnected });
  }

  /** Only a connection that was seen from its beginning has timings, and only its first connecting counts. */
  #connected(nowMs: number): void {
    if (this.#startMs === undefined || this.#connectedMs !== undefined) return;
    this.#connectedMs = nowMs;
    this.events.record("connected", {
      setup_ms: span(this.#startMs, nowMs),
      gathering_ms: span(this.#gatheringMs, this.#gatheredMs),
      connectivity_ms: span(this.#checkingMs, this.#iceMs),
      dtls_ms: span(this.#dtlsStartMs, this.#dtlsMs),
    });
  }
}

function span(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : Math.round(toMs - fromMs);
}

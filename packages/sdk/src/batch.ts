/** Batches (docs/intake.md): what was seen of a connection, or of the participant, becomes the body of a request. */

import type { Engine } from "./engine.ts";
import type { Recorder } from "./recorder.ts";

/** Longest payload of an event, in characters; what is longer is dropped. */
const PAYLOAD_MAX = 100_000;
/** Most events of one batch; what comes on top is dropped. */
const EVENTS_MAX = 5000;

export const JSON_TYPE = "application/json";
export const COMPACT_TYPE = "application/vnd.sidetone.batch";

/** Something that had to be thrown away, and why. */
export interface Drop {
  readonly reports: number;
  readonly events: number;
  readonly reason: string;
}

/** A batch as it waits to be sent. Its time of sending is filled in when it is (`upload/stamp.ts`). */
export interface Batch {
  readonly participantId: string;
  readonly contentType: typeof JSON_TYPE | typeof COMPACT_TYPE;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly reports: number;
  readonly events: number;
  /** What it tells to have been dropped: told anew when the batch itself is. */
  readonly drops: readonly Drop[];
}

/** Whose batches they are. */
export interface Identity {
  readonly conferenceId: string;
  readonly userId: string | undefined;
  readonly participantId: string;
}

/** Collects events, and reports by its recorder, for the batches of one connection or of the participant as such. */
export class BatchBuilder {
  /** Where there are reports. */
  recorder: Recorder | undefined;
  #events: string[] = [];
  #drops: Drop[] = [];
  #sequence = 0;

  constructor(
    private readonly identity: Identity,
    private readonly peerConnectionId: string | undefined,
    private readonly engine: () => Engine | undefined,
  ) {}

  event(kind: string, payload: object, timeMs: number): void {
    const text = JSON.stringify(payload);
    if (text.length > PAYLOAD_MAX || this.#events.length >= EVENTS_MAX) {
      this.drop({ reports: 0, events: 1, reason: text.length > PAYLOAD_MAX ? "event_too_large" : "too_many_events" });
    } else {
      this.#events.push(`{"time_ms":${timeMs},"kind":${JSON.stringify(kind)},"payload":${text}}`);
    }
  }

  /** Tells the server with the next batch what had to be dropped. */
  drop(drop: Drop): void {
    const index = this.#drops.findIndex(({ reason }) => reason === drop.reason);
    const before = this.#drops[index] ?? { reports: 0, events: 0 };
    const sum = { reports: before.reports + drop.reports, events: before.events + drop.events, reason: drop.reason };
    this.#drops.splice(index < 0 ? this.#drops.length : index, 1, sum);
  }

  /** Everything since the last batch; nothing when there is nothing. */
  take(nowMs: number): Batch | undefined {
    const reports = this.recorder?.take() ?? { json: "[]", count: 0, dropped: 0 };
    if (reports.dropped > 0) this.drop({ reports: reports.dropped, events: 0, reason: "too_many_reports" });
    const drops = this.#drops;
    const events = this.#events.length;
    if (events + reports.count + drops.length === 0) return undefined;
    const told = drops.map((drop) => `{"time_ms":${nowMs},"kind":"dropped","payload":${JSON.stringify(drop)}}`);
    const names = {
      conference_id: this.identity.conferenceId,
      user_id: this.identity.userId,
      participant_id: this.identity.participantId,
      peer_connection_id: this.peerConnectionId,
      batch_seq: this.#sequence++,
    };
    // The blanks are the place where the time of sending goes.
    const json = `{"sent_ms":               0,${JSON.stringify(names).slice(1, -1)},"events":[${this.#events.concat(told).join()}],"reports":${reports.json}}`;
    this.#events = [];
    this.#drops = [];
    return {
      participantId: this.identity.participantId,
      ...this.#form(json),
      reports: reports.count,
      events,
      drops,
    };
  }

  /** Compact where the engine is there and understands it. */
  #form(json: string): Pick<Batch, "contentType" | "body"> {
    try {
      const body = this.engine()?.encode(json);
      if (body) return { contentType: COMPACT_TYPE, body: body as Uint8Array<ArrayBuffer> };
    } catch {
      // The server understands more than we do, or says what is wrong.
    }
    return { contentType: JSON_TYPE, body: new TextEncoder().encode(json) };
  }
}

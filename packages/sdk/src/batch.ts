/** Batches (docs/intake.md): what was seen of a connection, or of the participant, becomes the body of a request. */

import type { Engine, Recording } from "./engine/index.ts";
import { OPEN, permittedKind, permittedPayload, type Policy } from "./privacy.ts";
import type { Recorder } from "./recorder.ts";
import { jsonOf } from "./words.ts";

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

/** An event as it is told: its payload as JSON text. */
interface Told {
  readonly timeMs: number;
  readonly kind: string;
  readonly payload: string;
}

/** The event that tells of it. */
function dropped(drop: Drop, timeMs: number): Told {
  return { timeMs, kind: "dropped", payload: JSON.stringify(drop) };
}

type Form = Pick<Batch, "contentType" | "body">;

/** Whose batches they are. */
export interface Identity {
  /** Absent until it is known. */
  conferenceId: string | undefined;
  readonly userId: string | undefined;
  readonly participantId: string;
}

/** Collects events, and reports by its recorder, for the batches of one connection or of the participant as such. */
export class BatchBuilder {
  /** Where there are reports. */
  recorder: Recorder | undefined;
  #events: Told[] = [];
  #drops: Drop[] = [];
  #sequence = 0;

  constructor(
    private readonly identity: Identity,
    private readonly peerConnectionId: string | undefined,
    private readonly engine: () => Engine | undefined,
    private readonly policy: () => Policy,
  ) {}

  /** It stays as it is until it is taken: what may leave the page is said by then. */
  event(kind: string, payload: object, timeMs: number): void {
    const text = jsonOf(payload);
    if (text.length > PAYLOAD_MAX || this.#events.length >= EVENTS_MAX) {
      this.drop({ reports: 0, events: 1, reason: text.length > PAYLOAD_MAX ? "event_too_large" : "too_many_events" });
    } else {
      this.#events.push({ timeMs, kind, payload: text });
      this.recorder?.hear(kind, payload, timeMs);
    }
  }

  /** Tells the server with the next batch what had to be dropped. */
  drop(drop: Drop): void {
    const index = this.#drops.findIndex(({ reason }) => reason === drop.reason);
    const before = this.#drops[index] ?? { reports: 0, events: 0 };
    const sum = { reports: before.reports + drop.reports, events: before.events + drop.events, reason: drop.reason };
    this.#drops.splice(index < 0 ? this.#drops.length : index, 1, sum);
  }

  /** Everything since the last batch; nothing when there is nothing, or the conference has no name yet. */
  take(nowMs: number): Batch | undefined {
    if (this.identity.conferenceId === undefined) return undefined;
    const recording = this.recorder?.waiting();
    const reports = recording ? { json: "[]", count: recording.count, dropped: recording.takeDropped() } : this.recorder?.takeJson();
    const count = reports?.count ?? 0;
    if (reports?.dropped) this.drop({ reports: reports.dropped, events: 0, reason: "too_many_reports" });
    const drops = this.#drops;
    const allowed = this.#allowed();
    this.#events = [];
    const events = allowed.length;
    if (events + count + drops.length === 0) {
      if (recording) this.recorder?.taken();
      return undefined;
    }
    const told = [...allowed, ...drops.map((drop) => dropped(drop, nowMs))];
    const form = recording ? this.#compact(recording, told) : count > 0 ? undefined : this.#eventsAlone(told);
    // An engine that fails takes its reports along.
    const lost = recording && !form ? [{ reports: count, events: 0, reason: "engine_failed" }] : [];
    if (recording) this.recorder?.taken(lost.length > 0);
    const batch = {
      participantId: this.identity.participantId,
      ...(form ?? this.#json([...told, ...lost.map((drop) => dropped(drop, nowMs))], reports?.json ?? "[]")),
      reports: lost.length > 0 ? 0 : count,
      events,
      drops: [...drops, ...lost],
    };
    this.#sequence++;
    this.#drops = [];
    return batch;
  }

  /** What waits, as it may leave the page. */
  #allowed(): Told[] {
    const policy = this.policy();
    return this.#events.flatMap((told) => {
      const payload = permittedPayload(told.kind, told.payload, policy);
      return payload === undefined ? [] : { ...told, kind: permittedKind(told.kind, policy), payload };
    });
  }

  #compact(recording: Recording, events: readonly Told[]): Form | undefined {
    try {
      for (const { timeMs, kind, payload } of events) recording.event(timeMs, kind, payload);
      const body = recording.takeBatch({
        conferenceId: this.identity.conferenceId ?? "",
        userId: this.identity.userId ?? "",
        participantId: this.identity.participantId,
        peerConnectionId: this.peerConnectionId ?? "",
        batchSeq: this.#sequence,
        sentMs: 0,
      });
      return { contentType: COMPACT_TYPE, body };
    } catch {
      return undefined;
    }
  }

  /** Without reports, where the engine is there. */
  #eventsAlone(events: readonly Told[]): Form | undefined {
    let recording: Recording | undefined;
    try {
      recording = this.engine()?.recording(() => OPEN);
      return recording && this.#compact(recording, events);
    } catch {
      return undefined;
    } finally {
      recording?.free();
    }
  }

  #json(events: readonly Told[], reports: string): Form {
    const names = {
      conference_id: this.identity.conferenceId,
      user_id: this.identity.userId,
      participant_id: this.identity.participantId,
      peer_connection_id: this.peerConnectionId,
      batch_seq: this.#sequence,
    };
    const told = events.map(({ timeMs, kind, payload }) => `{"time_ms":${timeMs},"kind":${jsonOf(kind)},"payload":${payload}}`);
    // The blanks are the place where the time of sending goes.
    const json = `{"sent_ms":               0,${jsonOf(names).slice(1, -1)},"events":[${told.join()}],"reports":${reports}}`;
    return { contentType: JSON_TYPE, body: new TextEncoder().encode(json) };
  }
}

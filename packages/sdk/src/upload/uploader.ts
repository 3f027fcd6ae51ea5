/** Brings batches to the server: in order, one at a time, again and again until it has them. */

import type { FailureCode, Upload } from "../api.ts";
import type { App } from "../app.ts";
import type { Batch, Drop } from "../batch.ts";
import { pauseMs } from "./backoff.ts";
import type { Credentials } from "./credentials.ts";
import { park, parked, unpark } from "./parting.ts";
import type { Entry, Queue } from "./queue.ts";
import { type Answer, send } from "./request.ts";

/** What all requests of a page that outlive it may hold together (Fetch standard, 4.6: 64 KiB), with room for others. */
const KEEPALIVE_BYTES_MAX = 60_000;

/** How long the next page leaves a batch alone that the last one sent when it was left. */
const LEAVE_LEASE_MS = 10_000;

/** After so many attempts it is told that there is no server. */
const NOBODY_ATTEMPTS = 3;

export interface UploaderEvents {
  /** `app`: as it is now. */
  onUpload(upload: Upload, participantId: string, app: App): void;
  onDrop(drop: Drop): void;
  onFailure(code: FailureCode, message: string): void;
}

export class Uploader {
  readonly #page = `${Math.random()}`.slice(2);
  #count = 0;
  #failures = 0;
  /** Whether it ever answered. */
  #isThere = false;
  /** The loop that is emptying the queue. */
  #running: Promise<void> | undefined;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #keepaliveBytes = 0;
  #ended = false;

  constructor(
    /** `…/v1/batches` */
    private readonly url: string,
    private readonly destination: string,
    private readonly credentials: Credentials,
    private readonly queue: Queue,
    private readonly events: UploaderEvents,
  ) {}

  /** Whether the server asked to be left alone, or does not answer. */
  get waits(): boolean {
    return this.#timer !== undefined;
  }

  /** Puts a batch into the queue; it goes out as soon as it can. */
  async add(batch: Batch): Promise<void> {
    await this.#put(this.#entry(batch, 0));
    if (!this.waits) void this.kick();
  }

  /** Sends what waits; resolves when nothing waits, or the server has to be left alone for a while. */
  kick(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running) this.#again = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /**
   * The page may be gone in a moment: sends these at once, in requests that outlive it as far as the browser allows, and keeps
   * them for the next page in case they do not arrive. `isLast` tells that there will not even be time to write them into the queue. Resolves
   * when all have their answers, if the page is still there.
   */
  async leave(batches: readonly Batch[], isLast: boolean): Promise<void> {
    const authorization = this.credentials.known;
    const leaving = batches.map(async (batch) => {
      const bytes = batch.body.length;
      const fits = authorization !== undefined && !this.#ended && this.#keepaliveBytes + bytes <= KEEPALIVE_BYTES_MAX;
      const entry = this.#entry(batch, fits ? Date.now() + LEAVE_LEASE_MS : 0);
      const kept = isLast && park(entry) ? Promise.resolve() : this.#put(entry);
      if (!fits) return kept;
      this.#keepaliveBytes += bytes;
      const answer = await send(this.url, entry, authorization, true);
      this.#keepaliveBytes -= bytes;
      await kept;
      if (isLast && answer.kind === "done") unpark(entry);
      await this.#settle(entry, answer);
    });
    await Promise.all(leaving);
  }

  /**
   * Takes into the queue what an earlier page kept in its last moment, or this one before it came back. What only others can send goes too:
   * localStorage is small, and they may never come.
   */
  async adopt(): Promise<void> {
    for (const entry of parked()) {
      if (entry.destination === this.destination) await this.#put(entry);
      else if (!(await this.queue.keep(entry))) continue;
      unpark(entry);
    }
    await this.queue.forget(Date.now());
  }

  /** Sends nothing more. What waits is kept for another page. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #entry(batch: Batch, leaseMs: number): Entry {
    return { ...batch, id: [Date.now(), this.#page, this.#count++], destination: this.destination, leaseMs };
  }

  async #put(entry: Entry): Promise<void> {
    for (const excess of await this.queue.put(entry)) this.#dropped(excess, "queue_full");
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      for (;;) {
        const entry = this.#ended ? undefined : await this.queue.claim(Date.now());
        if (!entry) break;
        if (!(await this.#settle(entry, await this.#send(entry)))) return;
      }
    } while (this.#again);
  }

  async #send(entry: Entry): Promise<Answer> {
    try {
      return await send(this.url, entry, await this.credentials.header(), false);
    } catch (error) {
      this.events.onFailure("credentials_refused", `the app's function \`token\` failed: ${error}`);
      return { kind: "later", afterMs: undefined };
    }
  }

  /** Does what the answer asks for; tells whether to go on with the next. */
  async #settle(entry: Entry, answer: Answer): Promise<boolean> {
    this.#isThere ||= answer.kind !== "nobody";
    switch (answer.kind) {
      case "done":
        this.#failures = 0;
        await this.queue.remove(entry);
        this.events.onUpload(answer.upload, entry.participantId, answer.app);
        return true;
      case "refused":
        this.#failures = 0;
        await this.queue.remove(entry);
        this.events.onFailure("batch_refused", `the server refused a batch, which is dropped: ${answer.detail}`);
        this.#dropped(entry, answer.code);
        return true;
      case "credentials": {
        await this.queue.release(entry);
        const others = this.credentials.refused();
        // A fresh token is tried at once, a second one later.
        if (others && this.#failures === 0) {
          this.#failures = 1;
          return true;
        }
        this.events.onFailure("credentials_refused", answer.detail);
        if (others) this.#later(undefined);
        else this.end();
        return false;
      }
      case "nobody":
        await this.queue.release(entry);
        this.#later(undefined);
        // One that is away for a while is no news.
        if (!this.#isThere && this.#failures === NOBODY_ATTEMPTS) {
          const where = `nobody answers at ${this.url} as a Sidetone server does: ${answer.reason}`;
          this.events.onFailure("server_unreachable", `${where}. What was seen waits; look at the address, its certificate, and connect-src of the page's policy`);
        }
        return false;
      case "later":
        await this.queue.release(entry);
        this.#later(answer.afterMs);
        return false;
    }
  }

  #later(afterMs: number | undefined): void {
    this.#failures++;
    if (this.#ended) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.kick(), pauseMs(this.#failures, afterMs, Math.random()));
  }

  #dropped(entry: Entry, reason: string): void {
    for (const drop of [...entry.drops, { reports: entry.reports, events: entry.events, reason }]) this.events.onDrop(drop);
  }
}

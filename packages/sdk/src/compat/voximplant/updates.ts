/** Renegotiations that the page asks for: one after another, each told by `Updated`. */

import type { Call as PhoneCall } from "../../phone/api.ts";
import { CallEvents } from "./call-events.ts";
import type { Call } from "./call.ts";
import { CallState } from "./enums.ts";
import type { EventHandlers } from "./event-handlers.ts";
import { reasonOf } from "./outcome.ts";

/** `UpdateFailed.code`. */
export const TIMEOUT = 10;
export const WRONG_STATE = 11;
export const UPDATING = 12;
export const MEDIA_DENIED = 13;
export const REFUSED = 20;

/** Error names of `getUserMedia` and `getDisplayMedia`. */
const DENIED = ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError", "AbortError", "SecurityError"];

/** What an update needs of its call. */
export interface Updatable {
  become(state: CallState): void;
  /** Resolves when the other side knows that the call is up, or when it is over. */
  confirmed(): Promise<void>;
}

export class Updates {
  #last: Promise<unknown> = Promise.resolve();
  #isRunning = false;

  constructor(
    private readonly call: Call,
    private readonly held: Updatable,
  ) {}

  /** Whether an update of the page is under way; what the phone tells of it is known then. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Does this when those before it are done. Resolves with `Updated`; rejects with `UpdateFailed`. */
  of(work: (call: PhoneCall) => Promise<void>): Promise<EventHandlers.Updated> {
    const done = this.#last.then(() => this.#run(work));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** `Updated`, told; the state is that of a call whose update is over. */
  tell(result: boolean, reason?: string): EventHandlers.Updated {
    if (this.call.state() === CallState.UPDATING) this.held.become(CallState.CONNECTED);
    const event = { name: CallEvents.Updated, call: this.call, result, ...(reason !== undefined && { reason }) } as const;
    this.call.dispatchEvent(event);
    return event;
  }

  /** `Updated` with the reason and `UpdateFailed` with the code, both told unless the call is over. */
  fail(code: number, reason: string): EventHandlers.UpdateFailed {
    const event = { name: CallEvents.UpdateFailed, call: this.call, code } as const;
    if (this.call.state() === CallState.ENDED) return event;
    this.tell(false, reason);
    this.call.dispatchEvent(event);
    return event;
  }

  async #run(work: (call: PhoneCall) => Promise<void>): Promise<EventHandlers.Updated> {
    if (this.call.state() !== CallState.CONNECTED) throw this.fail(WRONG_STATE, "Call is not connected.");
    this.#isRunning = true;
    this.held.become(CallState.UPDATING);
    try {
      await this.held.confirmed();
      if (this.call.sidetone) await work(this.call.sidetone);
    } catch (error) {
      throw this.fail(codeOf(error), reasonOf(error));
    } finally {
      this.#isRunning = false;
    }
    return this.tell(true);
  }
}

function codeOf(error: unknown): number {
  const { name, status } = error as { name?: string; status?: number };
  if (name !== undefined && DENIED.includes(name)) return MEDIA_DENIED;
  return status === 408 || status === 504 ? TIMEOUT : REFUSED;
}

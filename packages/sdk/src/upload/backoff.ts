/** How long to wait before a request is made again. */

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;
/** Longest time that a server may ask us to wait. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * The pause after so many failures in a row: growing, and drawn at random so that many clients do not come back at once. What the server
 * asks for (`Retry-After`) is waited in any case.
 */
export function pauseMs(failures: number, retryAfterMs: number | undefined, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  const drawn = ceiling * (0.5 + 0.5 * random);
  return retryAfterMs === undefined ? drawn : retryAfterMs + Math.min(ceiling, FIRST_MS) * random;
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms));
}

/** When something that failed may be tried again. */
export class Pause {
  #failures = 0;
  #untilMs = 0;

  /** Whether it is over, or never began. */
  get isOver(): boolean {
    return performance.now() >= this.#untilMs;
  }

  failed(afterMs?: number): void {
    this.#failures++;
    this.#untilMs = performance.now() + pauseMs(this.#failures, afterMs, Math.random());
  }

  /** What was in the way may be gone. */
  end(): void {
    this.#failures = this.#untilMs = 0;
  }
}

/** One timer for everything in the page that recurs. */

interface Task {
  readonly intervalMs: number;
  readonly run: () => void;
  dueMs: number;
}

/**
 * Runs tasks at their intervals, in step with their start. After a sleep, or where the browser held timers back, a task runs once and not
 * once for each time it missed.
 */
export class Ticker {
  readonly #tasks = new Set<Task>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Runs `run` in `intervalMs` for the first time; the answer ends it. */
  every(intervalMs: number, run: () => void): () => void {
    const task = { intervalMs, run, dueMs: performance.now() + intervalMs };
    this.#tasks.add(task);
    this.#schedule();
    return () => {
      this.#tasks.delete(task);
      this.#schedule();
    };
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#tasks.size === 0) return;
    const dueMs = Math.min(...[...this.#tasks].map((task) => task.dueMs));
    this.#timer = setTimeout(() => this.#run(), Math.max(0, dueMs - performance.now()));
  }

  #run(): void {
    const nowMs = performance.now();
    for (const task of [...this.#tasks]) {
      // Timers may fire a little early.
      if (task.dueMs > nowMs + 1 || !this.#tasks.has(task)) continue;
      const missed = Math.floor(Math.max(0, nowMs - task.dueMs) / task.intervalMs);
      task.dueMs += (missed + 1) * task.intervalMs;
      task.run();
    }
    this.#schedule();
  }
}

/** The page's. */
export const ticker = new Ticker();

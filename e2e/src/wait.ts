/** Waiting for what happens elsewhere. */

/** How long anything may take on a machine that has other things to do as well: it costs nothing where the thing happens. */
export const PATIENCE_MS = 120_000;

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What `look` gives once it gives something; an error that names `what` when that never happens. */
export async function until<Value>(what: string, look: () => Promise<Value | undefined | false>): Promise<Value> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    await sleep(200);
  }
}

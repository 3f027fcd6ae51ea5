/** Waiting for what happens elsewhere. */

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What `look` gives once it gives something; an error that names `what` when it takes too long. */
export async function until<Value>(what: string, limitMs: number, look: () => Promise<Value | undefined | false>): Promise<Value> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await sleep(200);
  }
}

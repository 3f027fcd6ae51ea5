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

/** What it gives; an error that names `what` when it does not settle. */
export async function answered<Value>(what: string, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s: ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

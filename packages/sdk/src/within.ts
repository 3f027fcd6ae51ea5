/** Waiting that has an end. */

/** Waits for it, but not longer than this; a failure of it is nobody's. */
export async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  await limited(limitMs, work).catch(() => undefined);
}

/** Gives what it gives. Fails where it does, or takes longer than this. */
export async function limited<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not answered for ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

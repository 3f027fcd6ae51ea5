/** Throws frames away and holds them up. */

import type { Harm } from "./harm.ts";

interface Transformer {
  readonly readable: ReadableStream<unknown>;
  readonly writable: WritableStream<unknown>;
}

let harm: Harm = { drop: 0, delayMs: 0 };
onmessage = ({ data }: MessageEvent<Harm>) => (harm = data);

addEventListener("rtctransform", (event) => {
  const { transformer } = event as unknown as { transformer: Transformer };
  let due = 0;
  const pass = new TransformStream<unknown, unknown>({
    transform(frame, controller) {
      if (Math.random() < harm.drop) return;
      // Also without a delay by a timer: no frame overtakes one that is still held.
      due = Math.max(due, performance.now() + harm.delayMs);
      setTimeout(() => controller.enqueue(frame), due - performance.now());
    },
  });
  void transformer.readable.pipeThrough(pass).pipeTo(transformer.writable);
});

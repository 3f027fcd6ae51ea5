/** Paints again what a camera filmed: its seed and a picture's number are all that is needed. */

import { HEIGHT, painter, WIDTH } from "./picture.ts";

/** The pictures of these numbers as PNG, base64. */
async function repaint(seed: number, numbers: readonly number[]): Promise<string[]> {
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const paint = painter(canvas.getContext("2d")!, seed);
  return numbers.map((number) => {
    paint(number);
    return canvas.toDataURL("image/png").replace(/^.*,/, "");
  });
}

export const repainting = { repaint };
Object.assign(globalThis, { repainting });

/** The picture that a camera sends: made anew from its number alone, and with that number in it as a bar code. */

import { seeded } from "../src/random.ts";

export const WIDTH = 320;
export const HEIGHT = 240;
export const FRAMES_PER_S = 15;

/** The bar code: a row of cells at the top. A white and a black one, the number, its check. */
const CELL = 16;
const NUMBER_BITS = 12;
const CHECK_BITS = 5;
const CELLS = 2 + NUMBER_BITS + CHECK_BITS;
/** Rows of the picture that the reader looks at. */
export const CODE_HEIGHT = CELL;

const check = (number: number) => (number % 31) + 1;

/** Numbers begin again after this many. */
export const NUMBERS = 1 << NUMBER_BITS;

type Drawing = CanvasRenderingContext2D;

/** Blurred noise, as a room behind somebody: enough for an encoder to do. */
function room(seed: number): HTMLCanvasElement {
  const random = seeded(seed);
  const small = Object.assign(document.createElement("canvas"), { width: 12, height: 9 });
  const drawing = small.getContext("2d")!;
  const noise = drawing.createImageData(12, 9);
  for (let at = 0; at < noise.data.length; at += 4) {
    const light = 60 + 140 * random();
    noise.data.set([light, light * (0.7 + 0.3 * random()), light * (0.6 + 0.3 * random()), 255], at);
  }
  drawing.putImageData(noise, 0, 0);
  return small;
}

/** Draws pictures of one camera. */
export function painter(drawing: Drawing, seed: number): (number: number) => void {
  const background = room(seed);
  return (number) => {
    const time = number / FRAMES_PER_S;
    drawing.imageSmoothingEnabled = true;
    drawing.drawImage(background, 1 + Math.sin(time / 3), 1 + Math.cos(time / 4), 10, 7, 0, 0, WIDTH, HEIGHT);
    // Somebody who moves.
    const x = WIDTH / 2 + 40 * Math.sin(time * 0.9) + 8 * Math.sin(time * 5);
    const y = 150 + 12 * Math.sin(time * 1.7);
    for (const [color, dx, dy, width, height] of FIGURE) {
      drawing.fillStyle = color;
      drawing.beginPath();
      drawing.ellipse(x + dx * (1 + 0.1 * Math.sin(time * 6)), y + dy, width, height * (1 + 0.2 * Math.sin(time * 7 + dx)), 0, 0, 7);
      drawing.fill();
    }
    const bits = [1, 0, ...bitsOf(number % NUMBERS, NUMBER_BITS), ...bitsOf(check(number % NUMBERS), CHECK_BITS)];
    bits.forEach((bit, cell) => {
      drawing.fillStyle = bit ? "#fff" : "#000";
      drawing.fillRect(cell * CELL, 0, CELL, CELL);
    });
  };
}

const FIGURE: readonly (readonly [string, number, number, number, number])[] = [
  ["#245", 0, 110, 90, 70], ["#e0b090", 0, 0, 42, 54], ["#222", -15, -10, 5, 5], ["#222", 15, -10, 5, 5], ["#a33", 0, 24, 14, 6],
];

/** The number that stands in a row of cells as they arrived; `undefined` where it cannot be read. */
export function read({ data, width }: ImageData): number | undefined {
  const light = (cell: number) => {
    let sum = 0;
    for (let y = 5; y < 11; y++) for (let x = 5; x < 11; x++) sum += data[4 * (y * width + cell * CELL + x) + 1]!;
    return sum / 36;
  };
  const middle = (light(0) + light(1)) / 2;
  if (light(0) - light(1) < 60) return undefined;
  const bits = Array.from({ length: CELLS - 2 }, (_, cell) => (light(cell + 2) > middle ? 1 : 0));
  const value = (from: number, count: number) => bits.slice(from, from + count).reduce<number>((sum, bit) => 2 * sum + bit, 0);
  const number = value(0, NUMBER_BITS);
  return value(NUMBER_BITS, CHECK_BITS) === check(number) ? number : undefined;
}

function bitsOf(number: number, count: number): number[] {
  return Array.from({ length: count }, (_, bit) => (number >> (count - 1 - bit)) & 1);
}

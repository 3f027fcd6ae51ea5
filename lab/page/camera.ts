/** A camera that films what `picture` draws, and an eye that reads which pictures are shown. */

import { CODE_HEIGHT, FRAMES_PER_S, HEIGHT, NUMBERS, painter, read, WIDTH } from "./picture.ts";

/** Every so many pictures one is kept whole, to be compared with what was filmed. */
const KEEP_EVERY = 2 * FRAMES_PER_S;

/** Wall clock in milliseconds since 1970, finer than `Date.now()`. */
export const now = () => performance.timeOrigin + performance.now();

/** A time and a picture's number. */
export type Sight = readonly [time_ms: number, number: number];

export class Camera {
  readonly track: MediaStreamTrack;
  /** When each picture was filmed. */
  readonly filmed: Sight[] = [];
  /** It films one picture of so many; none at all with Infinity. */
  filmsEvery = 1;
  #number = 0;
  #due = 0;

  /** `scale`: how many times wider and higher its pictures are than {@link WIDTH} and {@link HEIGHT}. */
  constructor(seed: number, scale = 1) {
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH * scale, height: HEIGHT * scale });
    const drawing = canvas.getContext("2d")!;
    drawing.scale(scale, scale);
    const paint = painter(drawing, seed);
    paint(0);
    this.track = canvas.captureStream(0).getVideoTracks()[0]!;
    const film = () => {
      if (++this.#due < this.filmsEvery) return;
      this.#due = 0;
      paint(++this.#number);
      this.filmed.push([round(now()), this.#number % NUMBERS]);
      (this.track as CanvasCaptureMediaStreamTrack).requestFrame();
    };
    setInterval(film, 1000 / FRAMES_PER_S);
  }
}

export class Eye {
  /** Which picture was shown when; −1 where the bar code could not be read. */
  readonly seen: Sight[] = [];
  readonly #code = drawing(WIDTH, CODE_HEIGHT);
  readonly #whole = drawing(WIDTH, HEIGHT);

  /** `keep` takes one whole picture every two seconds. */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly keep: (number: number, picture: Blob) => void,
  ) {
    this.#look();
  }

  #look(): void {
    this.video.requestVideoFrameCallback(() => {
      const { videoWidth, videoHeight } = this.video;
      const height = (videoHeight * CODE_HEIGHT) / HEIGHT;
      this.#code.drawImage(this.video, 0, 0, videoWidth, height, 0, 0, WIDTH, CODE_HEIGHT);
      const number = read(this.#code.getImageData(0, 0, WIDTH, CODE_HEIGHT));
      this.seen.push([round(now()), number ?? -1]);
      if (number !== undefined && number % KEEP_EVERY === 0) {
        this.#whole.drawImage(this.video, 0, 0, WIDTH, HEIGHT);
        this.#whole.canvas.toBlob((picture) => picture && this.keep(number, picture));
      }
      this.#look();
    });
  }
}

function drawing(width: number, height: number): CanvasRenderingContext2D {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return canvas.getContext("2d", { willReadFrequently: true })!;
}

function round(time_ms: number): number {
  return Math.round(10 * time_ms) / 10;
}

/** Plays one track, received or captured. */

import { MediaRendererKind } from "./enums.ts";

/** Where pictures are shown by default. */
export type Container = () => HTMLElement;

export interface MediaRendererOptions {
  readonly stream: MediaStream;
  readonly kind: MediaRendererKind;
  readonly isLocal?: boolean;
  readonly container?: Container;
  /** The page switched it off or on. */
  readonly onEnabled?: (renderer: MediaRenderer) => void;
}

export class MediaRenderer {
  element: HTMLMediaElement;
  stream: MediaStream;
  kind: MediaRendererKind;
  isLocal: boolean;
  videoSize = { width: 0, height: 0 };
  readonly #container: Container;
  readonly #onEnabled: ((renderer: MediaRenderer) => void) | undefined;

  /** @internal */
  constructor({ stream, kind, isLocal = false, container, onEnabled }: MediaRendererOptions) {
    this.stream = stream;
    this.kind = kind;
    this.isLocal = isLocal;
    this.#container = container ?? (() => document.body);
    this.#onEnabled = onEnabled;
    this.element = document.createElement(kind === MediaRendererKind.Audio ? "audio" : "video");
    this.element.id = this.id;
    // Nobody wants to hear themselves.
    this.element.muted = isLocal;
    if (this.element instanceof HTMLVideoElement) this.element.playsInline = true;
  }

  /** The track's. */
  get id(): string {
    return this.stream.getTracks()[0]?.id ?? this.stream.id;
  }

  get enabled(): boolean {
    return this.stream.getTracks().every((track) => track.enabled);
  }

  enable(): void {
    this.#setEnabled(true);
  }

  disable(): void {
    this.#setEnabled(false);
  }

  /** Notes the size that the page shows the picture at. A call between two has one picture, in the size that the other side sends. */
  async requestVideoSize(width: number, height: number): Promise<void> {
    this.videoSize = { width, height };
  }

  /** Plays it: in the element given, in the container of the configuration, or at the end of the page. */
  render(container?: HTMLElement): void {
    if (this.element.srcObject !== this.stream) this.element.srcObject = this.stream;
    if (this.kind !== MediaRendererKind.Audio || container) (container ?? this.#container()).append(this.element);
    this.playElement();
  }

  playElement(): void {
    this.element.play().catch((error: unknown) => {
      // A browser that wants a click first, or an element that was taken away again.
      console.warn(`${this.kind} is not played: ${String(error)}`);
    });
  }

  /** 0 to 1. */
  setVolume(level: number): void {
    this.element.volume = Math.min(1, Math.max(0, level));
  }

  /** Rejects where the browser cannot choose, or has no such device. */
  async useAudioOutput(id: string): Promise<void> {
    if (this.kind !== MediaRendererKind.Audio) return;
    if (typeof this.element.setSinkId !== "function") throw new Error("this browser cannot choose where sound is played");
    await this.element.setSinkId(id);
  }

  /** Pixels from the left and the top of what it stands in. @internal */
  moveTo(x: number, y: number): void {
    Object.assign(this.element.style, { position: "absolute", left: `${x}px`, top: `${y}px` });
  }

  /** Pixels. @internal */
  resize(width: number, height: number): void {
    Object.assign(this.element.style, { width: `${width}px`, height: `${height}px` });
  }

  /** Shows another picture in the same place. @internal */
  replace(stream: MediaStream, kind: MediaRendererKind): void {
    const isPlayed = this.element.srcObject === this.stream;
    Object.assign(this, { stream, kind });
    if (!isPlayed) return;
    this.element.srcObject = stream;
    this.playElement();
  }

  /** @internal */
  clear(): void {
    this.element.pause();
    this.element.srcObject = null;
    this.element.remove();
  }

  #setEnabled(isEnabled: boolean): void {
    if (this.enabled === isEnabled) return;
    for (const track of this.stream.getTracks()) track.enabled = isEnabled;
    this.#onEnabled?.(this);
  }
}

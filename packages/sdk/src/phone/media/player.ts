/** The audio elements of a phone: the other side's voice, and the tones. */

import type { ToneName } from "../api.ts";
import { samplesOf, wav } from "./tones.ts";

export type ElementName = "remote" | ToneName;

const LOOPED: readonly ElementName[] = ["ringing", "ringback", "connect", "busy"];

export class Player {
  readonly #elements = new Map<string, { readonly name: ElementName; readonly element: HTMLAudioElement }>();
  /** Object URLs of the sounds that we made. */
  readonly #urls = new Map<string, string>();
  readonly #tones: Partial<Record<ToneName, string | boolean>>;

  constructor(tones: Partial<Record<ToneName, string | boolean>>, private readonly sinkOf: (name: ElementName) => string | undefined) {
    this.#tones = { ...tones };
  }

  /** The element of that name, and of a DTMF tone that of its key; it is in no document, and plays all the same. */
  element(name: ElementName, key = ""): HTMLAudioElement {
    const held = this.#elements.get(name + key);
    if (held) return held.element;
    const element = new Audio();
    element.loop = LOOPED.includes(name);
    element.preload = "auto";
    // So that a page can try the loudspeaker by playing it.
    if (name !== "remote" && (name !== "dtmf" || key !== "") && typeof this.#tones[name] !== "string") element.src = this.#own(name, key);
    this.#elements.set(name + key, { name, element });
    void this.#route(name, element);
    return element;
  }

  /** Whether a tone is to be heard at all. */
  has(name: ToneName): boolean {
    return this.#tones[name] !== false;
  }

  /** A URL, `true` for our own sound, `false` for silence. */
  setTone(name: ToneName, value: string | boolean): void {
    this.#tones[name] = value;
    if (value === false) this.stop(name);
  }

  /** Plays a tone from its start; `key` is that of a DTMF tone. */
  play(name: ToneName, key = ""): void {
    const value = this.#tones[name] ?? true;
    if (value === false) return;
    const element = this.element(name, key);
    const url = typeof value === "string" ? value : this.#own(name, key);
    if (element.src !== url) element.src = url;
    element.currentTime = 0;
    // The browser may want a click first; the call goes on without the sound.
    element.play().catch(() => undefined);
  }

  stop(name: ToneName): void {
    this.#elements.get(name)?.element.pause();
  }

  /** What is heard of the other side. */
  get heard(): MediaProvider | null {
    return this.element("remote").srcObject;
  }

  /** Plays what the other side says; nothing: silence. */
  hear(stream: MediaStream | undefined): void {
    const element = this.element("remote");
    if (element.srcObject !== (stream ?? null)) element.srcObject = stream ?? null;
    if (stream) element.play().catch(() => undefined);
  }

  /** Sends each element to the loudspeaker that is chosen for it. Rejects with the browser's error. */
  async routeAll(): Promise<void> {
    await Promise.all([...this.#elements.values()].map(({ name, element }) => this.#route(name, element)));
  }

  close(): void {
    for (const { element } of this.#elements.values()) {
      element.pause();
      element.srcObject = null;
      element.removeAttribute("src");
    }
    this.#elements.clear();
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }

  async #route(name: ElementName, element: HTMLAudioElement): Promise<void> {
    const sink = this.sinkOf(name) ?? "";
    if (typeof element.setSinkId !== "function" || element.sinkId === sink) return;
    await element.setSinkId(sink);
  }

  #own(name: ToneName, key: string): string {
    const of = `${name}${key}`;
    const held = this.#urls.get(of);
    if (held) return held;
    const url = URL.createObjectURL(new Blob([wav(samplesOf(name, key))], { type: "audio/wav" }));
    this.#urls.set(of, url);
    return url;
  }
}

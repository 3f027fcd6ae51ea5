/** Microphone, speaker and ringtone: which, whether they work. */

import type { Client } from "../../../sdk/src/compat/plivo/index.ts";
import { element, make } from "./page.ts";
import { microphoneTrouble, tell } from "./trouble.ts";

/** How long a test tone is heard. */
const TONE_MS = 2500;

const DEVICES = [
  ["microphone", "audioinput", "microphoneDevices"],
  ["speaker", "audiooutput", "speakerDevices"],
  ["ringtone", "audiooutput", "ringtoneDevices"],
] as const;

export class Sound {
  #check: { readonly stream: MediaStream; readonly context: AudioContext; readonly timer: ReturnType<typeof setInterval> } | undefined;

  constructor(private readonly client: Client) {
    for (const [id, , side] of DEVICES) {
      const select = element<HTMLSelectElement>(id);
      select.addEventListener("change", () => {
        const devices = client.audio[side];
        if (select.value === "") devices.reset();
        else devices.set(select.value);
        if (id === "microphone" && this.#check) void this.#startCheck();
      });
    }
    element("listen").addEventListener("click", () => void (this.#check ? this.stopCheck() : this.#startCheck()));
    for (const [id, side] of [["test-speaker", "speakerDevices"], ["test-ringtone", "ringtoneDevices"]] as const) {
      element(id).addEventListener("click", () => this.#test(element(id), client.audio[side].media()));
    }
    client.on("audioDeviceChange", () => void this.list());
    client.on("volume", ({ inputVolume }: { inputVolume: string }) => !this.#check && this.#level(Number(inputVolume)));
    void this.list();
  }

  /** Shows which devices there are; their names are known once the microphone was allowed. */
  async list(): Promise<void> {
    const devices = await this.client.audio.availableDevices();
    for (const [id, kind, side] of DEVICES) {
      const select = element<HTMLSelectElement>(id);
      const own = devices.filter((device) => device.kind === kind && device.deviceId !== "" && device.deviceId !== "default");
      const options = [{ deviceId: "", label: "The system's choice" }, ...own].map(({ deviceId, label }, index) => {
        const option = make("option", label || `${kind === "audioinput" ? "Microphone" : "Speaker"} ${index}`);
        option.value = deviceId;
        return option;
      });
      select.replaceChildren(...options);
      select.value = this.client.audio[side].get() || "";
      if (select.selectedIndex < 0) select.value = "";
    }
  }

  stopCheck(): void {
    const check = this.#check;
    this.#check = undefined;
    clearInterval(check?.timer);
    for (const track of check?.stream.getTracks() ?? []) track.stop();
    void check?.context.close();
    this.#level(0);
    element("listen").setAttribute("aria-pressed", "false");
  }

  async #startCheck(): Promise<void> {
    this.stopCheck();
    const chosen = element<HTMLSelectElement>("microphone").value;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: chosen ? { deviceId: { exact: chosen } } : true });
      const context = new AudioContext();
      const analyser = new AnalyserNode(context);
      context.createMediaStreamSource(stream).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
        // -60 dB of full scale and below is an empty meter.
        this.#level(power === 0 ? 0 : 1 + (10 * Math.log10(power)) / 60);
      }, 60);
      this.#check = { stream, context, timer };
      element("listen").setAttribute("aria-pressed", "true");
      tell();
      void this.list();
    } catch (error) {
      tell(microphoneTrouble((error as DOMException).name));
    }
  }

  #test(button: HTMLElement, tone: HTMLElement | null): void {
    const audio = tone as HTMLAudioElement | null;
    if (!audio) return;
    button.classList.add("sounding");
    audio.currentTime = 0;
    void audio.play().catch(() => tell("The browser plays nothing on that device. Choose another below Sound."));
    setTimeout(() => {
      audio.pause();
      button.classList.remove("sounding");
    }, TONE_MS);
  }

  #level(level: number): void {
    element<HTMLMeterElement>("level").value = Math.min(1, Math.max(0, level));
  }
}

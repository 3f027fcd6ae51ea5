/** `client.audio`: which devices there are and which are used. */

import type { DeviceKind, Phone, ToneName } from "../../phone/api.ts";
import { SAMPLE_RATE, wav } from "../../phone/media/tones.ts";

export interface InputDevices {
  /** `false`: no such device. */
  set: (id: string) => boolean;
  /** Empty when none is set. */
  get: () => string;
  reset: () => boolean;
}

export interface OutputDevices {
  set: (id: string) => boolean;
  /** `null` when none is set; typed as Plivo's typings have it. */
  get: () => string;
  reset: () => boolean;
  /** The element of `dtmf`, else of the ringback tone. */
  media: (source?: string) => HTMLElement | null;
}

export interface RingToneDevices {
  set: (id: string) => boolean;
  get: () => string;
  reset: () => boolean;
  media: () => HTMLElement | null;
}

export interface Audio {
  availableDevices: (filter?: string | null) => Promise<MediaDeviceInfo[]>;
  revealAudioDevices: (arg?: string) => Promise<string | MediaStream>;
  microphoneDevices: InputDevices;
  speakerDevices: OutputDevices;
  ringtoneDevices: RingToneDevices;
}

export interface DeviceChange {
  change: "added" | "removed";
  device: MediaDeviceInfo;
}

/** Names that pages find the elements by, and what each plays to. */
const ELEMENTS: readonly (readonly [name: "remote" | ToneName, id: string, type: string, key?: string])[] = [
  ["remote", "plivo_webrtc_remoteview", "speakerDevice"],
  ["ringback", "plivo_ringbacktone", "speakerDevice"],
  ["ringing", "plivo_ringtone", "ringtoneDevice"],
  ["connect", "plivo_connect_tone", "speakerDevice"],
  ...[..."0123456789"].map((key) => ["dtmf", `dtmf${key}`, "speakerDevice", key] as const),
  ["dtmf", "dtmfstar", "speakerDevice", "*"],
  ["dtmf", "dtmfpound", "speakerDevice", "#"],
];

/** Plays nothing; pages play it so that the browser lets them play something later. */
function silence(): HTMLAudioElement {
  return new Audio(URL.createObjectURL(new Blob([wav(new Float32Array(SAMPLE_RATE))], { type: "audio/wav" })));
}

/** Other names of a device that is in the list by its own. */
const isAlias = ({ deviceId }: MediaDeviceInfo) => deviceId === "default" || deviceId === "communications";

export class AudioDevices implements Audio {
  /** As of the last look: the API answers at once. */
  #known: readonly MediaDeviceInfo[] = [];

  /** `tell` gets what was plugged in and out. */
  constructor(
    private readonly phone: Phone,
    private readonly usesDefault: boolean,
    tell: (change: DeviceChange) => void,
  ) {
    const named = (element: HTMLAudioElement, id: string, type: string) => {
      element.dataset["devicetype"] = type;
      return Object.assign(element, { id, hidden: true });
    };
    const elements = ELEMENTS.map(([name, id, type, key]) => named(phone.devices.element(name, key), id, type));
    elements.push(named(silence(), "plivo_silent_tone", "silentDevice"));
    // A script in the head runs before there is a body.
    if (document.body) document.body.append(...elements);
    else document.addEventListener("DOMContentLoaded", () => document.body.append(...elements), { once: true });
    void this.#look();
    phone.on("mediaPermission", ({ granted }) => granted && void this.#look());
    phone.on("devices", ({ added, removed }) => {
      const plugged = added.filter((device) => !isAlias(device));
      void this.#look().then(() => this.#follow(plugged));
      for (const device of plugged) tell({ change: "added", device });
      for (const device of removed.filter((device) => !isAlias(device))) tell({ change: "removed", device });
    });
  }

  availableDevices = async (filter?: string | null): Promise<MediaDeviceInfo[]> => {
    const devices = await this.#look();
    return devices.filter(({ kind }) => (filter === "input" || filter === "output" ? kind === `audio${filter}` : true));
  };

  revealAudioDevices = async (arg?: string): Promise<string | MediaStream> => {
    // Plivo's SDK rejects with the name alone.
    if (!navigator.mediaDevices) throw "no getUserMedia support";
    try {
      const stream = await this.phone.devices.reveal();
      if (arg === "returnStream") return stream;
      for (const track of stream.getTracks()) track.stop();
      return "success";
    } catch (error) {
      throw (error as Error).name;
    }
  };

  microphoneDevices: InputDevices = { ...this.#of("microphone"), get: () => this.phone.devices.get("microphone") ?? "" };

  speakerDevices: OutputDevices = {
    ...this.#of("speaker"),
    media: (source) => source === "dtmf" ? this.phone.devices.element("dtmf", "*") : this.phone.devices.element("ringback"),
  };

  ringtoneDevices: RingToneDevices = { ...this.#of("ringtone"), media: () => this.phone.devices.element("ringing") };

  #of(kind: DeviceKind) {
    return {
      set: (id: string): boolean => {
        const side = kind === "microphone" ? "audioinput" : "audiooutput";
        // Not every browser lists its default by that name.
        const isDefault = id === "default" && !this.#known.some(({ deviceId }) => deviceId === "default");
        if (!isDefault && !this.#known.some((device) => device.kind === side && device.deviceId === id)) return false;
        void (isDefault ? this.phone.devices.reset(kind) : this.phone.devices.set(kind, id));
        return true;
      },
      get: (): string => this.phone.devices.get(kind) ?? (null as unknown as string),
      reset: (): boolean => {
        void this.phone.devices.reset(kind);
        return true;
      },
    };
  }

  /** A device that was plugged in is meant to be used, unless the app wants the system's choice. */
  #follow(plugged: readonly MediaDeviceInfo[]): void {
    for (const { kind, deviceId } of plugged) {
      for (const of of kind === "audioinput" ? (["microphone"] as const) : (["speaker", "ringtone"] as const)) {
        void (this.usesDefault ? this.phone.devices.reset(of) : this.phone.devices.set(of, deviceId));
      }
    }
  }

  async #look(): Promise<MediaDeviceInfo[]> {
    this.#known = await this.phone.devices.list();
    return [...this.#known];
  }
}

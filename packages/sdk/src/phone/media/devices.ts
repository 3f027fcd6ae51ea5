/** Which microphone and loudspeakers are used, and which there are. */

import { Turns } from "../../turns.ts";
import type { DeviceKind, Devices, ToneName } from "../api.ts";
import type { ElementName, Player } from "./player.ts";

export interface DeviceEvents {
  onChange(added: readonly MediaDeviceInfo[], removed: readonly MediaDeviceInfo[]): void;
  onPermission(stream: MediaStream | undefined, error: Error | undefined): void;
  /** Another microphone was chosen: calls that are up take it. */
  onMicrophone(): Promise<void>;
  /** There are others now, and these are gone: a call that used one of them takes what the browser gives. */
  onMicrophones(gone: readonly string[]): Promise<void>;
  /** A tone is another one, or none, or one again. */
  onTone(name: ToneName): void;
}

/** Chromium lists the communications device a second time under this id. */
const COMMUNICATIONS = "communications";

export class DeviceBook implements Devices {
  readonly #chosen: Partial<Record<DeviceKind, string>> = {};
  #known: readonly MediaDeviceInfo[] = [];
  /** A browser tells of one headset twice: the second look begins where the first has ended. */
  readonly #looks = new Turns();
  /** What was chosen last is what counts, whichever the browser opens first. */
  readonly #choices = new Turns();
  readonly #onChange = () => void this.#looks.take(() => this.#compare());
  /** What the user allows; absent where the browser does not tell. */
  #microphone: PermissionStatus | undefined;
  #wasGranted = false;

  constructor(private readonly player: () => Player, private readonly events: DeviceEvents) {
    navigator.mediaDevices?.addEventListener("devicechange", this.#onChange);
    void this.#look();
    void this.#watchPermission();
  }

  async list(kind?: "input" | "output"): Promise<readonly MediaDeviceInfo[]> {
    const devices = await this.#enumerate();
    return devices.filter((device) => kind === undefined || device.kind === `audio${kind}`);
  }

  async reveal(): Promise<MediaStream> {
    const stream = await this.capture({ audio: true });
    await this.#look();
    return stream;
  }

  async set(kind: DeviceKind, deviceId: string): Promise<boolean> {
    return this.#choices.take(async () => {
      const devices = await this.list(kind === "microphone" ? "input" : "output");
      if (!devices.some((device) => device.deviceId === deviceId)) return false;
      return this.#choose(kind, deviceId);
    });
  }

  get(kind: DeviceKind): string | undefined {
    return this.#chosen[kind];
  }

  async reset(kind: DeviceKind): Promise<void> {
    await this.#choices.take(() => this.#choose(kind, undefined));
  }

  element(name: "remote" | ToneName, key = ""): HTMLAudioElement {
    return this.player().element(name, key);
  }

  setTone(name: ToneName, value: string | boolean): void {
    this.player().setTone(name, value);
    this.events.onTone(name);
  }

  /** Where an element plays. */
  sinkOf(name: ElementName): string | undefined {
    return this.#chosen[name === "ringing" ? "ringtone" : "speaker"];
  }

  /** The constraints with the chosen microphone. */
  constrain(audio: MediaTrackConstraints | boolean): MediaTrackConstraints | boolean {
    const { microphone } = this.#chosen;
    if (audio === false || microphone === undefined) return audio;
    return { ...(audio === true ? {} : audio), deviceId: { exact: microphone } };
  }

  /** `getUserMedia`; what the user said to it is told. */
  async capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
    try {
      if (!navigator.mediaDevices) throw new DOMException("microphones are for secure pages (https) only", "NotSupportedError");
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      if (constraints.audio) this.#wasGranted = true;
      // Not every browser tells of a change while the microphone is in use.
      for (const track of stream.getAudioTracks()) track.addEventListener("ended", () => void this.#ended(track));
      this.events.onPermission(stream, undefined);
      return stream;
    } catch (error) {
      this.events.onPermission(undefined, error as Error);
      throw error;
    }
  }

  close(): void {
    navigator.mediaDevices?.removeEventListener("devicechange", this.#onChange);
    this.#microphone?.removeEventListener("change", this.#onPermission);
  }

  async #watchPermission(): Promise<void> {
    this.#microphone = await navigator.permissions?.query({ name: "microphone" }).catch(() => undefined);
    this.#wasGranted ||= this.#microphone?.state === "granted";
    this.#microphone?.addEventListener("change", this.#onPermission);
  }

  /** What was granted and is no more, as in the middle of a call, is told once. */
  readonly #onPermission = () => {
    const isGranted = this.#microphone?.state === "granted";
    if (this.#microphone && this.#wasGranted && !isGranted) this.events.onPermission(undefined, new DOMException("the microphone is no more allowed", "NotAllowedError"));
    this.#wasGranted = isGranted;
  };

  /** A microphone that is still there and was ended is one that is no more allowed. */
  async #ended(track: MediaStreamTrack): Promise<void> {
    const { deviceId } = track.getSettings();
    if ((await this.#enumerate()).some((device) => device.kind === "audioinput" && device.deviceId === deviceId)) this.#onPermission();
  }

  async #choose(kind: DeviceKind, deviceId: string | undefined): Promise<boolean> {
    const before = this.#chosen[kind];
    if (deviceId === undefined) delete this.#chosen[kind];
    else this.#chosen[kind] = deviceId;
    try {
      await (kind === "microphone" ? this.events.onMicrophone() : this.player().routeAll());
      return true;
    } catch {
      if (before === undefined) delete this.#chosen[kind];
      else this.#chosen[kind] = before;
      return false;
    }
  }

  /** Takes note of what there is. */
  #look(): Promise<void> {
    return this.#looks.take(async () => {
      this.#known = await this.#enumerate();
    });
  }

  async #enumerate(): Promise<readonly MediaDeviceInfo[]> {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    return devices.filter(({ kind, deviceId }) => kind !== "videoinput" && deviceId !== COMMUNICATIONS);
  }

  async #compare(): Promise<void> {
    const [before, now] = [this.#known, await this.#enumerate()];
    this.#known = now;
    const lacks = (devices: readonly MediaDeviceInfo[]) => (device: MediaDeviceInfo) =>
      !devices.some(({ kind, deviceId, label }) => kind === device.kind && deviceId === device.deviceId && label === device.label);
    const [added, removed] = [now.filter(lacks(before)), before.filter(lacks(now))];
    // What is gone cannot be used: the browser's default takes its place.
    const isGone = (of: MediaDeviceKind, kind: DeviceKind) => removed.some((device) => device.kind === of && device.deviceId === this.#chosen[kind]);
    if (isGone("audioinput", "microphone")) delete this.#chosen.microphone;
    for (const kind of ["speaker", "ringtone"] as const) if (isGone("audiooutput", kind)) await this.reset(kind);
    const microphones = (devices: readonly MediaDeviceInfo[]) => devices.filter(({ kind }) => kind === "audioinput").map(({ deviceId }) => deviceId);
    if (microphones([...added, ...removed]).length > 0) await this.events.onMicrophones(microphones(removed)).catch(() => undefined);
    if (added.length + removed.length > 0) this.events.onChange(added, removed);
  }
}

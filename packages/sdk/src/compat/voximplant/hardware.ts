/** Devices: which there are, which are used, and the own picture. `Hardware` of voximplant-websdk. */

import { Turns } from "../../turns.ts";
import type { Call } from "./call.ts";
import { MediaRendererKind } from "./enums.ts";
import { EventTarget } from "./event-target.ts";
import { MediaRenderer } from "./media-renderer.ts";
import type { AudioOutputInfo, AudioSourceInfo, VideoSettings, VideoSourceInfo } from "./structures.ts";

export enum HardwareEvents {
  DevicesUpdated = "DevicesUpdated",
  MediaRendererAdded = "MediaRendererAdded",
  MediaRendererUpdated = "MediaRendererUpdated",
  MediaRendererRemoved = "MediaRendererRemoved",
  BeforeMediaRendererRemoved = "BeforeMediaRendererRemoved",
}

export enum VideoQuality {
  VIDEO_QUALITY_HIGH = "video_quality_high",
  VIDEO_QUALITY_LOW = "video_quality_low",
  VIDEO_QUALITY_MEDIUM = "video_quality_medium",
  VIDEO_SIZE_QQVGA = "video_size_qqvga",
  VIDEO_SIZE_QCIF = "video_size_qcif",
  VIDEO_SIZE_QVGA = "video_size_qvga",
  VIDEO_SIZE_CIF = "video_size_cif",
  VIDEO_SIZE_nHD = "video_size_nhd",
  VIDEO_SIZE_VGA = "video_size_vga",
  VIDEO_SIZE_SVGA = "video_size_svga",
  VIDEO_SIZE_HD = "video_size_hd",
  VIDEO_SIZE_UXGA = "video_size_uxga",
  VIDEO_SIZE_FHD = "video_size_fhd",
  VIDEO_SIZE_UHD = "video_size_uhd",
}

const SIZES: Readonly<Record<VideoQuality, readonly [width: number, height: number]>> = {
  [VideoQuality.VIDEO_QUALITY_HIGH]: [1280, 720],
  [VideoQuality.VIDEO_QUALITY_LOW]: [320, 240],
  [VideoQuality.VIDEO_QUALITY_MEDIUM]: [640, 480],
  [VideoQuality.VIDEO_SIZE_QQVGA]: [160, 120],
  [VideoQuality.VIDEO_SIZE_QCIF]: [176, 144],
  [VideoQuality.VIDEO_SIZE_QVGA]: [320, 240],
  [VideoQuality.VIDEO_SIZE_CIF]: [352, 288],
  [VideoQuality.VIDEO_SIZE_nHD]: [640, 360],
  [VideoQuality.VIDEO_SIZE_VGA]: [640, 480],
  [VideoQuality.VIDEO_SIZE_SVGA]: [800, 600],
  [VideoQuality.VIDEO_SIZE_HD]: [1280, 720],
  [VideoQuality.VIDEO_SIZE_UXGA]: [1600, 1200],
  [VideoQuality.VIDEO_SIZE_FHD]: [1920, 1080],
  [VideoQuality.VIDEO_SIZE_UHD]: [3840, 2160],
};

export interface AudioParams {
  inputId?: string;
  outputId?: string;
  echoCancellation?: boolean;
  autoGainControl?: boolean;
  noiseSuppression?: boolean;
  /** The device must be the one asked for. */
  strict?: boolean;
  disableAudio?: boolean;
  advanced?: any;
}

export interface CameraParams {
  cameraId?: string;
  videoQuality?: VideoQuality;
  /** `true`: the camera that looks at the user. */
  facingMode?: boolean;
  frameWidth?: number;
  frameHeight?: number;
  strict?: boolean;
  frameRate?: number;
  aspectRatio?: number;
}

/** What the browser is asked for. */
export function audioConstraints({ inputId, strict, echoCancellation, autoGainControl, noiseSuppression }: AudioParams): MediaTrackConstraints {
  return {
    ...(inputId !== undefined && { deviceId: strict ? { exact: inputId } : inputId }),
    ...(echoCancellation !== undefined && { echoCancellation }),
    ...(autoGainControl !== undefined && { autoGainControl }),
    ...(noiseSuppression !== undefined && { noiseSuppression }),
  };
}

/** What the browser is asked for. */
export function videoConstraints({ cameraId, videoQuality, facingMode, frameWidth, frameHeight, strict, frameRate, aspectRatio }: CameraParams): MediaTrackConstraints {
  const [width, height] = videoQuality === undefined ? [frameWidth, frameHeight] : SIZES[videoQuality];
  const as = <Value>(value: Value) => (strict ? { exact: value } : { ideal: value });
  return {
    ...(cameraId !== undefined && { deviceId: as(cameraId) }),
    ...(width !== undefined && { width: as(width) }),
    ...(height !== undefined && { height: as(height) }),
    ...(frameRate !== undefined && { frameRate: as(frameRate) }),
    ...(aspectRatio !== undefined && { aspectRatio: as(aspectRatio) }),
    ...(facingMode !== undefined && { facingMode: facingMode ? "user" : "environment" }),
  };
}

/** Sizes by camera, as {@link CameraManager.testResolutions} found them; the largest first. */
export type ResolutionTest = Readonly<Record<string, readonly (readonly [width: number, height: number])[]>>;

/** The devices of a kind. Their names are told when the page may use one. */
export async function devices(kind: MediaDeviceKind): Promise<{ id: string; name: string; group: string }[]> {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((device) => device.kind === kind).map(({ deviceId, label, groupId }) => ({ id: deviceId, name: label, group: groupId }));
}

export class AudioDeviceManager {
  static #instance: AudioDeviceManager | undefined;
  readonly #ofCalls = new WeakMap<Call, AudioParams>();
  /** Microphones that were opened for calls. */
  readonly #opened = new WeakMap<Call, MediaStreamTrack>();
  /** What was asked for last is what is used, whichever the browser opens first. */
  readonly #changes = new WeakMap<Call, Turns>();
  #default: AudioParams = {};

  static get(): AudioDeviceManager {
    return (AudioDeviceManager.#instance ??= new AudioDeviceManager());
  }

  /** Without effect: nothing of ours needs an audio context before a call. */
  prepareAudioContext(): void {}

  getInputDevices(): Promise<AudioSourceInfo[]> {
    return devices("audioinput");
  }

  getOutputDevices(): Promise<AudioOutputInfo[]> {
    return devices("audiooutput");
  }

  getDefaultAudioSettings(): AudioParams {
    return { ...this.#default };
  }

  /** For calls from now on. */
  setDefaultAudioSettings(params: AudioParams): void {
    this.#default = { ...params };
  }

  /** Changes the microphone and the loudspeaker of a call, also while it runs. Rejects with the browser's error. */
  setCallAudioSettings(call: Call, params: AudioParams): Promise<void> {
    this.#ofCalls.set(call, { ...params });
    const turns = this.#changes.get(call) ?? new Turns();
    this.#changes.set(call, turns);
    return turns.take(() => this.#change(call, params));
  }

  async #change(call: Call, params: AudioParams): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: audioConstraints(params) });
    const [track] = stream.getAudioTracks();
    if (track) await this.#replace(call, track);
    const { outputId } = params;
    if (outputId !== undefined) await Promise.all(call.getEndpoints().flatMap(({ mediaRenderers }) => mediaRenderers.map((renderer) => renderer.useAudioOutput(outputId))));
  }

  getCallAudioSettings(call: Call): AudioParams {
    return { ...(this.#ofCalls.get(call) ?? this.#default) };
  }

  /** The microphone is open as long as the call sends it. */
  async #replace(call: Call, track: MediaStreamTrack): Promise<void> {
    const { sidetone } = call;
    if (!sidetone) return track.stop();
    sidetone.on("ended", () => track.stop());
    await sidetone.replaceAudio(track).catch((error: unknown) => {
      track.stop();
      throw error;
    });
    this.#opened.get(call)?.stop();
    this.#opened.set(call, track);
  }
}

export class CameraManager {
  static #instance: CameraManager | undefined;
  #sizes: ResolutionTest = {};
  readonly #ofCalls = new WeakMap<Call, CameraParams>();
  #default: CameraParams = {};

  static get(): CameraManager {
    return (CameraManager.#instance ??= new CameraManager());
  }

  /** Constraints of old programs. */
  static legacyParamConverter({ width, height, aspectRatio, frameRate, facingMode, deviceId }: VideoSettings): CameraParams {
    const numbers = { frameWidth: asked(width), frameHeight: asked(height), aspectRatio: asked(aspectRatio), frameRate: asked(frameRate) };
    const params = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)) as CameraParams;
    if (params.frameWidth === undefined && params.frameHeight === undefined) params.videoQuality = VideoQuality.VIDEO_QUALITY_MEDIUM;
    if (deviceId !== undefined) params.cameraId = deviceId;
    if (facingMode !== undefined) params.facingMode = (facingMode?.exact ?? facingMode?.ideal ?? facingMode) === "user";
    if ([width, height, aspectRatio, frameRate].some((value) => value?.exact !== undefined)) params.strict = true;
    return params;
  }

  getInputDevices(): Promise<VideoSourceInfo[]> {
    return devices("videoinput");
  }

  /** Opens the camera, or each camera, in size after size, and tells which it has. Takes seconds, in which the camera is on. */
  async testResolutions(cameraId?: string): Promise<ResolutionTest> {
    const sizes = Object.values(SIZES).filter((size, at, all) => all.findIndex((other) => String(other) === String(size)) === at);
    const found: Record<string, (readonly [number, number])[]> = {};
    for (const { id } of cameraId === undefined ? await this.getInputDevices() : [{ id: cameraId }]) {
      const held: (readonly [number, number])[] = (found[String(id)] = []);
      for (const [width, height] of [...sizes].sort(([one], [other]) => other - one)) {
        const video = videoConstraints({ cameraId: String(id), frameWidth: width, frameHeight: height, strict: true });
        const stream = await navigator.mediaDevices.getUserMedia({ video }).catch(() => undefined);
        if (stream) held.push([width, height]);
        for (const track of stream?.getTracks() ?? []) track.stop();
      }
    }
    this.#sizes = { ...this.#sizes, ...found };
    return found;
  }

  /** Takes what {@link testResolutions} gave in another visit. `false`: it is no such thing. */
  loadResolutionTestResult(data: any): boolean {
    const isTest = typeof data === "object" && data !== null && Object.values(data).every((sizes) => Array.isArray(sizes) && sizes.every((size) => Array.isArray(size) && size.length === 2));
    if (isTest) this.#sizes = data as ResolutionTest;
    return isTest;
  }

  /** What the browser is asked for; where the camera was tested, the three qualities are its largest, middle and smallest size. */
  constraints(params = this.#default): MediaTrackConstraints {
    const sizes = this.#sizes[params.cameraId ?? Object.keys(this.#sizes)[0] ?? ""] ?? [];
    const at = { [VideoQuality.VIDEO_QUALITY_HIGH]: 0, [VideoQuality.VIDEO_QUALITY_MEDIUM]: sizes.length >> 1, [VideoQuality.VIDEO_QUALITY_LOW]: sizes.length - 1 } as Partial<Record<VideoQuality, number>>;
    const size = params.videoQuality === undefined ? undefined : sizes[at[params.videoQuality] ?? -1];
    if (!size) return videoConstraints(params);
    const { videoQuality: _replaced, ...rest } = params;
    return videoConstraints({ ...rest, frameWidth: size[0], frameHeight: size[1] });
  }

  getDefaultVideoSettings(): CameraParams {
    return { ...this.#default };
  }

  /** For calls from now on. */
  async setDefaultVideoSettings(params: CameraParams): Promise<void> {
    this.#default = { ...params };
  }

  /** Changes the camera of a call that sends one. */
  async setCallVideoSettings(call: Call, params: CameraParams): Promise<void> {
    this.#ofCalls.set(call, { ...params });
    await call.sidetone?.setVideo(this.constraints(params));
  }

  getCallVideoSettings(call: Call): CameraParams {
    return { ...(this.#ofCalls.get(call) ?? this.#default) };
  }
}

/** The own picture, and news of devices. */
export class StreamManager extends EventTarget<HardwareEvents> {
  static #instance: StreamManager | undefined;
  /** Where the own picture is shown. @internal */
  container = (): HTMLElement => document.body;
  #renderer: MediaRenderer | undefined;
  /** What the own picture shows while no screen is shared. */
  #camera: MediaStream | undefined;
  /** What was asked for last is what is shown, however long the browser asks its user before. */
  readonly #pictures = new Turns();

  static get(): StreamManager {
    if (StreamManager.#instance) return StreamManager.#instance;
    const manager = new StreamManager();
    navigator.mediaDevices?.addEventListener("devicechange", () => void manager.#devicesUpdated());
    return (StreamManager.#instance = manager);
  }

  /** Whether the own picture is shown. */
  get isLocalVideoRequested(): boolean {
    return this.#renderer !== undefined;
  }

  /** Opens microphone and camera of a call anew, by the settings that it has. */
  async updateStreamSettings(call: Call): Promise<void> {
    const [audio, camera] = [AudioDeviceManager.get(), CameraManager.get()];
    await audio.setCallAudioSettings(call, audio.getCallAudioSettings(call));
    if (call.sidetone?.localStream?.getVideoTracks().length) await camera.setCallVideoSettings(call, camera.getCallVideoSettings(call));
  }

  getLocalMediaRenderers(): MediaRenderer[] {
    return this.#renderer ? [this.#renderer] : [];
  }

  /** Shows the camera. Rejects with the browser's error. */
  showLocalVideo(placeOnDom = true): Promise<MediaRenderer> {
    return this.#pictures.take(() => this.#showCamera(placeOnDom));
  }

  async #showCamera(placeOnDom: boolean): Promise<MediaRenderer> {
    this.#hideCamera();
    const stream = await navigator.mediaDevices.getUserMedia({ video: CameraManager.get().constraints() });
    const renderer = new MediaRenderer({ stream, kind: MediaRendererKind.Video, isLocal: true, container: this.container });
    this.#renderer = renderer;
    this.#camera = stream;
    if (placeOnDom) renderer.render();
    this.dispatchEvent({ name: HardwareEvents.MediaRendererAdded, renderer });
    return renderer;
  }

  /** The own picture is the screen while a call shares it, and the camera again afterwards. @internal */
  show(screen: MediaStreamTrack | undefined): void {
    const renderer = this.#renderer;
    const kind = screen ? MediaRendererKind.Sharing : MediaRendererKind.Video;
    if (!renderer || !this.#camera || renderer.kind === kind) return;
    renderer.replace(screen ? new MediaStream([screen]) : this.#camera, kind);
    this.dispatchEvent({ name: HardwareEvents.MediaRendererUpdated, renderer, type: kind });
  }

  hideLocalVideo(): Promise<void> {
    return this.#pictures.take(async () => this.#hideCamera());
  }

  #hideCamera(): void {
    const renderer = this.#renderer;
    if (!renderer) return;
    this.dispatchEvent({ name: HardwareEvents.BeforeMediaRendererRemoved, renderer });
    this.#renderer = undefined;
    // A screen is the call's.
    for (const track of this.#camera?.getTracks() ?? []) track.stop();
    renderer.clear();
    this.dispatchEvent({ name: HardwareEvents.MediaRendererRemoved, renderer });
  }

  async #devicesUpdated(): Promise<void> {
    const [audioInputDevices, audioOutputDevices, videoInputDevices] = await Promise.all([devices("audioinput"), devices("audiooutput"), devices("videoinput")]);
    this.dispatchEvent({ name: HardwareEvents.DevicesUpdated, audioInputDevices, audioOutputDevices, videoInputDevices });
  }
}

/** The number that a constraint asks for. */
export function asked(constraint: ConstrainULong | undefined): number | undefined {
  return typeof constraint === "object" ? (constraint.exact ?? constraint.ideal ?? constraint.max ?? constraint.min) : constraint;
}

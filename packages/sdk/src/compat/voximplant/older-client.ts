/** Members of the client that voximplant-websdk keeps for old programs. In 4.13 many of them throw; here they do what their names say. */

import type { Call } from "./call.ts";
import { CloudClient } from "./cloud.ts";
import { Events } from "./enums.ts";
import type { EventHandlers } from "./event-handlers.ts";
import { AudioDeviceManager, audioConstraints, CameraManager, devices, StreamManager, videoConstraints } from "./hardware.ts";
import type { AudioOutputInfo, AudioSourceInfo, VideoSettings, VideoSourceInfo } from "./structures.ts";

export abstract class OlderClient extends CloudClient {
  #audioSources: AudioSourceInfo[] = [];
  #videoSources: VideoSourceInfo[] = [];
  #audioOutputs: AudioOutputInfo[] = [];
  /** What {@link attachRecordingDevice} opened. */
  #recording: MediaStream | undefined;

  /** Calls that have not ended. */
  protected abstract readonly running: readonly Call[];

  /** @deprecated Use `Hardware`. The devices as they were after `SDKReady`, or at the last `SourcesInfoUpdated`; as with the two below. */
  audioSources(): AudioSourceInfo[] {
    return [...this.#audioSources];
  }

  /** @deprecated */
  videoSources(): VideoSourceInfo[] {
    return [...this.#videoSources];
  }

  /** @deprecated */
  audioOutputs(): AudioOutputInfo[] {
    return [...this.#audioOutputs];
  }

  /** @deprecated Use `Hardware.AudioDeviceManager`. For this call and those that come. Resolves with its sound, which is the page's to stop. */
  useAudioSource(id: string, successCallback?: Function, failedCallback?: Function): Promise<MediaStream> {
    const manager = AudioDeviceManager.get();
    return told(successCallback, failedCallback, async () => {
      const wanted = { ...manager.getDefaultAudioSettings(), inputId: id };
      const stream = await navigator.mediaDevices.getUserMedia({ audio: audioConstraints({ ...wanted, strict: true }) });
      manager.setDefaultAudioSettings(wanted);
      await Promise.all(this.running.map((call) => call.sidetone?.peerConnection && manager.setCallAudioSettings(call, { ...manager.getCallAudioSettings(call), inputId: id, strict: true })));
      return stream;
    });
  }

  /** @deprecated Use `Hardware.CameraManager`. As {@link useAudioSource}. */
  useVideoSource(id: string, successCallback?: Function, failedCallback?: Function): Promise<MediaStream> {
    const manager = CameraManager.get();
    return told(successCallback, failedCallback, async () => {
      const wanted = { ...manager.getDefaultVideoSettings(), cameraId: id };
      const stream = await navigator.mediaDevices.getUserMedia({ video: videoConstraints({ ...wanted, strict: true }) });
      await manager.setDefaultVideoSettings(wanted);
      const isFilming = (call: Call) => call.sidetone?.localStream?.getVideoTracks().length;
      await Promise.all(this.running.filter(isFilming).map((call) => manager.setCallVideoSettings(call, { ...manager.getCallVideoSettings(call), cameraId: id })));
      return stream;
    });
  }

  /** @deprecated Use `Hardware.AudioDeviceManager`. Rejects where a running call cannot be played there. */
  async useAudioOutput(id: string): Promise<void> {
    const manager = AudioDeviceManager.get();
    await Promise.all(this.running.map((call) => call.useAudioOutput(id)));
    manager.setDefaultAudioSettings({ ...manager.getDefaultAudioSettings(), outputId: id });
  }

  /** @deprecated Use `Hardware.CameraManager`. For calls from now on and those that run; the functions are called when these are changed. */
  setVideoSettings(settings: VideoSettings, successCallback?: Function, failedCallback?: Function): void {
    const manager = CameraManager.get();
    const params = CameraManager.legacyParamConverter(settings);
    const filming = this.running.filter((call) => call.sidetone?.localStream?.getVideoTracks().length);
    void told(successCallback, failedCallback, async () => {
      await manager.setDefaultVideoSettings(params);
      await Promise.all(filming.map((call) => manager.setCallVideoSettings(call, params)));
      return filming[0]?.sidetone?.localStream;
    }).catch(() => undefined);
  }

  /** @deprecated A call asks for the microphone itself. Opens it until {@link detachRecordingDevice}; `MicAccessResult` tells the outcome. */
  attachRecordingDevice(successCallback?: Function, failedCallback?: Function): Promise<MediaStreamTrack> {
    const audio = audioConstraints(AudioDeviceManager.get().getDefaultAudioSettings());
    return told(successCallback, failedCallback, async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio }).catch((error: unknown) => {
        this.dispatchEvent({ name: Events.MicAccessResult, result: false, stream: undefined });
        throw error;
      });
      this.detachRecordingDevice();
      this.#recording = stream;
      this.dispatchEvent({ name: Events.MicAccessResult, result: true, stream });
      return stream.getAudioTracks()[0]!;
    });
  }

  /** @deprecated */
  detachRecordingDevice(): void {
    for (const track of this.#recording?.getTracks() ?? []) track.stop();
    this.#recording = undefined;
  }

  /** @deprecated Use the call's `setActive`. */
  setCallActive(call: Call, active = true): Promise<EventHandlers.Updated> {
    return call.setActive(active);
  }

  /** @deprecated Use the call's. Of all calls that run; how it ends is told by their `Updated`. */
  sendVideo(flag = true): void {
    for (const call of this.running) call.sendVideo(flag).catch(() => undefined);
  }

  /** @deprecated Use the renderers'. 0 to 100, of what is heard now; gives the level back. */
  volume(level: number): number {
    for (const call of this.running) for (const { mediaRenderers } of call.getEndpoints()) for (const renderer of mediaRenderers) renderer.setVolume(level / 100);
    return level;
  }

  /** @deprecated Style the element of the renderer. Pixels from the left and the top. */
  setLocalVideoPosition(x: number, y: number): void {
    for (const renderer of StreamManager.get().getLocalMediaRenderers()) renderer.moveTo(x, y);
  }

  /** @deprecated Style the element of the renderer. Pixels. */
  setLocalVideoSize(width: number, height: number): void {
    for (const renderer of StreamManager.get().getLocalMediaRenderers()) renderer.resize(width, height);
  }

  getGUID(): string {
    return crypto.randomUUID();
  }

  /** Lists the devices, now and whenever they change. Nobody waits for it: a browser may tell them only when its window is looked at. */
  protected watchDevices(): void {
    void this.#listDevices();
    navigator.mediaDevices.addEventListener("devicechange", () => void this.#listDevices().then(() => this.dispatchEvent({ name: Events.SourcesInfoUpdated })));
  }

  async #listDevices(): Promise<void> {
    const all = Promise.all([devices("audioinput"), devices("videoinput"), devices("audiooutput")]);
    // Where the page may not know them, there are none.
    [this.#audioSources, this.#videoSources, this.#audioOutputs] = await all.catch(() => [[], [], []]);
  }
}

/** The outcome, told to whichever function the page gave, too. */
async function told<Value>(success: Function | undefined, failure: Function | undefined, work: () => Promise<Value>): Promise<Value> {
  const done = work();
  done.then(
    (value) => success?.(value),
    (error: unknown) => failure?.(error),
  );
  return done;
}

/** Members of a call that voximplant-websdk keeps for old programs. In 4.13 most of them throw; here they do what their names say. */

import type { Call as PhoneCall } from "../../phone/api.ts";
import type { CallEvents, SidetoneEvents } from "./call-events.ts";
import type { Call } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { MediaRendererKind } from "./enums.ts";
import type { EventHandlers } from "./event-handlers.ts";
import { EventTarget } from "./event-target.ts";
import { CameraManager } from "./hardware.ts";
import type { MediaRenderer } from "./media-renderer.ts";
import type { VideoSettings } from "./structures.ts";

export abstract class OlderCall extends EventTarget<CallEvents | SidetoneEvents> {
  abstract sidetone: PhoneCall | undefined;
  abstract getEndpoints(): Endpoint[];
  abstract muteMicrophone(): void;
  abstract unmuteMicrophone(): void;
  abstract sendVideo(flag: boolean): Promise<EventHandlers.Updated>;

  /** Begins or ends to send voice and picture. */
  sendMedia(audio: boolean, video: boolean): Promise<EventHandlers.Updated> {
    if (audio) this.unmuteMicrophone();
    else this.muteMicrophone();
    return this.sendVideo(video);
  }

  /** @deprecated Style the elements of the renderers; as with the two below. */
  showRemoteVideo(flag = true): void {
    for (const { element } of this.#pictures) element.style.display = flag ? "" : "none";
  }

  /** @deprecated Pixels from the left and the top. */
  setRemoteVideoPosition(x: number, y: number): void {
    for (const renderer of this.#pictures) renderer.moveTo(x, y);
  }

  /** @deprecated Pixels. */
  setRemoteVideoSize(width: number, height: number): void {
    for (const renderer of this.#pictures) renderer.resize(width, height);
  }

  /** @deprecated Use `Hardware.CameraManager`. The first function is called with what is sent then, the second with the browser's error. */
  setVideoSettings(settings: VideoSettings, successCallback?: Function, failedCallback?: Function): void {
    const done = CameraManager.get().setCallVideoSettings(this as unknown as Call, CameraManager.legacyParamConverter(settings));
    done.then(
      () => successCallback?.(this.sidetone?.localStream),
      (error: unknown) => failedCallback?.(error),
    );
  }

  /** @deprecated Use the endpoints' `mediaRenderers`. The id of the element that plays it; empty before there is one. */
  getVideoElementId(): string {
    return this.#pictures[0]?.element.id ?? "";
  }

  /** @deprecated As {@link getVideoElementId}. */
  getAudioElementId(): string {
    return this.#renderers.find(({ kind }) => kind === MediaRendererKind.Audio)?.element.id ?? "";
  }

  /** What is heard. */
  async getRemoteAudioStreams(): Promise<MediaStream> {
    return new MediaStream(this.sidetone?.remoteStream?.getAudioTracks() ?? []);
  }

  /** What is seen. */
  async getRemoteVideoStreams(): Promise<MediaStream> {
    return new MediaStream(this.sidetone?.remoteStream?.getVideoTracks() ?? []);
  }

  /** @deprecated Use the endpoint's or the renderer's. Rejects where the browser has no such device. */
  async useAudioOutput(id: string): Promise<void> {
    await Promise.all(this.#renderers.map((renderer) => renderer.useAudioOutput(id)));
  }

  /** The picture is sent so many times smaller; -1: as it is. */
  async scaleVideoResolutionDownBy(scale: number): Promise<any[]> {
    const senders = this.sidetone?.peerConnection?.getSenders().filter(({ track }) => track?.kind === "video") ?? [];
    return Promise.all(
      senders.map((sender) => {
        const parameters = sender.getParameters();
        for (const encoding of parameters.encodings) {
          if (scale === -1) delete encoding.scaleResolutionDownBy;
          else encoding.scaleResolutionDownBy = scale;
        }
        return sender.setParameters(parameters);
      }),
    );
  }

  get #renderers(): readonly MediaRenderer[] {
    return this.getEndpoints().flatMap(({ mediaRenderers }) => mediaRenderers);
  }

  get #pictures(): readonly MediaRenderer[] {
    return this.#renderers.filter(({ kind }) => kind !== MediaRendererKind.Audio);
  }
}

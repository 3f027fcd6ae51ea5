/** The picture that a call sends: the camera, or the screen in its place. */

import { CallEvents } from "./call-events.ts";
import type { Call, CallConfiguration } from "./call.ts";
import { MediaRendererKind } from "./enums.ts";
import type { EventHandlers } from "./event-handlers.ts";
import { StreamManager } from "./hardware.ts";
import type { Updates } from "./updates.ts";

export class SentVideo {
  /** What was sent before the screen. */
  #beforeScreen: "camera" | undefined;

  constructor(
    private readonly call: Call,
    private readonly settings: CallConfiguration,
    private readonly updates: Updates,
    public source: "camera" | "screen" | undefined,
  ) {}

  async send(flag: boolean): Promise<EventHandlers.Updated> {
    const updated = await this.updates.of((call) => call.setVideo(flag && this.settings.camera()));
    this.source = flag ? "camera" : undefined;
    StreamManager.get().show(undefined);
    if (flag) this.started();
    return updated;
  }

  async share(): Promise<EventHandlers.Updated> {
    const before = this.source;
    const updated = await this.updates.of((call) => call.shareScreen(true));
    this.source = "screen";
    this.#beforeScreen = before === "camera" ? "camera" : undefined;
    // The browser has a button of its own to end it.
    const track = this.#senders()[0]?.track;
    track?.addEventListener("ended", () => this.source === "screen" && this.#stopped(undefined));
    // Maybe it was pressed before the other side had agreed.
    if (track?.readyState !== "live") this.#stopped(undefined);
    else StreamManager.get().show(track);
    this.call.sidetone?.on("ended", () => StreamManager.get().show(undefined));
    return updated;
  }

  /** The camera is sent again if it was before. */
  async stopSharing(): Promise<EventHandlers.SharingStopped> {
    const source = this.#beforeScreen;
    await this.updates.of((call) => (source ? call.setVideo(this.settings.camera()) : call.shareScreen(false)));
    return this.#stopped(source);
  }

  /** The camera begins to be sent. */
  started(): void {
    this.limit();
    const stream = this.call.sidetone?.localStream;
    const isHeard = this.call.listens(CallEvents.LocalVideoStreamAdded);
    if (this.source !== "camera" || !isHeard || !stream || stream.getVideoTracks().length === 0) return;
    const element = document.createElement("video");
    Object.assign(element, { srcObject: stream, muted: true, autoplay: true, playsInline: true });
    this.call.dispatchEvent({ name: CallEvents.LocalVideoStreamAdded, call: this.call, type: MediaRendererKind.Video, element, videoStream: stream });
  }

  /** Holds it to the bit rate that the app allows. */
  limit(): void {
    const maxBitrate = this.settings.videoBps();
    for (const sender of this.#senders()) {
      const parameters = sender.getParameters();
      if (parameters.encodings.every((encoding) => encoding.maxBitrate === maxBitrate)) continue;
      for (const encoding of parameters.encodings) {
        if (maxBitrate === undefined) delete encoding.maxBitrate;
        else encoding.maxBitrate = maxBitrate;
      }
      // A sender that is gone by then sends nothing that could be too much.
      sender.setParameters(parameters).catch(() => undefined);
    }
  }

  #senders(): RTCRtpSender[] {
    return this.call.sidetone?.peerConnection?.getSenders().filter(({ track }) => track?.kind === "video") ?? [];
  }

  #stopped(source: "camera" | undefined): EventHandlers.SharingStopped {
    this.source = source;
    StreamManager.get().show(undefined);
    const event = { name: CallEvents.SharingStopped, call: this.call, result: true } as const;
    this.call.dispatchEvent(event);
    return event;
  }
}

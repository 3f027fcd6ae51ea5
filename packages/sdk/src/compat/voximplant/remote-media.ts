/** The other side of a call as its page sees it: the endpoint, its renderers, and whether it speaks. */

import { CallEvents } from "./call-events.ts";
import type { Call } from "./call.ts";
import { Endpoint } from "./endpoint.ts";
import { EndpointEvents, MediaRenderDisablingReason, MediaRendererKind } from "./enums.ts";
import { AudioDeviceManager } from "./hardware.ts";
import { type Container, MediaRenderer } from "./media-renderer.ts";
import type { Played } from "./stats/transform.ts";
import { Voice } from "./voice.ts";

export interface RemoteParty {
  readonly id: string;
  readonly user: string;
  readonly uri: string;
  readonly displayName: string;
}

export class RemoteMedia {
  #endpoint: Endpoint | undefined;
  #isMuted = false;
  #isTold = true;
  #isScreen = false;
  #undoVoice: (() => void) | undefined;

  constructor(
    private readonly call: Call,
    private readonly container: Container,
    /** Listens to the level of what is received, 0 to 1. */
    private readonly onLevel: (listener: (level: number) => void) => () => void,
  ) {}

  get endpoints(): Endpoint[] {
    return this.#endpoint ? [this.#endpoint] : [];
  }

  /** What there is to be heard and seen. */
  get kinds(): { readonly audio: boolean; readonly video: boolean } {
    const renderers = this.#endpoint?.mediaRenderers ?? [];
    const isAudio = ({ kind }: MediaRenderer) => kind === MediaRendererKind.Audio;
    return { audio: renderers.some(isAudio), video: !renderers.every(isAudio) };
  }

  /** The other side is known; the page hears of it unless it only watches. */
  announce(isTold: boolean, party: RemoteParty): Endpoint {
    if (this.#endpoint) return this.#endpoint;
    const onVoiceWanted = () => this.#listen();
    const endpoint = new Endpoint({ id: party.id, displayName: party.displayName, userName: party.user, sipUri: party.uri, onVoiceWanted });
    endpoint.addDefaultEventListener(EndpointEvents.RemoteMediaAdded, ({ mediaRenderer }: { mediaRenderer: MediaRenderer }) => mediaRenderer.render());
    this.#endpoint = endpoint;
    this.#isTold = isTold;
    if (isTold) this.call.dispatchEvent({ name: CallEvents.EndpointAdded, call: this.call, endpoint });
    return endpoint;
  }

  add(endpoint: Endpoint, track: MediaStreamTrack): void {
    if (endpoint.mediaRenderers.some(({ id }) => id === track.id)) return;
    const kind = track.kind === "audio" ? MediaRendererKind.Audio : this.#picture;
    const renderer = new MediaRenderer({ stream: new MediaStream([track]), kind, container: this.container, onEnabled: (changed) => this.#enabled(changed) });
    renderer.element.muted = this.#isMuted;
    const { outputId } = AudioDeviceManager.get().getCallAudioSettings(this.call);
    // Where the browser has it no more, it is heard where the browser plays sounds.
    if (outputId !== undefined) renderer.useAudioOutput(outputId).catch((error: unknown) => console.warn(error));
    endpoint.mediaRenderers = [...endpoint.mediaRenderers, renderer];
    this.call.dispatchEvent({ name: CallEvents.MediaElementCreated, call: this.call, type: kind, element: renderer.element, stream: renderer.stream });
    this.#tell(EndpointEvents.RemoteMediaAdded, renderer);
  }

  /** The picture is a screen from now on, or is none any more. */
  set isScreen(isScreen: boolean) {
    this.#isScreen = isScreen;
    for (const renderer of this.#endpoint?.mediaRenderers ?? []) {
      if (renderer.kind === MediaRendererKind.Audio || renderer.kind === this.#picture) continue;
      renderer.kind = this.#picture;
      this.#tell(EndpointEvents.RemoteMediaUpdated, renderer);
    }
  }

  /** The other side says who it is. */
  identify(named: { readonly displayName: string | undefined; readonly user: string; readonly uri: string }): void {
    const endpoint = this.#endpoint;
    if (!endpoint) return;
    const { displayName = endpoint.displayName, user: userName, uri: sipUri } = named;
    if (endpoint.displayName === displayName && endpoint.userName === userName && endpoint.sipUri === sipUri) return;
    Object.assign(endpoint, { displayName, userName, sipUri });
    this.#tell(EndpointEvents.InfoUpdated);
  }

  /** The browser's report, for the endpoint's handlers, too. */
  reported(stats: unknown): void {
    this.#tell(EndpointEvents.RTCStatsReceived, undefined, { stats });
  }

  remove(trackId: string): void {
    const renderer = this.#endpoint?.mediaRenderers.find(({ id }) => id === trackId);
    if (!this.#endpoint || !renderer) return;
    this.#endpoint.mediaRenderers = this.#endpoint.mediaRenderers.filter((held) => held !== renderer);
    this.#tell(EndpointEvents.RemoteMediaRemoved, renderer);
    this.call.dispatchEvent({ name: CallEvents.MediaElementRemoved, call: this.call, type: renderer.kind, element: renderer.element, stream: renderer.stream });
    renderer.clear();
  }

  /** The call is over: `Removed` of the endpoint first, then the call's event. */
  clear(): void {
    const endpoint = this.#endpoint;
    this.#undoVoice?.();
    if (!endpoint) return;
    for (const { id } of endpoint.mediaRenderers) this.remove(id);
    this.#endpoint = undefined;
    endpoint.dispatchEvent({ name: EndpointEvents.Removed, call: this.call, endpoint });
    if (this.#isTold) this.call.dispatchEvent({ name: CallEvents.EndpointRemoved, call: this.call, endpoint });
  }

  set isMuted(isMuted: boolean) {
    this.#isMuted = isMuted;
    for (const { element } of this.#endpoint?.mediaRenderers ?? []) element.muted = isMuted;
  }

  played(trackId: string): Played | undefined {
    const renderer = this.#endpoint?.mediaRenderers.find(({ id }) => id === trackId);
    return this.#endpoint && renderer && { renderer: renderer.id, endpoint: this.#endpoint.id };
  }

  get #picture(): MediaRendererKind {
    return this.#isScreen ? MediaRendererKind.Sharing : MediaRendererKind.Video;
  }

  #listen(): void {
    const voice = new Voice();
    this.#undoVoice ??= this.onLevel((level) => {
      const change = voice.hear(level, performance.now());
      if (change) this.#tell(change === "start" ? EndpointEvents.VoiceStart : EndpointEvents.VoiceEnd);
    });
  }

  #enabled(renderer: MediaRenderer): void {
    if (renderer.enabled) this.#tell(EndpointEvents.MediaRenderEnabled, renderer);
    else this.#tell(EndpointEvents.MediaRenderDisabled, renderer, { reason: MediaRenderDisablingReason.Manual });
    this.#tell(EndpointEvents.RemoteMediaUpdated, renderer);
  }

  #tell(name: EndpointEvents, mediaRenderer?: MediaRenderer, more: object = {}): void {
    const endpoint = this.#endpoint;
    const event = { name, call: this.call, endpoint, ...(mediaRenderer && { mediaRenderer }), ...more };
    endpoint?.dispatchEvent(event);
  }
}

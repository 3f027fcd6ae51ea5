/** The other side of a call, and what it sends. */

import { EndpointEvents } from "./enums.ts";
import { EventTarget } from "./event-target.ts";
import type { EventListenerOption } from "./event-target.ts";
import type { MediaRenderer } from "./media-renderer.ts";

export interface EndpointOptions {
  readonly id: string;
  readonly displayName: string;
  readonly userName: string;
  readonly sipUri: string;
  /** Starts to listen for its voice. */
  readonly onVoiceWanted: () => void;
}

export class Endpoint extends EventTarget<EndpointEvents> {
  isDefault = true;
  id: string;
  displayName: string;
  userName: string;
  sipUri: string;
  /** Where it stands among those of a conference; a call has one. */
  place = 0;
  mediaRenderers: MediaRenderer[] = [];
  readonly #onVoiceWanted: () => void;

  /** @internal */
  constructor({ id, displayName, userName, sipUri, onVoiceWanted }: EndpointOptions) {
    super();
    this.id = id;
    this.displayName = displayName;
    this.userName = userName;
    this.sipUri = sipUri;
    this.#onVoiceWanted = onVoiceWanted;
  }

  override on(event: EndpointEvents, handler: (ev: any) => void, options?: EventListenerOption): void {
    super.on(event, handler, options);
    if (event === EndpointEvents.VoiceStart || event === EndpointEvents.VoiceEnd) this.#onVoiceWanted();
  }

  enableAll(): void {
    for (const renderer of this.mediaRenderers) renderer.enable();
  }

  disableAll(): void {
    for (const renderer of this.mediaRenderers) renderer.disable();
  }

  useAudioOutput(id: string): void {
    for (const renderer of this.mediaRenderers) renderer.useAudioOutput(id).catch((error: unknown) => console.warn(error));
  }
}

/** The screen as what a call sends, for those who only show it. */

import { Silence } from "./silence.ts";

export class SharedScreen {
  readonly #silence = new Silence();
  #captured: MediaStream | undefined;

  constructor(
    /** With the sound of what is shown, where the browser gives it. */
    private readonly withAudio: boolean,
    /** The browser has a button of its own to end it. */
    private readonly onEnded: () => void,
  ) {}

  /** Rejects with the browser's error. */
  async open(): Promise<MediaStream> {
    const captured = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: this.withAudio });
    this.#captured = captured;
    captured.getVideoTracks()[0]?.addEventListener("ended", this.onEnded);
    // SIP servers want a voice; silence, where there is none.
    const sound = captured.getAudioTracks().length > 0 ? captured : this.#silence.stream;
    return new MediaStream([...sound.getAudioTracks(), ...captured.getVideoTracks()]);
  }

  close(): void {
    for (const track of this.#captured?.getTracks() ?? []) track.stop();
    this.#silence.close();
  }
}

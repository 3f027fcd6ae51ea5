/** Which sound goes with which state of the calls. */

import type { CallState } from "./api.ts";
import type { LiveCall } from "./call.ts";
import type { Player } from "./media/player.ts";

/** How long the busy tone is played after a call that could not be made. */
const BUSY_MS = 3000;

export class Sounds {
  #busy: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly player: Player, private readonly calls: () => readonly LiveCall[]) {}

  stateChanged(call: LiveCall, from: CallState): void {
    const calls = this.calls();
    const isTalking = calls.some(({ state }) => state === "answered" || state === "connected" || state === "updating");
    const rings = (direction: "incoming" | "outgoing") => calls.some((held) => held.direction === direction && held.state === "ringing");
    // One who talks is not rung into the ear.
    this.#keep("ringing", rings("incoming") && !isTalking);
    this.#keep("ringback", rings("outgoing"));
    if (call.state === "answered") this.player.play("connect");
    if (call.state === "ended" && call.direction === "outgoing" && from !== "new" && call.times.answered === undefined && calls.length === 0) this.#playBusy();
    if (call.state === "new" || call.state === "ringing" || call.state === "early") this.#stopBusy();
    this.hear(call);
  }

  /** The other side is heard from its early media on; of several calls, the one that was answered or resumed last. */
  hear(call: LiveCall): void {
    if (call.state === "ended") {
      if (this.player.element("remote").srcObject === call.remoteStream) this.player.hear(undefined);
    } else if (["early", "answered", "connected", "updating"].includes(call.state) && !call.isHeld.local) {
      this.player.hear(call.remoteStream);
    }
  }

  close(): void {
    this.#stopBusy();
  }

  #playing = new Set<"ringing" | "ringback">();

  #keep(name: "ringing" | "ringback", isOn: boolean): void {
    if (isOn === this.#playing.has(name)) return;
    if (isOn) this.#playing.add(name);
    else this.#playing.delete(name);
    if (isOn) this.player.play(name);
    else this.player.stop(name);
  }

  #playBusy(): void {
    this.#stopBusy();
    this.player.play("busy");
    this.#busy = setTimeout(() => this.player.stop("busy"), BUSY_MS);
  }

  #stopBusy(): void {
    clearTimeout(this.#busy);
    this.player.stop("busy");
  }
}

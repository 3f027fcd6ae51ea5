/** Which sound goes with which state of the calls. */

import type { Call, CallState, ToneName } from "./api.ts";
import type { Player } from "./media/player.ts";

/** How long the busy tone is played after a call that could not be made. */
const BUSY_MS = 3000;

/** Tones that go on for as long as a state does. */
const LASTING = ["ringing", "ringback", "connect"] as const;
type Lasting = (typeof LASTING)[number];

/** What is to know of a call. */
export type Sounding = Pick<Call, "direction" | "state" | "isHeld" | "remoteStream" | "times" | "isHandedOver">;

export class Sounds {
  #busy: ReturnType<typeof setTimeout> | undefined;
  /** Those whose INVITE is on its way, and that nobody has said a word of. */
  readonly #inviting = new WeakSet<Sounding>();
  readonly #playing = new Set<Lasting>();

  /** `ringbackUntilAnswer`: sound before the answer is heard only where there is no ringback tone. */
  constructor(
    private readonly player: Pick<Player, "play" | "stop" | "hear" | "heard" | "has">,
    private readonly calls: () => readonly Sounding[],
    private readonly ringbackUntilAnswer: boolean,
  ) {}

  inviting(call: Sounding): void {
    this.#inviting.add(call);
    this.#keepAll();
  }

  stateChanged(call: Sounding, from: CallState): void {
    this.#inviting.delete(call);
    this.#keepAll();
    if (call.state === "ended" && call.direction === "outgoing" && from !== "new" && call.times.answered === undefined && this.calls().length === 0) this.#playBusy();
    if (call.state === "new" || call.state === "ringing" || call.state === "early") this.#stopBusy();
    this.hear(call);
  }

  /** A tone was taken away or given: what goes on follows. */
  toneChanged(name: ToneName): void {
    // One that goes on begins anew, as what it is now.
    this.#playing.delete(name as Lasting);
    this.#keepAll();
    // With a ringback tone or without, sound before the answer is heard or not; nothing else hangs on a tone.
    for (const call of this.calls()) if (call.state === "early") this.hear(call);
  }

  /** The other side is heard from the answer on, or before; of several calls, the one that was answered or resumed last. */
  hear(call: Sounding): void {
    const isHeard = ["answered", "connected", "updating"].includes(call.state) || (call.state === "early" && !this.#hasRingbackFor(call));
    if (isHeard && !call.isHeld.local) this.player.hear(call.remoteStream);
    else if (!isHeard && call.remoteStream && this.player.heard === call.remoteStream) this.player.hear(undefined);
  }

  close(): void {
    this.#stopBusy();
  }

  #hasRingbackFor({ direction, state }: Sounding): boolean {
    return direction === "outgoing" && (state === "ringing" || (state === "early" && this.ringbackUntilAnswer)) && this.player.has("ringback");
  }

  #keepAll(): void {
    const calls = this.calls();
    const isTalking = calls.some(({ state }) => state === "answered" || state === "connected" || state === "updating");
    const isOn: Record<Lasting, boolean> = {
      // One who talks is not rung into the ear, and who sent the call here knows of it.
      ringing: !isTalking && calls.some(({ direction, state, isHandedOver }) => direction === "incoming" && state === "ringing" && !isHandedOver),
      ringback: calls.some((call) => this.#hasRingbackFor(call)),
      connect: calls.some((call) => call.state === "new" && this.#inviting.has(call)),
    };
    for (const name of LASTING) this.#keep(name, isOn[name] && this.player.has(name));
  }

  #keep(name: Lasting, isOn: boolean): void {
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

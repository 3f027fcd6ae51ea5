/** A PulseAudio of its own without any hardware, whose microphones are plugged in and out while a browser runs. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./wait.ts";

const run = promisify(execFile);

/** What PulseAudio says of such a microphone. */
export const labelOf = (hertz: number) => `Sine source at ${hertz} Hz`;
const nameOf = (hertz: number) => `tone-${hertz}`;

export class Sound {
  readonly #folder = mkdtempSync(join(tmpdir(), "sidetone-sound-"));
  /** For `PULSE_SERVER`. */
  readonly server = `unix:${this.#folder}/native`;
  readonly #process: ChildProcess;
  /** The module that makes a microphone, by its tone. */
  readonly #modules = new Map<number, string>();

  private constructor() {
    const environment = { ...process.env, XDG_RUNTIME_DIR: this.#folder, HOME: this.#folder };
    const socket = `module-native-protocol-unix socket=${this.#folder}/native auth-anonymous=1`;
    // Firefox wants to play somewhere.
    const options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-L", socket, "-L", "module-null-sink sink_name=speaker"];
    this.#process = spawn("/usr/bin/pulseaudio", options, { stdio: "ignore", env: environment });
  }

  static async start(): Promise<Sound> {
    const sound = new Sound();
    await until("PulseAudio answers", () => sound.#ask("info").then(() => true, () => false));
    return sound;
  }

  /** Plugs in a microphone that hears a tone of so many hertz, by which it goes; browsers call it {@link labelOf} that. */
  async plugIn(hertz: number): Promise<void> {
    const module = await this.#ask("load-module", "module-sine-source", `source_name=${nameOf(hertz)}`, `frequency=${hertz}`);
    this.#modules.set(hertz, module.trim());
  }

  async unplug(hertz: number): Promise<void> {
    await this.#ask("unload-module", this.#modules.get(hertz) ?? "");
    this.#modules.delete(hertz);
  }

  /** The one that the system gives to whoever names none. */
  async makeDefault(hertz: number): Promise<void> {
    await this.#ask("set-default-source", nameOf(hertz));
  }

  /** It gives nothing but zeros, as one whose switch is off or whose wire is broken. */
  async silence(hertz: number, isSilent: boolean): Promise<void> {
    await this.#ask("set-source-mute", nameOf(hertz), isSilent ? "1" : "0");
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill();
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask(...question: readonly string[]): Promise<string> {
    return (await run("/usr/bin/pactl", ["--server", this.server, ...question])).stdout;
  }
}

/** A real coturn on loopback that shares a secret with the server under test. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./sidetone.ts";
import { isListening } from "./sip.ts";
import { until } from "./wait.ts";

const SECRET = "shared by coturn and sidetone";

export class Turn {
  readonly #child: ChildProcess;
  readonly #folder: string;
  log = "";

  private constructor(readonly port: number) {
    this.#folder = mkdtempSync(join(tmpdir(), "coturn-"));
    const given = {
      "listening-ip": "127.0.0.1",
      "relay-ip": "127.0.0.1",
      "listening-port": port,
      realm: "sidetone.test",
      "static-auth-secret": SECRET,
      pidfile: join(this.#folder, "pid"),
      db: join(this.#folder, "db"),
      "log-file": "stdout",
    };
    const flags = ["use-auth-secret", "allow-loopback-peers", "no-tls", "no-dtls", "no-cli", "no-multicast-peers", "verbose"];
    const options = [...flags.map((flag) => `--${flag}`), ...Object.entries(given).map(([name, value]) => `--${name}=${value}`)];
    this.#child = spawn(process.env["TURNSERVER"] ?? "/usr/bin/turnserver", ["-n", ...options], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
  }

  static async start(): Promise<Turn> {
    const turn = new Turn(await freePort());
    await until("coturn answers", () => isListening(turn.port));
    return turn;
  }

  /** What the server is told of it. */
  get settings(): string[] {
    return [`turn.urls=["turn:127.0.0.1:${this.port}?transport=udp"]`, `turn.secret=${SECRET}`];
  }

  /** Credentials for the next hour, as the server under test makes them. */
  get credentials(): { readonly username: string; readonly credential: string } {
    const username = `${Math.floor(Date.now() / 1000) + 3600}`;
    return { username, credential: createHmac("sha1", SECRET).update(username).digest("base64") };
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill();
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** SIP servers that the phone is tried on, each behind a wire that a test can cut. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { snippets } from "./handbook.ts";
import { freePort, Sidetone } from "./sidetone.ts";
import { until } from "./wait.ts";

/** A registrar and proxy that knows users with the password `secret-USER`. */
export interface SipServer {
  readonly name: string;
  readonly domain: string;
  /** A wire of its own to the server, such as a phone has. */
  wire(): Promise<Wire>;
  readonly log: string;
  /** Of Sidetone's own: all of it. */
  readonly sidetone?: Sidetone;
  /** Dies as by a power cut, and comes back: what it had in memory is gone. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The network between one phone and its server. */
export interface Wire {
  readonly url: string;
  /** Nothing passes any more, and what was open is closed. */
  cut(): void;
  /** Nothing passes any more, and nobody is told. */
  stall(): void;
  restore(): void;
  close(): Promise<void>;
}

const KAMAILIO = "/usr/sbin/kamailio";

/** A Kamailio that others reach as a trunk too. */
export interface Kamailio extends SipServer {
  /** Of UDP, TCP and WebSocket. */
  readonly port: number;
  readonly tlsPort: number;
}

/**
 * Debian's Kamailio, with its WebSocket module. `tls`: it also listens for TLS, with this certificate and key in one PEM file. `digest`: how it
 * asks for passwords.
 */
export async function startKamailio({ tls, digest = "MD5" }: { tls?: string; digest?: "MD5" | "SHA-256" } = {}): Promise<Kamailio> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const template = readFileSync(fileURLToPath(new URL("kamailio.cfg", import.meta.url)), "utf8");
  const values = { TLS_PORT: String(tlsPort), PORT: String(port), TLS_FILE: tls ?? "" };
  const configuration = template.replaceAll(/@(\w+)@/g, (_, name: keyof typeof values) => values[name]);
  const defined = [...(tls ? ["WITH_TLS"] : []), ...(digest === "SHA-256" ? ["WITH_SHA256"] : [])];
  const kamailio = await runKamailio(configuration, { port, domain: "sidetone.test", defined });
  return Object.defineProperties(kamailio, { port: { value: port }, tlsPort: { value: tlsPort } }) as Kamailio;
}

/** Debian's Kamailio as the handbook sets it up: it asks that Sidetone, which has the handbook's secret for it, who may call. */
export async function startAskingKamailio(sidetone: Sidetone, { contactsPerUser = 10 } = {}): Promise<SipServer> {
  const port = await freePort();
  const shown = snippets("kamailio", "Kamailio", "kamailio").join("");
  const configuration = shown
    .replace("127.0.0.1:5066", `127.0.0.1:${port}`)
    .replace("127.0.0.1:8080", new URL(sidetone.url).host)
    .replace('"max_contacts", 10', `"max_contacts", ${contactsPerUser}`);
  return runKamailio(configuration, { port, domain: "calls.example.com" });
}

/** Runs it with that configuration, in which it listens at `port`, and those preprocessor names. */
async function runKamailio(configuration: string, { port, domain, defined = [] }: { port: number; domain: string; defined?: readonly string[] }): Promise<SipServer> {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-kamailio-"));
  const file = join(folder, "kamailio.cfg");
  writeFileSync(file, configuration);
  const options = ["-DD", "-E", "-f", file, "-Y", folder, "-w", folder, "-m", "64", "-M", "8", ...defined.flatMap((name) => ["-A", name])];
  let child: ChildProcess;
  let log = "";
  const up = async (): Promise<void> => {
    child = spawn(KAMAILIO, options, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (log += chunk.toString()));
    await until(`Kamailio listens (${log})`, async () => isListening(port));
  };
  await up();
  return {
    name: "kamailio",
    domain,
    wire: () => wireTo(port, "/"),
    get log() {
      return log;
    },
    restart: async () => {
      await end(child, "SIGKILL");
      await up();
    },
    stop: async () => {
      await end(child, "SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ends it with the processes that it made. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid!, signal);
  await ended;
}

/** Whether somebody listens at that port of this machine. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** A wire of its own to a server at that port. */
export async function wireTo(port: number, path: string): Promise<Wire> {
  const open = new Set<Socket>();
  let state: "whole" | "cut" | "stalled" = "whole";
  const server = createServer((near) => {
    if (state === "cut") return void near.destroy();
    if (state === "stalled") return void open.add(near.pause().on("error", () => near.destroy()));
    const far = connect(port, "127.0.0.1");
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      open.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: near } = server.address() as AddressInfo;
  const drop = () => open.forEach((socket) => socket.destroy());
  const cut = () => {
    state = "cut";
    drop();
  };
  return {
    url: `ws://127.0.0.1:${near}${path}`,
    cut,
    stall: () => {
      state = "stalled";
      for (const socket of open) socket.unpipe().pause();
    },
    restore: () => {
      if (state === "stalled") drop();
      state = "whole";
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Sidetone's own, with these users. `config` is a file for it. */
export async function startSidetone(users: readonly string[], config = ""): Promise<SipServer & { readonly sidetone: Sidetone }> {
  const domain = "phones.test";
  const sidetone = await Sidetone.start({ config, settings: ["sip.enabled=true", `sip.domain=${domain}`, "sip.calls_per_minute=6000"] });
  for (const user of users) sidetone.phoneUser(user);
  return {
    name: "sidetone",
    domain,
    sidetone,
    wire: () => wireTo(sidetone.port, "/sip"),
    get log() {
      return sidetone.log;
    },
    restart: async () => {
      await sidetone.kill();
      await sidetone.up();
    },
    stop: () => sidetone.stop(),
  };
}

/** A server to try the phone on. */
export interface SipServerKind {
  readonly name: string;
  start(): Promise<SipServer>;
}

/** All servers that the phone is tried on. */
export const SIP_SERVERS: readonly SipServerKind[] = [
  { name: "kamailio", start: () => startKamailio() },
  { name: "sidetone", start: () => startSidetone(["ada", "bob", "carl", "carol", "dora", "eve"]) },
];

/** The real program on a data folder of its own: started, killed, started again, asked. */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./wait.ts";

const BINARY = process.env["SIDETONE_BINARY"];

export interface SummaryBody {
  readonly metric: string;
  readonly mean: number;
  readonly max: number;
  readonly min: number;
}

export interface StreamBody {
  readonly direction: "inbound" | "outbound";
  readonly kind: "audio" | "video";
  readonly ssrc: number;
  readonly codec: string | null;
  readonly summaries: readonly SummaryBody[];
}

export interface PeerConnectionBody {
  readonly key: string;
  readonly participant: string;
  readonly peer_connection_id: string;
  readonly report_count: number;
  readonly summaries: readonly SummaryBody[];
  readonly streams: readonly StreamBody[];
  readonly issues: readonly {
    readonly rule: string;
    readonly severity: string;
    readonly stream: Pick<StreamBody, "direction" | "kind" | "ssrc"> | null;
    readonly onset_ms: number;
    readonly cleared_ms: number | null;
  }[];
}

export interface ConferenceBody {
  readonly key: string;
  readonly conference_id: string;
  readonly state: "running" | "ended" | "finalised";
  readonly rules: string | null;
  readonly participants: readonly {
    readonly key: string;
    readonly user_id: string;
    readonly participant_id: string;
    readonly browser: string;
    readonly ended_ms: number | null;
    readonly timed_out: boolean;
    readonly sdk: string;
  }[];
  readonly peer_connections: readonly PeerConnectionBody[];
  readonly diagnoses: readonly {
    readonly cause: string;
    readonly side: string;
    readonly media: "audio" | "video" | null;
    readonly sender: string | null;
    readonly receiver: string | null;
  }[];
}

export interface EventBody {
  readonly time_ms: number;
  readonly kind: string;
  readonly participant: string;
  readonly peer_connection: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface ReportBody {
  readonly time_ms: number;
  readonly stats: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What clients of callstats.io know of an app. */
export interface CallstatsApp {
  readonly name: string;
  readonly appId: number;
  readonly appSecret: string;
}

/** How a server is started. */
export interface StartOptions {
  /** A file for it. */
  readonly config?: string;
  /** `--set`s of `serve`. */
  readonly settings?: readonly string[];
  /** Options of `app create`. */
  readonly app?: readonly string[];
  /** With a certificate that it makes itself. */
  readonly tls?: boolean;
  /** The address that it listens at, as it stands in a URL. Default `127.0.0.1`. */
  readonly host?: string;
}

/** A server with one app. */
export class Sidetone {
  readonly url: string;
  readonly intakeSecret: string;
  readonly querySecret: string;
  readonly data: string;
  readonly port: number;
  readonly #arguments: readonly string[];
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(port: number, data: string, secrets: { intake_secret: string; query_secret: string }, more: readonly string[], origin: string) {
    this.url = `${origin}:${port}`;
    this.port = port;
    this.data = data;
    this.intakeSecret = secrets.intake_secret;
    this.querySecret = secrets.query_secret;
    this.#arguments = ["serve", "--data", data, "--listen", new URL(this.url).host, ...more];
  }

  static async start({ config = "", settings = [], app = [], tls = false, host = "127.0.0.1" }: StartOptions = {}): Promise<Sidetone> {
    const data = mkdtempSync(join(tmpdir(), "sidetone-e2e-"));
    const created = run("app", "create", "e2e", "--data", data, "--json", ...app);
    // What the tests compare holds the names of people.
    const { names_secret } = JSON.parse(run("app", "rotate", "e2e", "--data", data, "--names", "--json")) as { names_secret: string };
    const secured = tls ? [...settings, "listen.tls.mode=self_signed", 'listen.tls.names=["localhost"]'] : settings;
    // Nobody but its browsers and we ask this server, and nobody vouches for its certificate.
    if (tls) process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const file = join(data, "sidetone.toml");
    writeFileSync(file, config);
    const sidetone = new Sidetone(await freePort(), data, { ...JSON.parse(created), query_secret: names_secret } as never, ["--config", file, ...secured.flatMap((setting) => ["--set", setting])], `${tls ? "https" : "http"}://${host}`);
    await sidetone.up();
    return sidetone;
  }

  /** Brings the server up, on the port and data that it had. */
  async up(): Promise<void> {
    assert.ok(BINARY, "SIDETONE_BINARY names the program; `cargo xtask test e2e` sets it");
    const child = spawn(BINARY, this.#arguments, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (this.#log += chunk.toString()));
    await until("the server answers", async () => {
      assert.equal(child.exitCode, null, `the server ended: ${this.#log}`);
      return (await fetch(`${this.url}/healthz`).catch(() => undefined))?.ok;
    });
  }

  /** Ends the server as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.data, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  /** What the server wrote so far. */
  get log(): string {
    return this.#log;
  }

  /** Asks the query API. */
  async get<Body>(path: string): Promise<Body> {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.querySecret}` } });
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text}`);
    return JSON.parse(text) as Body;
  }

  /** The conferences of that id, newest first. */
  async conferences(id: string): Promise<readonly ConferenceBody[]> {
    const page = await this.get<{ conferences: { key: string }[] }>(`/v1/conferences?conference_id=${encodeURIComponent(id)}`);
    return Promise.all(page.conferences.map(({ key }) => this.get<ConferenceBody>(`/v1/conferences/${key}`)));
  }

  /** The only conference of that id. */
  async conference(id: string): Promise<ConferenceBody> {
    const found = await this.conferences(id);
    assert.equal(found.length, 1, `${found.length} conferences ${id}`);
    return found[0]!;
  }

  /** The only conference of that id, once its summary is there. */
  async finalised(id: string): Promise<ConferenceBody> {
    return until(`conference ${id} is finalised`, async () => {
      const [conference, ...more] = await this.conferences(id);
      assert.deepEqual(more, []);
      return conference?.state === "finalised" ? conference : undefined;
    });
  }

  async events(conference: string): Promise<readonly EventBody[]> {
    return this.#pages<EventBody>(`/v1/conferences/${conference}/events?limit=500`, "events");
  }

  async reports(peerConnection: string): Promise<readonly ReportBody[]> {
    return this.#pages<ReportBody>(`/v1/peer-connections/${peerConnection}/reports?limit=500`, "reports");
  }

  /** What the live stream of a conference begins with. */
  async streamState<State>(conference: string): Promise<State> {
    const response = await fetch(`${this.url}/v1/conferences/${conference}/live`, { headers: { authorization: `Bearer ${this.querySecret}` } });
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true });
      const data = /event: state\ndata: (.*)\n\n/.exec(text)?.[1];
      if (data) return JSON.parse(data) as State;
    }
    throw new Error(`the stream ended: ${text}`);
  }

  async #pages<Row>(path: string, name: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const page: Record<string, unknown> = await this.get(after ? `${path}&after=${after}` : path);
      rows.push(...(page[name] as Row[]));
      after = (page["next"] as string | null) ?? null;
    }
    return rows;
  }

  /** Another app, or the one that is there (`e2e`), with an AppID and an AppSecret for clients of callstats.io. */
  callstatsApp(name = "e2e", options: readonly string[] = []): CallstatsApp {
    if (name !== "e2e") run("app", "create", name, "--data", this.data, "--json", ...options);
    const { app_id, app_secret } = JSON.parse(run("app", "callstats", name, "--data", this.data, "--json")) as { app_id: number; app_secret: string };
    return { name, appId: app_id, appSecret: app_secret };
  }

  /** Adds a phone user to an app; gives their password. */
  phoneUser(name: string, password = `secret-${name}`, app = "e2e"): string {
    assert.ok(BINARY);
    execFileSync(BINARY, ["phone", "create", app, name, "--data", this.data], { input: `${password}\n` });
    return password;
  }

  /** What a new admin fills in to log in. */
  user(): URLSearchParams {
    const password = /[^\s]+\s*$/.exec(run("user", "create", "looker", "--role", "admin", "--generate", "--data", this.data).trim())?.[0] ?? "";
    return new URLSearchParams({ name: "looker", password });
  }

  /** Asks for pages as a new admin who has logged in. */
  async logIn(): Promise<{ readonly cookie: { name: string; value: string }; text(path: string): Promise<string> }> {
    const body = this.user();
    const answer = await fetch(`${this.url}/login`, { method: "POST", body, redirect: "manual" });
    assert.equal(answer.status, 303, await answer.text());
    const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
    const [name = "", value = ""] = cookie.split("=");
    return {
      cookie: { name, value },
      text: async (path) => {
        const page = await fetch(`${this.url}${path}`, { headers: { cookie } });
        assert.equal(page.status, 200, path);
        return page.text();
      },
    };
  }

  /** A line of `/metrics`. */
  async metric(line: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const found = text.split("\n").find((held) => held.startsWith(`${line} `));
    return found ? Number(found.slice(line.length + 1)) : 0;
  }
}

/** Runs a command of the program and gives what it prints. */
export function run(...args: readonly string[]): string {
  assert.ok(BINARY, "SIDETONE_BINARY names the program; `cargo xtask test e2e` sets it");
  return execFileSync(BINARY, args, { encoding: "utf8" });
}

/** Ports that no system gives by itself to whoever asks for any: between the choice of one and its use nobody else comes by it. */
const PORTS = { from: 20_000, to: 30_000 };

/** A port of this machine that nobody listens at. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)));
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

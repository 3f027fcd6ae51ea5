/** One trial: its browsers, the path between each two, and what is done to them when. */

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Browser, Page } from "playwright-core";

import { Turn } from "../../e2e/src/turn.ts";
import type { Account, Act, party, Setting } from "../page/party.ts";
import { conversation } from "./conversation.ts";
import { Line } from "./line.ts";
import { busy } from "./machine.ts";
import { Direction, type Fate, Relay, type Side } from "./relay.ts";
import { PARTIES, type Party, type Trial } from "./trial.ts";

declare const globalThis: { party: typeof party };

/** Before a trial begins: pages that start, bit rates that rise and buffers that fill are no part of it. */
const SETTLE_MS = 5000;
/** A machine that does not come to rest within this has other things to do. */
const UNREST_MS = 25_000;

/** What a trial leaves behind, beside the batches that its pages posted. Times are milliseconds since 1970. */
export interface Outcome {
  readonly browser: string;
  readonly connected_ms: number;
  /** When the fault began and ended. */
  readonly from_ms: number;
  readonly until_ms: number;
  readonly ended_ms: number;
  /** Whether every end had come to rest before the trial began. */
  readonly is_calm: boolean;
  /** How late this program was, in one wake-up of a thousand and at the worst: the relay's packets were then late as well. */
  readonly late_ms: number;
  readonly late_max_ms: number;
  readonly fates: Readonly<Record<string, Fate>>;
  readonly accounts: Readonly<Record<string, Account>>;
}

/** The path between two: `one` made the offer. */
interface Link {
  readonly one: Party;
  readonly other: Party;
  readonly relays: Relay[];
  /** Payload types of sound. */
  audio: ReadonlySet<number>;
}

export class Stage {
  readonly #pages = new Map<Party, Page>();
  readonly #links: Link[] = [];
  #turn: Turn | undefined;
  #line: Line | undefined;

  private constructor(
    private readonly trial: Trial,
    private readonly url: string,
    private readonly browsers: readonly Browser[],
  ) {}

  /** Plays a trial from its begin to its end; the page is at `url`. Each party has a browser of its own, as if it had a machine of its own. */
  static async play(trial: Trial, url: string, browsers: readonly Browser[]): Promise<Outcome> {
    const stage = new Stage(trial, url, browsers);
    try {
      return await stage.#play();
    } finally {
      await stage.#clear();
    }
  }

  get #names(): Party[] {
    return PARTIES.slice(0, this.trial.parties);
  }

  async #play(): Promise<Outcome> {
    const { trial } = this;
    await this.#enter();
    for (const [at, one] of this.#names.entries()) for (const other of this.#names.slice(at + 1)) await this.#call(one, other);
    await this.#connected();
    await sleep(SETTLE_MS);
    const is_calm = await this.#calm();
    const lateness = monitorEventLoopDelay({ resolution: 10 });
    lateness.enable();
    const connected_ms = Date.now();
    const until = (second: number) => sleep(connected_ms + 1000 * second - Date.now());
    await until(trial.from_s);
    const from_ms = Date.now();
    const undo = await this.#harm();
    await until(trial.until_s);
    const until_ms = Date.now();
    await undo();
    await until(trial.end_s);
    lateness.disable();
    const ended_ms = Date.now();
    const closed = await Promise.all([...this.#pages].map(async ([name, page]) => [name, await page.evaluate(() => globalThis.party.close())] as const));
    const fates = this.#links.flatMap(({ one, other, relays: [relay] }) => [
      [`${one}${other}`, relay!.forward.fate] as const,
      [`${other}${one}`, relay!.back.fate] as const,
    ]);
    return {
      browser: this.browsers[0]!.version(),
      connected_ms,
      from_ms,
      until_ms,
      ended_ms,
      is_calm,
      late_ms: Math.round(lateness.percentile(99.9) / 1e6),
      late_max_ms: Math.round(lateness.max / 1e6),
      fates: Object.fromEntries(fates),
      accounts: Object.fromEntries(closed),
    };
  }

  async #enter(): Promise<void> {
    const { trial } = this;
    const { turns, hisses } = conversation(trial);
    const usesTurn = trial.fault.startsWith("turn_");
    if (usesTurn) this.#turn = await Turn.start();
    if (trial.fault === "turn_tcp") this.#line = await Line.open(this.#turn!.port, trial.seed);
    await Promise.all(
      this.#names.map(async (name, place) => {
        const page = await this.browsers[place]!.newPage({ viewport: { width: 700, height: 300 } });
        this.#pages.set(name, page);
        page.on("console", (message) => console.error(trial.id, name, message.text()));
        page.on("pageerror", (error) => console.error(trial.id, name, error.message));
        await page.goto(this.url);
        const setting: Setting = {
          trial: trial.id,
          name,
          seed: trial.seed + place,
          turns: turns[place]!,
          hiss_db: hisses[place]!,
          has_dtx: trial.fault === "dtx",
          ice: usesTurn ? this.#relayed(name) : {},
        };
        await page.evaluate((setting) => globalThis.party.open(setting), setting);
      }),
    );
  }

  /** Both ends go through TURN, because a loopback reaches nothing else; `whose` by TCP where that is the fault. */
  #relayed(name: Party): RTCConfiguration {
    const turn = this.#turn!;
    const urls = this.#line && name === this.trial.whose ? `turn:127.0.0.1:${this.#line.port}?transport=tcp` : `turn:127.0.0.1:${turn.port}?transport=udp`;
    return { iceServers: [{ urls, ...turn.credentials }], iceTransportPolicy: "relay" };
  }

  async #call(one: Party, other: Party): Promise<void> {
    const relay = await Relay.open(this.trial.seed + this.#links.length);
    const link: Link = { one, other, relays: [relay], audio: new Set() };
    // A path over some town: nobody calls somebody at 0 ms.
    for (const direction of [relay.forward, relay.back]) direction.impairment = { delay_ms: 15 };
    this.#links.push(link);
    await this.#negotiate(link, relay, false);
  }

  async #negotiate(link: Link, relay: Relay, restart: boolean): Promise<void> {
    const [one, other] = [this.#pages.get(link.one)!, this.#pages.get(link.other)!];
    const offer = await one.evaluate(([other, restart]) => globalThis.party.offer(other, restart), [link.other, restart] as const);
    link.audio = new Set(/^m=audio \S+ \S+ (.*)$/m.exec(offer)?.[1]?.trim().split(" ").map(Number));
    // A TURN server is a relay already; behind another one its address would not be the one that the far end sees.
    const seen = (side: Side, sdp: string) => (this.#turn ? sdp : through(relay, side, sdp));
    const answer = await other.evaluate(([one, sdp]) => globalThis.party.answer(one, sdp), [link.one, seen("sender", offer)] as const);
    await one.evaluate(([other, sdp]) => globalThis.party.accept(other, sdp), [link.other, seen("receiver", answer)] as const);
  }

  async #connected(): Promise<void> {
    const end = Date.now() + 20_000;
    for (const [name, page] of this.#pages) {
      while (!(await page.evaluate(() => globalThis.party.isConnected()))) {
        if (Date.now() > end) throw new Error(`${this.trial.id}: ${name} did not connect`);
        await sleep(100);
      }
    }
  }

  /** Waits until all ends play what they receive soon and without gaps, but not for ever. */
  async #calm(): Promise<boolean> {
    const end = Date.now() + UNREST_MS;
    while (Date.now() < end) {
      const calm = await Promise.all([...this.#pages.values()].map((page) => page.evaluate(() => globalThis.party.isCalm())));
      if (calm.every(Boolean)) return true;
    }
    return false;
  }

  /** The directions in which something leaves `whose`, or comes to it. */
  #directions(whose: Party, way: "from" | "to"): { direction: Direction; link: Link }[] {
    return this.#links.flatMap((link) => {
      const [relay] = link.relays;
      const [forward, back] = way === "from" ? [link.one, link.other] : [link.other, link.one];
      if (forward === whose) return [{ direction: relay!.forward, link }];
      return back === whose ? [{ direction: relay!.back, link }] : [];
    });
  }

  #act(name: Act, value?: unknown): Promise<void> {
    const page = this.#pages.get(this.trial.whose)!;
    return page.evaluate(([name, value]) => globalThis.party.act(name, value), [name, value] as const);
  }

  /** Begins the fault; the answer ends it. */
  async #harm(): Promise<() => Promise<void>> {
    const { trial } = this;
    const { fault, whose } = trial;
    const from = this.#directions(whose, "from");
    const to = this.#directions(whose, "to");
    const done = async () => {};
    switch (fault) {
      case "clean": case "long_silence": case "dtx": case "turn_udp":
        return done;
      case "muted":
        await this.#act("mute", true);
        return () => this.#act("mute", false);
      case "held":
        await this.#hold(true);
        return () => this.#hold(false);
      case "unplugged_microphone":
        await this.#act("unplug");
        return done;
      case "silent_microphone": case "quiet_microphone": case "clipped_microphone":
        await this.#act("gain", trial.gain_db);
        return () => this.#act("gain", 0);
      case "frozen_camera":
        await this.#act("freeze", true);
        return () => this.#act("freeze", false);
      case "busy": {
        const letGo = await busy(this.browsers[PARTIES.indexOf(whose)]!, trial.stopped_share!);
        return async () => letGo();
      }
      case "one_way_audio": case "one_way_video":
        for (const { direction, link } of from) direction.blocks = (packet) => isMedia(packet) && link.audio.has(packet[1]! & 0x7f) === (fault === "one_way_audio");
        return async () => from.forEach(({ direction }) => (direction.blocks = () => false));
      case "delay":
        return spoil([...from, ...to].map(({ direction }) => direction), trial.impairment);
      case "outage":
        return spoil([...from, ...to].map(({ direction }) => direction), { loss_percent: 100 });
      case "turn_tcp":
        return spoil([this.#line!.up], trial.impairment);
      case "ice_restart": {
        const [link] = this.#links;
        const relay = await link!.relays[0]!.beside();
        link!.relays.push(relay);
        await this.#negotiate(link!, relay, true);
        return done;
      }
      case "network_change":
        return this.#changeNetwork();
      case "downlink_loss": case "downlink_jitter":
        return spoil(to.map(({ direction }) => direction), trial.impairment);
      default:
        return spoil(from.map(({ direction }) => direction), trial.impairment);
    }
  }

  async #hold(is_held: boolean): Promise<void> {
    await this.#act("hold", is_held);
    const [link] = this.#links;
    await this.#negotiate(link!, link!.relays[0]!, false);
  }

  /** One network goes, another comes, with another address. */
  async #changeNetwork(): Promise<() => Promise<void>> {
    const { whose } = this.trial;
    const context = this.#pages.get(whose)!.context();
    const both = [...this.#directions(whose, "from"), ...this.#directions(whose, "to")];
    const mend = await spoil(both.map(({ direction }) => direction), { loss_percent: 100 });
    await context.setOffline(true);
    return async () => {
      for (const { one, relays: [relay] } of this.#links) await relay!.move(one === whose ? "sender" : "receiver");
      await mend();
      await context.setOffline(false);
    };
  }

  async #clear(): Promise<void> {
    await Promise.all([...this.#pages.values()].map((page) => page.context().close()));
    for (const { relays } of this.#links) for (const relay of relays) relay.close();
    this.#line?.close();
    await this.#turn?.stop();
  }
}

/** A description whose candidates lead through the relay; those that cannot are left out. */
function through(relay: Relay, side: Side, sdp: string): string {
  const lines = sdp.split("\r\n").flatMap((line) => {
    if (!line.startsWith("a=candidate:")) return [line];
    const changed = relay.candidate(side, line.slice("a=".length));
    return changed ? [`a=${changed}`] : [];
  });
  return lines.join("\r\n");
}

/** Whether a packet is RTP and not RTCP, STUN or DTLS (RFC 7983, RFC 5761). */
function isMedia(packet: Buffer): boolean {
  const [first = 0, second = 0] = packet;
  const type = second & 0x7f;
  return first >= 128 && first < 192 && (type < 64 || type > 95);
}

/** Gives directions an impairment beside their delay; the answer takes it away. */
async function spoil(directions: readonly Direction[], impairment: Direction["impairment"]): Promise<() => Promise<void>> {
  const before = directions.map(({ impairment }) => impairment);
  for (const direction of directions) {
    const delay_ms = (direction.impairment.delay_ms ?? 0) + (impairment.delay_ms ?? 0);
    direction.impairment = { ...impairment, delay_ms };
  }
  return async () => directions.forEach((direction, at) => (direction.impairment = before[at]!));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** One trial: its browsers, the path between each two, and what is done to them when. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Browser, CDPSession, Page } from "playwright-core";

import { Turn } from "../../e2e/src/turn.ts";
import type { Account, Act, party, Setting } from "../page/party.ts";
import { launch } from "./chromium.ts";
import { conversation } from "./conversation.ts";
import { Line } from "./line.ts";
import { busy } from "./machine.ts";
import { Direction, type Fate, Relay, type Side } from "./relay.ts";
import { FROM_THE_START, PARTIES, type Party, type Trial } from "./trial.ts";

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
  readonly relay: Relay;
  /** Payload types of sound. */
  audio: ReadonlySet<number>;
}

export class Stage {
  readonly #pages = new Map<Party, Page>();
  readonly #links: Link[] = [];
  #turn: Turn | undefined;
  #line: Line | undefined;
  /** A STUN server that never answers. */
  #mute: Socket | undefined;
  #network: CDPSession | undefined;
  /** Whether the pictures of `whose` are announced no more. */
  #isDropped = false;
  /** A browser on a machine that has a microphone: where there is none, nobody is asked. Without a window everybody says no. */
  #equipped: Browser | undefined;

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
    for (const [at, one] of this.#names.entries()) for (const other of this.#names.slice(at + 1)) this.#lay(one, other);
    const isFromTheStart = FROM_THE_START.has(trial.fault);
    const is_calm = isFromTheStart || (await this.#begin());
    const lateness = monitorEventLoopDelay({ resolution: 10 });
    lateness.enable();
    const connected_ms = Date.now();
    const until = (second: number) => sleep(connected_ms + 1000 * second - Date.now());
    await until(trial.from_s);
    const from_ms = Date.now();
    const undo = await this.#harm();
    const attempt = isFromTheStart ? this.#attempt() : undefined;
    await until(trial.until_s);
    const until_ms = Date.now();
    await undo();
    await until(trial.end_s);
    await attempt;
    lateness.disable();
    const ended_ms = Date.now();
    const closed = await Promise.all([...this.#pages].map(async ([name, page]) => [name, await page.evaluate(() => globalThis.party.close())] as const));
    const fates = this.#links.flatMap(({ one, other, relay }) => [
      [`${one}${other}`, relay.forward.fate] as const,
      [`${other}${one}`, relay.back.fate] as const,
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
    if (trial.fault === "slow_gathering") this.#mute = await silent();
    if (trial.fault === "turn_tcp") this.#line = await Line.open(this.#turn!.port, trial.seed);
    await Promise.all(
      this.#names.map(async (name, place) => {
        if (trial.fault === "denied_microphone" && name === trial.whose) this.#equipped = await launch(["--use-fake-device-for-media-stream"]);
        const page = await (name === trial.whose && this.#equipped ? this.#equipped : this.browsers[place]!).newPage({ viewport: { width: 700, height: 300 } });
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
          hears_muted: trial.fault === "speaking_while_muted",
          drift_ppm: name === trial.whose ? (trial.drift_ppm ?? 0) : 0,
          scale: name === trial.whose ? (trial.scale ?? 1) : 1,
          ice: usesTurn ? this.#relayed(name) : name === trial.whose ? this.#unanswered() : {},
        };
        if (trial.fault === "no_microphone") await page.context().grantPermissions(["microphone"]);
        if (trial.fault === "network_type" && name === trial.whose) await this.#use("wifi");
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

  /** A STUN server that never answers, where that is the fault. */
  #unanswered(): RTCConfiguration {
    return this.#mute ? { iceServers: [{ urls: `stun:127.0.0.1:${this.#mute.address().port}` }] } : {};
  }

  #lay(one: Party, other: Party): void {
    const relay = new Relay(this.trial.seed + this.#links.length);
    // A path over some town: nobody calls somebody at 0 ms.
    for (const direction of [relay.forward, relay.back]) direction.impairment = { delay_ms: 15 };
    this.#links.push({ one, other, relay, audio: new Set() });
  }

  /** Everybody calls and comes to rest; whether all did. */
  async #begin(): Promise<boolean> {
    for (const link of this.#links) await this.#negotiate(link);
    await this.#connected();
    await sleep(SETTLE_MS);
    return this.#calm();
  }

  /** A call that may come to nothing. */
  async #attempt(): Promise<void> {
    const { fault, whose } = this.trial;
    const [link] = this.#links;
    if (fault === "denied_microphone" || fault === "no_microphone") return this.#act("ask");
    if (fault !== "never_answered") return this.#negotiate(link!);
    const other = link!.one === whose ? link!.other : link!.one;
    await this.#pages.get(other)!.evaluate((whose) => globalThis.party.offer(whose), whose);
  }

  async #negotiate(link: Link, restart = false): Promise<void> {
    const [one, other] = [this.#pages.get(link.one)!, this.#pages.get(link.other)!];
    const offer = await one.evaluate(([other, restart]) => globalThis.party.offer(other, restart), [link.other, restart] as const);
    link.audio = new Set(/^m=audio \S+ \S+ (.*)$/m.exec(offer)?.[1]?.trim().split(" ").map(Number));
    // A TURN server is a relay already; behind another one its address would not be the one that the far end sees.
    const seen = async (side: Side, sdp: string) => (this.#turn ? sdp : through(link.relay, side, this.#announced(side === "sender" ? link.one : link.other, sdp)));
    const answer = await other.evaluate(([one, sdp]) => globalThis.party.answer(one, sdp), [link.one, await seen("sender", offer)] as const);
    const told = this.#garbled(await seen("receiver", answer));
    await one.evaluate(([other, sdp]) => globalThis.party.accept(other, sdp), [link.other, told] as const);
  }

  /** What the far end is told of the streams of `name`. */
  #announced(name: Party, sdp: string): string {
    return this.#isDropped && name === this.trial.whose ? sdp.replace(/^m=video[^]*?(?=^m=|$(?![^]))/m, (section) => section.replace(/^a=ssrc.*\r\n/gm, "")) : sdp;
  }

  /** What becomes of an answer on its way. */
  #garbled(sdp: string): string {
    // A certificate that nobody has: every byte of its digest is another one.
    if (this.trial.fault === "wrong_fingerprint") return sdp.replace(/^(a=fingerprint:sha-256 ).*$/gm, `$1${Array(32).fill("5A").join(":")}`);
    // Cut off, as by a gateway with a limit.
    return this.trial.fault === "wrong_answer" ? sdp.slice(0, sdp.indexOf("a=mid:")) : sdp;
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
      const [forward, back] = way === "from" ? [link.one, link.other] : [link.other, link.one];
      if (forward === whose) return [{ direction: link.relay.forward, link }];
      return back === whose ? [{ direction: link.relay.back, link }] : [];
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
      case "clean": case "long_silence": case "dtx": case "turn_udp": case "drifting_microphone": case "slow_gathering":
      case "wrong_fingerprint": case "wrong_answer": case "denied_microphone": case "no_microphone": case "never_answered":
        return done;
      case "muted": case "speaking_while_muted":
        await this.#act("mute", true);
        return () => this.#act("mute", false);
      case "held":
        await this.#hold(true);
        return () => this.#hold(false);
      case "unplugged_microphone":
        await this.#act("unplug");
        return done;
      case "silent_microphone": case "quiet_microphone": case "clipped_microphone": case "headset_switch":
        await this.#act("gain", trial.gain_db);
        return () => this.#act("gain", 0);
      case "dead_microphone":
        await this.#act("die");
        return done;
      case "frozen_camera":
        await this.#act("film", Infinity);
        return () => this.#act("film", 1);
      case "slow_camera":
        // Three pictures a second in place of fifteen.
        await this.#act("film", 5);
        return () => this.#act("film", 1);
      case "busy": case "busy_large": case "overloaded": {
        const letGo = await busy(this.browsers[PARTIES.indexOf(whose)]!, trial.stopped_share!);
        return async () => letGo();
      }
      case "one_way_audio": case "one_way_video": case "one_way_audio_from_start": case "one_way_video_from_start":
        for (const { direction, link } of from) direction.blocks = (packet) => isMedia(packet) && isSound(packet, link) === fault.startsWith("one_way_audio");
        return async () => from.forEach(({ direction }) => (direction.blocks = () => false));
      case "delay": case "far_apart":
        return spoil([...from, ...to].map(({ direction }) => direction), trial.impairment);
      case "outage": case "ice_blocked": case "slow_connecting":
        return spoil([...from, ...to].map(({ direction }) => direction), { loss_percent: 100 });
      case "rescued": {
        const mend = await spoil([...from, ...to].map(({ direction }) => direction), { loss_percent: 100 });
        return async () => {
          await mend();
          await this.#negotiate(this.#links[0]!, true);
        };
      }
      case "turn_tcp":
        return spoil([this.#line!.up], trial.impairment);
      case "stalled":
        for (const { direction } of [...from, ...to]) direction.opens_ms = performance.now() + 1000 * (trial.until_s - trial.from_s);
        return done;
      case "late_sound":
        for (const { direction, link } of from) direction.delays = (packet) => (isSound(packet, link) ? trial.impairment.delay_ms! : 0);
        return async () => from.forEach(({ direction }) => (direction.delays = () => 0));
      case "dtls_blocked":
        for (const { direction } of [...from, ...to]) direction.blocks = isDtls;
        return done;
      case "late_media":
        for (const { direction } of from) direction.blocks = isMedia;
        return async () => from.forEach(({ direction }) => (direction.blocks = () => false));
      case "ice_restart":
        await this.#negotiate(this.#links[0]!, true);
        return done;
      case "network_type":
        for (const { one, relay } of this.#links) await relay.move(one === whose ? "sender" : "receiver");
        await this.#use("cellular4g");
        return done;
      case "network_change":
        return this.#changeNetwork();
      case "dropped_stream":
        return this.#dropPictures(from);
      case "downlink_loss": case "downlink_jitter":
        return spoil(to.map(({ direction }) => direction), trial.impairment);
      default:
        return spoil(from.map(({ direction }) => direction), trial.impairment);
    }
  }

  async #hold(is_held: boolean): Promise<void> {
    await this.#act("hold", is_held);
    await this.#negotiate(this.#links[0]!);
  }

  /** First they come no more, so that nothing is taken for a stream that nobody announced. */
  async #dropPictures(from: readonly { direction: Direction; link: Link }[]): Promise<() => Promise<void>> {
    for (const { direction, link } of from) direction.blocks = (packet) => isMedia(packet) && !isSound(packet, link);
    this.#isDropped = true;
    await this.#negotiate(this.#links[0]!);
    return async () => {
      this.#isDropped = false;
      await this.#negotiate(this.#links[0]!);
      for (const { direction } of from) direction.blocks = () => false;
    };
  }

  /** The kind of network that the browser of `whose` tells of. */
  async #use(connectionType: "wifi" | "cellular4g"): Promise<void> {
    const page = this.#pages.get(this.trial.whose)!;
    this.#network ??= await page.context().newCDPSession(page);
    // Without limits it tells of none; they are those of requests, not of calls.
    const limits = { offline: false, latency: 1, downloadThroughput: 12_500_000, uploadThroughput: 12_500_000 };
    await this.#network.send("Network.emulateNetworkConditions", { ...limits, connectionType });
  }

  /** One network goes, another comes, with another address. */
  async #changeNetwork(): Promise<() => Promise<void>> {
    const { whose } = this.trial;
    const context = this.#pages.get(whose)!.context();
    const both = [...this.#directions(whose, "from"), ...this.#directions(whose, "to")];
    const mend = await spoil(both.map(({ direction }) => direction), { loss_percent: 100 });
    await context.setOffline(true);
    return async () => {
      for (const { one, relay } of this.#links) await relay.move(one === whose ? "sender" : "receiver");
      await mend();
      await context.setOffline(false);
    };
  }

  async #clear(): Promise<void> {
    await Promise.all([...this.#pages.values()].map((page) => page.context().close()));
    await Promise.all(this.#links.map(({ relay }) => relay.close()));
    await this.#equipped?.close();
    this.#line?.close();
    this.#mute?.close();
    await this.#turn?.stop();
  }
}

/** A description whose candidates lead through the relay; those that cannot are left out. */
async function through(relay: Relay, side: Side, sdp: string): Promise<string> {
  const lines: string[] = [];
  for (const line of sdp.split("\r\n")) {
    const isCandidate = line.startsWith("a=candidate:");
    const changed = isCandidate ? await relay.candidate(side, line.slice("a=".length)) : undefined;
    if (changed) lines.push(`a=${changed}`);
    else if (!isCandidate) lines.push(line);
  }
  return lines.join("\r\n");
}

/** Whether a packet is RTP and not RTCP, STUN or DTLS (RFC 7983, RFC 5761). */
function isMedia(packet: Buffer): boolean {
  const [first = 0, second = 0] = packet;
  const type = second & 0x7f;
  return first >= 128 && first < 192 && (type < 64 || type > 95);
}

/** Whether a packet of media is sound. */
function isSound(packet: Buffer, link: Link): boolean {
  return isMedia(packet) && link.audio.has(packet[1]! & 0x7f);
}

/** Whether a packet is DTLS (RFC 7983). */
function isDtls([first = 0]: Buffer): boolean {
  return first >= 20 && first <= 63;
}

/** A socket that takes everything and answers nothing. */
async function silent(): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
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

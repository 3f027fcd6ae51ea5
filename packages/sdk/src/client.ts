/** One stay of one user in one conference: what the app holds in its hands. */

import type { Events, Observation, ObserveAllOptions, ObserveOptions, Options, TrackLabel } from "./api.ts";
import { type Batch, BatchBuilder, type Identity } from "./batch.ts";
import { Connection } from "./collect/connection.ts";
import { PageWatch } from "./collect/page.ts";
import { Emitter } from "./emitter.ts";
import { Failures } from "./failures.ts";
import { isName, NAMELESS, newParticipantId, settle } from "./options.ts";
import { Recorder } from "./recorder.ts";
import * as registry from "./registry.ts";
import { Run } from "./run.ts";
import { ticker } from "./ticker.ts";
import { tell } from "./told.ts";
import { within } from "./within.ts";
import { faultOf, named } from "./words.ts";
import { Wrapping } from "./wrapping.ts";

/** Version of this package; `build.mjs` fills it in. */
declare const VERSION: string;

/** How long the end waits for a last report, and then for the server. */
const LAST_REPORT_MS = 1000;
const LAST_UPLOAD_MS = 5000;

/** Events that tell of silence that is meant, or of the network; told of the participant, they hold for every connection. */
const HEARD = new Set(["muted", "unmuted", "held", "resumed", "network_change"]);
/** Most of them that are remembered for connections to come. */
const HEARD_MAX = 64;

/** Measures what it is given to observe, tells the page how it goes and sends it to Sidetone. Nothing here throws into the page. */
export class Sidetone {
  readonly participantId: string;

  readonly #emitter = new Emitter<Events>();
  readonly #failures = new Failures(this.#emitter);
  readonly #connections = new Map<RTCPeerConnection, Connection>();
  /** Of connections that are over or were left: an id that comes again goes on counting its batches. */
  readonly #builders = new Map<string, BatchBuilder>();
  readonly #undo: (() => void)[] = [];
  readonly #wrapping = new Wrapping(this.#failures, {
    observe: (peerConnection, options) => this.#observe(peerConnection, options),
    record: (kind, payload) => this.event(kind, payload),
  });
  readonly #labels = new Map<string, TrackLabel>();
  readonly #heard: Parameters<Recorder["hear"]>[] = [];
  readonly #identity: Identity;
  #run: Run | undefined;
  /** What is over; a word may still be added to it. */
  #past: Run | undefined;
  #stopped: Promise<void> | undefined;

  constructor(private readonly options: Options) {
    this.participantId = named(options?.participantId) || newParticipantId();
    const conferenceId = options?.conferenceId;
    this.#identity = { conferenceId: isName(conferenceId) ? conferenceId : undefined, userId: named(options?.userId), participantId: this.participantId };
    this.#failures.guard(() => this.#start());
  }

  /** The name of the conference; absent while only a promise of it was given. */
  get conferenceId(): string | undefined {
    return this.#identity.conferenceId;
  }

  /** Listens; the answer takes the listener away. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const stop = this.#emitter.on(name, listener);
    this.#run?.prepare();
    return stop;
  }

  /** Observes a connection; nothing where it cannot be: an `error` event says why. */
  observe(peerConnection: RTCPeerConnection, options: ObserveOptions = {}): Observation | undefined {
    return this.#failures.guard(() => this.#observe(peerConnection, options));
  }

  /**
   * Observes every connection that the page makes from now on, and how it opens devices. Stopping it puts the page's functions back; observed
   * connections stay so.
   */
  observeAll({ choose }: ObserveAllOptions = {}): { stop(): void } | undefined {
    return this.#failures.guard(() => (this.#run ? this.#wrapping.all(choose) : undefined));
  }

  /** Tells how the page opens devices and screens from now on, above all where that fails: for those who name their connections by `observe`. */
  observeDevices(): { stop(): void } | undefined {
    return this.#failures.guard(() => (this.#run ? this.#wrapping.devices("how this page opens devices is told already, by this client or another") : undefined));
  }

  /** Adds something of the app's own to the record: of the participant, or of one of its connections. */
  event(kind: string, payload: object = {}, peerConnection?: RTCPeerConnection): void {
    this.#failures.guard(() => {
      const fault = faultOf(kind, payload);
      if (fault !== undefined) {
        this.#failures.tell("event_invalid", `${fault}. The event is left out`);
        return this.#run?.own.drop({ reports: 0, events: 1, reason: "event_invalid" });
      }
      const nowMs = Date.now();
      const of = peerConnection && this.#connections.get(peerConnection);
      if (of) return of.batches.event(kind, payload, nowMs);
      this.#run?.own.event(kind, payload, nowMs);
      if (!HEARD.has(kind)) return;
      // What is so of the participant is so of every connection, also of those to come.
      this.#heard.push([kind, payload, nowMs]);
      if (this.#heard.length > HEARD_MAX) this.#heard.shift();
      for (const { recorder } of this.#connections.values()) recorder.hear(kind, payload, nowMs);
    });
  }

  /** Tells that the app holds the call, or goes on with it. */
  hold(peerConnection: RTCPeerConnection, isHeld: boolean): void {
    this.event(isHeld ? "held" : "resumed", { by: "app" }, peerConnection);
  }

  /** Gives a track a name, which is told together with the SSRC of its streams. */
  label(track: MediaStreamTrack, label: TrackLabel): void {
    this.#failures.guard(() => {
      this.#labels.set(track.id, label);
      for (const connection of this.#connections.values()) connection.name(track.id, label);
    });
  }

  /** Takes a report and sends what there is; resolves when the server has it, or cannot be reached. */
  async flush(): Promise<void> {
    await this.#failures.guard(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    await within(LAST_REPORT_MS, Promise.all([...this.#connections.values()].map((connection) => connection.poll())));
    await this.#upload(run);
    await run.uploader.kick();
  }

  /** Adds something to the record that may come when the stay is over, such as the user's opinion of it. Resolves as {@link flush} does. */
  async afterwards(kind: string, payload: object = {}): Promise<void> {
    await this.#failures.guard(() => this.#add(kind, payload));
  }

  async #add(kind: string, payload: object): Promise<void> {
    if (this.#run) {
      this.event(kind, payload);
      return this.flush();
    }
    await this.#stopped;
    const run = this.#past;
    if (!run) return;
    run.own.event(kind, payload, Date.now());
    run.open();
    await within(LAST_UPLOAD_MS, this.#sendRest(run));
    run.close();
  }

  /** The participant leaves: sends the rest and undoes everything, listeners, timers and wrappers. */
  stop(): Promise<void> {
    this.#stopped ??= this.#failures.guard(() => this.#leave()) ?? Promise.resolve();
    return this.#stopped;
  }

  async #leave(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    // Another call finds nothing to do, and another client may have the connections at once.
    this.#run = undefined;
    this.#wrapping.clear();
    for (const peerConnection of this.#connections.keys()) registry.giveBack(peerConnection, this);
    await within(LAST_REPORT_MS, Promise.all([...this.#connections.values()].map((connection) => connection.poll())));
    this.#end(run);
    await within(LAST_UPLOAD_MS, this.#sendRest(run));
    run.close();
    registry.exit();
    this.#emitter.clear();
  }

  /** The stay is over: what the browser tells after this does not belong to it. */
  #end(run: Run): void {
    this.#run = undefined;
    this.#past = run;
    this.#wrapping.clear();
    for (const undo of this.#undo.splice(0)) this.#failures.guard(undo);
    for (const connection of [...this.#connections.values()]) this.#forget(connection);
    run.own.event("left", {}, Date.now());
  }

  #start(): void {
    const settings = settle(this.options);
    if (typeof settings === "string") return this.#failures.tell("options_invalid", settings);
    if (typeof document === "undefined") return this.#failures.tell("webrtc_missing", "this is no page: nothing is measured");
    if (registry.enter()) this.#failures.tell("second_copy", "another copy of Sidetone's library runs in this page; each connection is measured by one of them");
    if (typeof RTCPeerConnection !== "function") this.#failures.tell("webrtc_missing", "this browser or frame has no WebRTC: there is nothing to measure");
    const { options } = this;
    const run = new Run(settings, this.#identity, options.addresses !== false, this.#emitter, this.#failures, {
      onEngine: () => void this.#upload(run),
      onPolicy: () => {
        for (const connection of this.#connections.values()) connection.describeAnew();
      },
      onRules: (before) => this.#judgeAnew(run, before),
    });
    this.#run = run;
    run.own.event(
      "joined",
      {
        user_name: named(options.userName),
        alias_name: named(options.aliasName),
        site: named(options.site),
        app_version: named(options.appVersion),
        additional_ids: options.additionalIds && Object.fromEntries(Object.entries(options.additionalIds).map(([name, id]) => [name, named(id)])),
        user_agent: navigator.userAgent,
        sdk: `sidetone-js ${VERSION}`,
      },
      Date.now(),
    );
    const guard = (work: () => void) => this.#failures.guard(work);
    const page = new PageWatch(
      {
        record: (kind, payload) => this.event(kind, payload),
        onHidden: () => void run.uploader.leave(this.#collect(run), false),
        onLeave: (mayReturn) => {
          if (!mayReturn && options.leaveWithPage !== false) this.#end(run);
          void run.uploader.leave(this.#collect(run), true);
        },
        onReturn: () => void run.uploader.adopt().then(() => run.uploader.kick()),
        onOnline: () => {
          run.prepare(true);
          void run.uploader.kick();
        },
      },
      guard,
    );
    this.#undo.push(
      () => page.stop(),
      ticker.every(settings.reportIntervalMs, () => {
        for (const connection of [...this.#connections.values()]) this.#failures.guard(() => connection.poll());
      }),
      ticker.every(settings.uploadIntervalMs, () => this.#failures.guard(() => this.#upload(run))),
    );
    run.prepare();
    run.named = this.#name(run);
    // So that the server knows at once who is here; and what an earlier page left behind goes out.
    this.#failures.guard(() => run.uploader.adopt().then(() => this.#upload(run)));
  }

  /** Waits for the name of the conference where it is not known yet; what was collected then goes out. */
  async #name(run: Run): Promise<void> {
    if (this.#identity.conferenceId !== undefined) return;
    const name = await Promise.resolve(this.options.conferenceId).catch(() => undefined);
    if (!isName(name)) return this.#failures.tell("options_invalid", NAMELESS);
    this.#identity.conferenceId = name;
    this.#failures.guard(() => void this.#upload(run));
  }

  #observe(peerConnection: RTCPeerConnection, { label, id }: ObserveOptions): Observation | undefined {
    const run = this.#run;
    if (!run) return undefined;
    if (typeof (peerConnection as RTCPeerConnection | undefined)?.getStats !== "function") {
      this.#failures.tell("not_observable", `\`observe\` was given ${peerConnection}, which is no RTCPeerConnection`);
      return undefined;
    }
    if (!registry.take(peerConnection, this)) {
      this.#failures.tell("already_observed", "this connection is observed already, by this client or another");
      return undefined;
    }
    const name = this.#nameOf(named(id), run);
    const recorder = new Recorder(run.engine, run.policy, run.rules);
    const builder = this.#builders.get(name) ?? new BatchBuilder(run.identity, name, run.engine, run.policy);
    this.#builders.set(name, builder);
    builder.recorder = recorder;
    for (const told of this.#heard) recorder.hear(...told);
    const connection: Connection = new Connection(peerConnection, name, named(label), recorder, builder, {
      mayKeepSdp: run.mayKeepSdp,
      mutedSpeech: run.mutedSpeech,
      judges: run.listens,
      ticks: () => this.#emitter.has("tick"),
      onOutcome: (outcome) => tell(this.#emitter, connection, outcome),
      onCut: () => void this.#send(run, builder),
      onClosed: () => this.#forget(connection, run),
      guard: (work) => this.#failures.guard(work),
    });
    this.#connections.set(peerConnection, connection);
    for (const [trackId, of] of this.#labels) connection.name(trackId, of);
    return { id: name, stop: () => void this.#failures.guard(() => this.#forget(connection, run)) };
  }

  /** The name of a connection: the one that the app gives it, unless another one has that still. Two of one name would be taken for one. */
  #nameOf(given: string | undefined, run: Run): string {
    for (const connection of [...this.#connections.values()]) if (connection.id === given) connection.endIfClosed();
    const isTaken = [...this.#connections.values()].some(({ id }) => id === given);
    if (given && !isTaken) return given;
    if (isTaken) this.#failures.tell("already_observed", `another connection that is observed has the id ${JSON.stringify(given)}; this one gets an id of its own`);
    let name: string;
    do name = `pc${run.connectionCount++}`;
    while (this.#builders.has(name));
    return name;
  }

  /** From now on the page is told by other rules; the record says since when. */
  #judgeAnew(run: Run, before: string): void {
    let wasTold = false;
    for (const connection of this.#connections.values()) {
      const ended = connection.recorder.rulesChange();
      if (ended) tell(this.#emitter, connection, ended);
      wasTold ||= ended !== undefined;
    }
    if (wasTold) run.own.event("rules_change", { from: before, to: run.rules() }, Date.now());
  }

  /** Ends the observation; what was seen is sent with `run`, or by the caller. */
  #forget(connection: Connection, run?: Run): void {
    if (this.#connections.get(connection.peerConnection) !== connection) return;
    this.#connections.delete(connection.peerConnection);
    connection.stop();
    registry.giveBack(connection.peerConnection, this);
    if (run) void this.#send(run, connection.batches);
  }

  #collect(run: Run): Batch[] {
    return [run.own, ...this.#builders.values()].flatMap((builder) => builder.take(Date.now()) ?? []);
  }

  /** One batch after another, so that making them never holds up the page for long. */
  async #upload(run: Run): Promise<void> {
    run.prepare();
    await run.asked;
    let hasSent = false;
    for (const builder of [run.own, ...this.#builders.values()]) hasSent = (await this.#send(run, builder)) || hasSent;
    if (!hasSent && !run.uploader.waits) void run.uploader.kick();
  }

  /** Who hangs up often goes elsewhere at once: what is left goes out together, in requests that outlive the page. */
  async #sendRest(run: Run): Promise<void> {
    await run.named;
    run.prepare();
    await run.asked;
    // A server that does not answer, or asks to be left alone, is tried once more and no oftener.
    if (run.uploader.waits) await this.#upload(run);
    else await run.uploader.leave(this.#collect(run), false);
    await run.uploader.kick();
  }

  /** Sends what one connection has, or the participant; tells whether there was something. */
  async #send(run: Run, builder: BatchBuilder): Promise<boolean> {
    const batch = builder.take(Date.now());
    if (batch) await run.uploader.add(batch);
    return batch !== undefined;
  }
}

/** What a client has between its start and its stop: its engine, its uploader, and what the server says of its app. */

import type { Events } from "./api.ts";
import { type App, askApp } from "./app.ts";
import { BatchBuilder, type Identity } from "./batch.ts";
import type { Emitter } from "./emitter.ts";
import { type Engine, loadEngine } from "./engine/index.ts";
import type { Failures } from "./failures.ts";
import { destination, type Settings } from "./options.ts";
import { type Policy, STRICT } from "./privacy.ts";
import { JUDGED } from "./told.ts";
import { Pause } from "./upload/backoff.ts";
import { Credentials } from "./upload/credentials.ts";
import { DatabaseQueue } from "./upload/database.ts";
import { NOWHERE } from "./upload/nowhere.ts";
import { Uploader } from "./upload/uploader.ts";
import { within } from "./within.ts";

/** How long the first batch, and the first report that is judged, wait for what the server says. */
const APP_MS = 2000;

export class Run {
  readonly own: BatchBuilder;
  uploader: Pick<Uploader, keyof typeof NOWHERE> = NOWHERE;
  readonly queue: DatabaseQueue;
  /** Once it is known by which rules it judges, or there was time to ask. */
  readonly engine = () => (this.settings.preset === undefined && this.#isAsking ? undefined : this.#engine);
  readonly policy = () => this.#policy ?? STRICT;
  /** By which rules the page is told of issues. */
  readonly rules = () => this.settings.preset ?? this.#rules ?? "sidetone";
  /** Whether the app keeps session descriptions, or has not had the time to say so. */
  readonly mayKeepSdp = () => this.#isAsking || this.policy().keepSdp;
  /** Once the server has said for the first time what may leave the page and how it is judged, or was given the time for it. */
  asked: Promise<void> | undefined;
  /** Whether the page wants to hear what the engine says of reports. */
  readonly listens: () => boolean;
  connectionCount = 0;
  /** Once the conference has its name, or will have none. */
  named: Promise<void> = Promise.resolve();
  readonly mutedSpeech: boolean;
  readonly #credentials: Credentials;
  readonly #connect: () => Uploader;
  #engine: Engine | undefined;
  #policy: Policy | undefined;
  #rules: string | undefined;
  #isAsking: boolean;
  #preparing = false;
  readonly #loadPause = new Pause();
  readonly #askPause = new Pause();

  constructor(
    private readonly settings: Settings,
    readonly identity: Identity,
    private readonly addresses: boolean,
    emitter: Emitter<Events>,
    private readonly failures: Failures,
    private readonly events: {
      /** Sends what the engine before holds. */
      onEngine(): void;
      /** The server says what may leave the page, after a first batch without it. */
      onPolicy(): void;
      /** The app is judged by other rules than `before`. */
      onRules(before: string): void;
    },
  ) {
    this.mutedSpeech = settings.mutedSpeech;
    this.listens = () => JUDGED.some((name) => emitter.has(name));
    const to = destination(settings, identity.userId);
    this.own = new BatchBuilder(identity, undefined, this.engine, this.policy);
    this.#credentials = new Credentials(settings.secret, settings.token);
    this.queue = new DatabaseQueue(to, { bytesMax: settings.queueBytesMax, batchesMax: settings.queueBatchesMax }, (error) => {
      failures.tell("queue_unavailable", `what waits for the server is lost with the page, because the browser keeps nothing for it: ${error}`);
    });
    // Where nothing is sent there is no server whose settings could allow more.
    if (!settings.upload) this.#policy = STRICT;
    this.#isAsking = settings.upload;
    this.#connect = () =>
      new Uploader(`${settings.url}/v1/batches`, to, this.#credentials, this.queue, {
        onUpload: (upload, participantId, app) => {
          failures.guard(() => this.#hear(app));
          if (participantId === identity.participantId) emitter.emit("upload", upload);
        },
        onDrop: (drop) => this.own.drop(drop),
        onFailure: (code, message) => failures.tell(code, message),
      });
    this.open();
  }

  /** From now on batches are sent. */
  open(): void {
    if (this.settings.upload) this.uploader = this.#connect();
  }

  /** No more. */
  close(): void {
    this.uploader.end();
    this.queue.close();
  }

  /** Gets what is missing of the engine and of what the server says of the app; called again until both are there. `isAnew`: what was in the way may be gone. */
  prepare(isAnew = false): void {
    if (isAnew) for (const pause of [this.#loadPause, this.#askPause]) pause.end();
    if (this.#preparing || (this.#isServed(this.listens()) && this.#policy)) return;
    this.#preparing = true;
    void this.#prepare().then((judges) => {
      this.#preparing = false;
      if (this.listens() && !judges) this.prepare();
    });
  }

  /** Tells whether it was an engine that judges that was wanted. */
  async #prepare(): Promise<boolean> {
    const app = this.#policy || !this.#askPause.isOver ? undefined : this.#askApp();
    if (app) this.asked ??= within(APP_MS, app).then(() => void (this.#isAsking = false));
    // Who has just made the client may be about to listen.
    await Promise.resolve();
    const judges = this.listens();
    const before = this.#engine;
    if (!this.#isServed(judges) && this.#loadPause.isOver) this.#engine = (await this.#load(judges)) ?? before;
    await app;
    if (before && before !== this.#engine) this.events.onEngine();
    return judges;
  }

  #isServed(judges: boolean): boolean {
    return this.#engine !== undefined && (this.#engine.judges || !judges);
  }

  async #load(judges: boolean): Promise<Engine | undefined> {
    const { engineUrl, encoderUrl } = this.settings;
    const url = judges ? engineUrl : encoderUrl;
    try {
      return await loadEngine(url, url === engineUrl);
    } catch (error) {
      this.#loadPause.failed();
      const lack = judges ? ", but the page is not told of series and issues," : " as JSON,";
      this.failures.tell(
        "engine_unavailable",
        `reports are sent${lack} because the engine at ${url} cannot be loaded: ${error}. ` +
          "The Content-Security-Policy must allow script-src 'wasm-unsafe-eval' and connect-src of that address",
      );
      return undefined;
    }
  }

  /** Takes what the server says of the app now: what may leave the page from here on, and by which rules it is judged. */
  #hear({ policy, rules }: App): void {
    const before = this.rules();
    this.#rules = rules ?? this.#rules;
    if (this.rules() !== before) this.events.onRules(before);
    if (policy) this.#permit(policy);
  }

  #permit(policy: Policy): void {
    const keepAddresses = policy.keepAddresses && this.addresses;
    // What is the same stays the same object: the columns of a connection are laid out for it.
    if (this.#policy?.keepAddresses === keepAddresses && this.#policy.keepSdp === policy.keepSdp) return;
    const isLate = !this.#policy && !this.#isAsking;
    this.#policy = { ...policy, keepAddresses };
    if (isLate) this.events.onPolicy();
  }

  async #askApp(): Promise<void> {
    try {
      const app = await askApp(this.settings.url, await this.#credentials.header());
      if ("rules" in app) return void this.failures.guard(() => this.#hear({ ...app, policy: app.policy ?? STRICT }));
      // With a secret that is refused there is nothing to ask any more.
      this.#askPause.failed(app.isRefusal && !this.#credentials.refused() ? Infinity : app.afterMs);
    } catch {
      // Asked again before a later batch; until then nothing of it is sent.
      this.#askPause.failed();
    }
  }
}

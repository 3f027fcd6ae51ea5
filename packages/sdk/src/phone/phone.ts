/** The phone: its registration and its calls. */

import { Emitter } from "../emitter.ts";
import type { Call, CallOptions, CallState, Cause, ConnectionState, Credentials, Headers, Phone, PhoneEventMap, PhoneOptions } from "./api.ts";
import { LiveCall } from "./call.ts";
import { causeOf } from "./cause.ts";
import { Identity } from "./credentials.ts";
import { headerLines, NO_HEADERS, parseHeaders } from "./headers.ts";
import { Agent, parseTarget } from "./jssip/agent.ts";
import { type IncomingRequest, RTCSession, Utils } from "./jssip/library.ts";
import type { Reply } from "./jssip/request.ts";
import { DeviceBook } from "./media/devices.ts";
import { compile } from "./media/noise.ts";
import { Player } from "./media/player.ts";
import { type Settings, settle } from "./settings.ts";
import { Sounds } from "./sounds.ts";
import { grantedExpiryMs, TOKEN_ERROR_HEADER, TOKEN_HEADER } from "./token.ts";

/** What a {@link PhoneCore.connect} is rejected with that is not wanted any more. */
const NOT_WANTED = causeOf("Connection Error", "local");

/** Calls at the same time, ringing ones among them: more are answered 486. */
const CALLS_MAX = 50;

export class PhoneCore implements Phone {
  readonly settings: Settings;
  readonly player: Player;
  readonly deviceBook: DeviceBook;
  agent: Agent | undefined;

  readonly #emitter = new Emitter<PhoneEventMap>();
  readonly #calls: LiveCall[] = [];
  readonly #sounds: Sounds;
  readonly #undo: (() => void)[] = [];
  #identity: Identity | undefined;
  #state: ConnectionState = "disconnected";
  /** The call that the INVITE now being taken in is to replace. */
  #replaced: LiveCall | undefined;
  /** Settles the {@link connect} that is under way. */
  #connecting: { resolve(): void; reject(cause: Cause): void } | undefined;
  #failures = 0;
  /** Whether to register when the socket is back. */
  #wantsRegistration = false;

  constructor(readonly options: PhoneOptions) {
    this.settings = settle(options);
    this.player = new Player(options.tones ?? {}, (name) => this.deviceBook.sinkOf(name));
    this.deviceBook = new DeviceBook(() => this.player, {
      onChange: (added, removed) => this.#emitter.emit("devices", { added, removed }),
      onPermission: (stream, error) => this.#emitter.emit("mediaPermission", { granted: stream !== undefined, stream, error }),
      onMicrophone: async () => {
        await Promise.all(this.#calls.map((call) => call.renewMicrophone()));
      },
      onMicrophones: async (gone) => {
        await Promise.all(this.#calls.map((call) => call.microphonesChanged(gone)));
      },
      onTone: (name) => this.#sounds.toneChanged(name),
    });
    this.#sounds = new Sounds(this.player, () => this.#calls, this.settings.ringbackUntilAnswer);
    this.#listen("beforeunload", (event) => {
      if (this.settings.closeProtection && this.#calls.length > 0) event.preventDefault();
    });
    this.#listen("pagehide", (event) => {
      if ((event as PageTransitionEvent).persisted) return;
      for (const call of [...this.#calls]) call.hangUp();
    });
    this.#listen("online", () => this.agent?.reconnectNow());
    this.#listen("offline", () => void this.agent?.checkSocket());
  }

  get devices(): DeviceBook {
    return this.deviceBook;
  }

  get connection(): ConnectionState {
    return this.#state;
  }

  get isRegistered(): boolean {
    return this.agent?.registration.isRegistered === true;
  }

  /** Whether a request would reach the server. */
  get isReachable(): boolean {
    return this.agent?.isConnected === true;
  }

  get user(): string | undefined {
    return this.#identity?.user || undefined;
  }

  get calls(): readonly LiveCall[] {
    return [...this.#calls];
  }

  get receivedAddress(): Phone["receivedAddress"] {
    return this.agent?.received;
  }

  get contact(): string | undefined {
    return this.agent?.contact;
  }

  on<Name extends keyof PhoneEventMap>(name: Name, handler: (event: PhoneEventMap[Name]) => void): () => void {
    return this.#emitter.on(name, handler);
  }

  async connect(credentials: Credentials): Promise<void> {
    // Another may have connected while this one waited.
    while (this.agent) await this.disconnect();
    this.#identity?.close();
    const { settings } = this;
    const identity = new Identity(credentials, {
      onRenewed: () => void this.register().catch(() => undefined),
      onExpiring: (expiresMs) => this.#emitter.emit("tokenExpiring", { expiresMs }),
    });
    this.#identity = identity;
    this.#state = "connecting";
    this.#failures = 0;
    try {
      await identity.open();
    } catch (cause) {
      if (identity.isClosed) throw NOT_WANTED;
      this.#state = "disconnected";
      this.#emitter.emit("registrationFailed", cause as Cause);
      throw cause;
    }
    if (identity.isClosed) throw NOT_WANTED;
    this.agent = new Agent(
      {
        ...settings,
        user: identity.user,
        password: identity.password,
        displayName: identity.displayName,
        headers: () => this.tokenHeaders(),
        keepAliveHeaders: () => headerLines(this.options.keepAliveHeaders?.()),
      },
      {
        onConnected: (url, again) => void this.#connected(url, again),
        onDisconnected: (code, reason) => this.#disconnected(code, reason),
        onIncoming: (session, request) => this.#incoming(session, request),
        onKeepAlive: (ok, status) => this.#emitter.emit("keepAlive", { ok, status }),
        hasCalls: () => this.#calls.length > 0,
        onRegistered: (response, expiresSeconds) => {
          const headers = parseHeaders(response.data);
          identity.accepted(grantedExpiryMs(headers.get(TOKEN_HEADER)));
          this.#emitter.emit("registered", { headers, expiresSeconds });
        },
        onUnregistered: (byUs) => this.#emitter.emit("unregistered", { byUs }),
        onDue: () => void this.#register(),
      },
    );
    await new Promise<void>((resolve, reject) => {
      this.#connecting = { resolve, reject };
      this.agent?.start();
    });
  }

  async disconnect(): Promise<void> {
    const { agent } = this;
    for (const call of [...this.#calls]) call.hangUp();
    this.#identity?.close();
    if (!agent) {
      this.#state = "disconnected";
      return;
    }
    if (agent.isConnected) await agent.registration.unregister();
    // It was asked for twice.
    if (this.agent !== agent) return;
    agent.stop();
    this.agent = undefined;
    this.#state = "disconnected";
    this.#connecting?.reject(NOT_WANTED);
    this.#connecting = undefined;
    this.#emitter.emit("disconnected", { code: undefined, reason: "", byUs: true });
  }

  async register(headers?: Readonly<Record<string, string>>): Promise<void> {
    const { agent } = this;
    if (!agent?.isConnected) throw causeOf("Connection Error", "system");
    const cause = await this.#register(headers && headerLines(headers));
    if (cause) throw cause;
  }

  async unregister(): Promise<void> {
    this.#wantsRegistration = false;
    await this.agent?.registration.unregister();
  }

  call(target: string, options: CallOptions = {}): Call {
    return this.placeCall(target, options);
  }

  placeCall(target: string, options: CallOptions): LiveCall {
    const uri = parseTarget(target, this.settings.domain);
    if (!uri) throw new TypeError(`${JSON.stringify(target)} is no address that can be called`);
    const call = new LiveCall(this, { id: Utils.createRandomToken(22), direction: "outgoing", target: uri, displayName: undefined, headers: NO_HEADERS, options });
    this.#calls.push(call);
    this.#emitter.emit("outgoing", { call });
    // What listens to the call is set once this has returned.
    void Promise.resolve().then(() => call.place(options));
    return call;
  }

  async prepareNoiseReduction(): Promise<boolean> {
    return compile(this.options.assetsUrl).then(
      () => typeof AudioWorkletNode === "function",
      () => false,
    );
  }

  async sendMessage(target: string, text: string, contentType = "text/plain;charset=UTF-8"): Promise<void> {
    const { status, phrase, headers } = await this.request("MESSAGE", target, { type: contentType, text });
    if (status >= 300) throw { ...causeOf(Utils.sipErrorCause(status), "remote", undefined, status), phrase, headers };
  }

  async request(
    method: string,
    target: string,
    body?: { readonly type: string; readonly text: string },
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly phrase: string; readonly headers: Headers; readonly body: string }> {
    const { agent, settings } = this;
    const uri = parseTarget(target, settings.domain);
    if (!uri) throw new TypeError(`${JSON.stringify(target)} is no address`);
    if (!agent?.isConnected) throw causeOf("Connection Error", "system");
    const reply = await agent.send(method, uri, headerLines({ ...(body && { "Content-Type": body.type }), ...headers }), body?.text);
    if (!reply.response) throw causeOf(reply.cause, "system");
    const { status_code: status, reason_phrase: phrase, data } = reply.response;
    return { status, phrase, headers: parseHeaders(data), body: reply.response.body ?? "" };
  }

  async stop(): Promise<void> {
    await this.disconnect();
    for (const undo of this.#undo.splice(0)) undo();
    this.#sounds.close();
    this.deviceBook.close();
    this.player.close();
    this.#emitter.clear();
  }

  // For its calls.

  /** Address of record of who is connected; empty where nobody is. */
  get address(): string {
    return this.agent?.ua.configuration.uri.toString() ?? "";
  }

  /** Header lines of REGISTER and INVITE. */
  async tokenHeaders(): Promise<readonly string[]> {
    return (await this.#identity?.headers()) ?? [];
  }

  stateChanged(call: LiveCall, from: CallState): void {
    this.#sounds.stateChanged(call, from);
  }

  /** The INVITE leaves. */
  inviting(call: LiveCall): void {
    this.#sounds.inviting(call);
  }

  /** The call's stream is new, or it is held no more. */
  heard(call: LiveCall): void {
    this.#sounds.hear(call);
  }

  ended(call: LiveCall): void {
    const index = this.#calls.indexOf(call);
    if (index >= 0) this.#calls.splice(index, 1);
  }

  /** Takes in an INVITE that is to replace a call. */
  replace(call: LiveCall, request: IncomingRequest): void {
    if (!this.agent) return;
    this.#replaced = call;
    new RTCSession(this.agent.ua).init_incoming(request);
    this.#replaced = undefined;
  }

  #incoming(session: RTCSession, request: IncomingRequest): void {
    const replaces = this.#replaced;
    const isTooMany = this.#calls.length >= (this.settings.multipleCalls ? CALLS_MAX : 1);
    if (isTooMany && !replaces) return session.terminate({ status_code: 486 });
    const { uri, display_name } = session.remote_identity;
    const call = new LiveCall(this, {
      id: request.call_id,
      direction: "incoming",
      target: uri,
      displayName: display_name || undefined,
      headers: parseHeaders(request.data),
      options: { muted: replaces?.isMuted.audio === true },
    });
    this.#calls.push(call);
    call.adopt(session);
    this.#emitter.emit("incoming", { call, replaces });
    if (!replaces) return;
    call.on("confirmed", () => replaces.hangUp());
    call.answer({ video: (replaces.localStream?.getVideoTracks().length ?? 0) > 0 }).catch(() => undefined);
  }

  async #connected(url: string, again: boolean): Promise<void> {
    this.#state = "connected";
    this.#emitter.emit("connected", { url, again });
    // What was registered before is so again, whoever asked for it.
    const wants = again ? this.#wantsRegistration : this.settings.autoRegister;
    const cause = wants ? await this.#register() : undefined;
    if (cause) this.#connecting?.reject(cause);
    else this.#connecting?.resolve();
    this.#connecting = undefined;
    if (again) for (const call of this.calls) call.socketBack();
  }

  #disconnected(code: number | undefined, reason: string): void {
    const wasConnected = this.#state === "connected";
    this.#state = "connecting";
    if (wasConnected) this.#emitter.emit("disconnected", { code, reason, byUs: false });
    for (const call of this.calls) call.socketLost();
    // The page is told once each server was tried; the trying goes on.
    if (++this.#failures < this.settings.servers.length) return;
    this.#connecting?.reject(causeOf("Connection Error", "system"));
    this.#connecting = undefined;
  }

  /** Registers; what went wrong is told by an event and given back. */
  async #register(headers?: readonly string[]): Promise<Cause | undefined> {
    const { agent } = this;
    if (!agent) return causeOf("Connection Error", "local");
    this.#wantsRegistration = true;
    const reply = await agent.registration.register(headers);
    const failure = failureOf(reply);
    if (!failure) return undefined;
    const isToken = failure.headers.get(TOKEN_ERROR_HEADER) !== undefined;
    if (isToken && (await this.#identity?.refused())) return this.#register(headers);
    this.#emitter.emit("registrationFailed", failure);
    return failure;
  }

  #listen(name: string, listener: (event: Event) => void): void {
    globalThis.addEventListener(name, listener);
    this.#undo.push(() => globalThis.removeEventListener(name, listener));
  }
}

/** What a refused REGISTER means; nothing for one that was granted. */
function failureOf({ response, ...none }: Reply): Cause | undefined {
  if (!response) return causeOf("cause" in none ? String(none.cause) : "", "system");
  return response.status_code < 300 ? undefined : causeOf(Utils.sipErrorCause(response.status_code), "remote", response);
}

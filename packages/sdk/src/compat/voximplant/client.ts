/** The client: connects, logs in, places calls and takes them. */

import type { Call as PhoneCall, Cause, Credentials, Phone, PhoneOptions } from "../../phone/api.ts";
import { Call, type CallMaking } from "./call.ts";
import { type CodecDescription, has } from "./codecs.ts";
import { CallState, ClientState, Events, LogCategory, LogLevel } from "./enums.ts";
import type { EventHandlers } from "./event-handlers.ts";
import type { EventListenerOption } from "./event-target.ts";
import { StreamManager } from "./hardware.ts";
import { type ExtraHeaders, incomingHeaders, outgoingHeaders } from "./headers.ts";
import { log } from "./log.ts";
import { authFailure, tokensOf, userOf } from "./login.ts";
import type { MediaRenderer } from "./media-renderer.ts";
import { OlderClient } from "./older-client.ts";
import { ACCESS_DENIED, INVALID_NUMBER, NOT_AUTHORISED, NOT_CONNECTED, NOT_SECURE, REQUEST_TERMINATED, reasonOf } from "./outcome.ts";
import { Playback } from "./playback.ts";
import { reach } from "./reach.ts";
import { Settings } from "./settings.ts";
import { SharedScreen } from "./shared-screen.ts";
import { Silence } from "./silence.ts";
import type { CallSettings, Config, LoginOptions, LogRecord, VideoFlags } from "./structures.ts";

/** The version of voximplant-websdk whose API this is. */
export const VERSION = "4.13.1-3005";

export class Client extends OlderClient {
  #isInitialized = false;
  #state = ClientState.DISCONNECTED;
  #phone: Phone | undefined;
  /** Holds the server until somebody logs in. */
  #socket: WebSocket | undefined;
  #token: string | undefined;
  readonly #settings: Settings;
  readonly #playback = new Playback({
    onFinished: () => this.dispatchEvent({ name: Events.PlaybackFinished }),
    onError: (message) => this.dispatchEvent({ name: Events.PlaybackError, message }),
  });
  readonly #calls = new Set<Call>();
  /** To connect; one that is not the last is not wanted any more. */
  #attempts = 0;

  /** @internal */
  constructor(
    private readonly makePhone: (options: PhoneOptions) => Phone,
    /** Where the script came from. */
    origin: string,
  ) {
    super();
    this.#settings = new Settings(origin);
  }

  get version(): string {
    return VERSION;
  }

  get alreadyInitialized(): boolean {
    return this.#isInitialized;
  }

  /** Throws a string-less `Error` when called twice, or where the page is in no secure context. */
  async init(config: Config = {}): Promise<EventHandlers.SDKReady | string> {
    if (this.#isInitialized) throw new Error("VoxImplant.Client has been already initialized");
    if (!globalThis.isSecureContext) throw new Error("microphone and camera are there for pages of secure origins only, such as HTTPS");
    this.#settings.config = { ...config };
    log.level = config.enableTrace ? LogLevel.TRACE : config.showDebugInfo ? LogLevel.INFO : config.showWarnings ? LogLevel.WARNING : LogLevel.ERROR;
    StreamManager.get().container = () => this.#settings.localVideo();
    if (config.micRequired) await this.#askForMicrophone();
    this.watchDevices();
    this.#isInitialized = true;
    const ready = { version: VERSION };
    this.dispatchEvent({ name: Events.SDKReady, ...ready });
    return ready;
  }

  config(): Config {
    return this.#settings.config;
  }

  getClientState(): ClientState {
    return this.#state;
  }

  /** @deprecated Use {@link getClientState}. */
  connected(): boolean {
    return this.#state === ClientState.CONNECTED || this.#state === ClientState.LOGGING_IN || this.#state === ClientState.LOGGED_IN;
  }

  isRTCsupported(): boolean {
    return typeof RTCPeerConnection === "function" && navigator.mediaDevices !== undefined;
  }

  async screenSharingSupported(): Promise<boolean> {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /** Reaches the server. Rejects with `ConnectionFailed`. */
  async connect(): Promise<boolean> {
    if (!this.#isInitialized) throw new Error("NOT_INITIALIZED");
    if (this.#state !== ClientState.DISCONNECTED) return true;
    this.#state = ClientState.CONNECTING;
    const attempt = ++this.#attempts;
    try {
      const socket = await reach(this.#settings.servers);
      if (attempt !== this.#attempts) {
        socket.close();
        throw new Error("the page has disconnected meanwhile");
      }
      this.#socket = socket;
    } catch (error) {
      if (attempt === this.#attempts) this.#state = ClientState.DISCONNECTED;
      const failed = { name: Events.ConnectionFailed, message: reasonOf(error) };
      this.dispatchEvent(failed);
      throw failed;
    }
    this.#socket.addEventListener("close", () => this.#lost());
    this.#state = ClientState.CONNECTED;
    this.dispatchEvent({ name: Events.ConnectionEstablished });
    return true;
  }

  async disconnect(): Promise<void> {
    if (this.#state === ClientState.DISCONNECTED) return;
    this.#attempts++;
    const phone = this.#phone;
    this.#phone = undefined;
    this.#release();
    await phone?.stop();
    this.#close();
  }

  /** `user`, or `user@…` as the original wants it; the part behind the `@` does not matter here. */
  login(username: string, password: string, options: LoginOptions = {}): Promise<EventHandlers.AuthResult> {
    return this.#login(username, { user: userOf(username), password }, options);
  }

  /** A JSON Web Token that the SIP server takes in place of a password. */
  loginWithToken(username: string, token: string, options: LoginOptions = {}): Promise<EventHandlers.AuthResult> {
    this.#token = token;
    return this.#login(username, { user: userOf(username), token: async () => this.#token ?? token }, options);
  }

  /** A newer token, to be used from the next registration on. */
  async tokenRefresh(_username: string, refreshToken: string, _deviceToken?: string): Promise<EventHandlers.AuthTokenResult> {
    this.#token = refreshToken;
    const tokens = tokensOf(refreshToken);
    const result = { name: Events.RefreshTokenResult, result: true, ...(tokens && { tokens }) };
    this.dispatchEvent(result);
    return result;
  }

  /** Places a call. What becomes of it is told by its events, of which none comes before this has returned. */
  call(num: string | CallSettings, useVideo?: boolean | VideoFlags, customData?: string, extraHeaders?: ExtraHeaders): Call {
    const given = { ...(useVideo !== undefined && { video: useVideo }), ...(customData !== undefined && { customData }), ...(extraHeaders && { extraHeaders }) };
    return this.#place(typeof num === "object" ? num : { number: String(num), ...given });
  }

  /** Joins to watch: sends silence, asks for no microphone, and `EndpointAdded` does not come. */
  joinAsViewer(num: string | number, extraHeaders?: ExtraHeaders): Call {
    const silence = new Silence();
    return this.#place({ number: String(num), ...(extraHeaders && { extraHeaders }) }, { isViewer: true, stream: async () => silence.stream, onEnded: () => silence.close() });
  }

  /** Joins to show the screen, with its sound or with silence, and nothing of the microphone. The call ends when the browser's own button ends the sharing. */
  joinAsSharing(num: string | number, sendAudio = false, extraHeaders?: ExtraHeaders): Call {
    const screen = new SharedScreen(sendAudio, () => call.hangup());
    const call = this.#place({ number: String(num), ...(extraHeaders && { extraHeaders }) }, { isViewer: true, isScreen: true, stream: () => screen.open(), onEnded: () => screen.close() });
    return call;
  }

  #place(settings: CallSettings, given?: { readonly isViewer: boolean; readonly isScreen?: boolean; stream(): Promise<MediaStream>; onEnded(): void }): Call {
    const { number, video = false } = settings;
    const sendsVideo = typeof video === "boolean" ? video : video.sendVideo;
    const headers = outgoingHeaders(settings.extraHeaders, settings.customData, (why) => this.#warn(why));
    const making = { id: crypto.randomUUID(), number, displayName: number, isIncoming: false, isViewer: given?.isViewer === true, headers, sendsVideo };
    const call = this.#make(making, settings.H264first, given?.onEnded);
    const phone = this.#phone;
    const fail = (code: number, reason: string) => setTimeout(() => call.fail(code, reason));
    if (!globalThis.isSecureContext) fail(NOT_SECURE, "Page is not in a secure context");
    else if (!this.connected()) fail(NOT_CONNECTED, "Client not connected");
    else if (this.#state !== ClientState.LOGGED_IN || !phone) fail(NOT_AUTHORISED, "Client not authorised");
    else {
      const dial = (stream?: MediaStream) => {
        if (call.state() !== CallState.PROGRESSING) return call.fail(REQUEST_TERMINATED, "Request Terminated");
        try {
          call.follow(phone.call(number, { ...call.options(headers), ...(stream && { stream, screen: given?.isScreen === true }) }));
        } catch (error) {
          fail(INVALID_NUMBER, reasonOf(error));
        }
      };
      if (given) given.stream().then(dial, () => call.fail(ACCESS_DENIED, "Media access denied"));
      else dial();
    }
    return call;
  }

  /** A call to a conference is a call to its address. */
  callConference(num: string | CallSettings, useVideo?: boolean | VideoFlags, customData?: string, extraHeaders?: ExtraHeaders): Call {
    return this.call(num, useVideo, customData, extraHeaders);
  }

  /** Connects the other side of `call1` with the other side of `call2`; `call1` tells what became of it. */
  transferCall(call1: Call, call2: Call): void {
    const [from, to] = [call1.sidetone, call2.sidetone];
    if (!from || !to || call1.state() !== CallState.CONNECTED || call2.state() !== CallState.CONNECTED) {
      this.#warn("calls are transferred while both are connected");
      return;
    }
    const undo = from.on("transfer", ({ state }) => {
      if (state === "trying") return;
      undo();
      call1.transferred(state === "accepted");
    });
    from.transfer(to).catch((error: unknown) => {
      undo();
      this.#warn(`the call is not transferred: ${reasonOf(error)}`);
    });
  }

  /** The most that is sent as video, kbit/s. */
  setVideoBandwidth(bandwidth: number): void {
    this.#settings.videoBps = bandwidth > 0 ? 1000 * bandwidth : undefined;
    for (const call of this.#calls) call.limitVideo();
  }

  /** Plays a tone script (`tone-script.ts`); without `loop` one time, unless the script has no end. Throws a `SyntaxError` for what is none. */
  playToneScript(script: string, loop = false): void {
    this.#playback.play(script, loop);
  }

  stopPlayback(): void {
    this.#playback.stop();
  }

  /** Plays the ringback tone of `progressToneCountry`, that of the United States unless told otherwise. `check`: only if the configuration wants one. */
  playProgressTone(check = false): void {
    const { progressTone, progressToneCountry } = this.config();
    if (!check || progressTone !== false) this.#playback.playProgressTone(progressToneCountry);
  }

  stopProgressTone(): void {
    this.#playback.stopProgressTone();
  }

  /** The codecs of calls from now on, in this order. `false`: the browser lacks one that is not optional, or has none of them. */
  async limitAudioCodecs(codecs: CodecDescription[]): Promise<boolean> {
    this.#settings.codecs = { ...this.#settings.codecs, audio: codecs };
    return has("audio", codecs);
  }

  /** As {@link limitAudioCodecs}. */
  async limitVideoCodecs(codecs: CodecDescription[]): Promise<boolean> {
    this.#settings.codecs = { ...this.#settings.codecs, video: codecs };
    return has("video", codecs);
  }

  async showLocalVideo(flag = true, _mirror?: boolean, _detachCamera?: boolean): Promise<MediaRenderer | void> {
    return flag ? StreamManager.get().showLocalVideo() : StreamManager.get().hideLocalVideo();
  }

  protected get running(): readonly Call[] {
    return [...this.#calls];
  }

  /** A call by its id. */
  getCall(id: string): Call | undefined {
    return [...this.#calls].find((call) => call.id() === id);
  }

  override on(event: Events, handler: (ev: any) => void, options?: EventListenerOption): void {
    super.on(event, handler, options);
  }

  setLogLevel(_category: LogCategory, level: LogLevel): void {
    log.level = level;
  }

  enableSilentLogging(flag: boolean): void {
    log.isSilent = flag;
  }

  clearSilentLog(): void {
    log.clear();
  }

  getSilentLog(): string[] {
    return log.lines;
  }

  setLoggerCallback(callback: (record: LogRecord) => void): void {
    log.onRecord = callback;
  }

  async #login(username: string, credentials: Credentials, options: LoginOptions): Promise<EventHandlers.AuthResult> {
    const isReady = this.#state === ClientState.CONNECTED;
    if (!isReady) throw this.#authResult({ result: false, code: authFailure(this.#state) });
    this.#state = ClientState.LOGGING_IN;
    const phone = this.makePhone(this.#settings.ofPhone(options.receiveCalls !== false));
    this.#phone = phone;
    try {
      await phone.connect(credentials);
    } catch (error) {
      if (this.#phone === phone) {
        this.#phone = undefined;
        await phone.stop();
        this.#state = ClientState.CONNECTED;
      }
      throw this.#authResult({ result: false, code: authFailure(error) });
    }
    // The page has disconnected meanwhile.
    if (this.#phone !== phone) throw this.#authResult({ result: false, code: authFailure(ClientState.DISCONNECTED) });
    this.#take(phone);
    this.#release();
    this.#state = ClientState.LOGGED_IN;
    const tokens = this.#token === undefined ? undefined : tokensOf(this.#token);
    return this.#authResult({ result: true, displayName: credentials.displayName ?? userOf(username), ...(tokens && { tokens }) });
  }

  #authResult(result: Omit<EventHandlers.AuthResult, "name">): EventHandlers.AuthResult {
    const event = { name: Events.AuthResult, ...result };
    this.dispatchEvent(event);
    return event;
  }

  #take(phone: Phone): void {
    // Each renderer plays its own track.
    phone.devices.element("remote").muted = true;
    phone.on("incoming", ({ call, replaces }) => this.#incoming(call, replaces));
    phone.on("disconnected", ({ byUs }) => !byUs && this.#reconnecting());
    phone.on("connected", ({ again }) => again && this.#reconnected());
    phone.on("mediaPermission", ({ granted, stream }) => this.dispatchEvent({ name: Events.MicAccessResult, result: granted, stream }));
    phone.on("registrationFailed", (cause: Cause) => this.#warn(`the registration failed: ${cause.cause}`));
  }

  #incoming(phoneCall: PhoneCall, replaces: PhoneCall | undefined): void {
    const replaced = [...this.#calls].find(({ sidetone }) => replaces !== undefined && sidetone === replaces);
    if (replaced) return replaced.continueAs(phoneCall);
    const { user, displayName = user } = phoneCall.remote;
    const headers = incomingHeaders(phoneCall.headers);
    const call = this.#make({ id: phoneCall.id, number: user, displayName, isIncoming: true, isViewer: false, headers, sendsVideo: false });
    call.follow(phoneCall);
    this.dispatchEvent({ name: Events.IncomingCall, call, headers, video: phoneCall.offersVideo });
  }

  #make(making: Omit<CallMaking, "settings" | "onEnded">, isH264First?: boolean, onEnded: () => void = () => undefined): Call {
    const forget = () => {
      this.#calls.delete(call);
      onEnded();
    };
    const call: Call = new Call({ ...making, settings: this.#settings.ofCall(isH264First), onEnded: forget });
    this.#calls.add(call);
    return call;
  }

  #reconnecting(): void {
    if (this.#state !== ClientState.LOGGED_IN) return;
    this.#state = ClientState.RECONNECTING;
    this.dispatchEvent({ name: Events.Reconnecting });
  }

  #reconnected(): void {
    if (this.#state !== ClientState.RECONNECTING) return;
    this.#state = ClientState.LOGGED_IN;
    this.dispatchEvent({ name: Events.Reconnected });
  }

  /** The socket that waited for a login is gone. */
  #lost(): void {
    if (!this.#socket) return;
    this.#socket = undefined;
    if (this.#state === ClientState.CONNECTED) this.#close();
  }

  #release(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #close(): void {
    this.#state = ClientState.DISCONNECTED;
    this.dispatchEvent({ name: Events.ConnectionClosed });
  }

  async #askForMicrophone(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => undefined);
    for (const track of stream?.getTracks() ?? []) track.stop();
    this.dispatchEvent({ name: Events.MicAccessResult, result: stream !== undefined, stream });
  }

  #warn(message: string): void {
    log.write(LogCategory.CLIENT, "Client", LogLevel.WARNING, message);
  }
}

/**
 * The client of plivo-browser-sdk 2.2 over Sidetone's phone.
 *
 * Where Plivo's reference and its SDK disagree both ways are taken; the handbook's chapter on Plivo lists each. Nothing here throws: a method
 * that cannot do what it is asked answers `false`, and an event says why.
 */

import type { Call, Phone } from "../../phone/api.ts";
import { createPhone } from "../../phone/index.ts";
import { Turns } from "../../turns.ts";
import { ActiveCall } from "./active-call.ts";
import { AudioDevices, type Audio } from "./audio.ts";
import type { CallInfo } from "./call-info.ts";
import type { CallSession } from "./call-session.ts";
import { ACTIONS, type Action, Calls } from "./calls.ts";
import { keyOf, sendKey } from "./dtmf.ts";
import { EventEmitter, type Listener } from "./emitter.ts";
import { feedbackOf } from "./feedback.ts";
import { type ExtraHeaders, allowed } from "./headers.ts";
import { type AvailableLogMethods, Log, levelOf } from "./log.ts";
import { AccessTokenInterface, type ConnectionInfo, Login } from "./login.ts";
import { type ConfiguationOptions, type Settings, settle } from "./options.ts";
import { VERSION, phoneOptions } from "./phone-options.ts";
import { sendFeedback } from "./report.ts";
import { INVALID_ACCESS_TOKEN_GRANTS, errorString } from "./tokens.ts";
import { type BrowserDetails, browserDetails, hasWebRtc } from "./browser.ts";

/** Names the tab to the server, in each keep-alive. */
const IDENTIFIER_HEADER = "X-PlivoClientIdentifier";

/** Why a call is not placed, and the code that the beta of Plivo's SDK has for it. */
const REFUSALS = { "invalid-destination-address": 11005, "call-already-in-progress": 11006, "incoming-invite-exist": 11007 } as const;

export class Client extends EventEmitter {
  readonly version: string = VERSION;
  readonly browserDetails: BrowserDetails = browserDetails();
  readonly accessTokenInterface = AccessTokenInterface;
  readonly options: ConfiguationOptions;
  readonly phone: Phone;
  readonly audio: Audio;

  readonly #settings: Settings;
  readonly #log: Log;
  readonly #login: Login;
  readonly #calls: Calls;
  #active: ActiveCall | undefined;
  #startsMuted = false;
  #isReducingNoise = false;
  #identifier: string = newIdentifier();
  readonly #keys = new Turns();
  readonly #dtmfTones = new Map<string, string | boolean>();

  constructor(options: ConfiguationOptions = {}) {
    super();
    const { settings, warnings } = settle(options);
    this.options = options;
    this.#settings = settings;
    this.#log = new Log(settings.debug, () => this.#identifier);
    for (const warning of warnings) this.#log.warn(warning);
    this.phone = createPhone({ ...phoneOptions(settings), keepAliveHeaders: () => ({ [IDENTIFIER_HEADER]: encodeURIComponent(this.#identifier) }) });
    const emit = (name: string, ...values: unknown[]) => this.#tell(name, ...values);
    this.#login = new Login(this.phone, {
      emit,
      isInCall: () => this.#calls.current !== null,
      endCalls: () => this.#calls.hangUpAll(),
      onLogin: () => void this.#prepareNoiseReduction(),
      onLogout: () => this.clearOnLogout(),
    });
    this.#calls = new Calls(
      {
        emit,
        user: () => this.userName ?? "",
        onCurrent: (session) => this.#becomeActive(session),
        onConfirmed: (session) => session === this.#active?.session && this.#active.confirmed(),
        onEnded: (session) => session === this.#active?.session && this.#becomeActive(undefined),
      },
      settings.multipleCalls,
    );
    this.#calls.attach(this.phone);
    this.audio = new AudioDevices(this.phone, settings.useDefaultAudioDevice, (change) => emit("audioDeviceChange", change));
    this.phone.on("mediaPermission", ({ granted, error }) => {
      emit("onMediaPermission", granted ? { status: "success", stream: !settings.permOnClick } : { status: "failure", error: error?.name ?? "UnknownError" });
    });
    // Once the app had the time to listen.
    if (!hasWebRtc()) queueMicrotask(() => emit("onWebrtcNotSupported"));
    else if (!settings.permOnClick) void this.audio.revealAudioDevices().catch(() => undefined);
  }

  override on(name: string | symbol, listener: Listener): this {
    super.on(name, listener);
    if (name === "volume") this.#active?.meter();
    return this;
  }

  // Who is logged in.

  get isLoggedIn(): boolean {
    return this.#login.isLoggedIn;
  }
  get userName(): string | null {
    return this.#login.userName;
  }
  get accessToken(): string | null {
    return this.#login.accessToken;
  }
  get isAccessToken(): boolean {
    return this.#login.isAccessToken;
  }
  get accessTokenExpiryInEpoch(): number | null {
    return this.#login.accessTokenExpiryInEpoch;
  }
  get isOutgoingGrant(): boolean | null {
    return this.#login.isOutgoingGrant;
  }
  get isIncomingGrant(): boolean | null {
    return this.#login.isIncomingGrant;
  }
  get connectionInfo(): ConnectionInfo {
    return this.#login.connectionInfo;
  }

  login = (username: string, password: string): boolean => this.#login.login(username, password);
  loginWithAccessToken = (accessToken: string): boolean => this.#login.loginWithAccessToken(accessToken);
  loginWithAccessTokenGenerator = (accessTokenObject: unknown): boolean => this.#login.loginWithAccessTokenGenerator(accessTokenObject);
  logout = (): boolean => this.#login.logout();
  register = (extraHeaders: readonly string[] = []): boolean => this.#login.register(extraHeaders);
  unregister = (): boolean => this.#login.unregister();
  disconnect = (): boolean => this.#login.disconnect();
  isConnected = (): boolean | null => this.#login.isConnected();
  isConnecting = (): boolean | null => this.#login.isConnecting();
  isRegistered = (): boolean | null => this.#login.isRegistered();
  getErrorStringByErrorCodes = (errorCode: number): string => errorString(errorCode);
  setExpiryTimeInEpoch = (timeInEpoch: number): void => {
    this.#login.accessTokenExpiryInEpoch = timeInEpoch;
  };
  getTokenExpiryTimeInEpoch = (): number | null => this.#login.accessTokenExpiryInEpoch;

  /** What does not outlive a login. */
  clearOnLogout(): void {
    this.#isReducingNoise = false;
    this.#startsMuted = false;
  }

  // Calls.

  get callSession(): Call | null {
    return this.#calls.current?.session ?? null;
  }
  get callUUID(): string | null {
    return this.getCallUUID();
  }
  get lastCallUUID(): string | null {
    return this.getLastCallUUID();
  }
  get callDirection(): string | null {
    return this.#calls.current?.direction ?? null;
  }
  get isCallMuted(): boolean {
    return this.#calls.current?.session.isMuted.audio === true;
  }
  get incomingInvites(): ReadonlyMap<string, CallSession> {
    return this.#calls.incoming;
  }

  /** `true` also where the call cannot be placed now: then the log says why. */
  call = (phoneNumber: string | number, extraHeaders: ExtraHeaders = {}): boolean => {
    if (!this.isLoggedIn) return this.#refuse("call: not logged in");
    if (this.isAccessToken && this.#login.isOutgoingGrant !== true) {
      this.#tell("onPermissionDenied", INVALID_ACCESS_TOKEN_GRANTS);
      return false;
    }
    const dest = String(phoneNumber ?? "").replace(/\s/g, "");
    const refusal = this.#refusalOf(dest);
    if (refusal) {
      this.#log.warn(`call: ${refusal} (${REFUSALS[refusal]})`);
      return true;
    }
    const { headers, dropped } = allowed(extraHeaders);
    for (const name of dropped) this.#log.warn(`call: the header ${name} is not allowed and left out`);
    const region = this.#settings.clientRegion;
    try {
      const call = this.phone.call(dest, { headers: { ...headers, ...(region && { "X-ClientRegion": region }) }, muted: this.#startsMuted });
      this.#startsMuted = false;
      this.#calls.place(call, dest, headers);
    } catch (error) {
      this.#log.error(`call: ${String(error)}`);
    }
    return true;
  };

  answer = (callUUID?: string | null, actionOnOtherIncomingCalls?: string | null): boolean => {
    const action = this.#settings.multipleCalls ? actionOf(actionOnOtherIncomingCalls) : "reject";
    if (!action) return this.#refuse(`answer: ${String(actionOnOtherIncomingCalls)} is not one of ${ACTIONS.join(", ")}`);
    return this.#withRinging("answer", callUUID, (session) => this.#calls.answer(session, action));
  };
  reject = (callUUID?: string | null): boolean => this.#withRinging("reject", callUUID, (session) => this.#calls.reject(session));
  ignore = (callUUID?: string | null): boolean => this.#withRinging("ignore", callUUID, (session) => this.#calls.ignore(session));
  /** Hands the ringing call to another tab, by its `getContactUri()`. */
  redirect = (uri: string): boolean => {
    const contact = String(uri ?? "").split("&")[0] ?? "";
    if (!/^sips?:/i.test(contact)) return this.#refuse("redirect: it takes the getContactUri() of another tab");
    return this.#withRinging("redirect", undefined, (session) => this.#calls.redirect(session, contact));
  };

  hangup = (): boolean => {
    const session = this.#calls.current;
    if (!session) return this.#refuse("hangup: there is no call");
    session.hangUp();
    return true;
  };

  mute = (): boolean => {
    const session = this.#calls.current;
    // Before a call it is a wish for the next one.
    if (!session) this.#startsMuted = true;
    session?.session.mute();
    return session !== null;
  };
  unmute = (): boolean => {
    this.#startsMuted = false;
    this.#calls.current?.session.unmute();
    return this.#calls.current !== null;
  };

  sendDtmf = (digit: string | number): void => {
    const key = keyOf(digit);
    const session = this.#calls.current;
    if (!key || !session || !navigator.onLine) return this.#log.warn(`sendDtmf: ${!key ? "one of 0 to 9, * and #" : !session ? "there is no call" : "offline"}`);
    // Each with its own sound.
    const send = async () => {
      this.phone.devices.setTone("dtmf", this.#dtmfTones.get(key) ?? true);
      await sendKey(session.session, key, this.#settings.dtmf);
    };
    this.#keys.take(send).catch((error: unknown) => this.#log.warn(`sendDtmf: ${String(error)}`));
  };

  getCallUUID = (): string | null => this.#calls.current?.callUUID ?? null;
  getLastCallUUID = (): string | null => this.#calls.last?.callUUID ?? null;
  getIncomingCalls = (): Omit<CallInfo, "originator">[] => {
    return [...this.#calls.incoming.values()].map((session) => {
      const { originator: _, ...info } = session.getCallInfo();
      return info;
    });
  };
  /** The current call, else the newest that rings. */
  getCurrentSession = (): CallSession | null => this.#calls.current ?? [...this.#calls.incoming.values()].at(-1) ?? null;
  // Plivo's typings have it as loose: `null` unless `status` is `success`.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  getPeerConnection = (): { status: string; pc: any } => {
    const pc = this.callSession?.peerConnection;
    return pc ? { status: "success", pc } : { status: "called in wrong state", pc: null };
  };
  /** Where this tab is reached, for `redirect` in another; `null` before it is registered. */
  getContactUri = (): string | null => (this.phone.isRegistered ? (this.phone.contact ?? null) : null);
  /** Names this tab in the log and in its keep-alives. */
  setIdentifier = (identifier: string): boolean => {
    if (typeof identifier !== "string" || identifier === "") return false;
    this.#identifier = identifier;
    return true;
  };

  // Sounds, logs and what the browser can.

  setRingTone = (value: string | boolean | null): boolean => this.#setTone("ringing", value);
  setRingToneBack = (value: string | boolean | null): boolean => this.#setTone("ringback", value);
  setConnectTone = (value: boolean): boolean => this.#setTone("connect", Boolean(value));
  /** The sound of a key; `false` or `null`: none. */
  setDtmfTone = (digit: string, value: string | boolean | null): boolean => {
    const key = keyOf(digit);
    if (key) this.#dtmfTones.set(key, toneOf(value));
    return key !== undefined;
  };
  setDebug = (debug: AvailableLogMethods): void => {
    const level = levelOf(debug);
    if (level) this.#log.setLevel(level);
  };
  webRTC = (): boolean => hasWebRtc();
  supportedBrowsers = (): string => "Chrome, Firefox, Safari, Edge";

  startNoiseReduction = (): Promise<boolean> => this.#reduceNoise(true);
  stopNoiseReduction = (): Promise<boolean> => this.#reduceNoise(false);

  submitCallQualityFeedback = async (
    callUUID: string,
    starRating: string | number,
    issues?: readonly string[] | null,
    note?: string | null,
    sendConsoleLogs: boolean = false,
  ): Promise<string> => {
    // Plivo's SDK rejects with plain texts.
    if (this.userName === null) throw "username not found";
    const feedback = feedbackOf(callUUID, starRating, issues, note);
    if (typeof feedback === "string") throw feedback;
    const session = this.#calls.find(callUUID);
    const log = sendConsoleLogs ? this.#log.lines().join("\n") : undefined;
    if (session) await sendFeedback(session, { ...feedback, log }, this.#settings);
    return log === undefined ? "Feedback is sent" : "Feedback is sent with console logs";
  };

  #refusalOf(dest: string): keyof typeof REFUSALS | undefined {
    if (dest === "") return "invalid-destination-address";
    if (this.#calls.current) return "call-already-in-progress";
    return this.#calls.incoming.size > 0 ? "incoming-invite-exist" : undefined;
  }

  #setTone(name: "ringing" | "ringback" | "connect", value: string | boolean | null): true {
    this.phone.devices.setTone(name, toneOf(value));
    return true;
  }

  async #prepareNoiseReduction(): Promise<void> {
    if (this.#settings.noiseReduction && (await this.phone.prepareNoiseReduction())) this.#tell("onNoiseReductionReady");
  }

  /** In the call that is up, and in those to come. */
  async #reduceNoise(on: boolean): Promise<boolean> {
    if (!this.#settings.noiseReduction || !this.isLoggedIn || this.#isReducingNoise === on) return false;
    const call = this.callSession;
    const isDone = call?.localStream ? await call.setNoiseReduction(on).catch(() => false) : !on || (await this.phone.prepareNoiseReduction());
    if (isDone) this.#isReducingNoise = on;
    return isDone;
  }

  #withRinging(method: string, callUUID: string | null | undefined, act: (session: CallSession) => void): boolean {
    const session = this.#calls.ringing(callUUID ?? undefined);
    if (!session) return this.#refuse(`${method}: there is no such ringing call`);
    act(session);
    return true;
  }

  #becomeActive(session: CallSession | undefined): void {
    this.#active?.stop();
    this.#active =
      session &&
      new ActiveCall(session, {
        emit: (name, value) => this.emit(name, value),
        hasListeners: (name) => this.listenerCount(name) > 0,
        settings: this.#settings,
        isReducingNoise: () => this.#isReducingNoise,
      });
  }

  #refuse(why: string): false {
    this.#log.warn(why);
    return false;
  }

  #tell(name: string, ...values: unknown[]): void {
    this.#log.info(`event ${name}`);
    this.emit(name, ...values);
  }
}

function toneOf(value: string | boolean | null): string | boolean {
  return value === false || value === null ? false : typeof value === "string" ? value : true;
}

/** Plivo documents `ignored` and has `ignore`. */
function actionOf(given: string | null | undefined): Action | undefined {
  const name = String(given ?? "reject").toLowerCase();
  return ACTIONS.find((action) => action === (name === "ignored" ? "ignore" : name));
}

/** Of pages that are not secure there is no `randomUUID`. */
function newIdentifier(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

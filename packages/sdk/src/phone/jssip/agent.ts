/** The user agent: a socket that comes back, keep-alive, requests outside of calls, and the door at which calls come in. */

import type { ServerAddress } from "../api.ts";
import "./digest.ts";
import { type IncomingRequest, type IncomingResponse, OutgoingRequest, type RTCSession, UA, URI, Utils } from "./library.ts";
import { Registration, type RegistrationEvents } from "./registration.ts";
import { type Reply, send } from "./request.ts";
import { Socket } from "./socket.ts";
import { Withdrawals } from "./withdrawals.ts";

/** Time between two keep-alives; within a call, where a dead socket costs more, less. */
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVE_IN_CALL_MS = 5000;
/** A socket on which nothing was heard for so long after a keep-alive is taken for lost. */
const KEEP_ALIVE_ANSWER_MS = 4000;
/** A timer that is so much late tells that the page stood still; what came meanwhile is heard only afterwards, within the same time. */
const LATE_MS = 1000;
/** Bounds of the time before the next attempt, in seconds; it doubles in between. A phone that is away longer misses calls, and those it has hear nothing. */
const RECONNECT_SECONDS_MIN = 1;
const RECONNECT_SECONDS_MAX = 10;

export interface AgentOptions {
  readonly servers: readonly ServerAddress[];
  readonly user: string;
  readonly domain: string;
  readonly password: string | undefined;
  readonly displayName: string | undefined;
  readonly userAgent: string | undefined;
  readonly registrationSeconds: number;
  readonly ringSeconds: number;
  /** Header lines of each REGISTER. */
  readonly headers: () => Promise<readonly string[]>;
  /** Header lines of each keep-alive. */
  readonly keepAliveHeaders: () => readonly string[];
}

export interface AgentEvents extends RegistrationEvents {
  onConnected(url: string, again: boolean): void;
  /** Not by {@link Agent.stop}: it is being brought back. */
  onDisconnected(code: number | undefined, reason: string): void;
  onIncoming(session: RTCSession, request: IncomingRequest): void;
  onKeepAlive(ok: boolean, status: number | undefined): void;
  hasCalls(): boolean;
}

export class Agent {
  readonly ua: UA;
  readonly registration: Registration;
  readonly withdrawals: Withdrawals;
  readonly domain: string;
  received: { readonly host: string; readonly port: number | undefined } | undefined;
  #hasConnected = false;
  #isStopped = false;
  #keepAlive: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: AgentOptions, private readonly events: AgentEvents) {
    this.domain = options.domain;
    const ua = new UA({
      sockets: options.servers.map(({ url, weight = 0 }) => ({ socket: new Socket(url), weight })),
      uri: `sip:${encodeURIComponent(options.user)}@${options.domain}`,
      password: options.password ?? null,
      display_name: options.displayName ?? null,
      register: false,
      session_timers: false,
      no_answer_timeout: options.ringSeconds,
      connection_recovery_min_interval: RECONNECT_SECONDS_MIN,
      connection_recovery_max_interval: RECONNECT_SECONDS_MAX,
      user_agent: options.userAgent ?? "Sidetone",
    });
    this.ua = ua;
    this.withdrawals = new Withdrawals(ua);
    this.registration = new Registration(ua, options.registrationSeconds, options.headers, {
      ...events,
      onRegistered: (response, expiresSeconds) => {
        this.#learnAddress(response);
        events.onRegistered(response, expiresSeconds);
      },
    });
    ua.on("connected", () => {
      const again = this.#hasConnected;
      this.#hasConnected = true;
      this.#scheduleKeepAlive();
      this.withdrawals.sendAgain();
      events.onConnected(ua.transport.url, again);
    });
    ua.on("disconnected", ({ code, reason }) => {
      // JsSIP closes the socket some time after it was told to.
      if (this.#isStopped) return;
      clearTimeout(this.#keepAlive);
      this.registration.lost();
      events.onDisconnected(code, reason ?? "");
    });
    ua.on("newRTCSession", ({ originator, session, request }) => {
      if (originator === "remote") events.onIncoming(session, request as IncomingRequest);
    });
    // Those within a call pass through here first; others have nobody to go to.
    ua.on("newMessage", ({ originator, message, request }) => {
      if (originator === "remote" && !request.to_tag) message.reject({ status_code: 405 });
    });
  }

  get isConnected(): boolean {
    return this.ua.isConnected();
  }

  /** `sip:` URI of this registration: one that any proxy can resolve (GRUU, RFC 5627) where the registrar gave one. */
  get contact(): string {
    return this.ua.contact.pub_gruu ?? this.ua.contact.uri.toString();
  }

  start(): void {
    this.ua.start();
  }

  /** Closes the socket; what is still to be said of calls is said before. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#keepAlive);
    this.ua.stop();
  }

  /** The network is said to be back: no need to wait any longer. */
  reconnectNow(): void {
    const { transport } = this.ua;
    if (this.#isStopped || transport.recovery_timer === null || transport.isConnected() || transport.isConnecting()) return;
    clearTimeout(transport.recovery_timer);
    transport.recovery_timer = null;
    transport._getSocket();
    transport.connect();
  }

  /** Asks the server whether it is there; a socket on which nothing answers is given up. */
  async checkSocket(): Promise<void> {
    const { socket } = this.ua.transport;
    if (!this.isConnected || !(socket instanceof Socket)) return;
    clearTimeout(this.#keepAlive);
    const askedMs = performance.now();
    const answer = this.send("OPTIONS", URI.parse(`sip:${this.domain}`)!, this.options.keepAliveHeaders());
    let reply = await Promise.race([answer, after(KEEP_ALIVE_ANSWER_MS)]);
    if (!reply && performance.now() - askedMs > KEEP_ALIVE_ANSWER_MS + LATE_MS) reply = await Promise.race([answer, after(LATE_MS)]);
    if (this.#isStopped || !this.isConnected || this.ua.transport.socket !== socket) return;
    // Any response will do, and anything else that came meanwhile.
    const ok = reply?.response !== undefined || socket.heardMs >= askedMs;
    if (reply?.response) this.#learnAddress(reply.response);
    this.events.onKeepAlive(ok, reply?.response?.status_code);
    if (ok) this.#scheduleKeepAlive();
    else socket.drop("keep-alive not answered");
  }

  #scheduleKeepAlive(): void {
    clearTimeout(this.#keepAlive);
    this.#keepAlive = setTimeout(() => void this.checkSocket(), this.events.hasCalls() ? KEEP_ALIVE_IN_CALL_MS : KEEP_ALIVE_MS);
  }

  /** A request outside of a dialog. */
  send(method: string, target: URI, headers: readonly string[], body?: string): Promise<Reply> {
    return send(this.ua, new OutgoingRequest(method, target, this.ua, null, headers, body));
  }

  #learnAddress({ via }: IncomingResponse): void {
    if (via?.received) this.received = { host: via.received, port: via.rport };
  }
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The address, with the domain where it has none; nothing for what is no address. */
export function parseTarget(target: string, domain: string): URI | undefined {
  try {
    return Utils.normalizeTarget(target.trim(), domain);
  } catch {
    return undefined;
  }
}

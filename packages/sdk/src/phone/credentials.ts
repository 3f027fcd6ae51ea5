/** Who we are to the SIP server: a user with a password, or an access token that is renewed before it ends. */

import { limited } from "../within.ts";
import type { Credentials } from "./api.ts";
import { causeOf } from "./cause.ts";
import { listHeaders } from "./headers.ts";
import { readToken, TOKEN_ERROR_HEADER, TOKEN_HEADER, tokenUser } from "./token.ts";

/** How long before its end a token is renewed, or the page told. */
const RENEW_BEFORE_MS = 60_000;
/** How long the page's function may take: what waits for it, such as the end of a registration, would wait for ever. */
const PATIENCE_MS = 15_000;
/** Longest time that a browser's timer can wait. */
const TIMER_MS_MAX = 0x7fffffff;
/** What the server would say of a text that is no token. */
const INVALID_TOKEN = "10001";

export interface CredentialEvents {
  /** There is a new token: the server is to have it. */
  onRenewed(): void;
  onExpiring(expiresMs: number): void;
}

export class Identity {
  #token: string | undefined;
  #expiresMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #user = "";
  #hasRetried = false;
  #isClosed = false;

  constructor(private readonly credentials: Credentials, private readonly events: CredentialEvents) {}

  get user(): string {
    return this.#user;
  }

  get password(): string | undefined {
    return "password" in this.credentials ? this.credentials.password : undefined;
  }

  get displayName(): string | undefined {
    return this.credentials.displayName;
  }

  /** It is not to be used any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Learns who we are. Rejects with a cause when there is no token to be had. */
  async open(): Promise<void> {
    if ("password" in this.credentials) {
      this.#user = this.credentials.user;
      return;
    }
    await this.#renew();
  }

  /** Header lines of REGISTER and INVITE. */
  async headers(): Promise<readonly string[]> {
    if ("password" in this.credentials) return [];
    const isFunction = typeof this.credentials.token === "function";
    if (isFunction && Date.now() > this.#expiresMs - RENEW_BEFORE_MS / 2) await this.#renew().catch(() => undefined);
    return this.#token === undefined ? [] : [`${TOKEN_HEADER}: ${this.#token}`];
  }

  /** The server took it, and may say how long it does. */
  accepted(expiresMs: number | undefined): void {
    this.#hasRetried = false;
    if (this.#token !== undefined && expiresMs !== undefined) this.#watch(expiresMs);
  }

  /** The server did not take it. `true`: there is another now, to be tried at once. */
  async refused(): Promise<boolean> {
    if ("password" in this.credentials) return false;
    if (typeof this.credentials.token !== "function") {
      this.events.onExpiring(this.#expiresMs);
      return false;
    }
    if (this.#hasRetried) return false;
    this.#hasRetried = true;
    const before = this.#token;
    await this.#renew().catch(() => undefined);
    return this.#token !== before;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #renew(): Promise<void> {
    if ("password" in this.credentials) return;
    const { token: given, user } = this.credentials;
    const token = typeof given === "function" ? await limited(PATIENCE_MS, given()).catch(() => "") : given;
    const claims = readToken(token);
    if (!claims) throw { ...causeOf("Authentication Error", "local"), headers: listHeaders([[TOKEN_ERROR_HEADER, INVALID_TOKEN]]) };
    this.#token = token;
    // The address of record stays what it was when the phone connected.
    if (this.#user === "") this.#user = user ?? tokenUser(claims, Date.now());
    this.#watch(claims.expiresMs);
  }

  #watch(expiresMs: number): void {
    this.#expiresMs = expiresMs;
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const waitMs = Math.max(0, expiresMs - RENEW_BEFORE_MS - Date.now());
    if (waitMs < TIMER_MS_MAX) this.#timer = setTimeout(() => void this.#due(), waitMs);
  }

  async #due(): Promise<void> {
    if ("password" in this.credentials) return;
    if (typeof this.credentials.token !== "function") return this.events.onExpiring(this.#expiresMs);
    const before = this.#token;
    await this.#renew().catch(() => undefined);
    if (this.#token === before) this.events.onExpiring(this.#expiresMs);
    else this.events.onRenewed();
  }
}

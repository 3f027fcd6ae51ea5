/** Who is logged in: by password or token, and what the app is told of the connection. */

import type { Cause, Credentials, Headers, Phone } from "../../phone/api.ts";
import { TOKEN_ERROR_HEADER, TOKEN_HEADER, grantedExpiryMs, tokenUser } from "../../phone/token.ts";
import * as tokens from "./tokens.ts";

/** Plivo documents `eventCode` and `eventReason`, its SDK gives `reason`: here are all three. */
export interface ConnectionInfo {
  state: string;
  reason: string;
  eventCode?: number;
  eventReason?: string;
}

/** Gives access tokens; a subclass says where from. */
export abstract class AccessTokenInterface {
  abstract getAccessToken(): Promise<string>;
}

export interface LoginHost {
  emit(name: string, ...values: unknown[]): void;
  isInCall(): boolean;
  endCalls(): void;
  onLogin(): void;
  onLogout(): void;
}

const isOffline = () => globalThis.navigator?.onLine === false;

export class Login {
  isLoggedIn = false;
  userName: string | null = null;
  accessToken: string | null = null;
  isAccessToken = false;
  /** Milliseconds since 1970. */
  accessTokenExpiryInEpoch: number | null = null;
  isOutgoingGrant: boolean | null = null;
  isIncomingGrant: boolean | null = null;
  connectionInfo: ConnectionInfo = { state: "", reason: "" };
  #isUsed = false;
  #isConnecting = false;
  /** The socket was lost, and the app was told. */
  #isLost = false;
  #isGenerated = false;
  #leaving: Promise<void> | undefined;

  constructor(
    private readonly phone: Phone,
    private readonly host: LoginHost,
  ) {
    phone.on("connected", ({ url }) => {
      host.emit("onWebSocketConnected", { url });
      host.emit("onWebsocketConnected", { url });
    });
    phone.on("disconnected", ({ code, reason, byUs }) => !byUs && this.#lost(code, reason));
    phone.on("registered", ({ headers }) => this.#registered(headers));
    phone.on("registrationFailed", (cause) => this.#refused(cause));
    phone.on("tokenExpiring", () => this.isLoggedIn && this.#isGenerated && this.#fail(tokens.RELOGIN_FAILED));
    phone.on("keepAlive", ({ ok, status }) => host.emit("onOptionsMessage", ok ? String(status) : "Request Timeout"));
  }

  login(user: string, password: string): boolean {
    if (!user || !password) return this.#fail("Username and password must be filled out");
    return this.#start({ user, password }, user, () => {
      this.isAccessToken = false;
      this.#grants(undefined);
    });
  }

  loginWithAccessToken(token: string): boolean {
    const claims = tokens.readClaims(token);
    if (!claims) return this.#fail(tokens.INVALID_ACCESS_TOKEN);
    const user = tokenUser(claims, Date.now());
    return this.#start({ token, user }, user, () => {
      this.isAccessToken = true;
      this.accessToken = token;
      this.#grants(claims);
    });
  }

  loginWithAccessTokenGenerator(generator: unknown): boolean {
    const source = generator as AccessTokenInterface | null | undefined;
    if (typeof source?.getAccessToken !== "function") return false;
    const token = async () => {
      const given: unknown = await source.getAccessToken();
      const claims = tokens.readClaims(given);
      if (!claims) throw new Error(tokens.INVALID_ACCESS_TOKEN);
      this.accessToken = given as string;
      this.#grants(claims);
      return this.accessToken;
    };
    return this.#start({ token }, null, () => {
      this.isAccessToken = true;
      this.#isGenerated = true;
    });
  }

  logout(): boolean {
    if (!this.isLoggedIn && this.phone.connection !== "connected") return false;
    this.#leave(undefined);
    return true;
  }

  register(extraHeaders: readonly string[] = []): boolean {
    if (this.phone.connection !== "connected" || (this.phone.isRegistered && extraHeaders.length === 0)) return false;
    const headers = extraHeaders.map((line) => /^\s*([^:]+?)\s*:\s*(.*)$/.exec(line)?.slice(1) ?? []);
    this.phone.register(Object.fromEntries(headers.filter(([name]) => name) as [string, string][])).catch(() => undefined);
    return true;
  }

  unregister(): boolean {
    if (!this.phone.isRegistered) return false;
    void this.phone.unregister().then(() => {
      this.isLoggedIn = false;
      this.#tell({ state: "disconnected", reason: "unregistered" });
    });
    return true;
  }

  disconnect(): boolean {
    if (this.phone.connection !== "connected") return false;
    this.#leaving = this.phone.disconnect().then(() => {
      this.isLoggedIn = false;
      this.#tell({ state: "disconnected", reason: "1000", eventCode: 1000, eventReason: "disconnect" });
    });
    return true;
  }

  isConnected(): boolean | null {
    return this.#isUsed ? this.phone.connection === "connected" : null;
  }

  isConnecting(): boolean | null {
    return this.#isUsed ? this.phone.connection === "connecting" : null;
  }

  isRegistered(): boolean | null {
    return this.#isUsed ? this.isLoggedIn && this.phone.isRegistered : null;
  }

  #start(credentials: Credentials, user: string | null, begin: () => void): boolean {
    if (this.host.isInCall()) return this.#fail("Cannot login when there is an ongoing call");
    if (isOffline()) return this.#fail("Cannot login when there is no internet");
    const isSame = this.isLoggedIn && user !== null && this.userName === user;
    if (this.#isConnecting || (isSame && !this.#leaving)) return true;
    if (this.isLoggedIn) this.#tell({ state: "disconnected", reason: "Relogin" });
    this.#isUsed = true;
    this.#isConnecting = true;
    this.#isGenerated = false;
    this.isLoggedIn = false;
    this.userName = user;
    this.accessTokenExpiryInEpoch = null;
    begin();
    void this.#connect(credentials);
    return true;
  }

  async #connect(credentials: Credentials): Promise<void> {
    await this.#leaving;
    this.#leaving = undefined;
    try {
      await this.phone.connect(credentials);
      this.#isConnecting = false;
    } catch (cause) {
      // A refusal was told by its own event; a server that is not there is tried again and again.
      if ((cause as Partial<Cause>).cause === "Connection Error" && this.#isConnecting) this.#lost(undefined, "Connection Error");
    }
  }

  #registered(headers: Headers): void {
    this.accessTokenExpiryInEpoch = grantedExpiryMs(headers.get(TOKEN_HEADER)) ?? this.accessTokenExpiryInEpoch;
    this.#isConnecting = false;
    this.userName = this.phone.user ?? this.userName;
    const isNew = !this.isLoggedIn;
    this.isLoggedIn = true;
    if (isNew || this.#isLost) this.#tell({ state: "connected", reason: "registered" });
    this.#isLost = false;
    if (!isNew) return;
    this.host.emit("onLogin");
    this.host.onLogin();
  }

  /** The server, or the source of tokens, says no. */
  #refused(cause: Cause): void {
    if (cause.cause === "Connection Error") return;
    const code = Number(cause.headers.get(TOKEN_ERROR_HEADER));
    const reason = code ? tokens.errorString(code) : cause.cause;
    if (!this.isLoggedIn) {
      this.#isConnecting = false;
      this.#leaving = this.phone.disconnect();
      this.#fail(reason);
    } else if (code || cause.status !== undefined) {
      this.#leave(reason === tokens.ACCESS_TOKEN_EXPIRED ? reason : undefined);
    }
  }

  #leave(reason: string | undefined): void {
    this.host.endCalls();
    this.#leaving = this.phone.disconnect().then(() => {
      this.isLoggedIn = false;
      this.#isConnecting = false;
      this.#isLost = false;
      this.#leaving = undefined;
      this.accessToken = null;
      this.host.onLogout();
      this.#tell({ state: "disconnected", reason: "Logout" });
      if (reason === undefined) this.host.emit("onLogout");
      else this.host.emit("onLogout", reason);
    });
  }

  #lost(code: number | undefined, reason: string): void {
    this.#isLost = true;
    const shown = isOffline() ? "No Internet" : /keep-alive/.test(reason) ? "Ping Timed Out" : String(code ?? reason);
    this.#tell({ state: "disconnected", reason: shown, eventCode: code ?? 1006, eventReason: reason });
  }

  #grants(claims: tokens.Claims | undefined): void {
    this.isOutgoingGrant = claims?.outgoing ?? null;
    this.isIncomingGrant = claims?.incoming ?? null;
    this.accessTokenExpiryInEpoch = claims?.expiresMs ?? null;
  }

  #tell(info: ConnectionInfo): void {
    this.connectionInfo = info;
    this.host.emit("onConnectionChange", info);
  }

  #fail(reason: string): false {
    this.host.emit("onLoginFailed", reason);
    return false;
  }
}

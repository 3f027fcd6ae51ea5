/** Who reports: the code of an app secret or of the app's own server, exchanged for an access token and renewed in time. */

/** `tokenGenerator(forceNew, callback)` of callstats.js. */
export type TokenGenerator = (forceNew: boolean, callback: (error: unknown, token: string) => void) => void;

/** What `/authenticate` granted. */
interface Grant {
  readonly access_token: string;
  readonly expires_in: number;
  readonly iceServers?: readonly RTCIceServer[];
  readonly turnServers?: readonly RTCIceServer[];
}

/** What the server wants done after it refused. */
interface Action {
  readonly action: 0 | 1 | 2;
  readonly params?: { readonly timeout?: number; readonly errorReason?: string };
}

const ACTIONS = "urn:x-callstats:auth:errorActions";

/** A token is renewed when this part of its life has passed. */
const RENEWED_AT = 0.9;

/** Between tries while the server cannot be reached: doubled each time, with jitter. */
const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 30_000;

/** Thrown when the server refuses for good. */
export class Refused extends Error {}

export interface CredentialEvents {
  readonly granted: () => void;
  readonly refused: (status: "authError" | "tokenGenerationError", message: string) => void;
}

/** The access token of one user of one app. */
export class Credentials {
  readonly #url: string;
  readonly #appId: number;
  readonly #userId: string;
  readonly #source: string | TokenGenerator;
  readonly #events: CredentialEvents;
  #grant: { readonly token: string; readonly renewAtMs: number } | undefined;
  #pending: Promise<string> | undefined;
  #refused: Refused | undefined;
  #needsNewCode = false;
  #wasGranted = false;

  constructor(url: string, appId: number, userId: string, source: string | TokenGenerator, events: CredentialEvents) {
    this.#url = url;
    this.#appId = appId;
    this.#userId = userId;
    this.#source = source;
    this.#events = events;
  }

  /** Gives tokens to one client. A client that asks again before the token is old was refused with it: that one is forgotten. */
  source(): () => Promise<string> {
    let given: string | undefined;
    return async () => {
      if (given !== undefined && given === this.#grant?.token) this.#grant = undefined;
      return (given = await this.token());
    };
  }

  /** The access token; a fresh one when the one before is old. */
  async token(): Promise<string> {
    if (this.#refused) throw this.#refused;
    const grant = this.#grant;
    if (grant && Date.now() < grant.renewAtMs) return grant.token;
    this.#pending ??= this.#authenticate().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #authenticate(): Promise<string> {
    for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
      const code = await this.#code();
      const answer = await this.#exchange(code);
      if (answer && "access_token" in answer) {
        this.#grant = { token: answer.access_token, renewAtMs: Date.now() + answer.expires_in * 1000 * RENEWED_AT };
        this.#wasGranted = true;
        this.#events.granted();
        return answer.access_token;
      }
      if (answer) {
        const report = answer.actions.find(({ action }) => action === 2)?.params?.errorReason ?? answer.message;
        this.#events.refused("authError", `Authenticator: ${report}`);
        this.#needsNewCode = answer.actions.some(({ action }) => action === 1);
        const retry = answer.actions.find(({ action }) => action === 0);
        if (!retry) throw (this.#refused = new Refused(report));
        pauseMs = retry.params?.timeout ?? 5000;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.75 + Math.random() / 2)));
    }
  }

  /** `undefined` when there was no answer that says anything. */
  async #exchange(code: string): Promise<Grant | { readonly actions: readonly Action[]; readonly message: string } | undefined> {
    const form = new URLSearchParams({ client_id: `${this.#userId}@${this.#appId}`, code, grant_type: "authorization_code" });
    try {
      const response = await fetch(`${this.#url}/authenticate`, { method: "POST", body: form });
      const body = (await response.json()) as Grant & { readonly [ACTIONS]?: readonly Action[]; readonly error_description?: string };
      if (typeof body.access_token === "string") return body;
      const actions = body[ACTIONS];
      return actions && { actions, message: body.error_description ?? `status ${response.status}` };
    } catch {
      return undefined;
    }
  }

  async #code(): Promise<string> {
    const source = this.#source;
    try {
      if (typeof source === "string") return await secretCode(source, this.#userId, this.#appId);
      return await new Promise<string>((resolve, reject) => {
        source(this.#needsNewCode, (error, token) => (error ? reject(error) : resolve(token)));
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#events.refused(typeof source === "string" ? "authError" : "tokenGenerationError", message);
      const refused = new Refused(message);
      // In mid-call it may be different the next time; what is to be sent waits for that.
      if (!this.#wasGranted) this.#refused = refused;
      throw refused;
    }
  }
}

/** The code of an app secret: a JSON Web Token (HS256) that the page signs itself. A secret may begin with a base64 key id and a colon. */
export async function secretCode(secret: string, userId: string, appId: number): Promise<string> {
  const [first = "", second] = secret.split(":");
  const keyId = second === undefined ? undefined : [...keyBytes(first)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  const claims = { userID: userId, appID: String(appId), generateTurnCredentials: false, ...(keyId !== undefined && { keyId }) };
  const utf8 = new TextEncoder();
  const part = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const signed = [{ alg: "HS256" }, claims].map((value) => part(utf8.encode(JSON.stringify(value)))).join(".");
  const key = await crypto.subtle.importKey("raw", utf8.encode(second ?? first), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return `${signed}.${part(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(signed))))}`;
}

function keyBytes(base64: string): string {
  try {
    return atob(base64);
  } catch {
    throw new Refused("what stands before the colon of the app's secret is no base64; give the secret as it was given to you");
  }
}

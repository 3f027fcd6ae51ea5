/** The registration (RFC 3261 §10): asked for, kept up, taken back. JsSIP's own tells of nothing but its first success. */

import { type IncomingResponse, OutgoingRequest, type UA, Utils } from "./library.ts";
import { type Reply, send } from "./request.ts";

/** What the registrar grants is at least this, whatever it says: a shorter time would be all REGISTERs. */
const EXPIRES_SECONDS_MIN = 10;
/** After a refresh that got no answer, or an answer of the server's own trouble. */
const RETRY_MS = 10_000;

export interface RegistrationEvents {
  onRegistered(response: IncomingResponse, expiresSeconds: number): void;
  onUnregistered(byUs: boolean): void;
  /** It is time to register again. */
  onDue(): void;
}

export class Registration {
  isRegistered = false;
  readonly #callId = Utils.createRandomToken(22);
  readonly #contact: string;
  readonly #instance: string;
  #cseq = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #extra: readonly string[] = [];

  /** `headers` are asked for before each REGISTER: a token may have been renewed. */
  constructor(
    private readonly ua: UA,
    private seconds: number,
    private readonly headers: () => Promise<readonly string[]>,
    private readonly events: RegistrationEvents,
  ) {
    this.#instance = `"<urn:uuid:${ua.configuration.instance_id}>"`;
    this.#contact = `${ua.contact.toString()};+sip.ice;reg-id=1;+sip.instance=${this.#instance}`;
  }

  /** Registers, or refreshes. Gives what the registrar answered. */
  register(extra: readonly string[] = this.#extra): Promise<Reply> {
    this.#extra = extra;
    return this.#next(() => this.#register());
  }

  unregister(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#next(async () => {
      if (!this.isRegistered) return;
      this.isRegistered = false;
      await this.#send(0);
      this.events.onUnregistered(true);
    });
  }

  /** The socket is gone, and the registration with it. */
  lost(): void {
    clearTimeout(this.#timer);
    if (!this.isRegistered) return;
    this.isRegistered = false;
    this.events.onUnregistered(false);
  }

  /** One REGISTER after another: their order is the order of their CSeq. */
  #next<Value>(work: () => Promise<Value>): Promise<Value> {
    const next = this.#running.then(work, work);
    this.#running = next;
    return next;
  }

  async #register(): Promise<Reply> {
    clearTimeout(this.#timer);
    let reply = await this.#send(this.seconds);
    // Interval too brief: RFC 3261 §10.2.8.
    const least = reply.response?.status_code === 423 ? Number(reply.response.getHeader("Min-Expires")) : 0;
    if (least > this.seconds) {
      this.seconds = least;
      reply = await this.#send(this.seconds);
    }
    const { response } = reply;
    if (response && response.status_code < 300) {
      this.#granted(response);
      return reply;
    }
    const wasRegistered = this.isRegistered;
    this.isRegistered = false;
    if (wasRegistered) this.events.onUnregistered(false);
    const isPassing = response ? response.status_code >= 500 && response.status_code < 600 : reply.cause === "Request Timeout";
    if (isPassing) this.#timer = setTimeout(() => this.events.onDue(), RETRY_MS);
    return reply;
  }

  #granted(response: IncomingResponse): void {
    const contacts = (response.headers["Contact"] ?? []).flatMap(({ parsed }) => parsed ?? []);
    const contact = contacts.find((held) => held.getParam("+sip.instance") === this.#instance) ?? contacts.find(({ uri }) => uri.user === this.ua.contact.uri.user);
    const granted = Number(contact?.getParam("expires") ?? response.getHeader("Expires") ?? this.seconds);
    const expiresSeconds = Math.max(EXPIRES_SECONDS_MIN, Number.isFinite(granted) ? granted : this.seconds);
    const gruu = (name: string) => contact?.getParam(name)?.replace(/"/g, "") ?? null;
    this.ua.contact.pub_gruu = gruu("pub-gruu");
    this.ua.contact.temp_gruu = gruu("temp-gruu");
    this.isRegistered = true;
    // Refreshed at a time of its own between a half and four fifths, so that a thousand phones do not come at once.
    this.#timer = setTimeout(() => this.events.onDue(), expiresSeconds * 1000 * (0.5 + 0.3 * Math.random()));
    this.events.onRegistered(response, expiresSeconds);
  }

  async #send(expires: number): Promise<Reply> {
    const headers = [...(await this.headers()), ...this.#extra, `Contact: ${this.#contact};expires=${expires}`, `Expires: ${expires}`];
    const { uri, registrar_server } = this.ua.configuration;
    const request = new OutgoingRequest("REGISTER", registrar_server, this.ua, { to_uri: uri, call_id: this.#callId, cseq: ++this.#cseq, from_tag: Utils.newTag() }, headers);
    return send(this.ua, request, { onAuthenticated: () => void this.#cseq++ });
  }
}

/** What a request is authorised by: the app's secret, or a token that is fetched when needed and again when it was refused. */

import { limited } from "../within.ts";

/** How long the app's function may take: what waits for it would wait for ever. */
const PATIENCE_MS = 15_000;

export class Credentials {
  #token: string | undefined;

  constructor(
    private readonly secret: string | undefined,
    private readonly fetchToken: (() => Promise<string>) | undefined,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** The header's value if it is known already. */
  get known(): string | undefined {
    const bearer = this.secret ?? this.#token;
    return bearer === undefined ? undefined : `Bearer ${bearer}`;
  }

  /** The header's value. Fails where the app's function does, or takes too long. */
  async header(): Promise<string> {
    if (this.secret === undefined) this.#token ??= await limited(this.patienceMs, Promise.resolve(this.fetchToken?.()));
    return this.known ?? "";
  }

  /** The server refused them; tells whether others can be had. */
  refused(): boolean {
    this.#token = undefined;
    return this.secret === undefined;
  }
}

/** What a request is authorised by: the app's secret, or a token that is fetched when needed and again when it was refused. */

export class Credentials {
  #token: string | undefined;

  constructor(
    private readonly secret: string | undefined,
    private readonly fetchToken: (() => Promise<string>) | undefined,
  ) {}

  /** The header's value if it is known already. */
  get known(): string | undefined {
    const bearer = this.secret ?? this.#token;
    return bearer === undefined ? undefined : `Bearer ${bearer}`;
  }

  /** The header's value. Fails where the app's function does. */
  async header(): Promise<string> {
    if (this.secret === undefined) this.#token ??= await this.fetchToken?.();
    return this.known ?? "";
  }

  /** The server refused them; tells whether others can be had. */
  refused(): boolean {
    this.#token = undefined;
    return this.secret === undefined;
  }
}

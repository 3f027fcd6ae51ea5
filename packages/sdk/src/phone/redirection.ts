/** Redirections that an outgoing call follows: where it was sent, and what its next INVITE says of that. */

import type { Cause } from "./api.ts";
import { contactUri, headerLines } from "./headers.ts";
import { parseTarget } from "./jssip/agent.ts";
import type { URI } from "./jssip/library.ts";
import { deflection } from "./transfer.ts";

/** 3xx answers that are followed one after another: RFC 3261 §8.1.3.4 leaves the number to us. */
const REDIRECTS_MAX = 5;

export class Redirection {
  #count = 0;
  /** Header fields that whoever redirected the call wants its next INVITE to have. */
  headers: readonly string[] = [];

  constructor(private readonly domain: string) {}

  /** Where the call goes on to; nothing where it has ended for another reason, or was sent about for too long. */
  follow(cause: Cause): URI | undefined {
    if (cause.cause !== "Redirected" || cause.originator !== "remote" || this.#count >= REDIRECTS_MAX) return undefined;
    const contact = contactUri(cause.headers);
    const target = contact === undefined ? undefined : parseTarget(contact, this.domain);
    if (!target) return undefined;
    this.#count++;
    this.headers = headerLines(deflection(cause.headers));
    return target;
  }
}

/** What only the cloud of the original has. The members are there so that programs compile; each says why it cannot be done and what can be done instead. */

import type { Events } from "./enums.ts";
import type { EventHandlers } from "./event-handlers.ts";
import { EventTarget } from "./event-target.ts";
import type { LoginOptions, OperatorACDStatuses, SetOperatorACDStatusOptions } from "./structures.ts";

/** Asked for of a SIP server that has no such thing. */
export class CloudOnlyError extends Error {
  override readonly name = "NotSupportedError";

  constructor(what: string, instead: string) {
    super(`${what} only in Voximplant's cloud, and this client speaks SIP: ${instead}`);
  }
}

const ONE_TIME_KEYS = ["one-time login keys are", "log in by login() with a password, or by loginWithToken() with a token that your backend issues"] as const;
const CODES = ["login codes are", "log in by loginWithToken() with a token that your backend issues"] as const;
const AGENTS = ["the statuses of contact-centre agents are", "keep them at your backend; login() with receiveCalls: false takes no calls"] as const;
const PUSH = ["push notifications of calls are", "wake the page by Web Push from your backend, where the SIP server forks the INVITE"] as const;

/** Every method rejects with a {@link CloudOnlyError}. */
export abstract class CloudClient extends EventTarget<Events> {
  async requestOneTimeLoginKey(_username: string): Promise<EventHandlers.AuthResult> {
    throw new CloudOnlyError(...ONE_TIME_KEYS);
  }

  async loginWithOneTimeKey(_username: string, _hash: string, _options?: LoginOptions): Promise<EventHandlers.AuthResult> {
    throw new CloudOnlyError(...ONE_TIME_KEYS);
  }

  async loginWithCode(_username: string, _code: string, _options?: LoginOptions): Promise<EventHandlers.AuthResult> {
    throw new CloudOnlyError(...CODES);
  }

  async setOperatorACDStatus(_status: OperatorACDStatuses, _options?: SetOperatorACDStatusOptions): Promise<OperatorACDStatuses> {
    throw new CloudOnlyError(...AGENTS);
  }

  async getOperatorACDStatus(): Promise<OperatorACDStatuses> {
    throw new CloudOnlyError(...AGENTS);
  }

  async setOperatorSQMessagingStatus(_status: OperatorACDStatuses, _options?: SetOperatorACDStatusOptions): Promise<OperatorACDStatuses> {
    throw new CloudOnlyError(...AGENTS);
  }

  async getOperatorSQMessagingStatus(): Promise<OperatorACDStatuses> {
    throw new CloudOnlyError(...AGENTS);
  }

  async registerForPushNotifications(_token: string): Promise<void> {
    throw new CloudOnlyError(...PUSH);
  }

  async unregisterForPushNotifications(_token: string): Promise<void> {
    throw new CloudOnlyError(...PUSH);
  }

  /** The original has it under this name, too. */
  registerForPushNotificatuons(token: string): Promise<void> {
    return this.registerForPushNotifications(token);
  }

  unregisterForPushNotificatuons(token: string): Promise<void> {
    return this.unregisterForPushNotifications(token);
  }

  async handlePushNotification(_message: any): Promise<void> {
    throw new CloudOnlyError(...PUSH);
  }
}

/** Throws a {@link CloudOnlyError}. */
export function getMessenger(): any {
  throw new CloudOnlyError("chats are", "call.sendMessage() sends texts within a call");
}

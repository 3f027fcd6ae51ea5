/** A page that was written for Plivo's Browser SDK. The tests press its keys from outside and read what it was told. */

import type { Client, ConfiguationOptions } from "../../packages/sdk/src/compat/plivo/index.ts";

declare const Plivo: new (options?: ConfiguationOptions) => { readonly client: Client };

const EVENTS = [
  "onLogin", "onLoginFailed", "onLogout", "onCalling", "onCallRemoteRinging", "onMediaConnected", "onCallAnswered", "onCallTerminated", "onCallFailed",
  "onIncomingCall", "onIncomingCallCanceled", "onIncomingCallIgnored", "onMediaPermission", "onWebrtcNotSupported", "mediaMetrics", "audioDeviceChange",
  "onConnectionChange", "onNoiseReductionReady", "onWebSocketConnected", "onWebsocketConnected", "onDtmfReceived", "remoteAudioStatus", "onPermissionDenied", "onCallConnected",
] as const;

/** An event and its arguments, as data. */
export interface Heard {
  readonly name: (typeof EVENTS)[number];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly values: any[];
}

const page = {
  client: undefined as unknown as Client,
  heard: [] as Heard[],

  open(options: ConfiguationOptions): void {
    page.client = new Plivo(options).client;
    for (const name of EVENTS) {
      page.client.on(name, (...values) => {
        page.heard.push({ name, values: values.map((value) => JSON.parse(JSON.stringify(value ?? null)) as unknown) });
      });
    }
  },

  /** A method of the client, by its name; what it gives, or is rejected with. */
  async do(name: string, values: readonly unknown[]): Promise<unknown> {
    const method = (page.client as unknown as Record<string, (...values: readonly unknown[]) => unknown>)[name];
    try {
      return await method?.(...values);
    } catch (error) {
      return { rejected: error instanceof Error ? error.message : error };
    }
  },

  /** Logs in by a source of tokens that gives this. */
  loginByTokens(token: string | null): boolean {
    return page.client.loginWithAccessTokenGenerator({ getAccessToken: async () => token });
  },

  /** Resolves once that is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 100));
  },

  plivo: (): typeof Plivo => Plivo,
};

declare global {
  // eslint-disable-next-line no-var
  var softphone: typeof page;
}
globalThis.softphone = page;

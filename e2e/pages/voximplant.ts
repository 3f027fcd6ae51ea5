/** A page with the Voximplant face. The tests press its keys from outside and read what it was told. */

import type * as Sdk from "../../packages/sdk/src/compat/voximplant/index.ts";

/** An event of the client (`call` absent), of a call or of its endpoint, as data. */
export interface Told {
  readonly of: "client" | "call" | "endpoint";
  readonly call: number | undefined;
  readonly name: string;
  /** The call's state while it was told. */
  readonly state: string | undefined;
  readonly timeMs: number;
  readonly value: Readonly<Record<string, unknown>>;
}

type Report = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

const page = {
  client: VoxImplant.getInstance(),
  /** In the order in which they came to be. */
  calls: [] as Sdk.Call[],
  told: [] as Told[],
  /** Of each call that looks: the browser's report at the time of each `CallStatsReceived`. */
  reports: [] as { readonly call: number; readonly report: Promise<Report> }[],

  async open(config: Sdk.Config): Promise<void> {
    for (const name of Object.values(VoxImplant.Events)) {
      page.client.on(name, (event: { call?: Sdk.Call }) => {
        if (name === VoxImplant.Events.IncomingCall) page.follow(event.call!);
        page.note("client", event.call, name, event);
      });
    }
    await page.client.init(config);
    await page.client.connect();
  },

  /** The result of a login, or what it is rejected with. */
  async login(user: string, password: string): Promise<unknown> {
    return plain(await page.client.login(user, password).catch((failed: unknown) => failed));
  },

  dial(number: string, video = false, customData?: string, headers?: Record<string, string>): number {
    return page.follow(page.client.call(number, video, customData, headers));
  },

  follow(call: Sdk.Call): number {
    const index = page.calls.push(call) - 1;
    for (const name of [...Object.values(VoxImplant.CallEvents), ...Object.values(VoxImplant.SidetoneEvents)]) {
      if (name === "MessageReceived") continue;
      call.on(name as Sdk.CallEvents, (event: { call?: Sdk.Call; endpoint?: Sdk.Endpoint }) => {
        if (name === VoxImplant.CallEvents.EndpointAdded) page.attend(event.endpoint!);
        page.note("call", call, name, { ...event, isOfCall: event.call === call });
      });
    }
    return index;
  },

  attend(endpoint: Sdk.Endpoint): void {
    for (const name of Object.values(VoxImplant.EndpointEvents)) {
      endpoint.on(name, (event: { call?: Sdk.Call; mediaRenderer?: Sdk.MediaRenderer }) => {
        if (name === VoxImplant.EndpointEvents.RemoteMediaAdded) event.mediaRenderer!.render();
        page.note("endpoint", event.call, name, event);
      });
    }
  },

  /** Notes the browser's own report beside each `CallStatsReceived`. */
  compare(index: number): void {
    const call = page.calls[index]!;
    call.on(VoxImplant.CallEvents.CallStatsReceived, () => void page.reports.push({ call: index, report: call.sidetone!.peerConnection!.getStats() as unknown as Promise<Report> }));
  },

  /** What was told of statistics so far, and beside the last of them the browser's own reports. */
  async compared(index: number): Promise<{ readonly told: readonly Sdk.StatsReport[]; readonly own: readonly (readonly Readonly<Record<string, unknown>>[])[] }> {
    const told = page.told.filter(({ call, name }) => call === index && name === "CallStatsReceived").map(({ value }) => value["stats"] as Sdk.StatsReport);
    const own = page.reports.filter(({ call }) => call === index);
    return { told, own: await Promise.all(own.map(async ({ report }) => [...(await report).values()])) };
  },

  note(of: Told["of"], call: Sdk.Call | undefined, name: string, value: object): void {
    const index = call && page.calls.indexOf(call);
    page.told.push({ of, call: index, name, state: call?.state(), timeMs: performance.now(), value: plain(value) as Readonly<Record<string, unknown>> });
  },
};

/** As data; calls by their number, what the browser made by its name. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, held: unknown) => {
      if (held instanceof VoxImplant.Call) return page.calls.indexOf(held);
      if (held instanceof VoxImplant.Endpoint) return { id: held.id, userName: held.userName, displayName: held.displayName, sipUri: held.sipUri };
      if (held instanceof VoxImplant.MediaRenderer) return { id: held.id, kind: held.kind, isPlaying: !held.element.paused };
      if (held instanceof MediaStream || held instanceof MediaStreamTrack) return held.id;
      if (held instanceof HTMLElement) return held.tagName;
      if (held instanceof Error) return held.name;
      return held;
    }) ?? "null",
  );
}

declare global {
  /** The face's script. */
  var VoxImplant: typeof Sdk;
  var vox: typeof page;
}
globalThis.vox = page;

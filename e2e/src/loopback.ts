/** A page of a foreign site that calls itself: two connections in one page, for what a library may meet there. */

import type { Browser, Page } from "playwright-core";
import type { Sidetone as Client, Events, Failure, Options } from "../../packages/sdk/src/index.ts";
import { chromiumTab } from "./browsers.ts";
import type { PageOptions } from "./origin.ts";
import { serveOrigin } from "./origin.ts";
import type { Sidetone as Server } from "./sidetone.ts";

declare const Sidetone: typeof Client;

/** What the page offers to a test's code within it. */
export interface Loopback {
  /** A client that notes what it tells. */
  join(options: Options): Client;
  /** Sends what waits, and stops: the end alone waits for the server no longer than 5 s. */
  leave(client: Client): Promise<void>;
  /** A call of the page with itself, of nothing but data where no kind is given; the caller's end first. */
  connect(kinds?: readonly ("audio" | "video")[]): Promise<[RTCPeerConnection, RTCPeerConnection]>;
  /** How often the browser has told its statistics of each end, in the order in which they were made. */
  readonly reports: number[];
  /** Resolves once that is so. */
  until(isSo: () => boolean): Promise<void>;
  /** How often each event was told, and every failure. */
  readonly told: Partial<Record<keyof Events, number>>;
  readonly failures: Failure[];
}

declare global {
  var loopback: Loopback;
}

export interface Visit {
  readonly page: Page;
  /** What the page complained about: its errors, and those on its console. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** Opens a site that has Sidetone's script tag. */
export async function visit(browser: Browser, sidetone: Server, options: PageOptions = {}): Promise<Visit> {
  const origin = await serveOrigin([`${sidetone.url}/sdk/sidetone.js`], options);
  const visited = await open(browser, origin.url);
  return {
    ...visited,
    async close() {
      await visited.page.context().close();
      await origin.close();
    },
  };
}

/** Opens a page that may call itself. */
export async function open(browser: Browser, url: string): Promise<Omit<Visit, "close">> {
  const complaints: string[] = [];
  const page = await chromiumTab(browser, complaints);
  // Names of functions, which the compiler of the tests wants to keep, mean nothing in a page.
  await page.addInitScript("globalThis.__name = (held) => held");
  await page.addInitScript(install);
  await page.goto(url);
  return { page, complaints };
}

/** Options of a client in a page. */
export function optionsOf(sidetone: Server, conferenceId: string): Options {
  return { url: sidetone.url, secret: sidetone.intakeSecret, conferenceId, userId: "ada", uploadIntervalMs: 2000 };
}

/** Runs in the page. */
function install(): void {
  const told: Partial<Record<keyof Events, number>> = {};
  const failures: Failure[] = [];
  const reports: number[] = [];
  globalThis.loopback = {
    told,
    failures,
    reports,
    async until(isSo) {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 100));
    },
    join(options) {
      const client = new Sidetone(options);
      for (const name of ["tick", "issue", "issueEscalated", "issueCleared", "upload"] as const) client.on(name, () => (told[name] = (told[name] ?? 0) + 1));
      client.on("error", (failure) => failures.push(failure));
      return client;
    },
    async leave(client) {
      await client.flush();
      await client.stop();
    },
    async connect(kinds = ["audio"]) {
      const media = kinds.length > 0 ? await navigator.mediaDevices.getUserMedia({ audio: kinds.includes("audio"), video: kinds.includes("video") }) : undefined;
      const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
      for (const end of [from, to]) {
        const [index, getStats] = [reports.push(0) - 1, end.getStats];
        end.getStats = async function () {
          const report = await getStats.call(this);
          reports[index]! += 1;
          return report;
        };
      }
      from.onicecandidate = ({ candidate }) => void (candidate && to.addIceCandidate(candidate));
      to.onicecandidate = ({ candidate }) => void (candidate && from.addIceCandidate(candidate));
      for (const track of media?.getTracks() ?? []) from.addTrack(track, media!);
      if (!media) from.createDataChannel("data");
      await from.setLocalDescription();
      await to.setRemoteDescription(from.localDescription!);
      await to.setLocalDescription();
      await from.setRemoteDescription(to.localDescription!);
      return [from, to];
    },
  };
}

// Whether the SDK ever holds up a page: the tasks of the main thread while two pages of Chromium call each other, with the SDK and without.
//
// By the browser's own trace. A task's length is told as time that passed, of which the Long Tasks API calls 50 ms too long, and as time on the
// processor, which a busy machine does not stretch. `SIDETONE_BINARY` names the program.

import type { Browser, CDPSession } from "playwright-core";
import type {} from "../../e2e/pages/call.ts";
import { chromiumTab, launchChromium } from "../../e2e/src/browsers.ts";
import { connect, join } from "../../e2e/src/call.ts";
import { serveOrigin } from "../../e2e/src/origin.ts";
import { Sidetone } from "../../e2e/src/sidetone.ts";
import { sleep } from "../../e2e/src/wait.ts";

const SECONDS = 60;
const LONG_US = 50_000;

/** Of Chromium's trace: microseconds; `tdur` on the processor. */
interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string } };
}

/** Begins to trace; what it gives ends the trace, and gives its events. */
async function trace(session: CDPSession): Promise<() => Promise<readonly TraceEvent[]>> {
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise<void>((resolve) => session.once("Tracing.tracingComplete", () => resolve()));
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel", "devtools.timeline"] } });
  return async () => {
    await session.send("Tracing.end");
    await complete;
    return events;
  };
}

/** Tasks of the main threads of a site's pages: the browser has pages of its own. */
function tasksOf(events: readonly TraceEvent[], site: string): readonly TraceEvent[] {
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const main = new Set(events.filter(({ name, args }) => name === "EvaluateScript" && args?.data?.url?.startsWith(site)).map(thread));
  return events.filter((event) => event.ph === "X" && event.name === "ThreadControllerImpl::RunTask" && main.has(thread(event)));
}

/** A call of two pages, from the first line of theirs to the last. */
async function tasks(browser: Browser, sidetone: Sidetone, isMeasured: boolean): Promise<readonly TraceEvent[]> {
  const site = await serveOrigin([`${sidetone.url}/sdk/sidetone.js`]);
  const end = await trace(await browser.newBrowserCDPSession());
  const [ada, bob] = [await chromiumTab(browser), await chromiumTab(browser)];
  for (const [user, page] of [["ada", ada], ["bob", bob]] as const) {
    if (isMeasured) await join(page, { url: site.url, sidetone, browser }, { conference: "tasks", user });
    else await page.goto(site.url);
  }
  await connect(ada, bob, { from: "ada", to: "bob" }, { observe: isMeasured });
  await sleep(SECONDS * 1000);
  for (const page of [ada, bob]) await page.evaluate(() => call.leave());
  const taken = tasksOf(await end(), site.url);
  for (const page of [ada, bob]) await page.context().close();
  await site.close();
  return taken;
}

const sidetone = await Sidetone.start();
const browser = await launchChromium();
try {
  console.log(`Chromium ${browser.version()}: main threads of 2 pages in a call of ${SECONDS} s`);
  for (const [name, isMeasured] of [["without the SDK", false], ["with it, series and issues too", true]] as const) {
    const all = await tasks(browser, sidetone, isMeasured);
    const [passed, busy] = [all.map(({ dur }) => dur ?? 0), all.map(({ tdur }) => tdur ?? 0)];
    const told = (of: readonly number[]) => `${of.filter((length) => length > LONG_US).length} of more than 50 ms, the longest ${(Math.max(...of) / 1000).toFixed(1)} ms`;
    console.log(`  ${name}: ${all.length} tasks, ${(busy.reduce((sum, of) => sum + of, 0) / 1000 / SECONDS / 2).toFixed(2)} ms of the processor a second and page`);
    console.log(`    on the processor ${told(busy)}; as time passed ${told(passed)}`);
  }
} finally {
  await browser.close();
  await sidetone.stop();
}

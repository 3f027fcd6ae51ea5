/** A machine that is too busy for its browser: the browser's processes stand still for a share of each tenth of a second. */

import type { Browser } from "playwright-core";

const PERIOD_MS = 100;

/** Holds back what draws, codes and plays in `browser`; the answer lets go. Other programs are not disturbed by it. */
export async function busy(browser: Browser, stopped_share: number): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const ids = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  await session.detach();
  const signal = (name: NodeJS.Signals) => {
    for (const id of ids) {
      try {
        process.kill(id, name);
      } catch {
        // It has ended.
      }
    }
  };
  const timer = setInterval(() => {
    signal("SIGSTOP");
    setTimeout(() => signal("SIGCONT"), PERIOD_MS * stopped_share);
  }, PERIOD_MS);
  return () => {
    clearInterval(timer);
    // After the last that is on its way.
    setTimeout(() => signal("SIGCONT"), PERIOD_MS);
  };
}

/** What the SDK tells of a call: its statistics once a second, its quality issues as they fire. */

import type { StatsReport } from "../../../sdk/src/compat/voximplant/index.ts";
import { element, make } from "../phone/page.ts";

/** Entries that are kept. */
const ISSUES_MAX = 30;

const ms = (seconds: number | undefined) => (seconds === undefined ? "–" : `${(seconds * 1000).toFixed(0)} ms`);
const percent = (ratio: number | undefined) => (ratio === undefined ? "–" : `${(ratio * 100).toFixed(1)} %`);
const rate = (kbps: number | undefined) => (kbps === undefined ? "–" : `${kbps.toFixed(0)} kbit/s`);

export function tellStats(stats: StatsReport): void {
  element("stats").replaceChildren(
    ...rows(stats).map(([name, value]) => {
      const row = make("div");
      row.append(make("dt", name), make("dd", value));
      return row;
    }),
  );
}

function rows({ connection, outbound, inbound, mos }: StatsReport): readonly (readonly [name: string, value: string])[] {
  const [sent] = Object.values(outbound).flat();
  const [received] = Object.values(inbound);
  return [
    ["MOS (G.107)", mos.mosG107 ? mos.mosG107.toFixed(2) : "–"],
    ["Round trip", ms(connection.currentRtt)],
    ["Sent", rate(sent?.bitrateKbps)],
    ["Received", rate(received?.bitrateKbps)],
    ["Lost on the way to you", percent(received?.intervalLoss)],
    ["Lost on the way from you", percent(sent?.intervalLoss)],
    ["Jitter", ms(received?.jitter)],
    ["Codec", received?.codec?.replace("audio/", "") ?? "–"],
  ];
}

export function tellIssue(name: string, level: string): void {
  const list = element("issues");
  list.querySelector(".muted")?.remove();
  const item = make("li", name);
  item.dataset["state"] = level === "NONE" ? "over" : "open";
  item.append(make("small", `${level || "told"} at ${new Date().toLocaleTimeString("en", { hour12: false })}`));
  list.prepend(item);
  while (list.children.length > ISSUES_MAX) list.lastElementChild?.remove();
}

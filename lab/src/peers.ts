/**
 * `peers FOLDER TABLE`: gives the reports of trials in FOLDER (`sidetone-lab unpack` wrote them) to the real `webrtc-issue-detector` and
 * `client-monitor-js` at the times at which they were taken, and writes what these tell to TABLE.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";

import { clientMonitor, issueDetector } from "./libraries.ts";

/** What `sidetone-lab unpack` writes of one end: a batch in its JSON form. */
interface End {
  readonly participant_id: string;
  readonly reports: readonly { readonly time_ms: number; readonly stats: Readonly<Record<string, Stats>> }[];
}
interface Stats {
  readonly type: string;
  readonly kind?: string;
  readonly trackIdentifier?: string;
}
type Report = ReadonlyMap<string, Stats>;

interface Tool {
  readonly name: string;
  /** How often it asks for statistics unless told otherwise. */
  readonly intervalMs: number;
  /** A new connection, told about by its first report; the answer takes reports. */
  start(first: Report, alarm: (kind: string) => void): (report: Report) => Promise<unknown>;
}

let nowMs = 0;
Date.now = () => nowMs;
Object.assign(globalThis, { window: globalThis, navigator: { userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36" } });

const TOOLS: readonly Tool[] = [
  {
    name: "webrtc-issue-detector 1.17.3",
    intervalMs: 5000,
    start: (_, alarm) => issueDetector((issues) => issues.forEach(({ reason }) => alarm(reason))),
  },
  {
    name: "client-monitor-js 4.0.3",
    intervalMs: 2000,
    start(first, alarm) {
      // It keeps no issues unless it buffers them.
      const { monitor, take } = clientMonitor({ bufferingEventsForSamples: true });
      monitor.on("issue", ({ type }: { type: string }) => alarm(type));
      // It does not listen for tracks of a plain connection, so it is given them.
      for (const { type, kind, trackIdentifier } of first.values()) {
        if (!trackIdentifier || !["inbound-rtp", "media-source"].includes(type)) continue;
        const track = Object.assign(new EventTarget(), { id: trackIdentifier, kind, enabled: true, muted: false, readyState: "live", label: "" });
        monitor.peerConnections[0]?.addMediaStreamTrack(track as never);
      }
      return take;
    },
  },
];

const [folder = "", table = ""] = process.argv.slice(2);
const rows: string[] = ["trial,tool,whose,kind,time_ms"];
for (const name of readdirSync(folder).sort()) {
  const ends = readFileSync(`${folder}/${name}`, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line) as End);
  for (const tool of TOOLS) for (const end of ends) await give(tool, end, name.replace(/\.jsonl$/, ""));
}
writeFileSync(table, `${rows.join("\n")}\n`);
// The detector has timers of half a minute.
process.exit();

async function give(tool: Tool, { participant_id, reports }: End, trial: string): Promise<void> {
  // The connection is met when its media is there.
  const taken = reports.filter(({ stats }) => Object.values(stats).some(({ type }) => type === "inbound-rtp"));
  if (!taken[0]) return;
  const map = (stats: Readonly<Record<string, Stats>>) => new Map(Object.entries(stats));
  nowMs = taken[0].time_ms;
  const take = tool.start(map(taken[0].stats), (kind) => rows.push([trial, tool.name, participant_id, kind, Math.round(nowMs)].join()));
  let last = -Infinity;
  for (const { time_ms, stats } of taken) {
    // Reports are a second apart, and never quite.
    if (time_ms - last < tool.intervalMs - 500) continue;
    last = time_ms;
    nowMs = time_ms;
    await take(map(stats));
    // Issues are told a moment later.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

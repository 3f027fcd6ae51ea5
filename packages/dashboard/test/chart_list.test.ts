// Which charts there are, and how high they are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CHARTS, greatest, picked } from "../src/chart_list.ts";
import type { Line, Series } from "../src/series.ts";

const line = (metric: string, max: (number | null)[], direction?: "inbound" | "outbound"): Line => ({
  metric,
  stream: direction ? { direction, kind: "audio", ssrc: 7 } : null,
  mean: max,
  min: max,
  max,
});

test("a bit rate is not flattened by the room that there would be", () => {
  const kind = CHARTS.find(({ title }) => title === "Bit rate")!;
  const series: Series = { times: [1, 2], resolution_ms: 1000, lines: [line("bitrate_bps", [64_000, null], "outbound"), line("available_outgoing_bitrate_bps", [3e6, 3e6])] };
  const lines = picked(kind, series);
  assert.deepEqual(lines.map(({ pick }) => pick.label), ["audio out", "estimated room to send"]);
  assert.equal(greatest(kind, lines), 64_000);
  assert.equal(greatest(kind, lines.slice(1)), kind.floor, "alone it gives no measure either");
});

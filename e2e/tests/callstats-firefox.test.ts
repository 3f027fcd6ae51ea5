/** The unmodified browser client in Firefox, which collects in a way of its own. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { firefoxTab, launchFirefox } from "../src/browsers.ts";
import { browserClient } from "../src/callstats/clients.ts";
import type { Json } from "../src/callstats/pages.ts";
import { serveSite } from "../src/callstats/site.ts";
import { during } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

test("callstats-js 3.73.16, unmodified, reports from Firefox", () =>
  during(async (start) => {
    const server = await start("Sidetone", Sidetone.start());
    const site = await start("the site", serveSite(browserClient()));
    const firefox = await start("Firefox", launchFirefox());
    const { appId, appSecret } = server.callstatsApp();
    const tab = await firefoxTab(firefox);
    await tab.goto(site.origin);
    const options = { appId, appSecret, userId: "ada", otherId: "bob", conferenceId: "standup", proxy: server.url };
    await tab.evaluate(async (options) => {
      await (window as Json).call.start(options);
      await (window as Json).call.alone();
    }, options);
    const conference = await until("there are three reports", async () => {
      const [found] = await server.conferences("standup");
      return (found?.peer_connections[0]?.report_count ?? 0) >= 3 && found;
    });
    assert.deepEqual(await tab.evaluate(() => (window as Json).call.said, null), [["success", "SDK authentication successful."]]);
    assert.equal(conference.participants[0]?.browser, "Firefox");
    const kinds = (await server.events(conference.key)).map(({ kind }) => kind);
    for (const kind of ["joined", "connected", "ice_connection_state_change"]) assert.ok(kinds.includes(kind), `${kind} among ${kinds}`);
    const reports = await server.reports(conference.peer_connections[0]!.key);
    const sent = Object.values(reports.at(-1)!.stats).filter(({ type }) => type === "outbound-rtp");
    assert.deepEqual(sent.map(({ kind }) => kind).sort(), ["audio", "video"]);
    for (const stream of sent) assert.ok((stream["bytesSent"] as number) > 10_000 && "csioMark" in stream, JSON.stringify(stream));
    assert.equal(await server.metric('sidetone_callstats_diagnostics_total{event_type="restResponseError"}'), 0);
  }));

/** A trunk by a name without a port: DNS says where its servers are (SRV, RFC 3263). */

import { test } from "node:test";
import { startDns } from "../src/dns.ts";
import { during, type Start } from "../src/setup.ts";
import { freePort, type Sidetone } from "../src/sidetone.ts";
import { startKamailio, startSidetone, wireTo } from "../src/sip.ts";
import { until } from "../src/wait.ts";

/** Sidetone with a trunk at that address, at which it registers. */
async function serve(start: Start, address: string, nameserver: string): Promise<Sidetone> {
  const trunk = `[sip.trunk]
address = "${address}"
nameserver = "${nameserver}"
domain = "sidetone.test"
listen = "127.0.0.1:${await freePort()}"
user = "pbx"
password = "secret-pbx"
register = true
`;
  const { sidetone } = await start("our server", startSidetone([], trunk));
  return sidetone;
}

const is = (sidetone: Sidetone, what: "open" | "registered", value: 0 | 1) =>
  until(`${what} is ${value}`, async () => (await sidetone.metric(`sidetone_sip_trunk_${what}`)) === value);

test("over UDP it is the server that DNS names", () =>
  during(async (start) => {
    const far = await start("the trunk", startKamailio());
    const dns = await start("dnsmasq", startDns([`_sip._udp.gw.test,localhost,${far.port}`]));
    await is(await serve(start, "sip:gw.test", dns.address), "registered", 1);
  }));

test("over TCP one that is dead gives way to the next, and what was named last stands in for a DNS server that is gone", () =>
  during(async (start) => {
    const far = await start("the trunk", startKamailio());
    const wire = await start("the wire", wireTo(far.port, "/"));
    const named = [await freePort(), Number(new URL(wire.url).port)];
    const dns = await start("dnsmasq", startDns(named.map((port, priority) => `_sip._tcp.gw.test,localhost,${port},${priority}`)));
    const sidetone = await serve(start, "sip:gw.test;transport=tcp", dns.address);
    await is(sidetone, "registered", 1);
    wire.cut();
    await is(sidetone, "open", 0);
    await dns.stop();
    wire.restore();
    await is(sidetone, "open", 1);
  }));

test("a name of which DNS says that it has no such service is told, and one without a record is its own address", () =>
  during(async (start) => {
    const dns = await start("dnsmasq", startDns(["_sip._tcp.gw.test"]));
    const none = await serve(start, "sip:gw.test;transport=tcp", dns.address);
    await until("the log says so", async () => none.log.includes("this service is not to be had there"));
    const other = await serve(start, "sip:localhost;transport=tcp", dns.address);
    await until("the usual port was tried", async () => /the trunk cannot be reached.*localhost/.test(other.log));
  }));

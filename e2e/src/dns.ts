/** Debian's dnsmasq: a DNS server for names of the tests. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { isListening } from "./sip.ts";
import { freePort } from "./sidetone.ts";
import { until } from "./wait.ts";

/** Answers for these services, as `--srv-host` of dnsmasq has them: `_sip._tcp.gw.test,localhost,5060,1,10`. */
export async function startDns(services: readonly string[]): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const port = await freePort();
  const own = ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=", "--user=", "--group="];
  const options = [...own, `--port=${port}`, "--listen-address=127.0.0.1", "--bind-interfaces", ...services.map((service) => `--srv-host=${service}`)];
  const child = spawn("/usr/sbin/dnsmasq", options, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  await until("dnsmasq answers", async () => {
    assert.equal(child.exitCode, null, `dnsmasq ended: ${log}`);
    return isListening(port);
  });
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}

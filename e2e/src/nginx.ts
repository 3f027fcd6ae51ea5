/** Debian's nginx in front of the server under test, as the handbook configures it. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./sidetone.ts";
import { until } from "./wait.ts";

/** Runs nginx with a `server` of the handbook, which has its port, names and certificate there and another port and a certificate of its own here. */
export async function startNginx(configuration: string, port: number): Promise<{ readonly url: string; readonly certificate: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-nginx-"));
  // Its workers run as another user.
  chmodSync(folder, 0o711);
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", certificate, ...subject], { stdio: "pipe" });
  const near = await freePort();
  const server = configuration
    .replace("listen 443 ", `listen 127.0.0.1:${near} `)
    .replace("quality.example.com;", "localhost;")
    .replace(/\S+fullchain\.pem/, certificate)
    .replace(/\S+privkey\.pem/, key)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`);
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`).join(" ");
  writeFileSync(join(folder, "nginx.conf"), `daemon off; pid ${join(folder, "pid")}; events {} http { access_log off; ${scratch}\n${server}}`);
  const child = spawn("/usr/sbin/nginx", ["-p", folder, "-c", "nginx.conf", "-e", "stderr"], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  // Nobody vouches for its certificate.
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  const url = `https://localhost:${near}`;
  await until("nginx answers", async () => {
    assert.equal(child.exitCode, null, `nginx ended: ${log}`);
    return fetch(`${url}/login`).then(({ ok }) => ok, () => false);
  });
  return {
    url,
    certificate,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

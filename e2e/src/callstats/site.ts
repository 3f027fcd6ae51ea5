/** The site of pages with a callstats client in them: `http://localhost`, which browsers trust like https. */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const PAGE = readFileSync(new URL("../../pages/callstats.js", import.meta.url), "utf8");

export interface Site {
  origin: string;
  close(): void;
}

/** Serves the page of `pages/callstats.js` with that client before it. */
export async function serveSite(client: string): Promise<Site> {
  const scripts: Readonly<Record<string, string>> = { "callstats.js": client, "page.js": PAGE };
  const page = `<!doctype html><meta charset="utf-8"><title>call</title><video id="video" autoplay playsinline></video>${Object.keys(scripts)
    .map((name) => `<script src="/${name}"></script>`)
    .join("")}`;
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    const script = scripts[name];
    if (name === "") response.writeHead(200, { "content-type": "text/html" }).end(page);
    else if (script === undefined) response.writeHead(204).end();
    else response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(script);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}

/** The site whose pages place calls: another origin than Sidetone's, so that CORS is real. */

import { buildSync } from "esbuild";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

export interface Origin {
  readonly url: string;
  close(): Promise<void>;
}

/** What a page says beside the call's script. */
export interface PageOptions {
  /** `Content-Security-Policy`. */
  readonly policy?: string;
  /** Scripts before ours. */
  readonly before?: readonly string[];
  /** Name of the page's script in `pages`. Default `call`. */
  readonly page?: string;
}

/** Serves `/` with a page of `pages` and, unless told otherwise, Sidetone's script tag. */
export async function serveOrigin(scripts: readonly string[], { policy, before = [], page: name = "call" }: PageOptions = {}): Promise<Origin> {
  const entry = fileURLToPath(new URL(`../pages/${name}.ts`, import.meta.url));
  const page = buildSync({ entryPoints: [entry], bundle: true, write: false, format: "iife", target: "es2022" }).outputFiles[0]!.text;
  const tags = [...before.map((text) => `<script>${text}</script>`), ...scripts.map((src) => `<script src="${src}" crossorigin></script>`)];
  const html = `<!doctype html><meta charset="utf-8"><title>call</title><link rel="icon" href="data:,">${tags.join("")}<script src="/call.js"></script>`;
  const headers = policy && { "content-security-policy": policy };
  return serve({ "/": { type: "text/html", body: html, ...(headers && { headers }) }, "/call.js": { type: "text/javascript", body: page } });
}

/** What a site has at a path. */
interface File {
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A site with these files; whatever else is asked of it is its `/`. */
export async function serve(files: { readonly "/": File } & Readonly<Record<string, File>>): Promise<Origin> {
  const server = createServer((request, response) => {
    const { type, body, headers } = files[request.url ?? "/"] ?? files["/"];
    response.writeHead(200, { "content-type": `${type}; charset=utf-8`, ...headers });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A test that fails before it closes its site does not keep the run from ending.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

// Sending: against a real HTTP server that misbehaves in every way the protocol allows.

import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Upload } from "../src/api.ts";
import { BatchBuilder, type Batch, type Drop } from "../src/batch.ts";
import { STRICT } from "../src/privacy.ts";
import { Credentials } from "../src/upload/credentials.ts";
import { MemoryQueue, type Queue } from "../src/upload/queue.ts";
import { Uploader } from "../src/upload/uploader.ts";

interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly batch: { batch_seq: number; sent_ms: number };
  readonly timeMs: number;
}

type Reply = { status: number; headers?: Record<string, string>; body?: object } | "hang up";

const STORED: Reply = { status: 200, body: { status: "stored", conference: "C", participant: "P", peer_connection: null } };
let server: Server | undefined;

/** Answers with these in turn, then with `stored`. */
async function serve(...replies: Reply[]): Promise<{ url: string; requests: Request[] }> {
  const requests: Request[] = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
    requests.push({ headers: request.headers, batch: JSON.parse(text.toString()), timeMs: Date.now() });
    const reply = replies.shift() ?? STORED;
    if (reply === "hang up") return void request.socket.destroy();
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers }).end(JSON.stringify(reply.body ?? {}));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/batches`, requests };
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

function client(url: string, credentials = new Credentials("sti_secret", undefined), queue: Queue = new MemoryQueue({ bytesMax: 1e6, batchesMax: 100 })) {
  const uploads: Upload[] = [];
  const drops: Drop[] = [];
  const failures: string[] = [];
  const uploader = new Uploader(url, "here", credentials, queue, {
    onUpload: (upload) => uploads.push(upload),
    onDrop: (drop) => drops.push(drop),
    onFailure: (code) => failures.push(code),
  });
  return { uploader, uploads, drops, failures };
}

const builder = new BatchBuilder({ conferenceId: "c", userId: "u", participantId: "p" }, undefined, () => undefined, () => STRICT);

function batch(text = ""): Batch {
  builder.event("note", { text }, Date.now());
  return builder.take(Date.now()) as Batch;
}

async function until(holds: () => boolean, withinMs = 8000): Promise<void> {
  for (const sinceMs = Date.now(); !holds(); await pause(10)) assert.ok(Date.now() - sinceMs < withinMs, `not within ${withinMs} ms: ${holds}`);
}

test("a batch that is refused for now is sent again, the same, with the time of its sending", async () => {
  const { url, requests } = await serve({ status: 503 }, "hang up");
  const { uploader, uploads, drops } = client(url);
  await uploader.add(batch());
  await until(() => uploads.length === 1);
  assert.equal(requests.length, 3);
  assert.equal(new Set(requests.map(({ batch }) => batch.batch_seq)).size, 1);
  const [first, second, third] = requests as [Request, Request, Request];
  // The pauses grow: half to all of 1 s, then of 2 s.
  assert.ok(second.timeMs - first.timeMs >= 490, `paused ${second.timeMs - first.timeMs} ms`);
  assert.ok(third.timeMs - second.timeMs >= 990, `paused ${third.timeMs - second.timeMs} ms`);
  const sentMs = requests.map(({ batch }) => batch.sent_ms);
  assert.ok(sentMs[1]! - sentMs[0]! >= 490 && sentMs[2]! - sentMs[1]! >= 990, `sent at ${sentMs.join(", ")}`);
  for (const { batch, timeMs } of requests) assert.ok(batch.sent_ms <= timeMs, "sent before it came");
  assert.deepEqual(drops, []);
});

test("Retry-After is obeyed, also by batches that come meanwhile", async () => {
  const { url, requests } = await serve({ status: 429, headers: { "retry-after": "2" } });
  const { uploader, uploads } = client(url);
  await uploader.add(batch());
  await until(() => requests.length === 1);
  await uploader.add(batch());
  await until(() => uploads.length === 2);
  const [first, second] = requests as [Request, Request];
  assert.ok(second.timeMs - first.timeMs >= 1950, `came back after ${second.timeMs - first.timeMs} ms`);
});

test("what the server can never take is dropped, counted, and does not hold up the rest", async () => {
  for (const status of [400, 409, 413, 415, 422]) {
    const { url, requests } = await serve({ status, body: { code: "time_out_of_range", detail: "…" } });
    const { uploader, uploads, drops, failures } = client(url);
    const told = { reports: 7, events: 2, reason: "queue_full" };
    await uploader.add({ ...batch(), drops: [told] });
    await uploader.add(batch());
    await until(() => uploads.length === 1);
    assert.equal(requests.length, 2, `${status} is not repeated`);
    assert.deepEqual(drops, [told, { reports: 0, events: 1, reason: "time_out_of_range" }]);
    assert.deepEqual(failures, ["batch_refused"]);
    server?.close();
  }
});

test("where no Sidetone ever answers that is told; a server that goes away and comes back is not", async () => {
  const { url } = await serve("hang up", "hang up", { status: 200 });
  const { uploader, failures, uploads } = client(url);
  await uploader.add(batch());
  await until(() => failures.length === 1);
  assert.deepEqual([failures, uploads], [["server_unreachable"], []]);
  uploader.end();
  server?.close();
  const later = await serve(STORED, "hang up", "hang up", "hang up");
  const known = client(later.url);
  await known.uploader.add(batch());
  await until(() => known.uploads.length === 1);
  await known.uploader.add(batch());
  await until(() => known.uploads.length === 2, 20_000);
  assert.deepEqual(known.failures, []);
});

test("a token is fetched once, and anew when the server says 401", async () => {
  const { url, requests } = await serve(STORED, { status: 401 });
  let count = 0;
  const { uploader, uploads, failures } = client(url, new Credentials(undefined, async () => `token-${++count}`));
  for (let number = 0; number < 3; number++) await uploader.add(batch());
  await until(() => uploads.length === 3);
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2"]);
  assert.deepEqual(failures, []);
});

test("a token that never comes holds nothing up: it is asked for again", async () => {
  const { url } = await serve();
  let count = 0;
  const token = () => (++count === 1 ? new Promise<string>(() => undefined) : Promise.resolve("token"));
  const { uploader, uploads, failures } = client(url, new Credentials(undefined, token, 50));
  await uploader.add(batch());
  await uploader.kick();
  assert.deepEqual([uploads.length, failures], [0, ["credentials_refused"]]);
  await uploader.kick();
  assert.deepEqual([uploads.length, count], [1, 2]);
});

test("a secret that is refused is not tried again; what waits is kept", async () => {
  const { url, requests } = await serve({ status: 403, body: { code: "origin_foreign", detail: "…" } });
  const queue = new MemoryQueue({ bytesMax: 1e6, batchesMax: 100 });
  const { uploader, failures, drops } = client(url, undefined, queue);
  await uploader.add(batch());
  await until(() => failures.length === 1);
  await uploader.add(batch());
  await uploader.kick();
  assert.deepEqual([requests.length, failures, drops], [1, ["credentials_refused"], []]);
  assert.ok(await queue.claim(Date.now()));
});

test("a function of the app that fails to give a token harms nobody, and is asked again", async () => {
  const { url } = await serve();
  let count = 0;
  const token = async () => {
    if (++count === 1) throw new Error("the app's server is down");
    return "token";
  };
  const { uploader, uploads } = client(url, new Credentials(undefined, token));
  await uploader.add(batch());
  await until(() => uploads.length === 1);
  assert.equal(count, 2);
});

test("a page that is left sends at once what fits, and keeps everything until the server has it", async () => {
  const { url, requests } = await serve();
  const queue = new MemoryQueue({ bytesMax: 1e6, batchesMax: 100 });
  const { uploader, uploads } = client(url, undefined, queue);
  uploader.leave([batch("small"), batch("x".repeat(60_000)), batch("y".repeat(40_000))], false);
  await until(() => uploads.length === 2);
  assert.equal(requests.length, 2, "64 KiB are the limit of requests that outlive a page");
  assert.match(new TextDecoder().decode((await queue.claim(Date.now()))?.body), /xxx/);
  assert.equal(await queue.claim(Date.now()), undefined);
});

test("two pages with one queue send each batch once", async () => {
  const { url, requests } = await serve();
  const queue = new MemoryQueue({ bytesMax: 1e6, batchesMax: 100 });
  const pages = [client(url, undefined, queue), client(url, undefined, queue)];
  await Promise.all(Array.from({ length: 20 }, (_, number) => pages[number % 2]?.uploader.add(batch())));
  await until(() => pages.reduce((sum, { uploads }) => sum + uploads.length, 0) === 20);
  assert.equal(new Set(requests.map(({ batch }) => batch.batch_seq)).size, 20);
  assert.equal(requests.length, 20);
});

test("nothing goes out after the end", async () => {
  const { url, requests } = await serve({ status: 503 });
  const { uploader } = client(url);
  await uploader.add(batch());
  await until(() => uploader.waits);
  uploader.end();
  await uploader.add(batch());
  await uploader.kick();
  await pause(1200);
  assert.equal(requests.length, 1);
});

// Queues: in memory and in IndexedDB by the same rules, and IndexedDB shared between pages.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { JSON_TYPE } from "../src/batch.ts";
import { DatabaseQueue } from "../src/upload/database.ts";
import { AGE_MAX_MS, type Bounds, type Entry, LEASE_MS, MemoryQueue, type Queue } from "../src/upload/queue.ts";

const NOW_MS = 1_795_228_491_553;
const PLENTY: Bounds = { bytesMax: 1e6, batchesMax: 100 };

function entry(number: number, change: Partial<Entry> = {}): Entry {
  const body = new Uint8Array(100).fill(number);
  return { id: [NOW_MS + number, "page", number], destination: "here", leaseMs: 0, participantId: "p", contentType: JSON_TYPE, body, reports: 10, events: 1, drops: [], ...change };
}

/** A browser that has stored nothing yet. */
function newBrowser(): void {
  Object.assign(globalThis, { indexedDB: new IDBFactory(), IDBKeyRange });
}

function database(bounds = PLENTY, destination = "here"): DatabaseQueue {
  return new DatabaseQueue(destination, bounds, (error) => assert.fail(`the database failed: ${error}`));
}

async function claimed(queue: Queue, nowMs = NOW_MS): Promise<number[]> {
  const numbers: number[] = [];
  for (let entry = await queue.claim(nowMs); entry; entry = await queue.claim(nowMs)) numbers.push(entry.id[2]);
  return numbers;
}

for (const [name, open] of [["memory", (bounds: Bounds) => new MemoryQueue(bounds)], ["IndexedDB", (bounds: Bounds) => database(bounds)]] as const) {
  test(`${name}: first in, first out; what is being sent is not given out again until its lease is over`, async () => {
    newBrowser();
    const queue = open(PLENTY);
    for (const number of [1, 2, 3]) assert.deepEqual(await queue.put(entry(number)), []);
    const first = await queue.claim(NOW_MS);
    assert.deepEqual([first?.id[2], first?.body], [1, entry(1).body]);
    assert.deepEqual(await claimed(queue), [2, 3]);
    await queue.release(first as Entry);
    assert.deepEqual(await claimed(queue), [1]);
    await queue.remove(entry(1));
    assert.deepEqual(await claimed(queue, NOW_MS + LEASE_MS + 1), [2, 3]);
  });

  test(`${name}: a clock that was set back blocks nothing for ever`, async () => {
    newBrowser();
    const queue = open(PLENTY);
    await queue.put(entry(1));
    await queue.claim(NOW_MS);
    assert.deepEqual(await claimed(queue, NOW_MS - 86_400_000), [1]);
  });

  test(`${name}: what is being sent does not give way: it may arrive, and be counted as lost nevertheless`, async () => {
    newBrowser();
    const queue = open({ bytesMax: 1e6, batchesMax: 2 });
    for (const number of [1, 2]) await queue.put(entry(number));
    await queue.claim(Date.now());
    assert.deepEqual((await queue.put(entry(3))).map(({ id }) => id[2]), [2]);
    await queue.release(entry(1));
    assert.deepEqual((await queue.put(entry(4))).map(({ id }) => id[2]), [1]);
  });

  test(`${name}: beyond its bounds the oldest give way, and are handed back to be counted`, async () => {
    newBrowser();
    const byCount = open({ bytesMax: 1e6, batchesMax: 2 });
    for (const number of [1, 2]) assert.deepEqual(await byCount.put(entry(number)), []);
    assert.deepEqual((await byCount.put(entry(3))).map(({ id, reports }) => [id[2], reports]), [[1, 10]]);
    assert.deepEqual(await claimed(byCount), [2, 3]);
    newBrowser();
    const byBytes = open({ bytesMax: 250, batchesMax: 100 });
    for (const number of [1, 2]) await byBytes.put(entry(number));
    assert.deepEqual((await byBytes.put(entry(3, { body: new Uint8Array(200) }))).map(({ id }) => id[2]), [1, 2]);
    assert.deepEqual(await claimed(byBytes), [3]);
  });
}

test("what one page left behind another finds, and only one of two takes each", async () => {
  newBrowser();
  const earlier = database();
  for (let number = 0; number < 20; number++) await earlier.put(entry(number));
  earlier.close();
  const [one, other] = await Promise.all([claimed(database()), claimed(database())]);
  assert.deepEqual([...one, ...other].sort((a, b) => a - b), Array.from({ length: 20 }, (_, number) => number));
});

test("batches for another server or app are not touched", async () => {
  newBrowser();
  await database().put(entry(1));
  await database(PLENTY, "elsewhere").put(entry(2, { destination: "elsewhere" }));
  assert.deepEqual(await claimed(database()), [1]);
  assert.deepEqual(await claimed(database({ bytesMax: 0, batchesMax: 0 }, "elsewhere")), [2]);
});

test("without IndexedDB the queue is in memory, and says so", async () => {
  for (const indexedDB of [undefined, { open: () => { throw new DOMException("not in this frame", "SecurityError"); } }]) {
    Object.assign(globalThis, { indexedDB });
    const told: unknown[] = [];
    const queue = new DatabaseQueue("here", PLENTY, (error) => told.push(error));
    await queue.put(entry(1));
    assert.deepEqual(await claimed(queue), [1]);
    await queue.remove(entry(1));
    assert.deepEqual(await claimed(queue, NOW_MS + LEASE_MS + 1), []);
    assert.ok(told.length > 0);
  }
});

test("what only others can send is kept for them, until no server takes it any more", async () => {
  newBrowser();
  const ours = database();
  const theirs = (number: number, createdMs: number) => entry(number, { destination: "elsewhere", id: [createdMs, "another page", number] });
  assert.equal(await new MemoryQueue(PLENTY).keep(), false, "memory would give it to the wrong one");
  await ours.put(entry(1, { id: [NOW_MS - AGE_MAX_MS - 2, "page", 1] }));
  for (const [number, createdMs] of [[2, NOW_MS - AGE_MAX_MS - 1], [3, NOW_MS - 1], [4, NOW_MS]] as const) assert.equal(await ours.keep(theirs(number, createdMs)), true);
  await ours.forget(NOW_MS);
  assert.deepEqual(await claimed(ours), [1], "ours stays ours, however old: the server says what becomes of it");
  assert.deepEqual(await claimed(database(PLENTY, "elsewhere")), [3, 4]);
});

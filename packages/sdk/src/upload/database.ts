/**
 * The queue in IndexedDB: it outlives the page, and all pages of an origin share it. Whoever wants to send an entry takes a lease on it
 * within a transaction, so that two pages never send the same one at once; when a page dies the lease runs out, and another page goes on.
 */

import { AGE_MAX_MS, type Bounds, type Entry, isFree, LEASE_MS, MemoryQueue, type Queue } from "./queue.ts";

const DATABASE = "sidetone";
const STORE = "batches";
/** Its keys tell all that the bounds need, so that no body has to be read. */
const INDEX = "destination";
/** A browser that does not answer by then has no database for us. */
const PATIENCE_MS = 5000;

/** As stored: with the size, for the index. */
interface Row extends Entry {
  readonly bytes: number;
}

/** In IndexedDB, and in memory where that fails. */
export class DatabaseQueue implements Queue {
  readonly #memory: MemoryQueue;
  #database: Promise<IDBDatabase> | undefined;

  constructor(
    private readonly destination: string,
    private readonly bounds: Bounds,
    private readonly onUnavailable: (error: unknown) => void,
  ) {
    this.#memory = new MemoryQueue(bounds);
  }

  async put(entry: Entry): Promise<Entry[]> {
    try {
      return await this.#transaction("readwrite", async (store) => {
        await done(store.put(rowOf(entry)));
        return await this.#excess(store);
      });
    } catch (error) {
      this.onUnavailable(error);
      return await this.#memory.put(entry);
    }
  }

  async claim(nowMs: number): Promise<Entry | undefined> {
    const claimed = await this.#memory.claim(nowMs);
    if (claimed) return claimed;
    return await this.#attempt(undefined, "readwrite", async (store) => {
      const cursor = store.index(INDEX).openCursor(this.#range());
      for await (const { value } of steps<IDBCursorWithValue>(cursor)) {
        const row = value as Row;
        if (!isFree(row.leaseMs, nowMs)) continue;
        const leased = { ...row, leaseMs: nowMs + LEASE_MS };
        await done(store.put(leased));
        return leased;
      }
      return undefined;
    });
  }

  async keep(entry: Entry): Promise<boolean> {
    return await this.#attempt(false, "readwrite", async (store) => {
      await done(store.put(rowOf(entry)));
      return true;
    });
  }

  async forget(nowMs: number): Promise<void> {
    await this.#attempt(undefined, "readwrite", async (store) => {
      for await (const cursor of steps<IDBCursorWithValue>(store.openCursor(IDBKeyRange.upperBound([nowMs - AGE_MAX_MS])))) {
        if ((cursor.value as Row).destination !== this.destination) await done(cursor.delete());
      }
    });
  }

  async release(entry: Entry): Promise<void> {
    await this.#memory.release(entry);
    await this.#attempt(undefined, "readwrite", async (store) => {
      const row = (await done(store.get(entry.id))) as Row | undefined;
      if (row) await done(store.put({ ...row, leaseMs: 0 }));
    });
  }

  async remove(entry: Entry): Promise<void> {
    await this.#memory.remove(entry);
    await this.#attempt(undefined, "readwrite", (store) => done(store.delete(entry.id)));
  }

  close(): void {
    this.#database?.then((database) => database.close()).catch(() => undefined);
    this.#database = undefined;
  }

  /** Takes out the oldest of ours until the rest is within bounds. */
  async #excess(store: IDBObjectStore): Promise<Entry[]> {
    const sizes: { key: IDBValidKey; bytes: number }[] = [];
    for await (const cursor of steps<IDBCursor>(store.index(INDEX).openKeyCursor(this.#range()))) {
      sizes.push({ key: cursor.primaryKey, bytes: (cursor.key as [string, unknown, number])[2] });
    }
    let bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
    let count = sizes.length;
    const excess: Entry[] = [];
    for (const size of sizes) {
      if (count <= this.bounds.batchesMax && bytes <= this.bounds.bytesMax) break;
      const row = (await done(store.get(size.key))) as Row;
      if (!isFree(row.leaseMs, Date.now())) continue;
      excess.push(row);
      await done(store.delete(size.key));
      count--;
      bytes -= size.bytes;
    }
    return excess;
  }

  #range(): IDBKeyRange {
    // In the order of keys a list comes after everything else.
    return IDBKeyRange.bound([this.destination], [this.destination, [[]]]);
  }

  async #attempt<T>(otherwise: T, mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    try {
      return await this.#transaction(mode, work);
    } catch (error) {
      this.onUnavailable(error);
      return otherwise;
    }
  }

  async #transaction<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    this.#database ??= open();
    const database = await this.#database;
    // Another page may want to upgrade, or the browser may have closed it.
    database.onversionchange = database.onclose = () => this.close();
    const transaction = database.transaction(STORE, mode);
    const finished = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    });
    finished.catch(() => undefined);
    // It waits for those of other pages, and one of them may hang.
    const timer = setTimeout(() => abort(transaction), PATIENCE_MS);
    try {
      const result = await work(transaction.objectStore(STORE));
      await finished;
      return result;
    } finally {
      clearTimeout(timer);
    }
  }
}

function rowOf(entry: Entry): Row {
  return { ...entry, bytes: entry.body.length };
}

function open(): Promise<IDBDatabase> {
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: "id" });
      store.createIndex(INDEX, ["destination", "id", "bytes"]);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database cannot be opened"));
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the database does not open")), PATIENCE_MS);
    opened.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Nothing of it is kept; of one that is about to end, all is. */
function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It ends by itself.
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the request failed"));
  });
}

async function* steps<Cursor extends IDBCursor>(request: IDBRequest<Cursor | null>): AsyncGenerator<Cursor> {
  for (let cursor = await done(request); cursor; cursor = await done(request)) {
    yield cursor;
    cursor.continue();
  }
}

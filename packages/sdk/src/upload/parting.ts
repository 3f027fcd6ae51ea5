/**
 * What a page keeps in its last moment. Browsers take back what a page that goes away has just written into IndexedDB; localStorage is
 * written before the call returns. The next page moves it into the queue.
 */

import type { Entry } from "./queue.ts";

const PREFIX = "sidetone ";
/** Longest body that is kept, in bytes: localStorage is small, and the page's own. */
const BYTES_MAX = 200_000;

/** Keeps an entry; `false` where the browser, or its size, does not allow it. */
export function park(entry: Entry): boolean {
  if (entry.body.length > BYTES_MAX) return false;
  try {
    const body = Array.from(entry.body, (byte) => String.fromCharCode(byte)).join("");
    localStorage.setItem(`${PREFIX}${entry.id.join(" ")}`, JSON.stringify({ ...entry, body: btoa(body) }));
    return true;
  } catch {
    return false;
  }
}

/** It is kept elsewhere, or done with. */
export function unpark(entry: Entry): void {
  try {
    localStorage.removeItem(`${PREFIX}${entry.id.join(" ")}`);
  } catch {
    // Where there is no localStorage nothing was kept.
  }
}

/** What was kept, for this destination and others. */
export function parked(): Entry[] {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    return names.map((name) => {
      const kept = JSON.parse(localStorage.getItem(name) ?? "{}") as Omit<Entry, "body"> & { body: string };
      return { ...kept, body: Uint8Array.from(atob(kept.body), (character) => character.charCodeAt(0)) };
    });
  } catch {
    return [];
  }
}

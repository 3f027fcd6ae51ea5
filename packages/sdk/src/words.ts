/** What the app says in its own words, its names and its events: brought into the form that a server takes. */

/** Longest kind of an event, in bytes, and how deep a payload may be: a server takes no more (`crates/wire/src/batch.rs`). */
const KIND_BYTES_MAX = 256;
const DEPTH_MAX = 100;

/** A name as text. The ids of many apps are numbers, and `null` where there is none. */
export function named(given: unknown): string | undefined {
  return typeof given === "string" ? given : typeof given === "number" || typeof given === "bigint" ? String(given) : undefined;
}

/** As JSON, in which half a character, as it is left where a text was cut, is U+FFFD: by itself it is no text to others. */
export function jsonOf(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes("\\ud") ? json.replace(/\\(?:(ud[89a-f]..)|.)/g, (escaped, half) => (half ? "\ufffd" : escaped)) : json;
}

/** What is wrong with an event, and how to mend it; nothing where it can be told. */
export function faultOf(kind: unknown, payload: unknown): string | undefined {
  if (typeof kind !== "string" || kind === "") return `the kind of an event must be a text that is not empty; it is ${typeof kind === "string" ? "empty" : what(kind)}`;
  const bytes = new TextEncoder().encode(kind).length;
  if (bytes > KIND_BYTES_MAX) return `the kind of an event may have ${KIND_BYTES_MAX} bytes, and this one has ${bytes}: put what is long into its payload`;
  const of = `the payload of the event ${JSON.stringify(kind)}`;
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return `${of} is ${what(payload)}; it must be an object, such as { value: … }`;
  try {
    const read: unknown = JSON.parse(JSON.stringify(payload));
    return isDeeper(read, DEPTH_MAX) ? `${of} has more than ${DEPTH_MAX} objects or lists within one another` : undefined;
  } catch (error) {
    return `${of} cannot be written as JSON: ${(error as Error).message}`;
  }
}

function what(given: unknown): string {
  return given === null ? "null" : Array.isArray(given) ? "a list" : `of type ${typeof given}`;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((held) => isDeeper(held, depth - 1));
}

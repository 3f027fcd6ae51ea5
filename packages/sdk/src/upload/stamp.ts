/**
 * Writes the time of sending into a batch that has waited, for as long as it waited: the server tells a wrong clock by it.
 * The compact form is described in docs/report-codec.md.
 */

import { COMPACT_TYPE, type Batch } from "../batch.ts";

/** Where the digits of `sent_ms` stand in the JSON form, and how many. */
const JSON_PLACE = '{"sent_ms":'.length;
const JSON_DIGITS = 16;

/** The body of the batch, sent at this time. */
export function stamp(batch: Pick<Batch, "contentType" | "body">, sentMs: number): Uint8Array<ArrayBuffer> {
  return batch.contentType === COMPACT_TYPE ? stampCompact(batch.body, sentMs) : stampJson(batch.body, sentMs);
}

function stampJson(body: Uint8Array, sentMs: number): Uint8Array<ArrayBuffer> {
  const stamped = new Uint8Array(body);
  stamped.set(new TextEncoder().encode(String(sentMs).padStart(JSON_DIGITS)), JSON_PLACE);
  return stamped;
}

/** Magic, four texts, the number of the batch, then the time; at the end the checksum of all before. */
function stampCompact(body: Uint8Array, sentMs: number): Uint8Array<ArrayBuffer> {
  let at = 3;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = body[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  for (let text = 0; text < 4; text++) {
    const length = varint();
    at += length;
  }
  varint();
  const before = body.subarray(0, at);
  varint();
  const time: number[] = [];
  // Microseconds, zigzag.
  let rest = sentMs * 2000;
  for (; rest >= 128; rest = Math.floor(rest / 128)) time.push((rest % 128) | 128);
  time.push(rest);
  const after = body.subarray(at, -4);
  const stamped = new Uint8Array(before.length + time.length + after.length + 4);
  stamped.set(before);
  stamped.set(time, before.length);
  stamped.set(after, before.length + time.length);
  new DataView(stamped.buffer).setUint32(stamped.length - 4, crc32(stamped.subarray(0, -4)), true);
  return stamped;
}

/** CRC-32 as in gzip. */
function crc32(bytes: Uint8Array): number {
  let check = ~0;
  for (const byte of bytes) {
    check ^= byte;
    for (let bit = 0; bit < 8; bit++) check = (check >>> 1) ^ (0xedb88320 & -(check & 1));
  }
  return ~check >>> 0;
}

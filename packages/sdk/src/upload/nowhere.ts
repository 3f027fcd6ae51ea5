/** In place of an uploader, for a client that sends nothing: what would be sent is forgotten. */

import type { Uploader } from "./uploader.ts";

export const NOWHERE: Pick<Uploader, "waits" | "add" | "kick" | "leave" | "adopt" | "end"> = {
  waits: false,
  add: async () => undefined,
  kick: async () => undefined,
  leave: async () => undefined,
  adopt: async () => undefined,
  end: () => undefined,
};

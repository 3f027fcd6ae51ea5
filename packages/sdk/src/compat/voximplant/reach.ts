/** Whether a SIP server can be reached (RFC 7118), before anybody has said who they are. */

import type { PhoneOptions } from "../../phone/api.ts";

const TIMEOUT_MS = 10_000;

/** An open socket to the first server that takes one, those of the highest weight first. */
export async function reach(servers: PhoneOptions["servers"]): Promise<WebSocket> {
  const all = [servers].flat().map((server) => (typeof server === "string" ? { url: server, weight: 0 } : { weight: 0, ...server }));
  all.sort((one, other) => other.weight - one.weight);
  const refusals: string[] = [];
  for (const { url } of all) {
    const socket = await open(url).catch((error: Error) => void refusals.push(error.message));
    if (socket) return socket;
  }
  throw new Error(refusals.join("; ") || "no server is given");
}

function open(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, "sip");
    const refuse = (why: string) => {
      clearTimeout(timer);
      socket.close();
      reject(new Error(`${url} ${why}`));
    };
    const timer = setTimeout(() => refuse("gives no answer"), TIMEOUT_MS);
    socket.addEventListener("error", () => refuse("cannot be reached"));
    socket.addEventListener("open", () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

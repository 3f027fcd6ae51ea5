/** A TCP line that stalls: what is lost on one is repeated, and everything behind it waits. */

import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

import { Direction } from "./relay.ts";

export class Line {
  readonly up: Direction;
  readonly down: Direction;
  #close = () => {};
  port = 0;

  private constructor(seed: number) {
    this.up = new Direction(seed);
    this.down = new Direction(seed + 7919);
  }

  /** A line to `port` of this machine. */
  static async open(port: number, seed: number): Promise<Line> {
    const line = new Line(seed);
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      carry(near, far, line.up);
      carry(far, near, line.down);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.setNoDelay(true);
        socket.on("error", () => undefined);
        socket.on("close", () => [near, far].forEach((end) => end.destroy()));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    line.port = (server.address() as AddressInfo).port;
    line.#close = () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    };
    return line;
  }

  close(): void {
    this.#close();
  }
}

function carry(from: Socket, to: Socket, direction: Direction): void {
  from.on("data", (bytes: Buffer) => {
    const held = direction.hold(performance.now(), bytes.length) ?? 0;
    setTimeout(() => to.destroyed || to.write(bytes), held);
  });
}

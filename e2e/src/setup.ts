/** What tests stand on: parts that are started one after the other, and closed in reverse even where one of them did not start. */

import { after, before } from "node:test";

/** What can be ended. */
type Part = { close(): unknown } | { stop(): unknown };

/** Waits until a part has started, and has it closed in its turn; an error says which part did not start. */
export type Start = <Started extends Part>(name: string, part: Promise<Started>) => Promise<Started>;

class Parts {
  readonly #started: (readonly [name: string, part: Part])[] = [];

  readonly start: Start = async (name, part) => {
    const started = await part.catch((cause: unknown) => {
      throw new Error(`${name} did not start`, { cause });
    });
    this.#started.push([name, started]);
    return started;
  };

  /** What has started does not stay where the rest fails. */
  async run(using: (start: Start) => Promise<void>): Promise<void> {
    try {
      await using(this.start);
    } catch (error) {
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let last = this.#started.pop(); last; last = this.#started.pop()) {
      const [name, part] = last;
      try {
        await ("close" in part ? part.close() : part.stop());
      } catch (cause) {
        failures.push(new Error(`${name} did not close`, { cause }));
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Starts parts before the tests of the file, or of the `describe` around, and closes them afterwards. */
export function setUp(starting: (start: Start) => Promise<void>): void {
  const parts = new Parts();
  before(() => parts.run(starting));
  after(() => parts.close());
}

/** The same within a test. */
export async function during(using: (start: Start) => Promise<void>): Promise<void> {
  const parts = new Parts();
  await parts.run(using);
  await parts.close();
}

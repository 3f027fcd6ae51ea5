/** The log of the console, and its last lines for who sends them with feedback. */

export type AvailableLogMethods = "INFO" | "DEBUG" | "WARN" | "ERROR" | "ALL" | "OFF" | "ALL-PLAIN";

const LEVELS: readonly AvailableLogMethods[] = ["OFF", "ERROR", "WARN", "INFO", "DEBUG", "ALL", "ALL-PLAIN"];
const LINES_MAX = 900;

/** A level by its name; nothing for what is none. */
export function levelOf(name: unknown): AvailableLogMethods | undefined {
  return LEVELS.find((level) => level === name);
}

type Method = "error" | "warn" | "info" | "debug";

/** Names, tokens and session descriptions are never among the lines. */
export class Log {
  readonly #lines: string[] = [];

  /** `identifier` is that of the tab, in each line. */
  constructor(
    private level: AvailableLogMethods,
    private readonly identifier: () => string,
  ) {}

  setLevel(level: AvailableLogMethods): void {
    this.level = level;
  }

  error(text: string): void {
    this.#write("error", text);
  }

  warn(text: string): void {
    this.#write("warn", text);
  }

  info(text: string): void {
    this.#write("info", text);
  }

  debug(text: string): void {
    this.#write("debug", text);
  }

  /** The last lines, the oldest first. */
  lines(): readonly string[] {
    return this.#lines;
  }

  #write(method: Method, text: string): void {
    this.#lines.push(`${new Date().toISOString()} [${this.identifier()}] [${method}] ${text}`);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
    if (LEVELS.indexOf(method.toUpperCase() as AvailableLogMethods) <= LEVELS.indexOf(this.level)) console[method](`sidetone plivo: ${text}`);
  }
}

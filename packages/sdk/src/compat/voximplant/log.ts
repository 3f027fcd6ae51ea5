/** What the face tells its developer: to the console as far as the configuration says, to a callback, and to a silent log. Never a password, token, header or body. */

import { LogCategory, LogLevel } from "./enums.ts";
import type { LogRecord } from "./structures.ts";

/** Lines of the silent log; the oldest give way. */
const LINES_MAX = 1000;

export class Log {
  level = LogLevel.ERROR;
  isSilent = false;
  onRecord: ((record: LogRecord) => void) | undefined;
  #lines: string[] = [];

  write(category: LogCategory, label: string, level: LogLevel, message: string): void {
    const formattedText = `${new Date().toISOString()} ${LogLevel[level]} ${label}: ${message}`;
    if (this.isSilent) this.#lines = [...this.#lines, formattedText].slice(-LINES_MAX);
    try {
      this.onRecord?.({ formattedText, category, label, level, message });
    } catch (error) {
      console.error(error);
    }
    if (level > this.level) return;
    if (level === LogLevel.ERROR) console.error(formattedText);
    else if (level === LogLevel.WARNING) console.warn(formattedText);
    else console.info(formattedText);
  }

  get lines(): string[] {
    return [...this.#lines];
  }

  clear(): void {
    this.#lines = [];
  }
}

/** The page's. */
export const log = new Log();

/** The real `sidetone demo`: started, and its greeting read as a person reads it. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import type { BrowserContext, Page } from "playwright-core";
import { tabOf } from "./browsers.ts";
import { until } from "./wait.ts";

const BINARY = process.env["SIDETONE_BINARY"];

export class Demo {
  readonly url: string;
  /** The address of the phone page. */
  readonly phone: string;
  readonly #greeting: string;

  private constructor(
    private readonly process: ChildProcess,
    greeting: string,
  ) {
    this.#greeting = greeting;
    this.url = new URL(this.#line("dashboard")).origin;
    this.phone = this.#line("phone");
  }

  static async start(): Promise<Demo> {
    assert.ok(BINARY, "SIDETONE_BINARY names the program; `cargo xtask test e2e` sets it");
    const child = spawn(BINARY, ["demo", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await until("the demo is ready", async () => {
      assert.equal(child.exitCode, null, said);
      return / ready\s*$/.test(said);
    });
    return new Demo(child, said);
  }

  /** What stands in the line that begins with that word. */
  #line(word: string): string {
    const found = new RegExp(`^${word} +(\\S+)`, "m").exec(this.#greeting)?.[1];
    assert.ok(found, `the greeting has no ${word}: ${this.#greeting}`);
    return found;
  }

  /** Another page of the demo, with what stands in the address of the phone. */
  page(path: string): string {
    return this.phone.replace("/demo/phone/", `/demo/${path}`);
  }

  /** Logs in to the dashboard with what the greeting says. */
  async logIn(page: Page): Promise<void> {
    const [, name, password] = /log in as (\S+), password (\S+)/.exec(this.#greeting)!;
    await page.fill("input[name=name]", name!);
    await page.fill("input[name=password]", password!);
    await page.click("button[type=submit]");
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
  }
}

/** A tab of that browser; what it complains about goes to `complaints`. */
export async function demoTab(context: BrowserContext, url: string, complaints: string[]): Promise<Page> {
  const page = await tabOf(context, complaints);
  await page.goto(url);
  return page;
}

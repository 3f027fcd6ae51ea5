// The events of a Voximplant call: their names, and how handlers of them are called.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { CallEvents } from "../src/compat/voximplant/call-events.ts";
import { EventTarget } from "../src/compat/voximplant/event-target.ts";

class Target extends EventTarget<CallEvents> {}

const { Connected, Failed } = CallEvents;

/** A target, and what its handlers noted. */
function target() {
  const noted: string[] = [];
  const note = (what: string, answer?: unknown) => () => {
    noted.push(what);
    return answer as void;
  };
  return { target: new Target(), noted, note };
}

test("there are 31 events, with the original's values, and the reverse entry of the one that differs", () => {
  const names = Object.keys(CallEvents).filter((name) => name !== "onSendMessage");
  assert.equal(names.length, 31);
  for (const name of names) assert.equal(CallEvents[name as "Connected"], name === "MessageReceived" ? "onSendMessage" : name);
  assert.equal(CallEvents.onSendMessage, "MessageReceived");
});

test("the runtime of the original has the same members", () => {
  const script = readFileSync(createRequire(import.meta.url).resolve("voximplant-websdk/voximplant.min.js"), "utf8");
  const table = /t\.CallEvents=void 0,function\(e\)\{(.*?)\}\(t\.CallEvents/.exec(script)?.[1] ?? "";
  const pairs = [...table.matchAll(/e\[e\.(\w+)="(\w+)"\]="(\w+)"/g)].map(([, name, value]) => [name, value]);
  assert.equal(pairs.length, 31);
  assert.deepEqual(Object.fromEntries(pairs), Object.fromEntries(Object.entries(CallEvents).filter(([name]) => name !== "onSendMessage")));
});

test("handlers are called in the order of registration, captured ones before them", () => {
  const { target: held, noted, note } = target();
  held.on(Connected, note("first"));
  held.addEventListener(Connected, note("second"));
  held.on(Connected, note("captured"), { capture: true });
  held.on(Failed, note("other"));
  held.dispatchEvent({ name: Connected });
  assert.deepEqual(noted, ["captured", "first", "second"]);
});

test("a handler is taken away alone, or all of an event at once", () => {
  const { target: held, noted, note } = target();
  const first = note("first");
  held.on(Connected, first);
  held.on(Connected, note("second"));
  held.on(Connected, note("third"));
  held.off(Connected, first);
  held.dispatchEvent({ name: Connected });
  held.removeEventListener(Connected);
  held.dispatchEvent({ name: Connected });
  assert.deepEqual(noted, ["second", "third"]);
});

test("`once` is once, also where the handler dispatches the event again", () => {
  const { target: held, noted, note } = target();
  held.on(
    Connected,
    () => {
      noted.push("once");
      held.dispatchEvent({ name: Connected });
    },
    { once: true },
  );
  held.on(Connected, note("always"));
  held.dispatchEvent({ name: Connected });
  assert.deepEqual(noted, ["once", "always", "always"]);
});

test("exactly `false` stops the handlers after it", () => {
  for (const [answer, expected] of [[false, ["first"]], [0, ["first", "second"]], [undefined, ["first", "second"]], ["", ["first", "second"]]] as const) {
    const { target: held, noted, note } = target();
    held.on(Connected, note("first", answer));
    held.on(Connected, note("second"));
    held.dispatchEvent({ name: Connected });
    assert.deepEqual(noted, expected, `after ${JSON.stringify(answer)}`);
  }
});

test("a handler that throws is told on the console and harms nobody", (context) => {
  const told = context.mock.method(console, "error", () => undefined);
  const { target: held, noted, note } = target();
  const fault = new Error("the page's own fault");
  held.on(Connected, () => {
    throw fault;
  });
  held.on(Connected, note("second"));
  held.dispatchEvent({ name: Connected });
  assert.deepEqual(noted, ["second"]);
  assert.deepEqual(told.mock.calls[0]?.arguments, [fault]);
});

test("a default handler runs while the page has none", () => {
  const { target: held, noted, note } = target();
  held.addDefaultEventListener(Connected, note("default"));
  held.dispatchEvent({ name: Connected });
  held.on(Connected, note("own"));
  held.dispatchEvent({ name: Connected });
  held.off(Connected);
  held.dispatchEvent({ name: Connected });
  held.removeDefaultEventListener(Connected);
  held.dispatchEvent({ name: Connected });
  assert.deepEqual(noted, ["default", "own", "default"]);
});

test("a handler that another takes away is not called any more", () => {
  const { target: held, noted, note } = target();
  const second = note("second");
  held.on(Connected, () => held.off(Connected, second));
  held.on(Connected, second);
  held.dispatchEvent({ name: Connected });
  assert.deepEqual(noted, []);
});

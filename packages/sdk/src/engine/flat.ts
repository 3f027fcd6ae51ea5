/**
 * Reports as numbers: texts are told to the engine once, and so is the shape of each stats object, that is the names and kinds of its
 * members. Then an object is the number of its shape and a number for each member (`crates/engine-wasm/src/flat.rs`).
 */

import { type Policy, type Telling, telling } from "../privacy.ts";

/** A report as `getStats()` gives it: stats objects by id. */
export type StatsReport = ReadonlyMap<string, object>;

/** What learns texts and shapes. */
export interface Learner {
  text(text: string): void;
  shape(parts: readonly number[]): void;
}

const NUMBER = 0;
const BOOL = 1;
const TEXT = 2;
const JSON_TEXT = 3;
/** Kinds that are no value: the id again, the type, the head of a record, and what JSON leaves out. */
const ID = 4;
const TYPE = 5;
const RECORD = 6;
const NOTHING = 7;
/** Kind of what may not leave the page. */
const DROPPED = 8;

/** Texts or shapes beyond which all are forgotten when a batch was taken. */
const KNOWN_MAX = 5000;

interface Shape {
  readonly number: number;
  readonly id: string;
  readonly type: string;
  /** In the order in which the object has them; the entries of a record follow its head. */
  readonly names: readonly string[];
  readonly kinds: readonly number[];
  /** For a text: the last one that stood here, and the number of what is told of it. */
  readonly texts: (string | undefined)[];
  readonly textNumbers: number[];
  /** How a text is told, where it may not leave the page as it is. */
  readonly tellings: readonly (Telling | undefined)[];
}

type Members = Record<string, unknown>;

/** Writes the reports of one recording. */
export class FlatWriter {
  #numbers = new Float64Array(1024);
  #at = 0;
  #texts = new Map<string, number>([["", 0]]);
  /** The shapes that the object of an id has had, the last one first. */
  #shapes = new Map<string, Shape[]>();
  #shapeCount = 0;
  #policy: Policy | undefined;
  readonly #visit = (stats: object, id: string) => this.#object(id, stats as Members);

  /** `policy` says what may leave the page. */
  constructor(
    private readonly learner: Learner,
    private readonly policy: () => Policy,
  ) {}

  /** The report as numbers; they are overwritten by the next. */
  write(report: StatsReport): Float64Array {
    const policy = this.policy();
    if (policy !== this.#policy) this.#shapes.clear();
    this.#policy = policy;
    this.#at = 0;
    report.forEach(this.#visit);
    return this.#numbers.subarray(0, this.#at);
  }

  /** Whether so much is known that it should be forgotten. */
  get isFull(): boolean {
    return this.#texts.size > KNOWN_MAX || this.#shapeCount > KNOWN_MAX;
  }

  /** Starts over, as the engine does when it is told to forget. */
  forget(): void {
    this.#texts = new Map([["", 0]]);
    this.#shapes.clear();
    this.#shapeCount = 0;
  }

  #object(id: string, stats: Members): void {
    const known = this.#shapes.get(id);
    if (known && this.#values(known[0] as Shape, stats)) return;
    const other = known?.findIndex((shape) => this.#values(shape, stats)) ?? -1;
    const shape = known && other >= 0 ? (known.splice(other, 1)[0] as Shape) : this.#learn(id, stats);
    if (other < 0) this.#values(shape, stats);
    if (known) known.unshift(shape);
    else this.#shapes.set(id, [shape]);
  }

  /** Writes the object if it has this shape. */
  #values(shape: Shape, stats: Members): boolean {
    const { names, kinds, texts, textNumbers } = shape;
    if (this.#at + names.length >= this.#numbers.length) this.#grow(names.length);
    const numbers = this.#numbers;
    let at = this.#at;
    let step = 0;
    numbers[at++] = shape.number;
    // What browsers read fastest: no list is made of names or values.
    for (const name in stats) {
      if (names[step] !== name) return false;
      const value = stats[name];
      const kind = kinds[step];
      if (kind === NUMBER) {
        if (typeof value !== "number") return false;
        numbers[at++] = value;
      } else if (kind === TEXT) {
        // Mostly the one that stood here before.
        if (texts[step] !== value) {
          if (typeof value !== "string") return false;
          this.#learnText(shape, step, value);
        }
        numbers[at++] = textNumbers[step] as number;
      } else if (kind === BOOL) {
        if (typeof value !== "boolean") return false;
        numbers[at++] = value ? 1 : 0;
      } else if (kind === ID) {
        if (value !== shape.id) return false;
      } else if (kind === TYPE) {
        if (value !== shape.type) return false;
      } else if (kindOf(value) !== kind && kind !== DROPPED) {
        return false;
      } else if (kind === JSON_TEXT) {
        const text = JSON.stringify(value) ?? "null";
        if (texts[step] !== text) this.#learnText(shape, step, text);
        numbers[at++] = textNumbers[step] as number;
      } else if (kind === RECORD) {
        for (const key in value as Members) {
          const entry = (value as Members)[key];
          if (names[++step] !== key || kindOf(entry) !== kinds[step]) return false;
          if (typeof entry === "string" && texts[step] !== entry) this.#learnText(shape, step, entry);
          numbers[at++] = typeof entry === "string" ? (textNumbers[step] as number) : Number(entry);
        }
      }
      step++;
    }
    if (step !== names.length) return false;
    this.#at = at;
    return true;
  }

  /** A text that is new here. */
  #learnText(shape: Shape, step: number, text: string): void {
    shape.texts[step] = text;
    shape.textNumbers[step] = this.#text(shape.tellings[step]?.(text) ?? text);
  }

  #text(text: string): number {
    let number = this.#texts.get(text);
    if (number === undefined) {
      number = this.#texts.size;
      this.#texts.set(text, number);
      this.learner.text(text);
    }
    return number;
  }

  #learn(id: string, stats: Members): Shape {
    const names: string[] = [];
    const kinds: number[] = [];
    const tellings: (Telling | undefined)[] = [];
    const texts: undefined[] = [];
    const type = typeof stats["type"] === "string" ? stats["type"] : "";
    const parts = [this.#text(id), this.#text(type)];
    const member = (name: string, key: string | undefined, kind: number) => {
      const tell = telling(type, name, this.#policy as Policy);
      if (tell === null) kind = DROPPED;
      names.push(key ?? name);
      kinds.push(kind);
      tellings.push(kind === TEXT ? tell : undefined);
      texts.push(undefined);
      if (kind <= JSON_TEXT) parts.push(this.#text(name), key === undefined ? 0 : this.#text(key) + 1, kind);
    };
    for (const name in stats) {
      const value = stats[name];
      if (name === "id" && value === id) member(name, undefined, ID);
      else if (name === "type" && typeof value === "string") member(name, undefined, TYPE);
      else {
        const kind = kindOf(value);
        member(name, undefined, kind);
        if (kind === RECORD) for (const key in value as Members) member(name, key, kindOf((value as Members)[key]));
      }
    }
    this.learner.shape(parts);
    return { number: this.#shapeCount++, id, type, names, kinds, texts, textNumbers: names.map(() => 0), tellings };
  }

  #grow(more: number): void {
    const numbers = new Float64Array(2 * (this.#numbers.length + more));
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}

function kindOf(value: unknown): number {
  switch (typeof value) {
    case "number":
      return NUMBER;
    case "boolean":
      return BOOL;
    case "string":
      return TEXT;
    case "object":
      return isRecord(value) ? RECORD : JSON_TEXT;
    default:
      return NOTHING;
  }
}

/** An object that is not empty and holds only numbers, booleans and strings. */
function isRecord(value: object | null): boolean {
  if (value === null || Array.isArray(value)) return false;
  let isEmpty = true;
  for (const key in value) {
    if (kindOf((value as Members)[key]) > TEXT) return false;
    isEmpty = false;
  }
  return !isEmpty;
}

/**
 * Reports as numbers: texts are told to the engine once, and so is the shape of each stats object, that is the names and kinds of its
 * members. Then an object is the number of its shape and a number for each member (`crates/engine-wasm/src/flat.rs`).
 */

/** A report as `getStats()` gives it: stats objects by id. */
export type StatsReport = { forEach(visit: (stats: object, id: string) => void): void };

/** What learns texts and shapes. */
export interface Learner {
  text(text: string): void;
  shape(parts: Uint32Array): void;
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

/** Texts or shapes beyond which all are forgotten when a batch was taken. */
const KNOWN_MAX = 5000;

interface Shape {
  readonly number: number;
  readonly id: string;
  readonly type: string;
  /** In the order in which the object has them; the entries of a record follow its head. */
  readonly names: readonly string[];
  readonly kinds: readonly number[];
  /** For a text: the last one that stood here, and its number. */
  readonly texts: string[];
  readonly textNumbers: number[];
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
  readonly #visit: (stats: object, id: string) => void;

  /** `change` may replace a stats object by what may leave the page. */
  constructor(
    private readonly learner: Learner,
    change: (stats: object) => object,
  ) {
    this.#visit = (stats, id) => this.#object(String(id), change(stats) as Members);
  }

  /** The report as numbers; they are overwritten by the next. */
  write(report: StatsReport): Float64Array {
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
    const { names, kinds } = shape;
    if (this.#at + names.length >= this.#numbers.length) this.#grow(names.length);
    const numbers = this.#numbers;
    let at = this.#at;
    let step = 0;
    numbers[at++] = shape.number;
    for (const name in stats) {
      if (names[step] !== name) return false;
      const value = stats[name];
      switch (kinds[step]) {
        case NUMBER:
          if (typeof value !== "number") return false;
          numbers[at++] = value;
          break;
        case BOOL:
          if (typeof value !== "boolean") return false;
          numbers[at++] = value ? 1 : 0;
          break;
        case TEXT:
          if (typeof value !== "string") return false;
          numbers[at++] = this.#textAt(shape, step, value);
          break;
        case ID:
          if (value !== shape.id) return false;
          break;
        case TYPE:
          if (value !== shape.type) return false;
          break;
        default: {
          if (kindOf(value) !== kinds[step]) return false;
          if (kinds[step] === JSON_TEXT) numbers[at++] = this.#textAt(shape, step, JSON.stringify(value) ?? "null");
          if (kinds[step] !== RECORD) break;
          for (const key in value as Members) {
            const entry = (value as Members)[key];
            if (names[++step] !== key || kindOf(entry) !== kinds[step]) return false;
            numbers[at++] = typeof entry === "string" ? this.#textAt(shape, step, entry) : Number(entry);
          }
        }
      }
      step++;
    }
    if (step !== names.length) return false;
    this.#at = at;
    return true;
  }

  /** The number of a text; mostly it is the one that stood here before. */
  #textAt(shape: Shape, step: number, text: string): number {
    if (shape.texts[step] === text) return shape.textNumbers[step] as number;
    shape.texts[step] = text;
    return (shape.textNumbers[step] = this.#text(text));
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
    const type = typeof stats["type"] === "string" ? stats["type"] : "";
    const parts = [this.#text(id), this.#text(type)];
    const member = (name: string, key: string | undefined, kind: number) => {
      names.push(key ?? name);
      kinds.push(kind);
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
    this.learner.shape(Uint32Array.from(parts));
    return { number: this.#shapeCount++, id, type, names, kinds, texts: [], textNumbers: [] };
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

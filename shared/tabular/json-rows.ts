/** Lines of JSON as objects; a line that is none is skipped and counted. */
import type { TextReader } from './text-table.ts';

export type JsonObject = { readonly [key: string]: unknown };

const newline = 10;
const carriageReturn = 13;

export class JsonRows implements TextReader<readonly JsonObject[]> {
  readonly #capacity: number;
  readonly #isWanted: ((row: number) => boolean) | undefined;
  readonly #onBrokenText: () => void;
  #objects: JsonObject[] = [];
  #line = 1;
  #read = 0;
  skippedRows = 0;
  firstSkipped: string | undefined;
  /** JSON writes a newline as \n: one line is one record. */
  readonly multilineRows = 0;

  /** @param onBrokenText called for each line with bytes that are not UTF-8 */
  constructor(capacity: number, onBrokenText: () => void, isWanted?: (row: number) => boolean) {
    this.#capacity = capacity;
    this.#onBrokenText = onBrokenText;
    this.#isWanted = isWanted;
  }

  get rows(): number {
    return this.#objects.length;
  }

  get isFull(): boolean {
    return this.rows === this.#capacity;
  }

  parse(bytes: Uint8Array, from: number, end: number, more: 'more' | 'none' | 'no room'): number {
    let at = from;
    while (!this.isFull && at < end) {
      const lineEnd = bytes.indexOf(newline, at);
      if (lineEnd >= end && more !== 'none') return at;
      this.#readLine(bytes, at, lineEnd);
      this.#line++;
      at = lineEnd + 1;
    }
    return Math.min(at, end);
  }

  take(): readonly JsonObject[] {
    const objects = this.#objects;
    this.#objects = [];
    return objects;
  }

  #readLine(bytes: Uint8Array, from: number, to: number): void {
    if (to === from || (to === from + 1 && bytes[from] === carriageReturn)) return;
    // a line that a sample does not want is not looked into: it may be a broken one
    if (this.#isWanted !== undefined && !this.#isWanted(this.#read)) {
      this.#read++;
      return;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
    if (text.includes('\uFFFD')) this.#onBrokenText();
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        this.#objects.push(value as JsonObject);
        this.#read++;
      } else this.#skip(`an object is expected, got ${JSON.stringify(value).slice(0, 40)}`);
    } catch (error) {
      this.#skip((error as Error).message);
    }
  }

  #skip(reason: string): void {
    this.skippedRows++;
    this.firstSkipped ??= `line ${this.#line}: not a JSON object: ${reason}`;
  }
}

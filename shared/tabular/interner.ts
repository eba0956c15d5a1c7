/** Remembers what the bytes of a cell stood for, so that a text seen before costs a hash and a comparison. */

const firstSlots = 256;
const maxEntries = 65_536;
const maxPoolBytes = 4 << 20;

/** FNV-1a, 32 bit; folded over the bytes of a cell by whoever scans them. */
export const hashSeed = 0x811c9dc5 | 0;
export const hashPrime = 0x01000193;

/** Memory is bounded: when too much was remembered it starts afresh. */
export class Interner<T> {
  readonly #meaningOf: (text: string) => T;
  readonly #decode: (bytes: Uint8Array) => string;
  #slots = new Int32Array(firstSlots);
  #hashes: number[] = [];
  /** Where entry `at` starts in the pool; the next element is its end. */
  #starts: number[] = [0];
  #values: T[] = [];
  #pool = new Uint8Array(4096);

  /**
   * @param decode bytes to text
   * @param meaningOf called with the trimmed text, once per text remembered
   */
  constructor(decode: (bytes: Uint8Array) => string, meaningOf: (text: string) => T) {
    this.#decode = decode;
    this.#meaningOf = meaningOf;
  }

  /** The meaning of `bytes[from … to)`, whose hash the caller has at hand. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): T {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return this.#add(bytes, from, to, hash);
      if (this.#hashes[entry] === hash && this.#isEntry(entry, bytes, from, to)) return this.#values[entry]!;
      slot = (slot + 1) & mask;
    }
  }

  /** The meaning of `bytes[from … to)`. */
  read(bytes: Uint8Array, from: number, to: number): T {
    let hash = hashSeed;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, hashPrime);
    return this.find(bytes, from, to, hash);
  }

  #isEntry(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    const pool = this.#pool;
    const start = this.#starts[entry]!;
    const length = to - from;
    if (this.#starts[entry + 1]! - start !== length) return false;
    for (let at = 0; at < length; at++) if (pool[start + at] !== bytes[from + at]) return false;
    return true;
  }

  #add(bytes: Uint8Array, from: number, to: number, hash: number): T {
    const value = this.#meaningOf(this.#decode(bytes.subarray(from, to)).trim());
    const used = this.#starts.at(-1)!;
    const needed = used + (to - from);
    if (needed > maxPoolBytes || this.#values.length === maxEntries) {
      if (to - from > maxPoolBytes) return value;
      this.#forget();
      return this.find(bytes, from, to, hash);
    }
    if (needed > this.#pool.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#pool.length));
      larger.set(this.#pool);
      this.#pool = larger;
    }
    this.#pool.set(bytes.subarray(from, to), used);
    this.#starts.push(needed);
    this.#hashes.push(hash);
    this.#values.push(value);
    if (2 * this.#values.length > this.#slots.length) this.#grow();
    else this.#place(this.#values.length - 1);
    return value;
  }

  #place(entry: number): void {
    const hash = this.#hashes[entry]!;
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  #grow(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let entry = 0; entry < this.#values.length; entry++) this.#place(entry);
  }

  #forget(): void {
    this.#slots = new Int32Array(firstSlots);
    this.#hashes = [];
    this.#starts = [0];
    this.#values = [];
    this.#pool = new Uint8Array(4096);
  }
}

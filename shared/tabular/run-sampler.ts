/** Rows spread evenly over a file whose length is not known before its end: runs of neighbours, thinned by half as they get too many. */

/** Runs in the result; rows within a run are neighbours, so that what only rises can be told from what is sorted. */
const runs = 256;

export class RunSampler<Run> {
  /** Rows of one run. */
  readonly runRows: number;
  #stride = 1;
  #kept: Run[] = [];

  /** @param rows about how many are wanted */
  constructor(rows: number) {
    this.runRows = Math.max(1, Math.ceil(rows / runs));
  }

  /** Whether the row, counted from 0, belongs to a run that is kept for now. */
  readonly wants = (row: number): boolean => Math.floor(row / this.runRows) % this.#stride === 0;

  add(run: Run): void {
    this.#kept.push(run);
    if (this.#kept.length < 2 * runs) return;
    this.#kept = this.#kept.filter((_, at) => at % 2 === 0);
    this.#stride *= 2;
  }

  /** At most 256 runs, in order. */
  result(): readonly Run[] {
    const found = this.#kept.length;
    if (found <= runs) return this.#kept;
    return Array.from({ length: runs }, (_, at) => this.#kept[Math.floor((at * found) / runs)]!);
  }
}

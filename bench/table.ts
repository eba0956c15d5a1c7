/** What every benchmark gives: a title and rows of (what, measured). */
export interface BenchTable {
  readonly name: string;
  readonly rows: readonly (readonly [string, string])[];
}

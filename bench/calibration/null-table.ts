/** The null table's simulation: how often the primary p-value of one undrifted column is at most 5 %. */

import { cellChances, FLAG_SHARE, type NumericKind, ZERO_SHARE } from './cell-chances.ts';
import { multinomial, normalDraws, type Uniform, uniformStream } from './draws.ts';
import {
  categoricalProfile,
  categoricalReference,
  compareColumn,
  numericProfile,
  numericReference,
  profileOf,
  type Reference,
} from './engine.ts';

const NUMERIC_KINDS: readonly NumericKind[] = ['normal', 'lognormal', 'rounded', 'flag 1 %', 'zeros 95 %'];
export const NULL_KINDS = [...NUMERIC_KINDS, 'k=2', 'k=5', 'k=20', 'k=100', 'zipf'] as const;
type NullKind = (typeof NULL_KINDS)[number];
export const CURRENT_SIZES = [50, 100, 1000, 10_000, 100_000] as const;

/** Independent references, and currents of each size drawn against every one of them. */
export const NULL_REFERENCES = [
  { rows: 1000, references: 10_000, currents: 2 },
  { rows: 5000, references: 5000, currents: 4 },
  { rows: 100_000, references: 2000, currents: 10 },
] as const;

export interface NullTask {
  readonly table: 'null';
  readonly kind: NullKind;
  readonly referenceRows: number;
  readonly references: number;
  readonly currents: number;
  readonly seed: number;
}

export interface NullResult {
  /** Share of tests with p ≤ 0.05, by current size; a column the engine declines to compare counts as none. */
  readonly rejected: readonly number[];
  /** Share the engine declined. */
  readonly declined: readonly number[];
  readonly tests: number;
  /** Standard error of the shares, which allows for currents that share a reference. */
  readonly standardErrors: readonly number[];
}

const NOMINAL = 0.05;
/** Up to here rows are drawn and counted by the product; above, counts on its cells are drawn with exact chances. */
const MAX_DRAWN_ROWS = 1000;

interface NullModel {
  reference(rows: number): Reference;
  /** A source of currents for one reference. */
  currents(reference: Reference): (rows: number) => ReturnType<typeof profileOf>;
}

export function runNull(task: NullTask): NullResult {
  const random = uniformStream(task.seed);
  const model = modelOf(task.kind, random);
  const sizes = CURRENT_SIZES.length;
  const rejected = new Float64Array(sizes);
  const declined = new Float64Array(sizes);
  const squares = new Float64Array(sizes);
  for (let at = 0; at < task.references; at++) {
    const reference = model.reference(task.referenceRows);
    const draw = model.currents(reference);
    for (let size = 0; size < sizes; size++) {
      let here = 0;
      for (let current = 0; current < task.currents; current++) {
        const drift = compareColumn(reference, draw(CURRENT_SIZES[size]!), 'x');
        if (!drift.computable) declined[size]!++;
        else if (drift.pValue <= NOMINAL) here++;
      }
      rejected[size]! += here;
      squares[size]! += (here / task.currents) ** 2;
    }
  }
  const tests = task.references * task.currents;
  const shares = [...rejected].map((count) => count / tests);
  return {
    rejected: shares,
    declined: [...declined].map((count) => count / tests),
    tests,
    standardErrors: shares.map((share, size) =>
      Math.sqrt(Math.max(0, squares[size]! / task.references - share * share) / task.references),
    ),
  };
}

function modelOf(kind: NullKind, random: Uniform): NullModel {
  const numeric = NUMERIC_KINDS.find((one) => one === kind);
  if (numeric) return numericModel(numeric, random);
  return categoricalModel(
    kind === 'zipf' ? zipfShares(5000, 1.1) : evenShares(Number(kind.slice(2))),
    random,
  );
}

function numericModel(kind: NumericKind, random: Uniform): NullModel {
  const normal = normalDraws(random);
  const draw = {
    normal,
    lognormal: () => Math.exp(normal()),
    rounded: () => Math.round(100 * normal()) / 100,
    'flag 1 %': () => (random() < FLAG_SHARE ? 1 : 0),
    'zeros 95 %': () => (random() < ZERO_SHARE ? 0 : Math.exp(normal())),
  }[kind];
  const column = (rows: number) => {
    const values = new Float32Array(rows);
    for (let row = 0; row < rows; row++) values[row] = draw();
    return { kind: 'numeric' as const, name: 'x', channel: 'feature' as const, values };
  };
  return {
    reference: (rows) => numericReference(column(rows)),
    currents({ anchors }) {
      const cumulative = cellChances(anchors, kind);
      const counts = new Float64Array(cumulative.length);
      return (rows) => {
        if (rows <= MAX_DRAWN_ROWS) return profileOf(anchors, [column(rows)]);
        multinomial(random, rows, cumulative, counts);
        return numericProfile(anchors, counts);
      };
    },
  };
}

function categoricalModel(shares: Float64Array, random: Uniform): NullModel {
  let sum = 0;
  const cumulative = shares.map((share) => {
    sum += share;
    return sum;
  });
  cumulative[cumulative.length - 1] = 1;
  const counts = new Float64Array(shares.length);
  return {
    reference(rows) {
      multinomial(random, rows, cumulative, counts);
      return categoricalReference(counts);
    },
    currents(reference) {
      const { known } = reference as ReturnType<typeof categoricalReference>;
      return (rows) => {
        multinomial(random, rows, cumulative, counts);
        return categoricalProfile(reference.anchors, known, counts);
      };
    },
  };
}

function evenShares(categories: number): Float64Array {
  return new Float64Array(categories).fill(1 / categories);
}

function zipfShares(categories: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: categories }, (_, at) => (at + 1) ** -exponent);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}

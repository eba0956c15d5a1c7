/** The power simulation: one of 30 features drifts, and the whole verdict is asked when it says so. */

import { cellChances } from './cell-chances.ts';
import { multinomial, normalDraws, type Uniform, uniformStream } from './draws.ts';
import {
  categoryName,
  comparedColumn,
  isAlarmLevel,
  isShown,
  judge,
  numericProfile,
  numericReference,
  profileOf,
  referenceOf,
  type SimulatedColumn,
  type WindowOutcome,
} from './engine.ts';

type Drift =
  | 'none'
  | 'shift 0.25'
  | 'shift 0.5'
  | 'shift 0.8'
  | 'missing 5 %'
  | 'missing 10 %'
  | 'scale 1.3'
  | 'Laplace'
  | 'uniform'
  | 'rounding'
  | 'category';

export interface PowerTask {
  readonly table: 'power';
  readonly drift: Drift | 'shift 0.01' | 'outlier';
  readonly referenceRows: number;
  readonly rows: number;
  readonly repetitions: number;
  readonly seed: number;
}

/** Shares of the repetitions; each has a reference of its own. */
export interface PowerResult {
  /** The drifted feature's level in the first drifted window. */
  readonly shown: number;
  readonly warning: number;
  readonly critical: number;
  /** A quality finding on the drifted feature in that window. */
  readonly quality: number;
  /** An alarm confirmed within so many drifted windows. */
  readonly confirmedWithin: Readonly<Record<2 | 3 | 6, number>>;
  /** Only for `outlier`: the least and the mean ratio of the PSI with the outlier to the PSI without. */
  readonly ratio?: { readonly least: number; readonly mean: number };
}

const FEATURES = 30;
/** Drift-free windows before the drift. */
const QUIET = 2;
const DRIFTED = 6;

export function runPower(task: PowerTask): PowerResult {
  const random = uniformStream(task.seed);
  if (task.drift === 'outlier') return outlierRatio(task, random);
  if (task.drift === 'shift 0.01') return tinyShift(task, random);
  const counts = { shown: 0, warning: 0, critical: 0, quality: 0, two: 0, three: 0, six: 0 };
  for (let repetition = 0; repetition < task.repetitions; repetition++) {
    const { first, windows } = simulateDrift(task, task.drift, random);
    if (isShown(first.level)) counts.shown++;
    if (isAlarmLevel(first.level)) counts.warning++;
    if (first.level === 'critical') counts.critical++;
    if (first.findings.some((finding) => finding.endsWith(':x'))) counts.quality++;
    if (windows <= 2) counts.two++;
    if (windows <= 3) counts.three++;
    if (windows <= 6) counts.six++;
  }
  const share = (count: number) => count / task.repetitions;
  return {
    shown: share(counts.shown),
    warning: share(counts.warning),
    critical: share(counts.critical),
    quality: share(counts.quality),
    confirmedWithin: { 2: share(counts.two), 3: share(counts.three), 6: share(counts.six) },
  };
}

/** Windows until an alarm is confirmed, counted from the first drifted one; infinite when it never is. */
function simulateDrift({ referenceRows, rows }: PowerTask, drift: Drift, random: Uniform) {
  const normal = normalDraws(random);
  const columns = (count: number, drawn: Drift): SimulatedColumn[] => [
    driftingColumn(drawn, drift, count, normal, random),
    ...Array.from({ length: FEATURES - 1 }, (_, at) => quietColumn(at, count, normal, random)),
  ];
  const reference = referenceOf(columns(referenceRows, 'none'));
  const history: WindowOutcome[] = [];
  let windows = Number.POSITIVE_INFINITY;
  let first: { level: string | undefined; findings: readonly string[] } = { level: undefined, findings: [] };
  for (let window = 0; window < QUIET + DRIFTED && windows === Number.POSITIVE_INFINITY; window++) {
    const drawn = window < QUIET ? 'none' : drift;
    const current = profileOf(reference.anchors, columns(rows, drawn));
    const judged = judge(reference, current, `2026-01-0${window + 1}`, history);
    history.push(judged.outcome);
    if (window === QUIET) first = { level: judged.levels.get('x'), findings: judged.findings };
    if (window >= QUIET && judged.outcome.confirmed) windows = window - QUIET + 1;
  }
  return { first: first as { level: Parameters<typeof isShown>[0]; findings: readonly string[] }, windows };
}

/** The feature under test, as it is (`none`) or drifted; `drift` says what it is like before. */
function driftingColumn(
  drawn: Drift,
  drift: Drift,
  rows: number,
  normal: () => number,
  random: Uniform,
): SimulatedColumn {
  const identity = { name: 'x', channel: 'feature' as const };
  if (drift === 'category') {
    const values = Array.from({ length: rows }, () =>
      drawn !== 'none' && random() < 0.15 ? categoryName(0) : categoryName(Math.floor(5 * random())),
    );
    return { kind: 'categorical', ...identity, values };
  }
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) values[row] = driftedValue(drawn, drift, normal, random);
  return { kind: 'numeric', ...identity, values };
}

/** Laplace and uniform have mean 0 and variance 1, like the normal they replace. */
function driftedValue(drawn: Drift, drift: Drift, normal: () => number, random: Uniform): number {
  const z = normal();
  if (drift === 'rounding') return drawn === 'none' ? Math.round(100 * z) / 100 : Math.round(10 * z) / 10;
  switch (drawn) {
    case 'shift 0.25':
    case 'shift 0.5':
    case 'shift 0.8':
      return z + Number(drawn.slice(6));
    case 'missing 5 %':
    case 'missing 10 %':
      return random() < Number.parseFloat(drawn.slice(8)) / 100 ? Number.NaN : z;
    case 'scale 1.3':
      return 1.3 * z;
    case 'Laplace':
      return ((random() < 0.5 ? -1 : 1) * -Math.log(1 - random())) / Math.SQRT2;
    case 'uniform':
      return Math.sqrt(12) * (random() - 0.5);
    default:
      return z;
  }
}

/** Nineteen normals, five of 5 categories, five of 20. */
function quietColumn(at: number, rows: number, normal: () => number, random: Uniform): SimulatedColumn {
  const identity = { name: `quiet_${at}`, channel: 'feature' as const };
  if (at < 19) {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = normal();
    return { kind: 'numeric', ...identity, values };
  }
  const categories = at < 24 ? 5 : 20;
  const values = Array.from({ length: rows }, () => categoryName(Math.floor(categories * random())));
  return { kind: 'categorical', ...identity, values };
}

/** 0.01 σ in huge windows, one feature alone: a family of one is the easiest to alarm on. */
function tinyShift({ referenceRows, rows, repetitions }: PowerTask, random: Uniform): PowerResult {
  const normal = normalDraws(random);
  let [shown, warning, critical, confirmed] = [0, 0, 0, 0];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const reference = numericReference({
      kind: 'numeric',
      name: 'x',
      channel: 'feature',
      values: Float32Array.from({ length: referenceRows }, normal),
    });
    const chances = cellChances(reference.anchors, 'normal', 0.01);
    const counts = new Float64Array(chances.length);
    const history: WindowOutcome[] = [];
    for (let window = 0; window < 2; window++) {
      multinomial(random, rows, chances, counts);
      const current = numericProfile(reference.anchors, counts);
      const { outcome, levels } = judge(reference, current, `2026-01-0${window + 1}`, history);
      history.push(outcome);
      const level = levels.get('x');
      if (window === 0 && isShown(level)) shown++;
      if (window === 0 && level === 'critical') critical++;
      if (window === 0 && isAlarmLevel(level)) warning++;
    }
    if (history.at(-1)?.confirmed) confirmed++;
  }
  const share = (count: number) => count / repetitions;
  return {
    shown: share(shown),
    warning: share(warning),
    critical: share(critical),
    quality: 0,
    confirmedWithin: { 2: share(confirmed), 3: share(confirmed), 6: share(confirmed) },
  };
}

/** PSI of a 1 σ shift with one value of 1e6 among the rows, over the PSI of the same rows without it. */
function outlierRatio({ referenceRows, rows, repetitions }: PowerTask, random: Uniform): PowerResult {
  const normal = normalDraws(random);
  const column = (values: Float64Array) => ({
    kind: 'numeric' as const,
    name: 'x',
    channel: 'feature' as const,
    values,
  });
  const ratios: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const reference = numericReference(column(Float64Array.from({ length: referenceRows }, normal)));
    const values = Float64Array.from({ length: rows }, () => normal() + 1);
    const psi = () =>
      comparedColumn(reference, profileOf(reference.anchors, [column(values)]), 'x')?.psi ?? Number.NaN;
    const clean = psi();
    values[0] = 1e6;
    ratios.push(psi() / clean);
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  return {
    shown: 0,
    warning: 0,
    critical: 0,
    quality: 0,
    confirmedWithin: { 2: 0, 3: 0, 6: 0 },
    ratio: { least: Math.min(...ratios), mean },
  };
}

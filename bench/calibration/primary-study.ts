/** The primary test's study: how often each candidate finds a drift of one numeric column, and finds one where there is none. */

import { featureCells } from '#shared/drift/feature-cells.ts';
import { kolmogorovSmirnov } from '#shared/drift/ks.ts';
import type { NotComputable } from '#shared/drift/measure.ts';
import { categoricalPrimaryTest, numericPrimaryTest } from '#shared/drift/primary-test.ts';
import { rankComponents } from '#shared/drift/rank-components.ts';
import { featureOf } from '#shared/profile/profile.ts';
import { normalDraws, type Uniform, uniformStream } from './draws.ts';
import { numericReference, profileOf } from './engine.ts';

export const CANDIDATES = ['χ² on cells', 'KS', 'rank components', 'components and χ²'] as const;
/** One of 30 features, and a test by itself. */
const STUDY_LEVELS = [0.05 / 30, 0.05] as const;

type Draw = () => number;
type Sampler = (normal: Draw, random: Uniform) => Draw;

const asIs: Sampler = (normal) => normal;

/** What the current rows are drawn from; the reference from a standard normal, unless it is named too. */
const ALTERNATIVES: Readonly<Record<string, { readonly current: Sampler; readonly reference?: Sampler }>> = {
  'no drift': { current: asIs },
  'shift by 0.25 σ': { current: (normal) => () => normal() + 0.25 },
  'shift by 0.2 σ, 40 distinct values': {
    reference: (normal) => () => Math.round(8 * normal()) / 8,
    current: (normal) => () => Math.round(8 * (normal() + 0.2)) / 8,
  },
  'shift by 0.2 σ on a log scale': {
    reference: (normal) => () => Math.exp(normal()),
    current: (normal) => () => Math.exp(normal() + 0.2),
  },
  'spread × 1.2': { current: (normal) => () => 1.2 * normal() },
  'spread × 0.85': { current: (normal) => () => 0.85 * normal() },
  'two modes, same mean and spread': {
    current: (normal, random) => () => (random() < 0.5 ? -0.8 : 0.8) + 0.6 * normal(),
  },
  '5 % of rows at 3 ± 0.3 σ': {
    current: (normal, random) => () => (random() < 0.05 ? 3 + 0.3 * normal() : normal()),
  },
  '5 % of rows at one common value': { current: (normal, random) => () => (random() < 0.05 ? -1 : normal()) },
  'rounded to 0.5 σ': { current: (normal) => () => Math.round(2 * normal()) / 2 },
  'zeros from 60 to 52 %': {
    reference: (normal, random) => () => (random() < 0.6 ? 0 : Math.exp(normal())),
    current: (normal, random) => () => (random() < 0.52 ? 0 : Math.exp(normal())),
  },
};

export const STUDY_ALTERNATIVES: readonly string[] = Object.keys(ALTERNATIVES);

export interface StudyTask {
  readonly table: 'study';
  readonly alternative: string;
  readonly referenceRows: number;
  readonly rows: number;
  readonly repetitions: number;
  readonly seed: number;
}

export interface StudyResult {
  /** Share found by each candidate, at p ≤ 0.05/30 and at p ≤ 0.05. */
  readonly found: readonly (readonly number[])[];
}

export function runStudy({ alternative, referenceRows, rows, repetitions, seed }: StudyTask): StudyResult {
  const random = uniformStream(seed);
  const normal = normalDraws(random);
  const { reference = asIs, current } = ALTERNATIVES[alternative]!;
  const [before, now] = [reference(normal, random), current(normal, random)];
  const found = STUDY_LEVELS.map(() => CANDIDATES.map(() => 0));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const pValues = candidatePValues(columnOf(referenceRows, before), columnOf(rows, now));
    STUDY_LEVELS.forEach((level, at) => {
      pValues.forEach((pValue, candidate) => {
        if (pValue <= level) found[at]![candidate]! += 1 / repetitions;
      });
    });
  }
  return { found };
}

function columnOf(rows: number, draw: Draw) {
  const values = Float32Array.from({ length: rows }, draw);
  return { kind: 'numeric' as const, name: 'x', channel: 'feature' as const, values };
}

function candidatePValues(
  before: ReturnType<typeof columnOf>,
  now: ReturnType<typeof columnOf>,
): readonly number[] {
  const { anchors, profile } = numericReference(before);
  const [reference, current] = [featureOf(profile, 'x'), featureOf(profileOf(anchors, [now]), 'x')];
  if (reference.kind !== 'numeric' || current.kind !== 'numeric')
    throw new TypeError('the column is not numeric');
  const cells = featureCells(anchors.anchors[0]!, reference, current);
  const fine = { reference: reference.cells, current: current.cells };
  return [
    categoricalPrimaryTest(cells),
    kolmogorovSmirnov(reference.cells, current.cells),
    rankComponents(reference.cells, current.cells),
    numericPrimaryTest(fine, cells),
  ].map((test: { readonly computable: true; readonly pValue: number } | NotComputable) =>
    test.computable ? test.pValue : 1,
  );
}

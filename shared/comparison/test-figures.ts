/** Every test and distance that two profiles of a column can answer. */

import { featureCells } from '../drift/feature-cells.ts';
import { type NotComputable, notComputable } from '../drift/measure.ts';
import type { Convention, DriftTest, NumericPair, TestResult } from '../drift/tests/drift-test.ts';
import { driftTests } from '../drift/tests/registry.ts';
import type { Anchor } from '../profile/anchors.ts';
import { type FeatureProfile, rowsOf } from '../profile/profile.ts';
import type { TestFigure } from './comparison.ts';
import type { SampledValues } from './sampled-rows.ts';

/** The usual short name where there is one. */
const shortNames: Readonly<Record<string, string>> = { kolmogorov_smirnov: 'ks' };

/** Cells of the banking convention. */
const DECILES = 10;
/** Their bins of numbers are their own, and cannot be had from counts on other cells. */
const ownBins: readonly Convention[] = ['evidently', 'nannyml', 'sentinelml'];

const NO_ROWS = 'needs rows, and none were kept';

export interface FigureOptions {
  /** Followed by the tests that have it; the others stay with their own default. @default 'tidemark' */
  readonly convention?: Convention;
  /** Values of the same column, or why there are none. */
  readonly sample?: SampledValues | NotComputable;
  /** Why tests that no counts can answer are left out though there are rows, if they are. */
  readonly withoutRowTests?: string;
}

interface Answer {
  readonly result: TestResult | NotComputable;
  readonly rows?: number;
}

/**
 * By test name. Numbers are tested on their fine cells where the test knows how, on the coarse cells otherwise;
 * categories on the coarse cells. What no counts can answer is answered by a sample of the rows, and says so: tests of
 * the values themselves, and bins that only another tool has. Where the sample is all rows, every test in a convention
 * other than Tidemark's is answered by them, so that it is that tool's own figure.
 */
export function testFigures(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
  { convention = 'tidemark', sample = notComputable(NO_ROWS), withoutRowTests }: FigureOptions = {},
): Record<string, TestFigure> {
  const pair = numericPair(anchor, reference, current);
  const isAllRows =
    sample.computable &&
    sample.reference.length === rowsOf(reference) &&
    sample.current.length === rowsOf(current);
  const cells = cellCounts(anchor, reference, current);
  const theirs = convention === 'tidemark' ? cells : conventionCounts(anchor, reference, current, convention);
  const ofRows = (test: DriftTest, options: { readonly convention?: Convention }): Answer | undefined => {
    if (!test.samples) return undefined;
    if (!sample.computable) return { result: sample };
    const { random } = sample;
    const result = test.samples(sample.reference, sample.current, { ...options, random });
    return isAllRows
      ? { result }
      : { result, rows: Math.max(sample.reference.length, sample.current.length) };
  };
  const run = (test: DriftTest): Answer | undefined => {
    const isFollowed = follows(test, convention);
    const options = isFollowed ? { convention } : {};
    const counts = isFollowed ? theirs : cells;
    if (!pair) return test.counts && { result: test.counts(counts.reference, counts.current, options) };
    if (!test.profiles && !test.counts)
      return withoutRowTests === undefined
        ? ofRows(test, options)
        : { result: notComputable(withoutRowTests) };
    const isBinned = !test.profiles && ownBins.includes(convention);
    if (isFollowed && (isAllRows || isBinned)) return ofRows(test, options);
    if (test.profiles) return { result: test.profiles(pair, options) };
    return test.counts && { result: test.counts(counts.reference, counts.current, options) };
  };
  const figures: Record<string, TestFigure> = {};
  for (const test of driftTests) {
    const answer = run(test);
    if (!answer) continue;
    const figure = toFigure(answer, whyInfinite(test, anchor));
    const isFollowed = follows(test, convention) && !('not_computable' in figure);
    figures[shortNames[test.name] ?? test.name] = isFollowed ? { ...figure, convention } : figure;
  }
  return figures;
}

interface Counts {
  readonly reference: ArrayLike<number>;
  readonly current: ArrayLike<number>;
}

/** Other tools compare all categories; the rows of those that the baseline lacks are one more. */
function conventionCounts(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
  convention: Convention,
): Counts {
  if (reference.kind === 'categorical' && current.kind === 'categorical') {
    const isAllKnown = reference.unseen.total + current.unseen.total === 0;
    // an empty cell more would be filled, and count
    const all = ({ categories, unseen }: typeof reference) =>
      isAllKnown ? categories : [...categories, unseen.total];
    return { reference: all(reference), current: all(current) };
  }
  return cellCounts(anchor, reference, current, convention === 'decile' ? DECILES : undefined);
}

function cellCounts(...of: Parameters<typeof featureCells>): Counts {
  const [, reference, current] = of;
  const cells = reference.count > 0 && current.count > 0 ? featureCells(...of) : [];
  return {
    reference: cells.map((cell) => cell.reference),
    current: cells.map((cell) => cell.current),
  };
}

function follows({ conventions }: DriftTest, convention: Convention): boolean {
  return convention !== 'tidemark' && conventions.includes(convention);
}

function numericPair(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
): NumericPair | undefined {
  return anchor.kind === 'numeric' && reference.kind === 'numeric' && current.kind === 'numeric'
    ? { anchor, reference, current }
    : undefined;
}

/** A statistic of the values divides by their spread, one of the shares by a share that may be 0. */
function whyInfinite(test: DriftTest, { kind }: Anchor): string {
  if (kind === 'numeric' && test.profiles) return 'infinite: neither sample varies, and they differ';
  return `infinite: a ${kind === 'numeric' ? 'cell' : 'category'} of one sample is absent from the other`;
}

function toFigure({ result, rows }: Answer, whyInfinite: string): TestFigure {
  if (!result.computable) return { not_computable: result.reason };
  const { statistic, pValue, lo, hi } = result;
  if (!Number.isFinite(statistic)) return { not_computable: whyInfinite };
  return {
    statistic,
    ...(pValue === undefined ? {} : { p_value: pValue }),
    ...(lo === undefined || hi === undefined ? {} : { lo, hi }),
    ...(rows === undefined ? {} : { rows }),
  };
}

/** One feature, reference against current: the figures a verdict is made of. No level is decided here. */

import type { Anchor, Channel } from '#shared/profile/anchors.ts';
import { meanOf, standardDeviationOf } from '#shared/profile/moments.ts';
import { type FeatureProfile, rowsOf } from '#shared/profile/profile.ts';
import { type CoarseCell, coarseCellCount } from './coarse-cells.ts';
import { featureCells } from './feature-cells.ts';
import { jensenShannonDistance } from './jensen-shannon.ts';
import { kolmogorovSmirnov } from './ks.ts';
import { categoricalPrimaryTest, numericPrimaryTest, type PrimaryResult } from './primary-test.ts';
import { populationStability } from './psi.ts';
import { compareShares } from './two-proportions.ts';

/** Fewer usable rows than this on either side are not compared. */
const MIN_COMPARABLE_ROWS = 10;

interface FeatureComparison {
  readonly name: string;
  readonly channel: Channel;
  readonly kind: Anchor['kind'];
  /** Usable rows: neither missing nor infinite. */
  readonly nReference: number;
  readonly nCurrent: number;
  readonly missing: {
    readonly reference: number;
    readonly current: number;
    /** Current share less the reference's. */
    readonly change: number;
    readonly pValue: number;
  };
  /** Share of the current usable rows in categories the baseline does not have; 0 for numbers. */
  readonly unseenShare: number;
}

export interface ComparedFeature extends FeatureComparison {
  readonly computable: true;
  /** Of the primary test (see `primary-test.ts`): the only one that decides. */
  readonly pValue: number;
  readonly primary: PrimaryResult['test'];
  readonly psi: number;
  readonly psiDebiased: number;
  /** Natural logarithm, in [0, 0.8326]. */
  readonly jsDistance: number;
  /** Evidence for numeric columns, when asked for: the distance lies in [lo, hi]. */
  readonly ks?: { readonly lo: number; readonly hi: number; readonly pValue: number };
  readonly k: number;
  readonly cells: readonly CoarseCell[];
  /** Change of the mean in reference standard deviations; numeric columns that vary in the reference. */
  readonly meanShift?: number;
  /** Current over reference standard deviation; numeric columns that vary in the reference. */
  readonly spreadRatio?: number;
  /** Variance inflation that the p-values and the de-biased PSI were corrected for; 1 is none. */
  readonly designEffect: number;
}

interface UncomparedFeature extends FeatureComparison {
  readonly computable: false;
  /** `constant` means unchanged and without variation, not unknown. */
  readonly code: 'too_few_rows' | 'constant';
  readonly reason: string;
}

export type FeatureDrift = ComparedFeature | UncomparedFeature;

/**
 * Compares one column's current profile with its reference.
 *
 * @param anchor the anchor both were counted on
 * @param options.designEffect variance inflation measured from baseline sub-windows, ≥ 1: ten rows per user at
 *   intra-class correlation 0.5 make a nominal 5 % test reject 33 %
 * @param options.evidence also give what decides nothing (KS); a small sample's exact law takes longer than all the rest
 * @example compareFeature(anchor, reference, current) // { computable: true, pValue: 0.41, psi: 0.012, … }
 */
export function compareFeature(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
  options: { readonly designEffect?: number; readonly evidence?: boolean } = {},
): FeatureDrift {
  const designEffect = Math.max(1, options.designEffect ?? 1);
  const comparison = describe(anchor, reference, current, designEffect);
  const fewest = Math.min(reference.count, current.count);
  if (fewest < MIN_COMPARABLE_ROWS)
    return {
      ...comparison,
      computable: false,
      code: 'too_few_rows',
      reason: `${reference.count} reference and ${current.count} current rows; ${MIN_COMPARABLE_ROWS} needed on either side`,
    };
  const limit = coarseCellCount(reference.count / designEffect, current.count / designEffect);
  const cells = featureCells(anchor, reference, current, limit);
  const inReference = cells.map((cell) => cell.reference);
  const inCurrent = cells.map((cell) => cell.current);
  const primary =
    reference.kind === 'numeric' && current.kind === 'numeric'
      ? numericPrimaryTest({ reference: reference.cells, current: current.cells }, cells, designEffect)
      : categoricalPrimaryTest(cells, designEffect);
  const stability = populationStability(inReference, inCurrent, designEffect);
  const jensenShannon = jensenShannonDistance(inReference, inCurrent);
  if (!primary.computable || !stability.computable || !jensenShannon.computable)
    return {
      ...comparison,
      computable: false,
      code: 'constant',
      reason: 'every row of both samples is in one cell',
    };
  return {
    ...comparison,
    computable: true,
    pValue: primary.pValue,
    primary: primary.test,
    designEffect,
    psi: stability.psi,
    psiDebiased: stability.psiDebiased,
    jsDistance: jensenShannon.distance,
    k: cells.length,
    cells,
    ...momentChanges(anchor, reference, current),
    ...(options.evidence ? ksEvidence(reference, current, designEffect) : {}),
  };
}

function describe(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
  designEffect: number,
): FeatureComparison {
  const before = { hits: reference.missing, rows: rowsOf(reference) };
  const now = { hits: current.missing, rows: rowsOf(current) };
  const share = ({ hits, rows }: typeof now) => (rows === 0 ? 0 : hits / rows);
  const unseen = current.kind === 'categorical' ? current.unseen.total : 0;
  return {
    name: anchor.name,
    channel: anchor.channel,
    kind: anchor.kind,
    nReference: reference.count,
    nCurrent: current.count,
    missing: {
      reference: share(before),
      current: share(now),
      change: before.rows === 0 || now.rows === 0 ? 0 : share(now) - share(before),
      pValue: compareShares(before, now, designEffect).twoSided,
    },
    unseenShare: current.count === 0 ? 0 : unseen / current.count,
  };
}

function ksEvidence(
  reference: FeatureProfile,
  current: FeatureProfile,
  designEffect: number,
): Pick<ComparedFeature, 'ks'> {
  if (reference.kind !== 'numeric' || current.kind !== 'numeric') return {};
  const ks = kolmogorovSmirnov(reference.cells, current.cells, designEffect);
  return ks.computable ? { ks: { lo: ks.lo, hi: ks.hi, pValue: ks.pValue } } : {};
}

function momentChanges(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
): Pick<ComparedFeature, 'meanShift' | 'spreadRatio'> {
  if (anchor.kind !== 'numeric' || reference.kind !== 'numeric' || current.kind !== 'numeric') return {};
  const spread = standardDeviationOf(anchor, reference) ?? 0;
  const spreadNow = standardDeviationOf(anchor, current);
  const [before, now] = [meanOf(anchor, reference), meanOf(anchor, current)];
  if (!(spread > 0) || before === undefined || now === undefined) return {};
  return {
    meanShift: (now - before) / spread,
    ...(spreadNow === undefined ? {} : { spreadRatio: spreadNow / spread }),
  };
}

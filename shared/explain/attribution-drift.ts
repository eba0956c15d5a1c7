/** Attribution drift: whether the model still relies on the features it relied on when it was accepted. */

import { type NotComputable, notComputable } from '#shared/drift/measure.ts';
import { kolmogorovSmirnovSamples } from '#shared/drift/tests/kolmogorov-smirnov.ts';
import { spearman } from '#shared/evaluation/spearman.ts';
import { shuffledIndices } from '#shared/random.ts';
import { adjust } from '#shared/verdict/multiplicity.ts';
import { normalizedDiscountedGain } from './ndcg.ts';

/** Contributions of explained rows, row by row: rows × features, in the score's unit. */
export interface AttributionSample {
  readonly rows: number;
  readonly contributions: ArrayLike<number>;
}

interface AttributionDriftPolicy {
  /** False discovery rate over the test of the shares and those of the features. */
  readonly alpha: number;
  /** nDCG below which the order of importance has changed: SageMaker Clarify's limit. */
  readonly ndcg: number;
  /** Rank correlation below which the order has changed a little. */
  readonly rankCorrelation: number;
  /** Share of all importance that has moved between features, above which it is a warning, and shown. */
  readonly movedWarning: number;
  readonly movedShown: number;
  /** Of a feature: the distance of its contributions' distributions, and the share of importance it needs to count. */
  readonly distance: number;
  readonly share: number;
}

const defaultAttributionDriftPolicy: AttributionDriftPolicy = {
  alpha: 0.05,
  ndcg: 0.9,
  rankCorrelation: 0.8,
  movedWarning: 0.15,
  movedShown: 0.05,
  distance: 0.15,
  share: 0.02,
};

interface FeatureAttributionShift {
  readonly feature: string;
  /** Mean |contribution|, in the score's unit. */
  readonly baselineGain: number;
  readonly currentGain: number;
  /** The gain's part of all features' gains; they sum to 1. */
  readonly baselineShare: number;
  readonly currentShare: number;
  /** Kolmogorov–Smirnov distance of the contributions, sign included, 0 to 1. */
  readonly distance: number;
  /** Of that distance, adjusted over all tests. */
  readonly pValue: number;
  readonly isShifted: boolean;
}

export interface AttributionDrift {
  readonly computable: true;
  readonly level: 'stable' | 'shifted' | 'warning';
  /** Why it is not stable, the gravest first. */
  readonly reasons: readonly string[];
  readonly ndcg: number;
  /** Absent where an order needs more features, or all are equally important. */
  readonly rankCorrelation?: number;
  /** Half the sum of the shares' absolute changes: what part of all importance moved to other features. */
  readonly moved: number;
  /** Chance of as much moved without drift, by permutation, adjusted over all tests. */
  readonly pValue: number;
  readonly rows: { readonly baseline: number; readonly current: number };
  /** In the order of their current gain, the largest first. */
  readonly features: readonly FeatureAttributionShift[];
}

/** Explained rows needed on either side: with fewer, gains are noise. */
export const MIN_EXPLAINED_ROWS = 30;

/** Draws behind the p-value of the moved share: the least one is 1/1000, which survives BH over 49 features. */
const DRAWS = 999;

/**
 * Compares contributions of a window's rows with the baseline's, both explained with the same version and background.
 *
 * nDCG alone is blind: it passes a swap of the two leading features (0.905 against a limit of 0.90), any change within the
 * tail, and contributions that changed sign or size. So four figures are judged: nDCG, the rank correlation, the share of
 * importance that moved, and each feature's distribution of contributions. What says whether they are more than the noise
 * of few explained rows is one permutation test of the moved share, and one Kolmogorov–Smirnov test a feature,
 * Benjamini–Hochberg over all. Rows are taken as independent: clusters of alike rows make p too small.
 *
 * Under pure covariate drift attributions move too, since other rows are explained: it is evidence of what drift means to
 * the model, not of a change of the model.
 *
 * @param features - names, in the order of each row's contributions
 * @param random - draws the permutations
 * @returns not computable with fewer than `MIN_EXPLAINED_ROWS` rows on either side, or where no contribution is but 0
 * @throws RangeError when the contributions are not rows × features
 * @example
 * attributionDrift(['carat', 'cut'], baseline, current, { random });
 * // { level: 'warning', ndcg: 0.86, moved: 0.31, pValue: 0.003, reasons: ['31 % of all importance moved …'], … }
 */
export function attributionDrift(
  features: readonly string[],
  baseline: AttributionSample,
  current: AttributionSample,
  {
    random,
    policy = defaultAttributionDriftPolicy,
  }: { readonly random: () => number; readonly policy?: AttributionDriftPolicy },
): AttributionDrift | NotComputable {
  const width = features.length;
  for (const { rows, contributions } of [baseline, current])
    if (contributions.length !== rows * width)
      throw new RangeError(
        `${contributions.length} contributions of ${rows} rows: must be ${rows * width}, one for each of ${width} features`,
      );
  const fewest = Math.min(baseline.rows, current.rows);
  if (fewest < MIN_EXPLAINED_ROWS)
    return notComputable(
      `${baseline.rows} baseline and ${current.rows} current rows are explained: at least ${MIN_EXPLAINED_ROWS} of each are needed`,
    );
  const [before, after] = [gainsOf(baseline, width), gainsOf(current, width)];
  const gain = normalizedDiscountedGain(before, after);
  if (!gain.computable) return gain;
  const [sharesBefore, sharesAfter] = [toShares(before), toShares(after)];
  if (sharesAfter === undefined || sharesBefore === undefined)
    return notComputable('no feature contributes to the explained rows');

  const moved = movedShare(sharesBefore, sharesAfter);
  const distances = features.map((_, feature) => distanceOf(baseline, current, feature, width));
  const [pValue, ...adjusted] = adjust('bh', [
    movedPValue(baseline, current, width, moved, random),
    ...distances.map((one) => one.pValue),
  ]);
  const shifts = features.map((feature, at): FeatureAttributionShift => {
    const [baselineShare, currentShare] = [sharesBefore[at]!, sharesAfter[at]!];
    const { distance } = distances[at]!;
    return {
      feature,
      baselineGain: before[at]!,
      currentGain: after[at]!,
      baselineShare,
      currentShare,
      distance,
      pValue: adjusted[at]!,
      isShifted:
        adjusted[at]! <= policy.alpha &&
        distance > policy.distance &&
        Math.max(baselineShare, currentShare) > policy.share,
    };
  });
  const order = spearman(before, after);
  const figures = {
    ndcg: gain.ndcg,
    ...(order.computable ? { rankCorrelation: order.correlation } : {}),
    moved,
    pValue: pValue!,
  };
  return {
    computable: true,
    ...judge(figures, shifts, policy),
    ...figures,
    rows: { baseline: baseline.rows, current: current.rows },
    features: shifts.sort((one, other) => other.currentGain - one.currentGain),
  };
}

type Figures = Pick<AttributionDrift, 'ndcg' | 'rankCorrelation' | 'moved' | 'pValue'>;

function judge(
  { ndcg, rankCorrelation, moved, pValue }: Figures,
  shifts: readonly FeatureAttributionShift[],
  policy: AttributionDriftPolicy,
): Pick<AttributionDrift, 'level' | 'reasons'> {
  const percent = `${Math.round(100 * moved)} % of all importance moved between features`;
  const isMoved = pValue <= policy.alpha;
  const warnings = [
    ...(isMoved && ndcg < policy.ndcg
      ? [`the features' order of importance changed: nDCG ${ndcg.toFixed(3)} is below ${policy.ndcg}`]
      : []),
    ...(isMoved && moved > policy.movedWarning ? [percent] : []),
  ];
  const shown = [
    ...(isMoved && moved > policy.movedShown && moved <= policy.movedWarning ? [percent] : []),
    ...(isMoved && rankCorrelation !== undefined && rankCorrelation < policy.rankCorrelation
      ? [
          `the rank correlation of importances is ${rankCorrelation.toFixed(2)}, below ${policy.rankCorrelation}`,
        ]
      : []),
    ...shifts
      .filter(({ isShifted }) => isShifted)
      .map(
        ({ feature, distance }) =>
          `the contributions of "${feature}" have another distribution (distance ${distance.toFixed(2)})`,
      ),
  ];
  const level = warnings.length > 0 ? 'warning' : shown.length > 0 ? 'shifted' : 'stable';
  return { level, reasons: [...warnings, ...shown] };
}

/** Mean |contribution| of each feature. */
function gainsOf({ rows, contributions }: AttributionSample, width: number): Float64Array {
  const gains = new Float64Array(width);
  for (let at = 0; at < contributions.length; at++) gains[at % width]! += Math.abs(contributions[at]!);
  return gains.map((sum) => sum / rows);
}

function toShares(gains: Float64Array): Float64Array | undefined {
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return total > 0 ? gains.map((gain) => gain / total) : undefined;
}

function movedShare(before: Float64Array, after: Float64Array): number {
  return before.reduce((sum, share, at) => sum + Math.abs(share - after[at]!), 0) / 2;
}

function distanceOf(
  baseline: AttributionSample,
  current: AttributionSample,
  feature: number,
  width: number,
): { distance: number; pValue: number } {
  const column = ({ rows, contributions }: AttributionSample) =>
    Float64Array.from({ length: rows }, (_, row) => contributions[row * width + feature]!);
  const test = kolmogorovSmirnovSamples(column(baseline), column(current));
  return test.computable ? { distance: test.statistic, pValue: test.pValue } : { distance: 0, pValue: 1 };
}

/** How often as much moves when the rows are dealt to both sides anew, the observed deal counted in. */
function movedPValue(
  baseline: AttributionSample,
  current: AttributionSample,
  width: number,
  moved: number,
  random: () => number,
): number {
  const pooled = Float64Array.from([
    ...Array.from(baseline.contributions, Math.abs),
    ...Array.from(current.contributions, Math.abs),
  ]);
  const rows = baseline.rows + current.rows;
  const all = gainsOf({ rows: 1, contributions: pooled }, width);
  // The distance is the same from either side, and the smaller one is added up sooner.
  const dealt = Math.min(baseline.rows, current.rows);
  let asMuch = 1;
  for (let draw = 0; draw < DRAWS; draw++) {
    const order = shuffledIndices(rows, random);
    const drawn = new Float64Array(width);
    for (let at = 0; at < dealt; at++)
      for (let feature = 0; feature < width; feature++)
        drawn[feature]! += pooled[order[at]! * width + feature]!;
    const others = all.map((sum, feature) => Math.max(0, sum - drawn[feature]!));
    const [rest, hand] = [toShares(others), toShares(drawn)];
    // A side without any contribution is as far as it can be.
    if (!rest || !hand || movedShare(rest, hand) >= moved - 1e-12) asMuch++;
  }
  return asMuch / (DRAWS + 1);
}

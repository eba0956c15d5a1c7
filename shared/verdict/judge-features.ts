/** From comparisons to feature verdicts: multiplicity, effect tiers and a sentence for each. */

import type { ComparedFeature, FeatureDrift } from '#shared/drift/compare-feature.ts';
import { smallestDetectable } from '#shared/drift/smallest-detectable.ts';
import type { Channel } from '#shared/profile/anchors.ts';
import { isAlarm, type Level } from './level.ts';
import { adjust } from './multiplicity.ts';
import { alarmLevel, type DriftPolicy } from './policy.ts';
import { subjectOf } from './subject.ts';

export interface FeatureVerdict {
  readonly name: string;
  readonly channel: Channel;
  readonly level: Level;
  /** Significant and above the clearing threshold: keeps an open episode open. */
  readonly isElevated: boolean;
  /** In plain words, most important first. */
  readonly reasons: readonly string[];
  readonly nCurrent: number;
  readonly nReference: number;
  /** The figures; absent when the feature could not be compared. */
  readonly pValue?: number;
  /** After the policy's correction (Benjamini–Hochberg) over the features judged together. */
  readonly adjustedPValue?: number;
  readonly psi?: number;
  readonly psiDebiased?: number;
  /** Reference standard deviations. */
  readonly meanShift?: number;
  /** Smallest shift, in reference standard deviations, found with 80 % power at this size; with `insufficient_data`. */
  readonly smallestDetectableShift?: number;
}

/** The Jensen–Shannon distance that goes with a PSI of 0.15; far below it the PSI rests on sparse cells. */
export const JS_AT_WARNING = 0.146;
/** As {@link JS_AT_WARNING}, for a PSI of 0.30. */
export const JS_AT_CRITICAL = 0.197;

/**
 * Judges the features of one window together. Losses are left to the performance check; labels, late and selected
 * as they are, are shown at most as `shifted`.
 *
 * @param drifts one comparison per column, any order
 * @example judgeFeatures([compareFeature(anchor, reference, current)], defaultDriftPolicy)[0]?.level // 'stable'
 */
export function judgeFeatures(drifts: readonly FeatureDrift[], policy: DriftPolicy): FeatureVerdict[] {
  const judged = drifts.filter((drift) => drift.channel !== 'loss');
  const compared = judged.filter((drift) => drift.computable);
  const adjusted = adjust(
    policy.correction,
    compared.map((drift) => drift.pValue),
  );
  const adjustedOf = new Map<FeatureDrift, number>(compared.map((drift, at) => [drift, adjusted[at]!]));
  return judged.map((drift) => {
    const { name, channel, nCurrent, nReference } = drift;
    const identity = { name, channel, nCurrent, nReference };
    if (!drift.computable) {
      const level = drift.code === 'constant' ? 'stable' : 'insufficient_data';
      return { ...identity, level, isElevated: false, reasons: [`${subjectOf(name)}: ${drift.reason}`] };
    }
    return { ...identity, ...judge(drift, adjustedOf.get(drift) ?? 1, compared.length, policy) };
  });
}

function judge(drift: ComparedFeature, adjustedPValue: number, family: number, policy: DriftPolicy) {
  const level = levelOf(drift, adjustedPValue, policy);
  const { pValue, psi, psiDebiased, meanShift } = drift;
  const shift =
    level === 'insufficient_data'
      ? smallestDetectable({ ...drift, cells: drift.k }, policy.alpha / family).shift
      : undefined;
  return {
    level,
    isElevated:
      drift.channel !== 'label' &&
      adjustedPValue <= policy.alpha &&
      psiDebiased > policy.clearRatio * policy.psiWarning,
    reasons: describe(drift, level, shift),
    pValue,
    adjustedPValue,
    psi,
    psiDebiased,
    ...(meanShift === undefined ? {} : { meanShift }),
    ...(shift === undefined ? {} : { smallestDetectableShift: shift }),
  };
}

function levelOf(drift: ComparedFeature, adjustedPValue: number, policy: DriftPolicy): Level {
  const { psiDebiased } = drift;
  if (adjustedPValue <= alarmLevel(policy, drift) && drift.channel !== 'label') {
    if (psiDebiased > policy.psiCritical) return 'critical';
    if (psiDebiased > policy.psiWarning) return 'warning';
  }
  if (adjustedPValue <= policy.alpha && psiDebiased > policy.minimalEffect) return 'shifted';
  return Math.min(drift.nCurrent, drift.nReference) < policy.minRows ? 'insufficient_data' : 'stable';
}

function describe(drift: ComparedFeature, level: Level, smallestShift: number | undefined): string[] {
  if (level === 'stable') return [];
  const subject = subjectOf(drift.name);
  if (level === 'insufficient_data')
    return [
      `${subject}: ${drift.nCurrent} rows against ${drift.nReference}; a shift below ${smallestShift?.toFixed(1)} σ would not be seen`,
    ];
  const reasons = [`${subject} ${change(drift)} (PSI ${drift.psi.toFixed(2)}, ${level})`];
  if (isAlarm(level) && drift.jsDistance < JS_AT_WARNING)
    reasons.push(
      `${subject}: Jensen-Shannon distance ${drift.jsDistance.toFixed(3)} does not confirm the PSI, which rests on a sparse cell`,
    );
  return reasons;
}

/** Shifts of the mean below this are better told by the cell that moved most. */
const CLEAR_SHIFT = 0.2;
/** The same for the spread, as a log ratio: a sixth. */
const CLEAR_SPREAD = Math.log(7 / 6);

function change(drift: ComparedFeature): string {
  const { meanShift, spreadRatio, unseenShare } = drift;
  if (meanShift !== undefined && Math.abs(meanShift) >= CLEAR_SHIFT)
    return `moved ${meanShift > 0 ? 'up' : 'down'} by ${Math.abs(meanShift).toFixed(1)} σ`;
  if (spreadRatio !== undefined && Math.abs(Math.log(spreadRatio)) >= CLEAR_SPREAD)
    return `${spreadRatio > 1 ? 'widened' : 'narrowed'}: its spread is ${spreadRatio.toPrecision(2)} times the baseline's`;
  if (unseenShare >= 0.05) return `has ${Math.round(100 * unseenShare)} % values the baseline does not have`;
  const moved = drift.cells
    .map(({ label, reference, current }) => ({
      label,
      before: reference / drift.nReference,
      now: current / drift.nCurrent,
    }))
    .sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before))[0];
  if (!moved) return 'changed its distribution';
  return `changed: "${moved.label}" went from ${Math.round(100 * moved.before)} % to ${Math.round(100 * moved.now)} %`;
}

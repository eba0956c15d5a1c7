/** The registry of quality checks and the one function that runs them: adding a check is a file and a line here. */

import { featureOf, rowsOf } from '#shared/profile/profile.ts';
import { allMissingRows } from './all-missing-rows.ts';
import { duplicateRequestIds, freshness, lateRows, unexpectedColumns } from './arrival.ts';
import { physicalBounds, rangeExceeded } from './bounds.ts';
import { cardinalityExplosion } from './cardinality-explosion.ts';
import { categoryVanished } from './category-vanished.ts';
import { almostConstant, constantColumn, predictionImbalance } from './constant-column.ts';
import { infiniteShareHard, infiniteShareSoft } from './infinite-share.ts';
import { labelRatio } from './label-ratio.ts';
import { meanConfidenceLow } from './mean-confidence.ts';
import { missingRateFell, missingRateHard, missingRateSoft } from './missing-rate.ts';
import { negativeValues } from './negative-values.ts';
import { precisionChanged } from './precision-changed.ts';
import type { Observation, QualityCheck, QualityFinding, QualityInput } from './quality-check.ts';
import { sentinelValues } from './sentinel-values.ts';
import { typeErrorsHard, typeErrorsSoft } from './type-errors.ts';
import { predictionClassUnseen, unseenCategories } from './unseen-categories.ts';
import { columnAbsent, emptyWindow, tooFewRows, volumeDrop, volumeSurge } from './volume.ts';

export const qualityChecks: readonly QualityCheck[] = [
  columnAbsent,
  missingRateHard,
  missingRateSoft,
  missingRateFell,
  allMissingRows,
  typeErrorsHard,
  typeErrorsSoft,
  infiniteShareHard,
  infiniteShareSoft,
  physicalBounds,
  rangeExceeded,
  negativeValues,
  sentinelValues,
  unseenCategories,
  categoryVanished,
  cardinalityExplosion,
  predictionClassUnseen,
  predictionImbalance,
  meanConfidenceLow,
  constantColumn,
  almostConstant,
  precisionChanged,
  emptyWindow,
  tooFewRows,
  volumeDrop,
  volumeSurge,
  freshness,
  lateRows,
  duplicateRequestIds,
  unexpectedColumns,
  labelRatio,
];

/** What may be said of a person's feature: whether it is there, and whether it was there before. Of a baseline without it, neither. */
const tokenChecks: ReadonlySet<QualityCheck> = new Set([
  missingRateHard,
  missingRateSoft,
  missingRateFell,
  unseenCategories,
]);

/**
 * Runs every check on every column (labels and losses excepted: they arrive late and in part). Only what fired is
 * returned, hard findings first.
 *
 * @throws ProfileColumnError when a profile lacks a column of the anchors
 * @example checkQuality({ anchors, reference, current }).some((finding) => finding.severity === 'hard')
 */
export function checkQuality(input: QualityInput): QualityFinding[] {
  const anchors = input.anchors.anchors.filter(({ channel }) => channel !== 'label' && channel !== 'loss');
  const constraints = new Map(input.constraints?.map((constraint) => [constraint.name, constraint]));
  const windowRows = anchors.reduce(
    (most, anchor) => Math.max(most, rowsOf(featureOf(input.current, anchor.name))),
    0,
  );
  const designEffect = Math.max(1, input.designEffect ?? 1);
  const columns = anchors.map((anchor) => ({
    anchor,
    reference: featureOf(input.reference, anchor.name),
    current: featureOf(input.current, anchor.name),
    constraint: constraints.get(anchor.name),
    designEffect,
    windowRows,
  }));
  const findings: QualityFinding[] = [];
  for (const check of qualityChecks) {
    if (check.scope === 'window') {
      const observation = check.run({ ...input, columns, designEffect, windowRows });
      if (observation) findings.push(found(check, observation));
      continue;
    }
    for (const column of columns) {
      if (column.anchor.channel === 'token' && (!tokenChecks.has(check) || column.reference.count === 0))
        continue;
      const observation = check.run(column);
      if (observation) findings.push({ ...found(check, observation), column: column.anchor.name });
    }
  }
  return findings.sort((a, b) => Number(a.severity === 'soft') - Number(b.severity === 'soft'));
}

function found(check: QualityCheck, observation: Observation): QualityFinding {
  const { name, severity, threshold } = check;
  return { check: name, severity, threshold, ...observation };
}

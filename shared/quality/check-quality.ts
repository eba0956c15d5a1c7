/** The registry of quality checks and the one function that runs them: adding a check is a file and a line here. */

import { featureOf, rowsOf } from '#shared/profile/profile.ts';
import { physicalBounds, rangeExceeded } from './bounds.ts';
import { infiniteShareHard, infiniteShareSoft } from './infinite-share.ts';
import { missingRateHard, missingRateSoft } from './missing-rate.ts';
import type { Observation, QualityCheck, QualityFinding, QualityInput } from './quality-check.ts';
import { predictionClassUnseen, unseenCategories } from './unseen-categories.ts';
import { constantColumn, precisionChanged } from './vanished-variation.ts';
import { columnAbsent, tooFewRows, volumeDrop } from './volume.ts';

export const qualityChecks: readonly QualityCheck[] = [
  columnAbsent,
  missingRateHard,
  missingRateSoft,
  infiniteShareHard,
  infiniteShareSoft,
  physicalBounds,
  rangeExceeded,
  unseenCategories,
  predictionClassUnseen,
  constantColumn,
  precisionChanged,
  tooFewRows,
  volumeDrop,
];

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
  const findings: QualityFinding[] = [];
  for (const check of qualityChecks) {
    if (check.scope === 'window') {
      const observation = check.run({ windowRows, expectedRows: input.expectedRows });
      if (observation) findings.push(found(check, observation));
      continue;
    }
    for (const anchor of anchors) {
      const observation = check.run({
        anchor,
        reference: featureOf(input.reference, anchor.name),
        current: featureOf(input.current, anchor.name),
        constraint: constraints.get(anchor.name),
        designEffect: Math.max(1, input.designEffect ?? 1),
        windowRows,
      });
      if (observation) findings.push({ ...found(check, observation), column: anchor.name });
    }
  }
  return findings.sort((a, b) => Number(a.severity === 'soft') - Number(b.severity === 'soft'));
}

function found(check: QualityCheck, observation: Observation): QualityFinding {
  const { name, severity, threshold } = check;
  return { check: name, severity, threshold, ...observation };
}

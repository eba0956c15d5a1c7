/** Test harness of the quality checks: one column, one check, what it found. */

import { buildAnchors } from '#shared/profile/anchors.ts';
import { type categorical, type numeric, profileOf } from '#shared/profile/testing.ts';
import { checkQuality } from './check-quality.ts';
import type { QualityFinding, QualityInput } from './quality-check.ts';

export type TestColumn = ReturnType<typeof numeric> | ReturnType<typeof categorical>;

/** Findings of one check on one column, against a reference of the same name. */
export function findings(
  check: string,
  reference: TestColumn,
  current: TestColumn,
  more: Partial<QualityInput> = {},
): QualityFinding[] {
  const anchors = buildAnchors([reference]);
  const input = {
    anchors,
    reference: profileOf([reference], anchors),
    current: profileOf([current], anchors),
  };
  return checkQuality({ ...input, ...more }).filter((finding) => finding.check === check);
}

export const severities = (...test: Parameters<typeof findings>) =>
  findings(...test).map(({ severity }) => severity);

/** `rows` times the same. */
export const repeat = <Value>(value: Value, rows: number): Value[] => new Array<Value>(rows).fill(value);

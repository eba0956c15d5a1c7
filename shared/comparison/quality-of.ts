/** Data quality of the current table: the checks on its counts, columns it lacks, and constraints a person reviewed. */

import { checkConstraints } from '../quality/check-constraints.ts';
import { checkQuality } from '../quality/check-quality.ts';
import type { ConstraintsFile } from '../quality/constraints-file.ts';
import type { QualityFinding } from '../quality/quality-check.ts';
import { dateColumnNames } from '../tabular/date-columns.ts';
import type { CountedPair } from './compare-counts.ts';

/** Hard findings first. */
export function qualityOf(pair: CountedPair): QualityFinding[] {
  const { anchors, reference, current, designEffect, unexpected, duplicates = 0 } = pair;
  const constraints = applicable(pair);
  const absent = pair.absent.map(
    (column): QualityFinding => ({
      check: 'column_absent',
      severity: 'hard',
      column,
      observed: 0,
      threshold: 0,
      message: 'the column is absent from the current table',
    }),
  );
  return [
    ...absent,
    ...checkQuality({
      anchors,
      reference,
      current,
      designEffect,
      unexpectedColumns: unexpected,
      duplicates,
    }),
    ...(constraints ? checkConstraints(constraints, current) : []),
  ].sort((a, b) => Number(a.severity === 'soft') - Number(b.severity === 'soft'));
}

/** A column that was left out, by wish or for a reason already given, is not one that the data lack. */
function applicable({ constraints, notCompared, anchors }: CountedPair): ConstraintsFile | undefined {
  if (!constraints) return undefined;
  const known = new Set(anchors.anchors.map(({ name }) => name));
  const left = new Set(notCompared.flatMap(({ column }) => [column, ...dateColumnNames(column)]));
  const columns = Object.entries(constraints.columns).filter(([name]) => known.has(name) || !left.has(name));
  return { ...constraints, columns: Object.fromEntries(columns) };
}

/** Applies a reviewed constraints file to the profile of any data with the same columns. */

import { regularizedBeta } from '#shared/drift/special-functions.ts';
import { compareShares } from '#shared/drift/two-proportions.ts';
import type { CategoricalAnchor } from '#shared/profile/categorical-anchor.ts';
import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import {
  type CategoricalProfile,
  featureOf,
  type NumericProfile,
  type Profile,
  rowsOf,
} from '#shared/profile/profile.ts';
import type { CategoricalConstraints, ConstraintsFile, NumericConstraints } from './constraints-file.ts';
import { decimal, percent, type QualityFinding, SIGNIFICANCE } from './quality-check.ts';
import { countAbove, countBelow } from './tail-counts.ts';

type Found = Omit<QualityFinding, 'column' | 'severity'> & { readonly isHard?: boolean };

/**
 * Hard: a column that is absent or of the other kind, and any value beyond bounds that a person marked `physical`.
 * All else is soft, and told only beyond chance (1 in 1000): limits are shares of a population, and the profile is a
 * sample. Works on anchors of any origin; where a bound cuts a cell, the cell is given the benefit of the doubt.
 *
 * @example checkConstraints(constraintsFileSchema.parse(JSON.parse(text)), profile) // [] when all is well
 */
export function checkConstraints(file: ConstraintsFile, current: Profile): QualityFinding[] {
  const findings: QualityFinding[] = [];
  for (const [column, constraints] of Object.entries(file.columns))
    for (const { isHard, ...found } of columnFindings(file, column, constraints, current))
      findings.push({ ...found, column, severity: isHard ? 'hard' : 'soft' });
  const extra = current.anchors.anchors
    .filter(({ name, channel }) => channel === 'feature' && !Object.hasOwn(file.columns, name))
    .map(({ name }) => JSON.stringify(name));
  if (extra.length > 0)
    findings.push({
      check: 'unexpected_columns',
      severity: 'soft',
      threshold: 1,
      observed: extra.length,
      message: `columns the constraints do not have: ${extra.slice(0, 3).join(', ')}${extra.length > 3 ? ', …' : ''}`,
    });
  return findings.sort((a, b) => Number(a.severity === 'soft') - Number(b.severity === 'soft'));
}

function columnFindings(
  file: ConstraintsFile,
  name: string,
  constraints: NumericConstraints | CategoricalConstraints,
  current: Profile,
): Found[] {
  const anchor = current.anchors.anchors.find((candidate) => candidate.name === name);
  if (!anchor)
    return [
      { check: 'column_absent', isHard: true, threshold: 0, observed: 0, message: 'the column is absent' },
    ];
  const feature = featureOf(current, name);
  const rows = rowsOf(feature);
  const missing = shareAbove('missing_rate', feature.missing, rows, constraints.max_missing, 'missing');
  if (constraints.kind === 'numeric' && anchor.kind === 'numeric' && feature.kind === 'numeric')
    return [
      ...missing,
      ...shareAbove('type_errors', feature.invalid, rows, constraints.max_invalid, 'not a number'),
      ...rangeFindings(file, constraints, anchor, feature),
      ...integerFindings(file, constraints, anchor, feature),
    ];
  if (constraints.kind === 'categorical' && anchor.kind === 'categorical' && feature.kind === 'categorical')
    return [...missing, ...unseenFindings(constraints, anchor, feature)];
  const message = `the column is ${anchor.kind}, the constraints are for a ${constraints.kind} one`;
  return [{ check: 'column_kind', isHard: true, threshold: 0, observed: 1, message }];
}

/** More hits than a share of `limit` gives in 999 of 1000 samples of this size. */
function shareAbove(check: string, hits: number, rows: number, limit: number, what: string): Found[] {
  if (hits === 0 || hits / rows <= limit) return [];
  if (regularizedBeta(limit, hits, rows - hits + 1) >= SIGNIFICANCE.soft) return [];
  const message = `${percent(hits / rows)} of rows are ${what}, at most ${percent(limit)} are allowed`;
  return [{ check, threshold: limit, observed: hits / rows, message }];
}

function rangeFindings(
  file: ConstraintsFile,
  constraints: NumericConstraints,
  anchor: NumericAnchor,
  profile: NumericProfile,
): Found[] {
  const isHard = constraints.physical === true;
  const { max } = constraints;
  const isNonNegative = constraints.non_negative === true && (constraints.min ?? 0) <= 0;
  const min = isNonNegative ? 0 : constraints.min;
  const found: Found[] = [];
  if (min !== undefined) {
    const { atLeast } = countBelow(anchor, profile, min);
    if (atLeast > 0 && (isHard || isBeyondChance(file, atLeast, profile.count)))
      found.push({
        check: isHard ? 'physical_bounds' : isNonNegative ? 'negative_values' : 'range_exceeded',
        isHard,
        threshold: min,
        observed: profile.min,
        message: `at least ${atLeast} values are below ${min}, the smallest is ${decimal(profile.min)}`,
      });
  }
  if (max !== undefined) {
    const { atLeast } = countAbove(anchor, profile, max);
    if (atLeast > 0 && (isHard || isBeyondChance(file, atLeast, profile.count)))
      found.push({
        check: isHard ? 'physical_bounds' : 'range_exceeded',
        isHard,
        threshold: max,
        observed: profile.max,
        message: `at least ${atLeast} values are above ${max}, the largest is ${decimal(profile.max)}`,
      });
  }
  return found;
}

/** Fractions for certain: an edge that is one, or a cell between two edges with no whole number inside. */
function integerFindings(
  file: ConstraintsFile,
  { integer }: NumericConstraints,
  { edges }: NumericAnchor,
  { cells, count }: NumericProfile,
): Found[] {
  if (!integer) return [];
  let fractions = 0;
  cells.forEach((rows, cell) => {
    const at = cell >> 1;
    const hasWhole =
      cell % 2 === 1
        ? Number.isInteger(edges[at])
        : at === 0 || at === edges.length || Math.floor(edges[at - 1]!) + 1 < edges[at]!;
    if (!hasWhole) fractions += rows;
  });
  if (fractions === 0 || !isBeyondChance(file, fractions, count)) return [];
  const message = `at least ${fractions} values are no whole numbers`;
  return [{ check: 'integer', threshold: 0, observed: fractions, message }];
}

function unseenFindings(
  { values, max_unseen: limit }: CategoricalConstraints,
  anchor: CategoricalAnchor,
  profile: CategoricalProfile,
): Found[] {
  if (!values) return [];
  const allowed = new Set(values);
  const counted = new Set(anchor.categories);
  // Counted on anchors that lack some allowed values, unseen rows may be allowed ones: only the listed strings are sure.
  const isUnseenForeign = values.every((value) => counted.has(value));
  let foreign = isUnseenForeign
    ? profile.unseen.total
    : [...profile.unseen.counts].reduce((sum, [value, rows]) => sum + (allowed.has(value) ? 0 : rows), 0);
  anchor.categories.forEach((category, at) => {
    if (!allowed.has(category)) foreign += profile.categories[at]!;
  });
  return shareAbove('unseen_categories', foreign, profile.count, limit, 'in none of the values');
}

/** A fresh row lies beyond the extremes of n rows with probability 2/(n + 1); a widened range is exceeded less often. */
function isBeyondChance(file: ConstraintsFile, beyond: number, rows: number): boolean {
  const expected = { hits: Math.min(2, file.rows), rows: file.rows };
  return file.rows === 0 || compareShares(expected, { hits: beyond, rows }).increase < SIGNIFICANCE.soft;
}

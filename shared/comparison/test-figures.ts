/** Every test and distance that two profiles of a column can answer. */

import { featureCells } from '../drift/feature-cells.ts';
import type { NotComputable } from '../drift/measure.ts';
import type { DriftTest, TestResult } from '../drift/tests/drift-test.ts';
import { driftTests } from '../drift/tests/registry.ts';
import type { Anchor } from '../profile/anchors.ts';
import type { FeatureProfile } from '../profile/profile.ts';
import type { TestFigure } from './comparison.ts';

/** The usual short name where there is one. */
const shortNames: Readonly<Record<string, string>> = { kolmogorov_smirnov: 'ks' };

/**
 * By test name. Numbers are tested on their fine cells where the test knows how, on the coarse cells otherwise;
 * categories on the coarse cells. Tests that need the rows themselves are left out.
 */
export function testFigures(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
): Record<string, TestFigure> {
  const cells = reference.count > 0 && current.count > 0 ? featureCells(anchor, reference, current) : [];
  const counts = {
    reference: cells.map((cell) => cell.reference),
    current: cells.map((cell) => cell.current),
  };
  const run = (test: DriftTest): TestResult | NotComputable | undefined => {
    if (
      anchor.kind === 'numeric' &&
      reference.kind === 'numeric' &&
      current.kind === 'numeric' &&
      test.profiles
    )
      return test.profiles({ anchor, reference, current });
    return test.counts?.(counts.reference, counts.current);
  };
  const figures: Record<string, TestFigure> = {};
  for (const test of driftTests) {
    const result = run(test);
    if (result) figures[shortNames[test.name] ?? test.name] = toFigure(result, whyInfinite(test, anchor));
  }
  return figures;
}

/** A statistic of the values divides by their spread, one of the shares by a share that may be 0. */
function whyInfinite(test: DriftTest, { kind }: Anchor): string {
  if (kind === 'numeric' && test.profiles) return 'infinite: neither sample varies, and they differ';
  return `infinite: a ${kind === 'numeric' ? 'cell' : 'category'} of one sample is absent from the other`;
}

function toFigure(result: TestResult | NotComputable, whyInfinite: string): TestFigure {
  if (!result.computable) return { not_computable: result.reason };
  const { statistic, pValue, lo, hi } = result;
  if (!Number.isFinite(statistic)) return { not_computable: whyInfinite };
  return {
    statistic,
    ...(pValue === undefined ? {} : { p_value: pValue }),
    ...(lo === undefined || hi === undefined ? {} : { lo, hi }),
  };
}

/** Tests on counts: one comparison of cells, offered for categories and for binned numbers alike. */

import { type NotComputable, notComputable, total } from '../measure.ts';
import type { Convention, DriftTest, TestResult } from './drift-test.ts';
import { type CellCounts, sampleCells } from './sample-cells.ts';
import { type TwoSamples, twoSamples } from './two-samples.ts';

interface CellTest extends Pick<DriftTest, 'name' | 'summary' | 'judgedBy' | 'isSymmetric' | 'conventions'> {
  /** Compares counts of the same cells; both sums are above 0. */
  readonly compare: (
    reference: ArrayLike<number>,
    current: ArrayLike<number>,
    convention: Convention,
  ) => TestResult | NotComputable;
  /** How numbers become cells, where not by the convention's own bins. */
  readonly cellsOf?: (samples: TwoSamples, convention: Convention) => CellCounts | NotComputable;
}

/** A drift test from a comparison of counts: with `counts` and `samples`, and their degenerate inputs seen to. */
export function cellTest({ compare, cellsOf = sampleCells, ...description }: CellTest): DriftTest {
  const defaultConvention = description.conventions[0]!;
  const counts: NonNullable<DriftTest['counts']> = (reference, current, options) => {
    const reason = unusable(reference, current);
    return reason
      ? notComputable(reason)
      : compare(reference, current, options?.convention ?? defaultConvention);
  };
  return {
    ...description,
    counts,
    samples: (reference, current, options) => {
      const samples = twoSamples(reference, current);
      if (!samples.computable) return samples;
      const cells = cellsOf(samples, options?.convention ?? defaultConvention);
      return cells.computable ? counts(cells.reference, cells.current, options) : cells;
    },
  };
}

function unusable(reference: ArrayLike<number>, current: ArrayLike<number>): string | undefined {
  if (reference.length !== current.length)
    return `${reference.length} reference and ${current.length} current cells; both must have the same`;
  for (const counts of [reference, current]) {
    for (let cell = 0; cell < counts.length; cell++)
      if (!(counts[cell]! >= 0 && counts[cell]! <= Number.MAX_SAFE_INTEGER))
        return `a cell has the count ${counts[cell]}; counts are whole numbers from 0`;
    if (total(counts) === 0) return 'a sample without rows in any cell has no shares';
  }
  return undefined;
}

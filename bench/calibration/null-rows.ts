/** The null table's rows, with the two detectors that do not look. */

import { CURRENT_SIZES, type NullResult, type NullTask } from './null-table.ts';

const [LOWEST, HIGHEST] = [0.04, 0.06];

export function nullRows(
  results: readonly { readonly task: NullTask; readonly result: NullResult }[],
): string[][] {
  const blind = (name: string, share: string) => [name, 'any', ...CURRENT_SIZES.map(() => `**${share}**`)];
  return [
    ...results.map(({ task, result }) => [
      task.kind,
      task.referenceRows.toLocaleString('en'),
      ...result.rejected.map((share, at) => cell(share, result.standardErrors[at]!, result.declined[at]!)),
    ]),
    blind('always alarms', '100 %'),
    blind('never alarms', '0 %'),
  ];
}

function cell(share: number, error: number, declined: number): string {
  const isOff = share < LOWEST || share > HIGHEST;
  const text = `${(100 * share).toFixed(2)} ± ${(100 * error).toFixed(2)} %`;
  const note = declined > 0 ? ` (${(100 * declined).toFixed(1)} % not compared)` : '';
  return isOff ? `**${text}**${note}` : `${text}${note}`;
}

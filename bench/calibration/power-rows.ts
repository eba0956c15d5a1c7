/** The power table: its scenarios, each with what must hold, and its rows. */

import type { PowerResult, PowerTask } from './power-table.ts';

interface Scenario extends Pick<PowerTask, 'drift' | 'rows' | 'referenceRows'> {
  /** Fewer than the table's, where one repetition is long. */
  readonly repetitions?: number;
  readonly goal?: { readonly says: string; isMet(result: PowerResult): boolean };
}

const reference = { referenceRows: 5000 };

export const SCENARIOS: readonly Scenario[] = [
  { drift: 'none', rows: 1000, ...reference },
  {
    drift: 'shift 0.25',
    rows: 1000,
    ...reference,
    goal: { says: '≥ shifted 95 %', isMet: ({ shown }) => shown >= 0.95 },
  },
  {
    drift: 'shift 0.5',
    rows: 1000,
    ...reference,
    goal: { says: '≥ warning 95 %', isMet: ({ warning }) => warning >= 0.95 },
  },
  {
    drift: 'shift 0.8',
    rows: 100,
    ...reference,
    goal: { says: '≥ warning 95 %', isMet: ({ warning }) => warning >= 0.95 },
  },
  {
    drift: 'missing 5 %',
    rows: 2000,
    ...reference,
    goal: { says: 'found 95 %', isMet: ({ quality }) => quality >= 0.95 },
  },
  { drift: 'missing 10 %', rows: 2000, ...reference },
  { drift: 'scale 1.3', rows: 1000, ...reference },
  { drift: 'Laplace', rows: 1000, ...reference },
  { drift: 'uniform', rows: 1000, ...reference },
  { drift: 'rounding', rows: 1000, ...reference },
  { drift: 'category', rows: 1000, ...reference },
  ...[5000, 1_000_000].map(
    (referenceRows): Scenario => ({
      drift: 'shift 0.01',
      rows: 1_000_000,
      referenceRows,
      repetitions: referenceRows > 5000 ? 40 : 400,
      goal: { says: 'never ≥ warning', isMet: ({ warning }) => warning === 0 },
    }),
  ),
  {
    drift: 'outlier',
    rows: 1000,
    ...reference,
    goal: { says: 'PSI ≥ 0.9 × clean', isMet: ({ ratio }) => (ratio?.least ?? 0) >= 0.9 },
  },
];

const NAMES: Partial<Record<PowerTask['drift'], string>> = {
  none: 'none (false alarms)',
  'missing 5 %': 'missing 0 → 5 %',
  'missing 10 %': 'missing 0 → 10 %',
  'scale 1.3': 'scale × 1.3',
  Laplace: 'normal → Laplace, same variance',
  uniform: 'normal → uniform, same variance',
  rounding: 'two decimals → one',
  category: 'one of 5 even categories 20 → 32 %',
};

export function powerRows(
  results: readonly { readonly task: PowerTask; readonly result: PowerResult }[],
): string[][] {
  const quiet = results.find(({ task }) => task.drift === 'none')?.result.confirmedWithin[3] ?? 0;
  const blind = (name: string, share: string) => [
    'any',
    '',
    '',
    share,
    share,
    share,
    '',
    `${share} / ${share} / ${share}`,
    '0 %',
    name,
  ];
  return [
    ...results.map(({ task, result }, at) => row(task, result, SCENARIOS[at]!.goal, quiet)),
    blind('always alarms', '100 %'),
    blind('never alarms', '0 %'),
  ];
}

function row(task: PowerTask, result: PowerResult, goal: Scenario['goal'], quiet: number): string[] {
  const { shown, warning, critical, quality, confirmedWithin, ratio } = result;
  const sizes = `${task.referenceRows.toLocaleString('en')} × ${task.rows.toLocaleString('en')}`;
  const verdict = goal ? `${goal.says}: ${goal.isMet(result) ? 'met' : '**missed**'}` : '';
  const identity = [nameOf(task.drift), sizes, String(task.repetitions)];
  if (ratio)
    return [
      ...identity,
      ...Array.from({ length: 6 }, () => ''),
      `${verdict} (mean ${ratio.mean.toFixed(3)}, least ${ratio.least.toFixed(3)})`,
    ];
  return [
    ...identity,
    ...[shown, warning, critical, quality].map(percent),
    [confirmedWithin[2], confirmedWithin[3], confirmedWithin[6]].map(percent).join(' / '),
    task.drift === 'none' ? '' : percent(confirmedWithin[3] - quiet),
    verdict,
  ];
}

function nameOf(drift: PowerTask['drift']): string {
  const named = NAMES[drift];
  if (named) return named;
  return drift === 'outlier' ? 'shift 1 σ and one value of 1e6' : `${drift} σ`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

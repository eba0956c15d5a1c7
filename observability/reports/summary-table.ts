/** All columns at a glance, gravest first. */

import type { ComparedColumn } from '#shared/comparison/comparison.ts';
import { change, count, figure, NONE, psi, pValue, signed } from './format.ts';
import { html, type Markup } from './html.ts';
import { sparkline } from './svg-distribution.ts';
import { type Column, levelMark, nameMark, statistic, table } from './table.ts';
import { figureOf } from './test-names.ts';
import { meanShift } from './words.ts';

/**
 * @param features in the order of their sections, which the names link to by position
 * @param options.scores drift × importance by name, where importance is known
 * @param options.hasKs unless its bounds would make the table wider than a page
 */
export function summaryTable(
  features: readonly ComparedColumn[],
  {
    scores,
    hasKs = true,
  }: { readonly scores?: ReadonlyMap<string, number> | undefined; readonly hasKs?: boolean } = {},
): Markup {
  const rows = features.map((feature, at) => ({ ...feature, at }));
  return table(
    'Columns, gravest first',
    [
      {
        heading: 'Column',
        as: 'row',
        cell: ({ name, role, at }) =>
          html`<a href="#f${at}">${nameMark(name)}</a>${role === 'feature' ? undefined : html`<span class="tag">${role}</span>`}`,
      },
      { heading: 'Kind', as: 'kind', cell: ({ kind }) => kind },
      { heading: 'Verdict', cell: ({ verdict }) => levelMark(verdict) },
      { heading: 'Reference, current', cell: sparkline },
      ...(scores ? [scoreIn(scores)] : []),
      { heading: 'PSI de‑biased', as: 'number', cell: ({ psi_debiased }) => psi(psi_debiased) },
      { heading: 'Adjusted p', as: 'number', cell: ({ adjusted_p }) => pValue(adjusted_p) },
      { heading: 'JS', as: 'wide number', cell: (column) => statistic(figureOf(column, 'jensen_shannon')) },
      ...(hasKs ? [ks] : []),
      { heading: 'Mean', as: 'wide number', cell: means },
      {
        heading: 'Missing',
        as: 'number',
        cell: ({ missing_reference, missing_current }) => change(missing_reference, missing_current),
      },
    ],
    rows,
  );
}

function scoreIn(scores: ReadonlyMap<string, number>): Column<ComparedColumn> {
  return { heading: 'Drift × importance', as: 'number', cell: ({ name }) => psi(scores.get(name)) };
}

const ks: Column<ComparedColumn> = {
  heading: 'KS',
  as: 'wide number',
  cell: (column) => statistic(figureOf(column, 'kolmogorov_smirnov')),
};

function means(column: ComparedColumn): string {
  const { reference, current } = column.summary;
  if (column.kind === 'categorical') return current.unseen ? `${count(current.unseen)} unseen` : NONE;
  if (reference.mean === undefined || current.mean === undefined) return NONE;
  const shift = meanShift(column);
  const means = `${figure(reference.mean)} → ${figure(current.mean)}`;
  return shift === undefined ? means : `${means} (${signed(Number(shift.toFixed(2)))} σ)`;
}

/** The tables that only a window's report has: PSI beside JS, missing values, people's features, attribution. */

import type { ComparedColumn } from '#shared/comparison/comparison.ts';
import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { JS_AT_WARNING } from '#shared/verdict/judge-features.ts';
import { isAlarm } from '#shared/verdict/level.ts';
import { missingBars } from './feature-section.ts';
import { count, figure, plural, psi, pValue, share } from './format.ts';
import { elided, html, type Markup } from './html.ts';
import { levelMark, list, nameMark, SENTENCE, statistic, table } from './table.ts';
import { figureOf } from './test-names.ts';

/** Of each table: nobody reads more rows than these, and the JSON has all. */
const MOST_ROWS = 40;

export function agreementTable(columns: readonly ComparedColumn[], psiWarning: number): Markup {
  const judged = columns.filter(({ psi_debiased }) => psi_debiased !== null);
  const jsOf = (column: ComparedColumn) => {
    const of = figureOf(column, 'jensen_shannon');
    return of && 'statistic' in of ? of.statistic : 0;
  };
  const tellingOf = (column: ComparedColumn): string | undefined => {
    const isFar = [(column.psi_debiased ?? 0) > psiWarning, jsOf(column) >= JS_AT_WARNING];
    if (isFar[0] && isFar[1]) return 'agree: far apart';
    if (isFar[0]) return 'differ: JS does not confirm the PSI, which rests on sparse cells';
    if (isFar[1]) return 'differ: JS is far, the PSI after its correction for chance is not';
    return isAlarm(column.verdict) || column.verdict === 'shifted' ? 'agree: near' : undefined;
  };
  const told = judged.filter((column) => tellingOf(column) !== undefined);
  const near = judged.length - told.length;
  const rest =
    near > 0 &&
    `${told.length === 0 ? 'Of' : 'Of the other'} ${plural(near, 'column')} both say near: de-biased PSI at most ${figure(psiWarning)}, JS below ${figure(JS_AT_WARNING)}.`;
  return html`${
    told.length > 0
      ? table(
          'PSI beside Jensen–Shannon distance',
          [
            { heading: 'Column', as: 'row', cell: ({ name }) => nameMark(name) },
            { heading: 'PSI', as: 'number', cell: (column) => statistic(figureOf(column, 'psi')) },
            { heading: 'PSI de‑biased', as: 'number', cell: ({ psi_debiased }) => psi(psi_debiased) },
            { heading: 'JS', as: 'number', cell: (column) => figure(jsOf(column)) },
            { heading: 'Do they agree?', cell: tellingOf },
          ],
          told.slice(0, MOST_ROWS),
        )
      : undefined
  }${more(told.length)}${rest ? html`<p class="lead">${rest}</p>` : undefined}`;
}

export function missingTable(columns: readonly ComparedColumn[]): Markup {
  const change = ({ missing_reference, missing_current }: ComparedColumn) =>
    Math.abs(missing_current - missing_reference);
  const holed = columns
    .filter(({ missing_reference, missing_current }) => missing_reference > 0 || missing_current > 0)
    .sort((a, b) => change(b) - change(a));
  if (holed.length === 0)
    return html`<p class="none">No value was missing in any of ${plural(columns.length, 'column')}.</p>`;
  return html`${table(
    'Missing values, largest change first',
    [
      { heading: 'Column', as: 'row', cell: ({ name }) => nameMark(name) },
      { heading: 'Reference', as: 'number', cell: ({ missing_reference }) => share(missing_reference) },
      { heading: 'Current', as: 'number', cell: ({ missing_current }) => share(missing_current) },
      { heading: 'Reference over current', cell: missingBars },
    ],
    holed.slice(0, MOST_ROWS),
  )}${more(holed.length)}`;
}

/** Never which values: only whether they were there, and whether they were there before. */
export function peopleTable(tokens: NonNullable<StoredReport['pii']>): Markup {
  return table(
    'Features about people',
    [
      { heading: 'Feature', as: 'row', cell: ({ name }) => nameMark(name) },
      { heading: 'Rows', as: 'number', cell: ({ rows }) => count(rows) },
      {
        heading: 'Missing in reference',
        as: 'number',
        cell: ({ missing_reference }) => share(missing_reference),
      },
      { heading: 'Missing', as: 'number', cell: ({ missing }) => share(missing) },
      {
        heading: 'Never seen before',
        as: 'number',
        cell: ({ unseen }) => (unseen.computable ? share(unseen.share) : undefined),
      },
      {
        heading: 'Expected',
        as: 'number',
        cell: ({ unseen }) => (unseen.computable ? share(unseen.expected) : undefined),
      },
      {
        heading: 'Why there is no figure',
        as: 'aside',
        cell: ({ unseen }) => (unseen.computable ? undefined : elided(unseen.reason, SENTENCE)),
      },
    ],
    tokens,
  );
}

export function attributionTable(attribution: NonNullable<StoredReport['attribution']>): Markup {
  if (!attribution.computable) return html`<p class="none">${elided(attribution.reason, SENTENCE)}</p>`;
  const { level, reasons, features, rows } = attribution;
  return html`<p>${levelMark(level)} ${plural(rows.current, 'row')} explained, against ${plural(rows.baseline, 'held-out row')}.</p>${list(reasons)}${table(
    'Share of importance per feature, largest first',
    [
      { heading: 'Feature', as: 'row', cell: ({ feature }) => nameMark(feature) },
      { heading: 'Importance before', as: 'number', cell: ({ baselineShare }) => share(baselineShare) },
      { heading: 'Now', as: 'number', cell: ({ currentShare }) => share(currentShare) },
      { heading: 'Distance', as: 'number', cell: ({ distance }) => figure(distance) },
      { heading: 'Adjusted p', as: 'number', cell: ({ pValue: p }) => pValue(p) },
      { heading: 'Shifted', cell: ({ isShifted }) => (isShifted ? 'yes' : 'no') },
    ],
    features.slice(0, MOST_ROWS),
  )}${more(features.length)}`;
}

function more(rows: number): Markup | undefined {
  return rows > MOST_ROWS
    ? html`<p class="lead">… and ${count(rows - MOST_ROWS)} more (the JSON has all).</p>`
    : undefined;
}

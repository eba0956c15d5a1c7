/** The sections beside the columns: quality, segments, multivariate tests, and what was left out. */

import type { Comparison, SegmentEntry } from '#shared/comparison/comparison.ts';
import { count, figure, humanised, psi } from './format.ts';
import { elided, html, type Markup } from './html.ts';
import { levelMark, list, nameMark, pValueOf, SENTENCE, severityMark, statistic, table } from './table.ts';
import { nameOfTest } from './test-names.ts';
import { hardFirst } from './words.ts';

/** More segments than this are in the JSON only. */
const MOST_SEGMENTS = 60;

export function qualityTable(findings: Comparison['quality']): Markup {
  return table(
    'Quality findings, hard first',
    [
      { heading: 'Check', as: 'row', cell: ({ check }) => humanised(check) },
      {
        heading: 'Severity',
        cell: ({ severity }) => severityMark(severity),
      },
      { heading: 'Column', cell: ({ column }) => (column === undefined ? 'whole file' : nameMark(column)) },
      { heading: 'Finding', cell: ({ message }) => elided(message, SENTENCE) },
      { heading: 'Observed', as: 'number', cell: ({ observed }) => figure(observed) },
      { heading: 'Threshold', as: 'number', cell: ({ threshold }) => figure(threshold) },
    ],
    hardFirst(findings),
  );
}

export function segmentsTable(segments: Comparison['segments']): Markup {
  const shown = segments.slice(0, MOST_SEGMENTS);
  const left = segments.length - shown.length;
  const segment = ({ column, value }: SegmentEntry) => html`${nameMark(column)} = ${nameMark(value)}`;
  return html`${table(
    'Segments, most affected first',
    [
      { heading: 'Segment', as: 'row', cell: segment },
      { heading: 'Verdict', cell: ({ verdict }) => levelMark(verdict) },
      { heading: 'Reference rows', as: 'number', cell: ({ n_reference }) => count(n_reference) },
      { heading: 'Current rows', as: 'number', cell: ({ n_current }) => count(n_current) },
      { heading: 'Worst column', cell: ({ worst }) => (worst && nameMark(worst.name)) || undefined },
      { heading: 'PSI', as: 'number', cell: ({ worst }) => psi(worst?.psi) },
      {
        heading: 'Why',
        as: 'aside',
        cell: ({ reasons }) => elided(reasons.join('; '), SENTENCE) || undefined,
      },
    ],
    shown,
  )}${left > 0 ? html`<p class="lead">… and ${count(left)} less affected (the JSON has all).</p>` : undefined}`;
}

export function multivariateTable(entries: Comparison['multivariate']): Markup {
  return table(
    'Multivariate tests',
    [
      { heading: 'Test', as: 'row', cell: ({ test }) => nameOfTest(test).label },
      { heading: 'Verdict', cell: ({ verdict }) => levelMark(verdict) },
      { heading: 'Statistic', as: 'number', cell: ({ figure: of }) => statistic(of) },
      { heading: 'p', as: 'number', cell: ({ figure: of }) => pValueOf(of) },
      { heading: 'What it tells', as: 'aside', cell: ({ test }) => nameOfTest(test).tells || undefined },
      {
        heading: 'Why',
        cell: ({ figure: of, reasons }) =>
          elided(
            ['not_computable' in of ? `not computed: ${of.not_computable}` : '', ...reasons]
              .filter(Boolean)
              .join('; '),
            SENTENCE,
          ) || undefined,
      },
    ],
    entries,
  );
}

export function notComparedTable(columns: Comparison['summary']['not_compared']): Markup {
  return table(
    'Columns not compared',
    [
      { heading: 'Column', as: 'row', cell: ({ column }) => nameMark(column) },
      { heading: 'Why', cell: ({ reason }) => elided(reason, SENTENCE) },
    ],
    columns,
    true,
  );
}

export function diagnosisSection({ evidence, worst }: Comparison['summary']['diagnosis']): Markup {
  const ranked = table(
    'Columns that drifted most',
    [
      { heading: 'Column', as: 'row', cell: ({ name }) => nameMark(name) },
      { heading: 'Drift × importance', as: 'number', cell: ({ score }) => figure(score) },
    ],
    worst.slice(0, 10),
    true,
  );
  return html`${list(evidence)}${worst.length > 0 ? html`<h4>Where to look first</h4>${ranked}` : undefined}`;
}

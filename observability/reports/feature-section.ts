/** One column in full: why it was judged so, its two distributions, its figures and every test. */

import type { ColumnFigures, ComparedColumn, TestFigure } from '#shared/comparison/comparison.ts';
import { isAlarm } from '#shared/verdict/level.ts';
import { change, count, figure, humanised, plural, share } from './format.ts';
import { elided, html, type Markup } from './html.ts';
import { distributionChart, hasUnequalBins, isDrawnInSteps } from './svg-distribution.ts';
import { levelMark, list, nameMark, pValueOf, SENTENCE, statistic, table } from './table.ts';
import { isSameTest, nameOfTest } from './test-names.ts';

/** Beyond this a name says nothing more, and a page of such names would be all name. */
const FULL_NAME = 200;
/** Charts whose bins can be pointed at; of hundreds of alarms nobody reads every bin. */
const MOST_HINTED = 20;

/** Columns shown with every test; the many after them, with the usual ones, so that the page stays below 1 MB. */
export const MOST_IN_FULL = 100;
const USUAL_TESTS = ['psi', 'jensen_shannon', 'kolmogorov_smirnov', 'chi_square', 'wasserstein'];

/** @param at position, which links lead to; the target is inside, so that following one opens the section */
export function featureSection(column: ComparedColumn, at: number): Markup {
  const { name, role, verdict, reasons, kind } = column;
  const open = isAlarm(verdict) ? html` open=""` : undefined;
  const [first] = reasons;
  const why = first && html`<span class="why">${elided(first, 140)}</span>`;
  const tag = html`<span class="tag">${role === 'feature' ? kind : `${kind} ${role}`}</span>`;
  return html`<details${open}><summary><h3>${nameMark(name, FULL_NAME)}</h3>${tag}${levelMark(verdict)}${why || undefined}</summary><div class="body" id="f${at}">${list(reasons)}<div class="pair"><figure><figcaption>${legend(column)}</figcaption>${distributionChart(column, isAlarm(verdict) && at < MOST_HINTED)}</figure>${figures(column)}</div>${tests(column, at < MOST_IN_FULL)}</div></details>
`;
}

function legend(column: ComparedColumn): Markup {
  const { distribution } = column;
  const now = isDrawnInSteps(column) ? 'now' : 'bar';
  const unit = isDrawnInSteps(column) ? 'share of rows per bin' : 'share of rows';
  return html`<span class="k"></span>reference<span class="k ${now}"></span>current, ${unit}${hasUnequalBins(distribution) ? '; bins are not equally wide' : ''}`;
}

function figures(column: ComparedColumn): Markup {
  const { reference, current } = column.summary;
  const rows: { readonly label: string; readonly before: string; readonly now: string | Markup }[] = [
    { label: 'usable rows', before: count(column.n_reference), now: count(column.n_current) },
    {
      label: 'missing',
      before: share(column.missing_reference),
      now: html`${share(column.missing_current)}${missingBars(column)}`,
    },
  ];
  const entry = (key: keyof ColumnFigures, show: (value: number | undefined) => string) => {
    if (reference[key] === undefined && current[key] === undefined) return;
    rows.push({ label: humanised(key), before: show(reference[key]), now: show(current[key]) });
  };
  for (const key of ['mean', 'standard_deviation', 'min', 'max'] as const) entry(key, figure);
  for (const key of ['categories', 'unseen', 'invalid', 'infinite'] as const)
    if (key === 'categories' || reference[key] || current[key]) entry(key, count);
  return table(
    'Figures',
    [
      { heading: 'Figure', as: 'row', cell: ({ label }) => label },
      { heading: 'Reference', as: 'number', cell: ({ before }) => before },
      { heading: 'Current', as: 'number', cell: ({ now }) => now },
    ],
    rows,
    true,
  );
}

/** The two missing shares on a common scale up to the larger; nothing where nothing is missing. */
export function missingBars({
  missing_reference: before,
  missing_current: now,
}: Pick<ComparedColumn, 'missing_reference' | 'missing_current'>): Markup | undefined {
  const most = Math.max(before, now);
  if (!(most > 0)) return undefined;
  return html`<svg class="mi" viewBox="0 0 120 16" role="img" aria-label="missing ${change(before, now)}"><rect class="r" width="${(120 * before) / most}" height="7"/><rect class="b" y="9" width="${(120 * now) / most}" height="7"/></svg>`;
}

/** Those that could not be computed are named below with their reasons. */
function tests(column: ComparedColumn, isFull: boolean): Markup {
  const entries = testsOf(column).filter(
    ([test]) =>
      isFull || [...USUAL_TESTS, column.primary?.test ?? ''].some((usual) => isSameTest(test, usual)),
  );
  if (entries.length === 0) return html`<p class="none">No test was run on this column.</p>`;
  const computed = entries.filter(([, of]) => !('not_computable' in of));
  const refused = new Map<string, string[]>();
  for (const [test, of] of entries)
    if ('not_computable' in of)
      refused.set(of.not_computable, [...(refused.get(of.not_computable) ?? []), nameOfTest(test).label]);
  const why = [...refused].map(
    ([reason, names]) =>
      html`<p class="none">${elided(`${names.join(', ')}: not computed: ${reason}`, SENTENCE)}</p>`,
  );
  if (computed.length === 0) return html`${why}`;
  return html`${table<[string, TestFigure]>(
    'Tests',
    [
      {
        heading: 'Test or distance',
        as: 'row',
        cell: ([test, of]) =>
          html`${nameOfTest(test).label}${isDeciding(column, test, of) ? html`<span class="tag">decides</span>` : undefined}${sampleMark(of)}`,
      },
      { heading: 'Statistic', as: 'number', cell: ([, of]) => statistic(of) },
      { heading: 'p', as: 'number', cell: ([, of]) => pValueOf(of) },
    ],
    computed,
    true,
  )}${why}`;
}

function sampleMark(of: TestFigure): Markup | undefined {
  if ('not_computable' in of || of.rows === undefined) return undefined;
  return html`<span class="tag">on ${plural(of.rows, 'sampled row')}</span>`;
}

/** In another convention the test of that name is another test: it decides only where it comes to the same. */
function isDeciding({ primary }: ComparedColumn, test: string, of: TestFigure): boolean {
  if (primary === null || !isSameTest(test, primary.test)) return false;
  return 'not_computable' in of || of.convention === undefined || of.p_value === primary.p_value;
}

/** With the deciding one, which may be a combination that is not among them and has no statistic of its own. */
function testsOf(column: ComparedColumn): readonly [string, TestFigure][] {
  const { tests, primary } = column;
  const entries = Object.entries(tests);
  if (primary === null || entries.some(([test, of]) => isDeciding(column, test, of))) return entries;
  return [[primary.test, { statistic: Number.NaN, p_value: primary.p_value }], ...entries];
}

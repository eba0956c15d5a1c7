/** Tables and the small marks that stand in their cells. */

import type { TestFigure } from '#shared/comparison/comparison.ts';
import type { Level } from '#shared/verdict/level.ts';
import { count, figure, NONE, pValue } from './format.ts';
import { elided, html, type Markup } from './html.ts';
import { LEVEL_WORD, LEVELS } from './words.ts';

export interface Column<Row> {
  readonly heading: string | Markup;
  /** `number` is set to the right; `wide` is left out on narrow screens; `row` names the row. */
  readonly as?: keyof typeof CLASS;
  readonly cell: (row: Row) => Markup | string | undefined;
}

/** Numbers are the plain case, so that a page of them is small. */
const CLASS = {
  number: undefined,
  'wide number': 'wide',
  row: undefined,
  aside: 'l w',
  kind: 'wide kind',
  text: 'l',
} as const;
/** Longer names are shortened where they stand among others. */
const NAME_LENGTH = 64;
/** Longer sentences are the data's doing. */
export const SENTENCE = 400;

/**
 * A table; one that may be wider than the screen scrolls, by keyboard too.
 *
 * @param label what a screen reader calls it
 * @param fit as wide as its content
 */
export function table<Row>(
  label: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  fit = false,
): Markup {
  const classed = ({ as = 'text' }: Column<Row>) => CLASS[as] && html` class="${CLASS[as]}"`;
  const heads = columns.map((column) => html`<th scope="col"${classed(column)}>${column.heading}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      const content = column.cell(row) ?? NONE;
      return column.as === 'row'
        ? html`<th scope="row">${content}</th>`
        : html`<td${classed(column)}>${content}</td>`;
    });
    return html`<tr>${cells}</tr>`;
  });
  const content = html`<thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`;
  return fit
    ? html`<table class="fit" aria-label="${label}">${content}`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table>${content}</div>`;
}

/** A level as a shape, a colour and a word. */
export function levelMark(level: Level): Markup {
  return html`<span class="v ${level}">${LEVEL_WORD[level]}</span>`;
}

/** Of a quality finding, as a shape, a colour and a word. */
export function severityMark(severity: 'hard' | 'soft'): Markup {
  return html`<span class="v ${severity === 'hard' ? 'critical' : 'warning'}">${severity}</span>`;
}

/** How many there are of each level that occurs. */
export function levelCounts(counts: Readonly<Record<Level, number>>): Markup {
  const present = LEVELS.filter((level) => counts[level] > 0);
  return html`<ul class="counts">${present.map((level) => html`<li>${levelMark(level)} ${count(counts[level])}</li>`)}</ul>`;
}

/** A name from the data, kept apart from the direction of the text around it. */
export function nameMark(name: string, most: number = NAME_LENGTH): Markup {
  return html`<bdi>${name === '' ? '(no name)' : elided(name, most)}</bdi>`;
}

export function list(sentences: readonly string[]): Markup | undefined {
  return sentences.length === 0
    ? undefined
    : html`<ul>${sentences.map((sentence) => html`<li>${elided(sentence, SENTENCE)}</li>`)}</ul>`;
}

/** A statistic; the bracket it is known to lie in where it is not exact. */
export function statistic(of: TestFigure | undefined): string {
  if (!of || 'not_computable' in of) return NONE;
  const { lo, hi } = of;
  if (lo === undefined || hi === undefined || figure(lo) === figure(hi)) return figure(of.statistic);
  return `[${figure(lo)}, ${figure(hi)}]`;
}

export function pValueOf(of: TestFigure | undefined): string {
  return !of || 'not_computable' in of ? NONE : pValue(of.p_value);
}

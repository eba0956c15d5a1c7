/** Tables that become lists on a phone, and the verdict of a window in them. */
import type { ReportEntry } from '#shared/monitoring/report-index.ts';
import type { Level } from '#shared/verdict/level.ts';
import { html, type Markup } from '../../observability/reports/html.ts';
import { LEVEL_WORD } from '../../observability/reports/words.ts';

/** The first cell of a row is its heading. */
export function table(columns: readonly string[], rows: readonly (readonly Markup[])[]): Markup {
  const head = columns.map((name) => html`<th scope="col">${name}</th>`);
  const lines = rows.map(([first, ...cells]) => {
    const rest = cells.map((cell, at) => html`<td data-name="${columns[at + 1]}">${cell}</td>`);
    return html`<tr><th scope="row">${first}</th>${rest}</tr>`;
  });
  return html`<table><thead><tr>${head}</tr></thead><tbody>${lines}</tbody></table>`;
}

export const text = (value: string): Markup => html`${value}`;

function verdictOf(level: Level): Markup {
  return html`<span class="v ${level}">${LEVEL_WORD[level]}</span>`;
}

/** The window's verdict, as a way to its report. */
export function reportLink(base: string, model: string, { id, outcome }: ReportEntry): Markup {
  const href = `${base}/console/models/${encodeURIComponent(model)}/reports/${encodeURIComponent(id)}`;
  return html`<a href="${href}">${verdictOf(outcome.level)}</a>`;
}

/** @example modelHref('/dev', 'churn') // '/dev/console/models/churn' */
export const modelHref = (base: string, model: string): string =>
  `${base}/console/models/${encodeURIComponent(model)}`;

export const runHref = (base: string, model: string, run: string): string =>
  `${modelHref(base, model)}/runs/${encodeURIComponent(run)}`;

export const alertHref = (base: string, id: string): string =>
  `${base}/console/alerts/${encodeURIComponent(id)}`;

export const approvalHref = (base: string, id: string): string =>
  `${base}/console/approvals/${encodeURIComponent(id)}`;

/** The table of columns in a terminal: a line each, gravest first, with why the ones that moved did. */

import type { ComparedColumn, Comparison, DistributionBin } from '#shared/comparison/comparison.ts';
import { change, count, figure, pValue } from '../../observability/reports/format.ts';
import { condensed, highest } from '../../observability/reports/svg-distribution.ts';
import { bySeverity, SYMBOL } from '../../observability/reports/words.ts';
import { indented, type Pen, shortWord } from './pen.ts';
import { cell, widthOf } from './text-width.ts';

/** A longer name does not take room from the pictures. */
const USUAL_NAME = 28;
/** Lines in all, so that stable columns do not push away those that moved; these are always shown. */
const MOST_COLUMNS = 40;
const LEAST_STABLE = 10;
const BLOCKS = '▁▂▃▄▅▆▇█';

export function columnTable({ features }: Comparison, pen: Pen): string[] {
  if (features.length === 0) return [pen.paint('faint', 'No column was compared.')];
  const ordered = bySeverity(features);
  const stable = ordered.filter(({ verdict }) => verdict === 'stable');
  const moved = ordered.filter(({ verdict }) => verdict !== 'stable');
  const room = Math.max(LEAST_STABLE, MOST_COLUMNS - moved.length);
  const shown = [...moved, ...stable.slice(0, room)];
  const left = stable.length - room;
  const layout = layoutOf(shown, pen.width);
  const heading = [
    cell('column', layout.name + 2),
    cell('verdict', layout.verdict),
    cell('PSI', 7, 'right'),
    cell('adj. p', 8, 'right'),
    ...(layout.missing > 0 ? [cell('missing', layout.missing, 'right')] : []),
    cell(layout.spark < 9 ? 'before' : 'reference', layout.spark),
    cell(layout.spark < 9 ? 'now' : 'current', layout.spark),
  ];
  return [
    pen.paint('faint', heading.join('  ').trimEnd()),
    ...shown.flatMap((column) => columnLines(column, layout, pen)),
    ...(left > 0
      ? [pen.paint('faint', `… and ${count(left)} more stable (--html or --json shows all)`)]
      : []),
    ...(moved.some(({ reasons }) => reasons.some((reason) => reason.includes('PSI')))
      ? [
          pen.paint(
            'faint',
            '(PSI in the table: less what chance gives at this size; in a reason: as sampled)',
          ),
        ]
      : []),
  ];
}

interface Layout {
  readonly name: number;
  readonly verdict: number;
  /** 0 where nothing is missing anywhere: the column is left out. */
  readonly missing: number;
  readonly spark: number;
}

/** Names get what the other columns leave, up to what they need; the pictures share what is left of that. */
function layoutOf(shown: readonly ComparedColumn[], width: number): Layout {
  const widest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);
  const hasMissing = shown.some((column) => column.missing_reference > 0 || column.missing_current > 0);
  const verdict = widest(['verdict', ...shown.map((column) => shortWord(column.verdict))]);
  const missing = hasMissing ? widest(['missing', ...shown.map(missingChange)]) : 0;
  const others = 2 + verdict + 7 + 8 + (missing > 0 ? missing + 2 : 0) + 5 * 2;
  const longest = widest(['column', ...shown.map(({ name, role }) => labelled(name, role))]);
  const spark = Math.max(6, Math.min(14, Math.floor((width - others - Math.min(longest, USUAL_NAME)) / 2)));
  return { name: Math.max(6, Math.min(longest, width - others - 2 * spark)), verdict, missing, spark };
}

function columnLines(column: ComparedColumn, layout: Layout, { width, paint }: Pen): string[] {
  const { verdict, reasons } = column;
  const bins = condensed(column, layout.spark);
  const most = highest(bins);
  const spark = (pick: (bin: DistributionBin) => number) =>
    cell(bins.map((bin) => block(pick(bin) / most)).join(''), layout.spark);
  const parts = [
    `${paint(verdict, SYMBOL[verdict])} ${cell(labelled(column.name, column.role), layout.name)}`,
    paint(verdict, cell(shortWord(verdict), layout.verdict)),
    cell(psi(column.psi_debiased), 7, 'right'),
    cell(pValue(column.adjusted_p), 8, 'right'),
    ...(layout.missing > 0 ? [cell(missingChange(column), layout.missing, 'right')] : []),
    paint(
      'faint',
      spark((bin) => bin.reference),
    ),
    spark((bin) => bin.current),
  ];
  const why = verdict === 'stable' ? [] : reasons.slice(0, 2);
  const isWhole = widthOf(labelled(column.name, column.role)) <= layout.name;
  return [
    parts.join('  ').trimEnd(),
    ...why.flatMap((reason) => indented(isWhole ? withoutName(reason, column.name) : reason, 4, 4, width)),
  ];
}

/** The name stands in the line above. */
function withoutName(reason: string, name: string): string {
  return reason.startsWith(`${name}: `) || reason.startsWith(`${name} `)
    ? reason.slice(name.length + 1).trimStart()
    : reason;
}

/** De-biased; three decimals below each other, as what is smaller says nothing. */
function psi(value: number | null): string {
  if (value === null || !(Math.abs(value) < 100)) return figure(value);
  const digits = Math.abs(value).toFixed(3);
  return value < 0 && Number(digits) > 0 ? `\u2212${digits}` : digits;
}

function labelled(name: string, role: ComparedColumn['role']): string {
  const shown = name === '' ? '(no name)' : name;
  return role === 'feature' ? shown : `${shown} (${role})`;
}

/** To two digits, where these tell the change. */
function missingChange({ missing_reference: before, missing_current: now }: ComparedColumn): string {
  if (!(before > 0 || now > 0)) return '';
  const [from, to] = [before, now].map((part) => Number(part.toPrecision(2)));
  const isTold = before === now || from !== to;
  return isTold && now < 0.99 ? change(from!, to!) : change(before, now);
}

/** A share of the highest bin as a block; nothing at all is a dot. */
function block(part: number): string {
  if (!(part > 0)) return '·';
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(part * BLOCKS.length))] ?? '·';
}

/** A comparison for a terminal: the verdict first, then a line per column, gravest first. */

import type {
  ComparedColumn,
  Comparison,
  DistributionBin,
  TableEntry,
} from '#shared/comparison/comparison.ts';
import type { Level } from '#shared/verdict/level.ts';
import { change, count, figure, humanised, plural, psi, pValue } from '../../observability/reports/format.ts';
import { condensed, highest } from '../../observability/reports/svg-distribution.ts';
import { pValueOf, statistic } from '../../observability/reports/table.ts';
import { nameOfTest } from '../../observability/reports/test-names.ts';
import {
  bySeverity,
  DIAGNOSIS,
  hardFirst,
  headline,
  LEVEL_WORD,
  LEVELS,
  SYMBOL,
} from '../../observability/reports/words.ts';
import { cell, fitted, widthOf, wrapped } from './text-width.ts';

/** Below this a table cannot be read; a narrower terminal wraps it. */
const NARROWEST = 80;
/** Longer lines are hard to follow. */
const WIDEST = 160;
/** A longer name does not take room from the pictures. */
const USUAL_NAME = 28;
const MOST_STABLE = 40;
const MOST_SEGMENTS = 12;
const MOST_FINDINGS = 20;
/** Of one sentence; a longer one has a monstrous name in it. */
const MOST_LINES = 5;
const BLOCKS = '▁▂▃▄▅▆▇█';

/** Select Graphic Rendition codes that keep to the terminal's own palette. */
const CODES = {
  critical: '1;31',
  warning: '33',
  shifted: '36',
  insufficient_data: '2',
  stable: '32',
  strong: '1',
  faint: '2',
} as const;

interface Pen {
  readonly width: number;
  readonly paint: (style: keyof typeof CODES, text: string) => string;
}

/**
 * The text that `tidemark compare` prints. Nothing from the data can move the cursor or change a colour.
 *
 * @param options.width columns of the terminal; no line is wider (80 to 160)
 * @param options.colour whether ANSI codes are wanted
 * @example renderComparisonText(comparison, { width: 80, colour: false }).split('\n')[0] // '■ Critical drift: 2 of 12 columns alarm'
 */
export function renderComparisonText(
  comparison: Comparison,
  options: { readonly width: number; readonly colour: boolean },
): string {
  const width = Math.min(WIDEST, Math.max(NARROWEST, Math.floor(options.width) || 80));
  const paint: Pen['paint'] = (style, text) =>
    options.colour && text.trim() !== '' ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  const pen = { width, paint };
  const blocks = [
    opening(comparison, pen),
    diagnosis(comparison, pen),
    quality(comparison, pen),
    columns(comparison, pen),
    segments(comparison, pen),
    multivariate(comparison, pen),
    notCompared(comparison, pen),
    [paint('faint', `compared in ${figure(comparison.summary.seconds)} s`)],
  ];
  const lines = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  return `${lines.join('\n\n').replaceAll('\u202f', ' ')}\n`;
}

function opening(comparison: Comparison, { width, paint }: Pen): string[] {
  const { verdict, reasons, counts, reference, current } = comparison.summary;
  const file = (side: string, { file, rows, skipped, first_skipped }: TableEntry) => {
    const why = first_skipped === undefined ? '' : ` (${first_skipped})`;
    const facts = `${plural(rows, 'row')}${skipped > 0 ? `, ${count(skipped)} skipped${why}` : ''}`;
    const name = fitted(file, Math.min(40, width - 30));
    return indented(`${side.padEnd(9)}  ${name}  ${facts}`, 2, 13, width);
  };
  const tally = LEVELS.filter((level) => counts[level] > 0).map(
    (level) => `${paint(level, SYMBOL[level])} ${count(counts[level])} ${shortWord(level)}`,
  );
  return [
    ...wrapped(`${SYMBOL[verdict]} ${headline(comparison)}`, width).map((line) => paint(verdict, line)),
    ...bullets(reasons, width),
    '',
    ...file('reference', reference),
    ...file('current', current),
    ...(tally.length > 0 ? ['', `  ${tally.join('   ')}`] : []),
  ];
}

function diagnosis({ summary }: Comparison, pen: Pen): string[] {
  const { kind, evidence, worst } = summary.diagnosis;
  if (kind === 'none' && evidence.length === 0) return [];
  const ranked = worst.slice(0, 5).map(({ name, score }) => `${fitted(name, 30)} (${figure(score)})`);
  return [
    pen.paint('strong', DIAGNOSIS[kind]),
    ...bullets(evidence, pen.width),
    ...(ranked.length > 0 ? indented(`look first at ${ranked.join(', ')}`, 2, 4, pen.width) : []),
  ];
}

function columns({ features }: Comparison, pen: Pen): string[] {
  if (features.length === 0) return [pen.paint('faint', 'No column was compared.')];
  const ordered = bySeverity(features);
  const stable = ordered.filter(({ verdict }) => verdict === 'stable');
  const shown = ordered.filter(({ verdict }) => verdict !== 'stable').concat(stable.slice(0, MOST_STABLE));
  const left = stable.length - MOST_STABLE;
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
      ? [pen.paint('faint', `… and ${count(left)} stable ones (use --json or --html for all)`)]
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
  return [parts.join('  ').trimEnd(), ...why.flatMap((reason) => indented(reason, 4, 4, width))];
}

/** One word, so that names have room. */
function shortWord(level: Level): string {
  return LEVEL_WORD[level].split(' ')[0] ?? level;
}

function labelled(name: string, role: ComparedColumn['role']): string {
  const shown = name === '' ? '(no name)' : name;
  return role === 'feature' ? shown : `${shown} (${role})`;
}

function missingChange({ missing_reference: before, missing_current: now }: ComparedColumn): string {
  return before > 0 || now > 0 ? change(before, now) : '';
}

/** A share of the highest bin as a block; nothing at all is a dot. */
function block(part: number): string {
  if (!(part > 0)) return '·';
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(part * BLOCKS.length))] ?? '·';
}

function quality({ quality: findings }: Comparison, pen: Pen): string[] {
  if (findings.length === 0) return [];
  const lines = hardFirst(findings)
    .slice(0, MOST_FINDINGS)
    .flatMap(({ severity, column, check, message }) => {
      const where = column === undefined ? '' : `${fitted(column, 40)}: `;
      return marked(
        severity === 'hard' ? 'critical' : 'warning',
        `${severity}  ${where}${message} (${humanised(check)})`,
        pen,
      );
    });
  return [pen.paint('strong', 'Data quality'), ...lines, ...more(findings.length - MOST_FINDINGS, pen)];
}

function segments({ segments: entries }: Comparison, pen: Pen): string[] {
  if (entries.length === 0) return [];
  const lines = entries.slice(0, MOST_SEGMENTS).flatMap((entry) => {
    const worst = entry.worst ? `; worst ${fitted(entry.worst.name, 30)}, PSI ${psi(entry.worst.psi)}` : '';
    const why = entry.reasons[0] === undefined ? '' : `: ${entry.reasons[0]}`;
    const rows = `${count(entry.n_reference)} → ${plural(entry.n_current, 'row')}`;
    const name = `${fitted(entry.column, 30)} = ${fitted(entry.value, 30)}`;
    return marked(entry.verdict, `${name}  ${LEVEL_WORD[entry.verdict]}, ${rows}${worst}${why}`, pen);
  });
  return [pen.paint('strong', 'Segments'), ...lines, ...more(entries.length - MOST_SEGMENTS, pen)];
}

function multivariate({ multivariate: entries }: Comparison, pen: Pen): string[] {
  if (entries.length === 0) return [];
  const lines = entries.flatMap(({ test, figure: of, verdict, reasons }) => {
    const label = nameOfTest(test).label;
    if ('not_computable' in of) return marked(verdict, `${label}  not computed: ${of.not_computable}`, pen);
    const p = of.p_value === undefined ? '' : `, p ${pValueOf(of)}`;
    const why = reasons[0] === undefined ? '' : `: ${reasons[0]}`;
    return marked(verdict, `${label}  ${LEVEL_WORD[verdict]}, ${statistic(of)}${p}${why}`, pen);
  });
  return [pen.paint('strong', 'Columns together'), ...lines];
}

function notCompared({ summary }: Comparison, pen: Pen): string[] {
  const entries = summary.not_compared;
  if (entries.length === 0) return [];
  const lines = entries
    .slice(0, MOST_FINDINGS)
    .flatMap(({ column, reason }) => indented(`${fitted(column, 40)}: ${reason}`, 2, 4, pen.width));
  return [pen.paint('strong', 'Not compared'), ...lines, ...more(entries.length - MOST_FINDINGS, pen)];
}

function marked(level: Level, text: string, { width, paint }: Pen): string[] {
  return indented(text, 4, 4, width).map((line, at) =>
    at === 0 ? `  ${paint(level, SYMBOL[level])} ${line.slice(4)}` : line,
  );
}

function bullets(sentences: readonly string[], width: number): string[] {
  return sentences.flatMap((sentence) => indented(`· ${sentence}`, 2, 4, width));
}

function more(left: number, { paint }: Pen): string[] {
  return left > 0 ? [paint('faint', `  … and ${count(left)} more (--json has all)`)] : [];
}

/** @param first spaces before the first line @param rest spaces before the others */
function indented(text: string, first: number, rest: number, width: number): string[] {
  const room = width - Math.max(first, rest);
  return wrapped(fitted(text, MOST_LINES * room), room).map(
    (line, at) => ' '.repeat(at === 0 ? first : rest) + line,
  );
}

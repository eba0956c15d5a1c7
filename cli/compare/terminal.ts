/** A comparison for a terminal: the verdict first, then a line per column, gravest first. */

import type {
  Comparison,
  MultivariateEntry,
  SegmentEntry,
  TableEntry,
} from '#shared/comparison/comparison.ts';
import { count, figure, humanised, plural, psi } from '../../observability/reports/format.ts';
import { pValueOf, statistic } from '../../observability/reports/table.ts';
import { nameOfTest } from '../../observability/reports/test-names.ts';
import {
  DIAGNOSIS,
  hardFirst,
  headline,
  LEVEL_WORD,
  LEVELS,
  SYMBOL,
} from '../../observability/reports/words.ts';
import { columnTable } from './column-table.ts';
import { bullets, indented, marked, more, type Pen, penOf, shortWord } from './pen.ts';
import { fitted, wrapped } from './text-width.ts';

/** Below this a table cannot be read; a narrower terminal wraps it. */
const NARROWEST = 80;
/** Longer lines are hard to follow. */
const WIDEST = 160;
/** At the top; each stands again where it belongs. */
const MOST_REASONS = 5;
const MOST_SEGMENTS = 12;
const MOST_FINDINGS = 20;
/** Of a text this long the top has left the screen: the verdict is said again at the end. */
const SCREEN_LINES = 40;
/** The level of the tests of columns together. */
const CERTAIN = 0.01;

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
  const pen = penOf(width, options.colour);
  const blocks = [
    opening(comparison, pen),
    diagnosis(comparison, pen),
    quality(comparison, pen),
    [...columnTable(comparison, pen), ...conventionNote(comparison, pen)],
    segments(comparison, pen),
    multivariate(comparison, pen),
    notCompared(comparison, pen),
  ];
  const text = blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
  const closing = pen.paint('faint', `compared in ${figure(comparison.summary.seconds)} s`);
  const isLong = text.split('\n').length > SCREEN_LINES;
  const lines = [text, '', ...(isLong ? verdictLines(comparison, pen) : []), closing];
  return `${lines.join('\n').replaceAll('\u202f', ' ')}\n`;
}

/** The figures themselves are too many for a terminal. */
function conventionNote({ summary: { convention } }: Comparison, { width, paint }: Pen): string[] {
  if (convention === 'tidemark') return [];
  const text = `(--json and --html have the figures in the convention of ${convention}; verdicts do not follow it)`;
  return wrapped(text, width).map((line) => paint('faint', line));
}

function verdictLines(comparison: Comparison, { width, paint }: Pen): string[] {
  const { verdict } = comparison.summary;
  return wrapped(`${SYMBOL[verdict]} ${headline(comparison)}`, width).map((line) => paint(verdict, line));
}

function opening(comparison: Comparison, pen: Pen): string[] {
  const { width, paint } = pen;
  const { reasons, counts, reference, current } = comparison.summary;
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
    ...verdictLines(comparison, pen),
    ...bullets(reasons.slice(0, MOST_REASONS), width),
    ...more(reasons.length - MOST_REASONS, pen, 'below'),
    '',
    ...file('reference', reference),
    ...file('current', current),
    ...(tally.length > 0 ? ['', `  ${tally.join('   ')}`] : []),
  ];
}

function diagnosis({ summary, quality: findings }: Comparison, pen: Pen): string[] {
  const { kind, evidence, worst } = summary.diagnosis;
  if (kind === 'none' && evidence.length === 0) return [];
  // what stands at the top or in a part of its own is not said again
  const elsewhere = new Set([...summary.reasons, ...findings.map(sentenceOf)]);
  const ranked = worst.slice(0, 5).map(({ name }) => fitted(name, 30));
  return [
    pen.paint('strong', DIAGNOSIS[kind]),
    ...bullets(
      evidence.filter((sentence) => !elsewhere.has(sentence)),
      pen.width,
    ),
    ...(ranked.length > 0 ? indented(`look first at ${ranked.join(', ')}`, 2, 4, pen.width) : []),
  ];
}

function sentenceOf({ column, message }: Comparison['quality'][number]): string {
  return column === undefined ? message : `${column}: ${message}`;
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
  const lines = entries
    .slice(0, MOST_SEGMENTS)
    .flatMap((entry) => marked(entry.verdict, segmentLine(entry), pen));
  return [pen.paint('strong', 'Segments'), ...lines, ...more(entries.length - MOST_SEGMENTS, pen)];
}

function segmentLine({
  column,
  value,
  verdict,
  n_reference,
  n_current,
  worst,
  reasons,
}: SegmentEntry): string {
  const [reason] = reasons;
  const own = `${column} = ${value}: `;
  const why = reason?.startsWith(own) ? reason.slice(own.length) : reason;
  const isSaid = worst !== null && why?.startsWith(worst.name) && why.includes('PSI');
  const name = `${fitted(column, 30)} = ${fitted(value, 30)}`;
  const rows = `${count(n_reference)} → ${plural(n_current, 'row')}`;
  const most = worst && !isSaid ? `; worst ${fitted(worst.name, 30)}, PSI ${psi(worst.psi)}` : '';
  return `${name}  ${LEVEL_WORD[verdict]}, ${rows}${most}${why === undefined ? '' : `: ${why}`}`;
}

function multivariate({ multivariate: entries }: Comparison, pen: Pen): string[] {
  if (entries.length === 0) return [];
  const lines = entries.flatMap((entry) => marked(entry.verdict, multivariateLine(entry), pen));
  return [pen.paint('strong', 'Columns together'), ...lines];
}

function multivariateLine({ test, figure: of, verdict, reasons }: MultivariateEntry): string {
  const { label } = nameOfTest(test);
  if ('not_computable' in of) return `${label}  not computed: ${of.not_computable}`;
  const isSmall = verdict === 'stable' && of.p_value !== undefined && of.p_value <= CERTAIN;
  const why = reasons[0] ?? (isSmall ? 'certain, but too small to matter' : undefined);
  const p = of.p_value === undefined ? '' : `, p ${pValueOf(of)}`;
  return `${label}  ${LEVEL_WORD[verdict]}, ${statistic(of)}${p}${why === undefined ? '' : `: ${why}`}`;
}

function notCompared({ summary }: Comparison, pen: Pen): string[] {
  const entries = summary.not_compared;
  if (entries.length === 0) return [];
  const lines = entries
    .slice(0, MOST_FINDINGS)
    .flatMap(({ column, reason }) => indented(`${fitted(column, 40)}: ${reason}`, 2, 4, pen.width));
  return [pen.paint('strong', 'Not compared'), ...lines, ...more(entries.length - MOST_FINDINGS, pen)];
}

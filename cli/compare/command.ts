/** `tidemark compare REFERENCE CURRENT`: the whole engine on two files. */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type CountedPair, compareCounts } from '#shared/comparison/compare-counts.ts';
import type { Comparison } from '#shared/comparison/comparison.ts';
import { domainClassifier } from '#shared/drift/multivariate/domain-classifier.ts';
import { emptyProfile } from '#shared/profile/profile.ts';
import { segmentKey, segmentValues } from '#shared/profile/segments.ts';
import { seededRandom } from '#shared/random.ts';
import { openTable } from '#shared/tabular/table.ts';
import { graver } from '#shared/verdict/level.ts';
import { type DriftPolicy, defaultDriftPolicy } from '#shared/verdict/policy.ts';
import { renderComparisonHtml } from '../../observability/reports/comparison-html.ts';
import { writeOutput } from '../output-file.ts';
import { countHere, countInWorker } from './count.ts';
import { type CompareConfig, type CompareOptions, orUsageError, readCompareOptions } from './options.ts';
import { type Plan, planComparison } from './plan.ts';
import { Progress } from './progress.ts';
import { renderComparisonText } from './terminal.ts';

export { compareHelp } from './options.ts';

/** From this size on a thread of its own is worth its start. */
const workerBytes = 30e6;

export async function runCompare(args: readonly string[]): Promise<number> {
  const options = readCompareOptions(args);
  const comparison = await compare(options);
  // before the report: a disk that is full by now must not cost the answer
  if (options.json) process.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`);
  else {
    const isTerminal = process.stdout.isTTY === true;
    process.stdout.write(
      renderComparisonText(comparison, {
        width: terminalWidth(),
        colour: isTerminal && !process.env.NO_COLOR,
      }),
    );
  }
  if (options.html !== undefined) {
    writeReport(options.html, comparison);
    if (!options.json) process.stdout.write(`\nreport: ${options.html}\n`);
  }
  return options.failOn && isAtLeast(comparison, options.failOn) ? 1 : 0;
}

/** As asked for by COLUMNS, of the terminal, or what a log is read in. */
function terminalWidth(): number {
  const asked = Number(process.env.COLUMNS);
  return Number.isInteger(asked) && asked > 0 ? asked : (process.stdout.columns ?? 100);
}

function isAtLeast({ summary }: Comparison, level: NonNullable<CompareOptions['failOn']>): boolean {
  return summary.verdict !== 'insufficient_data' && graver(level, summary.verdict) === summary.verdict;
}

async function compare(options: CompareOptions): Promise<Comparison> {
  const started = performance.now();
  const progress = new Progress(process.stderr, options.reference, options.current);
  try {
    const reference = await openTable(options.reference);
    const current = await openTable(options.current);
    const plan = await planComparison(reference, current, options);
    const isLarge = statSync(options.current).size + statSync(options.reference).size >= workerBytes;
    const countCurrent = () =>
      isLarge
        ? countInWorker(options.current, plan, progress.of('current'))
        : countHere(current, plan, progress.of('current'));
    const [before, now] = await Promise.all([
      countHere(reference, plan, progress.of('reference')),
      countCurrent(),
    ]);
    const pair: CountedPair = {
      anchors: plan.anchors,
      reference: before.whole,
      current: now.whole,
      slices: slicesOf(plan, before.segments, now.segments),
      roles: plan.roles,
      policy: policyOf(options.config),
      designEffect: options.config.design_effect,
      minSegmentRows: options.config.min_segment_rows,
      ...(options.constraints ? { constraints: options.constraints } : {}),
      ...(options.config.importance
        ? { importance: new Map(Object.entries(options.config.importance)) }
        : {}),
      domainClassifier: domainClassifier(plan.rows.reference, plan.rows.current, {
        rng: seededRandom(1),
        maxRows: 2000,
        designEffect: options.config.design_effect,
      }),
      convention: options.convention,
      rows: { ...plan.rows, random: seededRandom(2) },
      tables: { reference: before.entry, current: now.entry },
      notCompared: plan.notCompared,
      absent: plan.absent,
      unexpected: plan.unexpected,
      duplicates: now.duplicates,
    };
    const { summary, ...comparison } = compareCounts(pair);
    const seconds = Number(((performance.now() - started) / 1000).toFixed(2));
    progress.end();
    for (const note of [...before.notes, ...now.notes]) process.stderr.write(`note: ${note}\n`);
    return { ...comparison, summary: { ...summary, seconds } };
  } finally {
    progress.end();
  }
}

function slicesOf(
  { anchors, segments }: Plan,
  before: ReadonlyMap<string, CountedPair['reference']>,
  now: ReadonlyMap<string, CountedPair['reference']>,
): CountedPair['slices'] {
  return segments.flatMap((column) =>
    segmentValues(anchors, column).map((value) => {
      const key = segmentKey(column, value);
      const [reference, current] = [before, now].map((of) => of.get(key) ?? emptyProfile(anchors));
      return { column, value, reference: reference!, current: current! };
    }),
  );
}

function policyOf(config: CompareConfig): DriftPolicy {
  return {
    ...defaultDriftPolicy,
    correction: config.correction,
    alpha: config.alpha,
    alarmAlpha: config.alarm_alpha,
    minimalEffect: config.minimal_effect,
    psiWarning: config.psi_warning,
    psiCritical: config.psi_critical,
    minRows: config.min_rows,
  };
}

function writeReport(file: string, comparison: Comparison): void {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const html = renderComparisonHtml(comparison, { generatedAt: new Date().toISOString(), version });
  orUsageError(file, () => writeOutput(file, html));
}

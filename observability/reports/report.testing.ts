/** Reports for the page's tests and its benchmark: made by the monitor's own judgement of generated rows. */

import type { NextStep } from '#shared/monitoring/next-step.ts';
import { buildReport, type Report } from '#shared/monitoring/report.ts';
import type { ReportEntry } from '#shared/monitoring/report-index.ts';
import { expectedLoss } from '#shared/performance/expected-loss.ts';
import { type Anchors, buildAnchors, type Channel } from '#shared/profile/anchors.ts';
import { profileOf } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import type { Baseline } from '#shared/registry/baseline.ts';
import type { Manifest } from '#shared/registry/model.ts';
import type { Column } from '#shared/schema/columns.ts';
import { smallRecord } from '#shared/testing/small-model.ts';

export interface WindowOptions {
  /** Numeric features beside `cut` and `bracket`. */
  readonly features?: number;
  readonly rows?: number;
  /** In standard deviations, of the first feature. */
  readonly shift?: number;
  /** In how many of the numeric features beside the first. */
  readonly shifted?: number;
  /** Share of the first feature's values. */
  readonly missing?: number;
  /** Of the window; the held-out rows err in one of ten. */
  readonly errorRate?: number;
  /** A feature that is watched by its tokens. */
  readonly hasTokens?: boolean;
  /** Windows before this one that looked the same. */
  readonly again?: number;
  /** Each feature half as important as the one before. */
  readonly importance?: boolean;
  readonly names?: (at: number) => string;
  /** Of the feature `cut`. */
  readonly categories?: readonly string[];
  readonly classes?: readonly [string, string];
  readonly next?: NextStep;
}

type Made = Column & { readonly channel: Channel };
const start = Date.UTC(2026, 10, 21);
const hourMs = 3_600_000;

/** Rows of one side; what is changed applies to the current one. */
function columnsOf(seed: number, rows: number, options: WindowOptions, isCurrent: boolean): Made[] {
  const random = seededRandom(seed);
  const { features = 6, shift = 0, shifted = 0, missing = 0, errorRate = 0.1 } = options;
  const { names = (at) => `measurement_${at}`, categories = ['Fair', 'Good', 'Ideal'] } = options;
  const { classes = ['low', 'high'] } = options;
  const numbers = (draw: (row: number) => number) =>
    Float64Array.from({ length: rows }, (_, row) => draw(row));
  const numeric = (name: string, channel: Channel, draw: (row: number) => number): Made => ({
    kind: 'numeric',
    name,
    channel,
    values: numbers(draw),
  });
  const words = (name: string, channel: Channel, draw: () => string): Made => ({
    kind: 'categorical',
    name,
    channel,
    values: Array.from({ length: rows }, draw),
  });
  const moved = (at: number) => (isCurrent && at <= shifted ? shift : 0);
  const holed = (at: number) => isCurrent && at === 0 && random() < missing;
  const token = () => `t${Math.floor(random() * (isCurrent ? 60 : 40))}`;
  return [
    ...Array.from({ length: features }, (_, at) =>
      numeric(names(at), 'feature', () =>
        holed(at) ? Number.NaN : 10 * (at + 1) + normal(random) + moved(at),
      ),
    ),
    words('cut', 'feature', () => categories[Math.floor(random() ** 2 * categories.length)]!),
    numeric('bracket', 'feature', () => 1 + Math.floor(random() * 4)),
    ...(options.hasTokens ? [words('street', 'token', token)] : []),
    words('$prediction', 'prediction', () => classes[random() < 0.6 ? 0 : 1]),
    numeric('$confidence', 'confidence', () => 0.6 + 0.4 * random()),
    words('$label', 'label', () => classes[random() < 0.6 ? 0 : 1]),
    numeric('$loss', 'loss', () => Number(random() < (isCurrent ? errorRate : 0.1))),
  ];
}

/** The report of an hour, as the monitor stores it. @example windowReport({ shift: 2, again: 1 }).verdict.confirmed // true */
export function windowReport(options: WindowOptions = {}): Report {
  const { rows = 500, again = 0, next } = options;
  const before = columnsOf(1, 2000, options, false);
  const anchors = buildAnchors(before);
  const reference = profileOf(before, anchors);
  const current = profileOf(columnsOf(2, rows, options, true), anchors);
  const record = smallRecord({ task: 'classification' });
  const importance = options.importance
    ? before
        .filter(({ channel }) => channel === 'feature')
        .map(({ name }, at) => ({ name, share: 0.5 ** (at + 1) }))
    : [];
  const manifest = { schema: record.schema, task: record.task, importance } as unknown as Manifest;
  const baseline: Baseline = {
    ...{ anchors, reference, manifest, file: 'baseline.bin', seasonal: null },
    designEffects: new Map(),
    segments: new Map(),
    expectedLoss: heldOutLoss(before, anchors),
  };
  const judge = (at: number, earlier: readonly ReportEntry[]) =>
    buildReport({
      ...{ model: 'price', version: '20261120T000000-abc123', environment: 'test', baseline, current },
      window: { start: at, end: at + hourMs },
      segments: new Map(),
      ...{ rows, labels: rows, late: 0, quietMs: 1000, monitor: record.monitor, earlier },
    });
  const earlier: ReportEntry[] = [];
  for (let at = again; at > 0; at--) earlier.push(entryOf(judge(start - at * hourMs, earlier)));
  return { ...judge(start, earlier), ...(next ? { next } : {}) };
}

function heldOutLoss(columns: readonly Made[], { anchors }: Anchors) {
  const at = columns.findIndex(({ name }) => name === '$confidence');
  const [said, loss, anchor] = [columns[at], columns.find(({ name }) => name === '$loss'), anchors[at]];
  if (said?.kind !== 'numeric' || loss?.kind !== 'numeric' || anchor?.kind !== 'numeric')
    throw new TypeError('the generated rows have neither confidence nor loss');
  return expectedLoss('error_rate', anchor, said.values, loss.values);
}

function entryOf({ id, version, window, rows, labels, quietMs, verdict }: Report): ReportEntry {
  const { worst = null, reasons, ...outcome } = verdict;
  return { id, version, window, rows, labels, quietMs, outcome, worst, reasons };
}

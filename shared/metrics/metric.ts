/** What a metric is: one entry of the catalogue, and the few ways samples are made of figures. */
import type { DeploymentFigures, LastReport, ModelFigures } from './figures.ts';
import type { StoredHistogram } from './histogram.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly histogram: StoredHistogram;
}

/**
 * How often the publisher sends a series again. Prometheus forgets an instant value after five minutes: `minute` (every 60 s) is for what
 * alerts look at, `four_minutes` (every 240 s) for counters and what must be there at any instant, `change` (in the minute it changes, and
 * every 30 minutes) for what changes with a window or a run only: rules and panels read the last one by `last_over_time`.
 */
export type Cadence = 'minute' | 'four_minutes' | 'change';

interface MetricIdentity {
  readonly name: string;
  readonly unit: 'seconds' | 'ratio' | 'rows' | 'requests' | 'count' | 'level' | 'bool' | 'version' | 'other';
  /** Lower case, without a full stop. */
  readonly help: string;
  readonly cadence: Cadence;
  /** Series of one model (or of the deployment), at most; a histogram counts as one. What is beyond it is left out. */
  readonly cap: number;
  /** Beside `env`, which every metric has, and `model`, which every metric of a model has. */
  readonly labels: readonly string[];
}

interface OfModel {
  readonly scope: 'model';
}

/** Values of one model. */
export type ModelMetric = MetricIdentity &
  OfModel &
  (
    | { readonly kind: 'gauge' | 'counter'; readonly samples: (figures: ModelFigures) => readonly Sample[] }
    | {
        readonly kind: 'histogram';
        /** Upper edges; `+Inf` is added. */
        readonly buckets: readonly number[];
        readonly samples: (figures: ModelFigures) => readonly HistogramSample[];
      }
  );

/** Values of the deployment as a whole. */
export type DeploymentMetric = MetricIdentity & {
  readonly scope: 'deployment';
  readonly kind: 'gauge' | 'counter';
  readonly samples: (figures: DeploymentFigures) => readonly Sample[];
};

export type Metric = ModelMetric | DeploymentMetric;

/** Labels of a metric, all of them, in the order pages and rules show. */
export function labelsOf({ scope, labels }: Metric): readonly string[] {
  return scope === 'model' ? ['model', 'env', ...labels] : ['env', ...labels];
}

/** One sample, or none of what is not known. */
export const one = (value: number | null | undefined, labels: Labels = {}): Sample[] =>
  value === null || value === undefined ? [] : [{ labels, value }];

/** A moment in Unix milliseconds as one in seconds. */
export const seconds = (ms: number | null | undefined): number | undefined =>
  ms === null || ms === undefined ? undefined : ms / 1000;

/** One sample an entry, labelled by its key; none where it is no number: stored as JSON, an infinite figure comes back as null. */
export const entries = (values: Readonly<Record<string, number>>, label: string): Sample[] =>
  Object.entries(values).flatMap(([key, value]) =>
    Number.isFinite(value) ? [{ labels: { [label]: key }, value }] : [],
  );

/** Features of a model that have series of their own; the rest are in the report. */
export const MAX_FEATURES = 200;

/** A sample for each of the newest report's features of which the figure is known. */
export function features(
  { lastReport }: ModelFigures,
  pick: (feature: LastReport['features'][number]) => number | null,
): Sample[] {
  return (lastReport?.features ?? [])
    .filter(({ channel }) => channel === 'feature')
    .flatMap((feature) => one(pick(feature), { feature: feature.name }));
}

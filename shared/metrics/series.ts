/** The catalogue's samples of some figures, as Prometheus has them: what `/metrics` prints and the publisher sends. */
import { catalogue } from './catalogue.ts';
import type { Figures, ModelFigures } from './figures.ts';
import type { HistogramSample, Labels, Metric, ModelMetric, Sample } from './metric.ts';

export interface Series {
  /** With `_bucket`, `_sum` or `_count` where it is part of a histogram. */
  readonly name: string;
  /** All of them. */
  readonly labels: Labels;
  readonly value: number;
}

/** Series of one metric, of all models, in the catalogue's order. */
export function* seriesByMetric({
  deployment,
  models,
}: Figures): Generator<{ readonly metric: Metric; readonly series: readonly Series[] }> {
  const env = deployment.environment;
  for (const metric of catalogue) {
    if (metric.scope === 'deployment') {
      yield { metric, series: gauges(metric, { env }, metric.samples(deployment)) };
      continue;
    }
    yield { metric, series: models.flatMap((figures) => ofModel(metric, figures, env)) };
  }
}

function ofModel(metric: ModelMetric, figures: ModelFigures, env: string): Series[] {
  const own = { model: figures.model, env };
  return metric.kind === 'histogram'
    ? histograms(metric, own, metric.buckets, metric.samples(figures))
    : gauges(metric, own, metric.samples(figures));
}

function gauges({ name, cap }: Metric, own: Labels, samples: readonly Sample[]): Series[] {
  return samples.slice(0, cap).map(({ labels, value }) => ({ name, labels: { ...own, ...labels }, value }));
}

function histograms(
  { name, cap }: Metric,
  own: Labels,
  buckets: readonly number[],
  samples: readonly HistogramSample[],
): Series[] {
  return samples.slice(0, cap).flatMap(({ labels: given, histogram }) => {
    const labels = { ...own, ...given };
    let below = 0;
    const cells = [...buckets.map(String), '+Inf'].map((le, at) => {
      below += histogram.counts[at] ?? 0;
      return { name: `${name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...cells,
      { name: `${name}_sum`, labels, value: histogram.sum_millionths / 1e6 },
      { name: `${name}_count`, labels, value: below },
    ];
  });
}

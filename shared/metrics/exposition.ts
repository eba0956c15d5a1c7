/** The catalogue's samples in Prometheus text format, by prom-client. */
import { type Metric as ClientMetric, Registry } from 'prom-client';
import type { Figures } from './figures.ts';
import { seriesByMetric } from './series.ts';

/** The registry asks each metric for its values; these have them already, so none is counted a second time. */
export async function exposition(figures: Figures): Promise<string> {
  const registry = new Registry();
  for (const { metric, series } of seriesByMetric(figures)) {
    const { name, kind, help } = metric;
    const values = series.map(({ name: metricName, labels, value }) => ({ metricName, labels, value }));
    const get = async () => ({ name, help, type: kind, values, aggregator: 'sum' });
    registry.registerMetric({ name, help, get } as unknown as ClientMetric);
  }
  return registry.metrics();
}

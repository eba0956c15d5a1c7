/** The catalogue's samples in Prometheus text format, by prom-client. */
import { Counter, Gauge, Registry } from 'prom-client';
import { catalogue } from './catalogue.ts';
import type { ModelFigures } from './collect.ts';

export async function exposition(models: readonly ModelFigures[]): Promise<string> {
  const registry = new Registry();
  for (const { name, kind, help, labels, samples } of catalogue) {
    const labelNames = ['model', 'env', ...labels];
    const counter =
      kind === 'counter' ? new Counter({ name, help, labelNames, registers: [registry] }) : undefined;
    const gauge = kind === 'gauge' ? new Gauge({ name, help, labelNames, registers: [registry] }) : undefined;
    for (const figures of models)
      for (const { labels: own, value } of samples(figures)) {
        const all = { model: figures.model, env: figures.environment, ...own };
        counter?.inc(all, value);
        gauge?.set(all, value);
      }
  }
  return registry.metrics();
}

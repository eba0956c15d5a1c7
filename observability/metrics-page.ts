/** The page that lists every metric, made from the catalogue; `metrics.test.ts` holds the committed page to it. */
import { catalogue } from '#shared/metrics/catalogue.ts';
import { type Cadence, labelsOf, type Metric } from '#shared/metrics/metric.ts';

const cadences: Readonly<Record<Cadence, string>> = {
  minute: '60 s',
  four_minutes: '240 s',
  change: 'change, 30 min',
};

const head = `# Metrics

Served at \`GET /metrics\`, and sent by remote write where there is a receiver. Made from \`shared/metrics/catalogue.ts\`.

"Sent" is how often remote write repeats a series; a scrape has all of them each time. "At most" is the number of series of one model (of the
deployment, where there is no label \`model\`); what is beyond it is left out.
[docs/observability.md](../docs/observability.md) says what is exact, and what to do with it.

| name | kind | unit | labels | sent | at most | meaning |
|---|---|---|---|---|---|---|
`;

export function metricsPage(): string {
  return `${head}${catalogue.map(row).join('\n')}\n`;
}

function row(metric: Metric): string {
  const { name, kind, unit, cadence, cap, help } = metric;
  const edges = metric.kind === 'histogram' ? `; buckets ${metric.buckets.join(' ')}` : '';
  const labels = labelsOf(metric).join(', ');
  return `| \`${name}\` | ${kind} | ${unit} | ${labels} | ${cadences[cadence]} | ${cap} | ${help}${edges} |`;
}

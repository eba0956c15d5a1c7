/** The page that lists every metric, made from the catalogue; `metrics.test.ts` holds the committed page to it. */
import { catalogue } from '#shared/metrics/catalogue.ts';

export function metricsPage(): string {
  const rows = catalogue.map(
    ({ name, kind, labels, help }) =>
      `| \`${name}\` | ${kind} | ${['model', 'env', ...labels].join(', ')} | ${help} |`,
  );
  return `# Metrics\n\nServed at \`GET /metrics\`. Made from \`shared/metrics/catalogue.ts\`.\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

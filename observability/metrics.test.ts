import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalogue } from '#shared/metrics/catalogue.ts';
import { metricsPage } from './metrics-page.ts';

const file = new URL('./metrics.md', import.meta.url);

describe('the metric catalogue', () => {
  test('is what observability/metrics.md lists (UPDATE=1 npm test rewrites it)', () => {
    if (process.env.UPDATE === '1') writeFileSync(file, metricsPage());
    expect(readFileSync(file, 'utf8')).toBe(metricsPage());
  });

  test('names metrics once, with the prefix, counters ending in _total and times in _seconds', () => {
    const names = catalogue.map((metric) => metric.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, kind } of catalogue) {
      expect(name).toMatch(/^tidemark_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      if (name.includes('timestamp')) expect(name).toMatch(/_seconds$/);
    }
  });

  test('never labels a series by request', () => {
    expect(catalogue.flatMap((metric) => metric.labels).filter((label) => /request|id$/.test(label))).toEqual(
      [],
    );
  });
});

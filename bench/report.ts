/** Benchmark: the report of 200 features as the page it leads to, in a process that has rendered nothing before and in one that has. */

import { windowReport } from '../observability/reports/report.testing.ts';
import { renderReportHtml } from '../observability/reports/report-html.ts';
import type { BenchTable } from './table.ts';

const REPEATS = 30;

export function run(): BenchTable {
  const first = performance.now();
  const calm = windowReport({ features: 198, rows: 2000 });
  const judged = performance.now() - first;
  const alarming = windowReport({ features: 198, rows: 2000, shift: 0.8, shifted: 198 });
  const cold = time(() => renderReportHtml(alarming));
  const warm = Array.from({ length: REPEATS }, () => time(() => renderReportHtml(alarming))).sort(
    (a, b) => a - b,
  );
  const size = (text: string) => `${Math.round(Buffer.byteLength(text) / 1000)} kB`;
  return {
    name: 'the page of a report, 200 features',
    rows: [
      ['rendered, the first time in a process', `${cold.toFixed(0)} ms`],
      ['rendered, later', `best ${warm[0]!.toFixed(0)} ms, median ${warm[REPEATS / 2]!.toFixed(0)} ms`],
      ['page, nothing drifted', size(renderReportHtml(calm))],
      ['page, every feature alarms', size(renderReportHtml(alarming))],
      ['JSON, every feature alarms', size(JSON.stringify(alarming))],
      ['for comparison: making the rows, counting and judging them', `${judged.toFixed(0)} ms`],
    ],
  };
}

function time(work: () => unknown): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}

/** Every query of every dashboard, on a real Prometheus that the publisher filled and that evaluates the real rules. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPublisher } from '#shared/metrics/publish.ts';
import { minuteMs } from '#shared/metrics/publisher-state.ts';
import { type Prometheus, startPrometheus } from '#shared/remote-write/prometheus.testing.ts';
import { send } from '#shared/remote-write/send.ts';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { localLinks } from '../alerts/links.ts';
import { renderRules } from '../alerts/render-rules.ts';
import { runTool } from '../alerts/tools.testing.ts';
import { demoFigures, demoMinutes } from './demo-run.testing.ts';
import { dashboards } from './generated.ts';

/** As Grafana would fill it in. */
const filled = (expr: string) =>
  expr
    .replaceAll('$__rate_interval', '16m')
    .replaceAll('$env', 'demo')
    .replaceAll('$model', 'stones')
    .replaceAll('$feature', '.*');

const queries = dashboards.flatMap(({ title, rows, annotations }) => [
  ...rows
    .flatMap(({ panels }) => panels)
    .flatMap((panel) =>
      panel.queries.map(({ expr, legend, isInstant = false }) => ({
        name: `${title} / ${panel.title} / ${legend}`,
        promql: filled(expr),
        isInstant: isInstant || panel.kind === 'table' || panel.kind === 'stat',
      })),
    ),
  ...annotations.map(({ name, expr }) => ({
    name: `${title} / ${name}`,
    promql: filled(expr),
    isInstant: false,
  })),
]);

test('promtool reads every query as PromQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-panels-'));
  try {
    const file = join(folder, 'panels.json');
    const rules = queries.map(({ promql }, at) => ({ record: `panel:${at}`, expr: promql }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    expect(runTool('promtool', ['check', 'rules', file])).toContain(`SUCCESS: ${queries.length} rules found`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('after a demo', () => {
  let prometheus: Prometheus;
  let now: number;
  /** The real rules, but every second and at once. */
  const hurried = renderRules(localLinks)
    .replaceAll(/interval: "?\d+m"?/g, 'interval: 1s')
    .replaceAll(/^ +for: .*\n/gm, '');

  beforeAll(async () => {
    prometheus = await startPrometheus(hurried);
    const deps = memoryDeps();
    const start = Math.floor(Date.now() / minuteMs) * minuteMs - demoMinutes * minuteMs;
    const write = (body: Uint8Array) =>
      send(body, Date.now() + 10_000, {
        url: new URL(prometheus.writeUrl),
        now: Date.now,
        wait: (ms) => wait(ms),
      });
    for (let minute = 0; minute <= demoMinutes; minute++) {
      deps.clock.ms = start + minute * minuteMs;
      const published = await createPublisher(deps, async () => demoFigures(minute, start), write)();
      expect(published).toMatchObject({ rejected: 0, undelivered: 0 });
    }
    const settled =
      'ALERTS{alertname="QualityHardFailure",alertstate="firing"} and on () tidemark:capture_lag_seconds';
    for (let tries = 0; (await prometheus.query(settled, Date.now())).length === 0; tries++) {
      if (tries > 60) throw new Error('the rules were not evaluated in 30 seconds');
      await wait(500);
    }
    await wait(2000);
    now = Date.now();
  });
  afterAll(() => prometheus?.stop());

  test.each(queries)('$name shows data', async ({ promql, isInstant }) => {
    const found = isInstant
      ? (await prometheus.query(promql, now)).filter(({ value }) => !Number.isNaN(value)).length
      : await prometheus.countRange(promql, now - demoMinutes * minuteMs, now);
    expect(found, promql).toBeGreaterThan(0);
  });

  test('a model that nobody registered shows nothing', async () => {
    const ofNobody = queries.filter(
      ({ promql }) => promql.includes('model="stones"') && !promql.includes('vector(0)'),
    );
    expect(ofNobody.length).toBeGreaterThan(60);
    for (const { promql } of ofNobody)
      expect(await prometheus.query(promql.replaceAll('stones', 'nobody'), now), promql).toEqual([]);
  });

  test('what is shown is what was published', async () => {
    const shown = async (title: string, legend: string) => {
      const query = queries.find(({ name }) => name === `Tidemark / Model / ${title} / ${legend}`)!;
      return (await prometheus.query(query.promql, now))[0]?.value;
    };
    expect(await shown('Newest verdict', 'verdict')).toBe(3);
    expect(await shown('Features in critical drift', 'critical')).toBe(1);
    expect(await shown('Largest PSI', 'PSI')).toBe(0.4);
    expect(await shown('Age of counts and quality', 'behind')).toBeLessThan(12 * 60);
    // 600 answered, 6 refused and 3 failed a minute
    expect(await shown('Share of predictions that fail', 'failed')).toBeCloseTo(3 / 609, 4);
    expect(await shown('Mean confidence', 'mean')).toBeCloseTo(0.7, 4);
    const outcomes = queries.find(({ name }) => name.includes('asked for, by outcome'))!;
    const rates = await prometheus.query(outcomes.promql, now);
    const answered = rates.find(({ metric }) => metric.outcome === 'answered')!.value;
    expect(answered).toBeCloseTo(10, 0);
  });
});

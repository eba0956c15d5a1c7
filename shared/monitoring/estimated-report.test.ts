import { beforeEach, describe, expect, test } from 'vitest';
import { createMonitorHandler } from '../../lambdas/monitor/handler.ts';
import type { MeasuredEstimate } from '../performance/estimated-loss.ts';
import { expectedLossFile } from '../registry/expected-loss-file.ts';
import { objectKeys } from '../registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import { type RowOptions, registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { addTraffic, closeUntil } from '../testing/traffic.ts';
import { readReport, type StoredReport } from './stored-report.ts';

const windowMs = 300_000;
let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps({ GRANULE_MS: '60000' });
});

interface Case extends RowOptions {
  /** Of the version's stored file. */
  readonly change?: (key: string) => unknown;
}

/** The stored report of one window of labelled traffic. */
async function judged({ task = 'classification', change, ...rows }: Case): Promise<StoredReport> {
  const record = smallRecord({ task, monitor: { window_ms: windowMs } });
  const version = await registerSmall(deps, record);
  await change?.(objectKeys.version('small', version, expectedLossFile));
  await addTraffic(deps, 'small', version, smallRows(250, 100, { task, from: startMs, ...rows }));
  await closeUntil(deps, 'small', startMs + windowMs);
  const { reports } = await createMonitorHandler(deps)({
    detail: { model: 'small', windows: [{ start: startMs, end: startMs + windowMs }] },
  });
  return (await readReport(deps, 'small', reports[0]!))!;
}

function figuresOf({ performance }: StoredReport): MeasuredEstimate & { readonly realised: number } {
  const { estimated } = performance;
  if (!estimated?.computable) throw new Error(estimated?.reason);
  if (!performance.computable) throw new Error(performance.reason);
  return { ...estimated, realised: performance.mean };
}

describe.each(['classification', 'regression'] as const)('the report of a window of a %s', (task) => {
  test('without drift holds an estimate whose interval holds what was realised', async () => {
    const { realised, interval, rows, heldOut, value } = figuresOf(await judged({ task }));
    expect(rows).toBe(250);
    expect(heldOut.rows).toBe(120);
    expect(interval[0]).toBeLessThanOrEqual(realised);
    expect(interval[1]).toBeGreaterThanOrEqual(realised);
    expect(Math.abs(value - heldOut.mean)).toBeLessThan(0.3 * heldOut.mean);
  });

  test('of which the relation to the labels turned round: blind, its estimate is far below, and it says so', async () => {
    const { realised, interval, assumption } = figuresOf(await judged({ task, isReversed: true }));
    expect(realised).toBeGreaterThan(2 * interval[1]);
    expect(assumption).toContain('blind to a change of what is true of the same rows (concept drift)');
  });
});

describe('an estimate decides nothing', () => {
  test('a report without it says the same of all else', async () => {
    const { performance, ...rest } = await judged({});
    deps = memoryDeps({ GRANULE_MS: '60000' });
    const without = await judged({ change: (key) => deps.objects.lose(key) });
    const { estimated, ...realised } = performance;
    const { estimated: none, ...same } = without.performance;
    expect(estimated?.computable).toBe(true);
    expect(none).toEqual({
      computable: false,
      reason: 'the version was made before losses were estimated; the next one can be',
    });
    expect(same).toEqual(realised);
    const { performance: _, ...others } = without;
    expect(others).toEqual(rest);
  });

  test.each(['{ half', '{}', '{"computable":true,"kind":"error_rate","column":"$confidence","bins":[]}'])(
    'a damaged file (%s) costs the estimate only',
    async (text) => {
      const report = await judged({ change: (key) => deps.objects.put(key, Buffer.from(text)) });
      expect(report.performance).toMatchObject({
        computable: true,
        estimated: { computable: false, reason: 'expected-loss.json of the version cannot be read' },
      });
    },
  );
});

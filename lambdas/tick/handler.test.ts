import { expect, test } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import type { Report } from '#shared/monitoring/report.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { addTraffic } from '#shared/testing/traffic.ts';
import { createMonitorHandler } from '../monitor/handler.ts';
import { createTickHandler } from './handler.ts';

const windowMs = 300_000;

type Files = (file: string, bytes: Uint8Array) => Uint8Array | undefined;

async function reportOf(rows: ReturnType<typeof smallRows>, files?: Files): Promise<Report> {
  const deps = memoryDeps({ GRANULE_MS: '60000' });
  const version = await registerSmall(deps, smallRecord({ monitor: { window_ms: windowMs } }));
  await addTraffic(deps, 'small', version, rows);
  const { objects } = deps;
  const get = objects.get.bind(objects);
  objects.get = async (key) => {
    const bytes = await get(key);
    return files && bytes ? files(key.split('/').at(-1)!, bytes) : bytes;
  };
  deps.clock.ms = startMs + windowMs;
  deps.clock.closedBefore = deps.clock.ms;
  const tick = createTickHandler(guardedDeps(deps, functions.tick.access));
  expect(await tick()).toEqual({ granules: 5, windows: 1, failed: [] });
  const { reports } = await createMonitorHandler(guardedDeps(deps, functions.monitor.access))(
    deps.events.published[0],
  );
  const bytes = await deps.objects.get(objectKeys.report('small', reports[0]!));
  return JSON.parse(Buffer.from(bytes!).toString()) as Report;
}

test('what the tick explains is judged in the window’s report: importances of then and now', async () => {
  const report = await reportOf(smallRows(290, 5, { from: startMs }));
  expect(report.attribution).toMatchObject({
    computable: true,
    level: 'stable',
    rows: { baseline: 120, current: 100 },
    features: [{ feature: 'weight' }, { feature: 'colour' }, { feature: 'depth' }],
  });
  expect(report.verdict.kind).toBe('none');
});

test('drifted features are ranked by what they contribute: weight before depth, which moved as far', async () => {
  const rows = smallRows(290, 5, { from: startMs, shift: 2 }).map((row) => ({
    ...row,
    features: { ...row.features, depth: Number(row.features.depth) + 4 },
  }));
  const report = await reportOf(rows);
  expect(report.diagnosis.worst.map(({ name }) => name)).toEqual(['weight', 'depth']);
  expect(report.diagnosis.worst[0]!.score).toBeGreaterThan(5 * report.diagnosis.worst[1]!.score);
  expect(report.attribution).toMatchObject({
    computable: true,
    level: expect.stringMatching(/shifted|warning/),
  });
});

test('features of a version of which no importance is known are ranked by their drift alone', async () => {
  const rows = smallRows(290, 5, { from: startMs, shift: 2 });
  const report = await reportOf(rows, (file, bytes) => {
    if (file === 'trainer.bin') return undefined;
    if (file !== 'manifest.json') return bytes;
    return Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(bytes).toString()), importance: [] }));
  });
  expect(report.attribution.computable).toBe(false);
  const { psiDebiased } = report.features.find(({ name }) => name === 'weight')!;
  expect(report.diagnosis.worst[0]).toEqual({ name: 'weight', score: psiDebiased });
  expect(psiDebiased).toBeGreaterThan(1);
});

test('a model whose record cannot be read is named as failed, and its neighbour is judged', async () => {
  const deps = memoryDeps({ GRANULE_MS: '60000' });
  await deps.state.putIfAbsent(stateKeys.record('broken'), { name: 'broken' });
  const version = await registerSmall(deps, smallRecord({ monitor: { window_ms: windowMs } }));
  await addTraffic(deps, 'small', version, smallRows(290, 5, { from: startMs }));
  deps.clock.ms = startMs + windowMs;
  deps.clock.closedBefore = deps.clock.ms;
  expect(await createTickHandler(deps)()).toEqual({ granules: 5, windows: 1, failed: ['broken'] });
});

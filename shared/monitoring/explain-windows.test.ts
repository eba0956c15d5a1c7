import * as fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../random.ts';
import { objectKeys } from '../registry/keys.ts';
import type { ModelRecord } from '../registry/model.ts';
import type { LabelledRow } from '../retrain/snapshot.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import { addTraffic, closeUntil } from '../testing/traffic.ts';
import { createWindowExplainer, drawGranules } from './explain-windows.ts';
import { judgeExplained, readExplained } from './explained-rows.ts';

const windowMs = 300_000;
const model = smallRecord({ monitor: { window_ms: windowMs } });
const window = { start: startMs, end: startMs + windowMs };

let deps: MemoryDeps;
let version: string;
beforeEach(async () => {
  deps = memoryDeps({ GRANULE_MS: '60000' });
  version = await registerSmall(deps, model);
});

async function traffic(change: (row: LabelledRow) => LabelledRow = (row) => row): Promise<void> {
  const rows = smallRows(290, 5, { from: startMs }).map(change);
  await addTraffic(deps, 'small', version, rows);
  await closeUntil(deps, 'small', window.end);
}

const explained = () => readExplained(deps, 'small', version, window);
const withRows = (explain_rows: number): ModelRecord => ({
  ...model,
  monitor: { ...model.monitor, explain_rows },
});

describe('a due window', () => {
  it('has 100 of its rows explained beside the held-out ones, by the model’s columns', async () => {
    await traffic();
    await createWindowExplainer(deps)(model);
    expect(await explained()).toMatchObject({
      columns: ['weight', 'depth', 'colour'],
      baseline: { rows: 120 },
      current: { rows: 100 },
    });
    const drift = judgeExplained(await explained(), 'r');
    expect(drift).toMatchObject({ computable: true, level: 'stable' });
    expect(drift.computable && drift.features[0]!.feature).toBe('weight');
  });

  it('whose rows no longer differ in weight relies on colour: a warning', async () => {
    await traffic((row) => ({ ...row, features: { ...row.features, weight: 5 } }));
    await createWindowExplainer(deps)(model);
    const drift = judgeExplained(await explained(), 'r');
    expect(drift).toMatchObject({ computable: true, level: 'warning' });
    expect(drift.computable && drift.features[0]!.feature).toBe('colour');
  });

  it('has as many explained as the policy says; with 0 none, and the report says so', async () => {
    await traffic();
    await createWindowExplainer(deps)(withRows(0));
    expect(await explained()).toBeUndefined();
    expect(judgeExplained(undefined, 'r')).toMatchObject({
      computable: false,
      reason: expect.stringContaining('no row of the window was explained'),
    });
    await createWindowExplainer(deps)(withRows(40));
    expect((await explained())?.current.rows).toBe(40);
  });

  it('of many files has twenty of each granule read, and as many rows explained', async () => {
    const rows = smallRows(290, 5, { from: startMs });
    for (let file = 0; file < 24; file++)
      await addTraffic(
        deps,
        'small',
        version,
        rows.filter((_, at) => at % 24 === file),
        { blob: `f${file}` },
      );
    await closeUntil(deps, 'small', window.end);
    const read: string[] = [];
    deps.objects.beforeRead = (key) => key.startsWith('archive/') && read.push(key);
    await createWindowExplainer(deps)(model);
    expect(new Set(read).size).toBe(5 * 20);
    expect((await explained())?.current.rows).toBe(100);
  });

  it('is explained once, the same rows each time', async () => {
    await traffic();
    const explain = createWindowExplainer(deps);
    await explain(model);
    const first = await explained();
    deps.objects.beforeWrite = (key) => {
      throw new Error(`${key} is written again`);
    };
    await explain(model);
    expect(deps.logged).toEqual([]);
    const again = memoryDeps({ GRANULE_MS: '60000' });
    expect(await registerSmall(again, model)).toBe(version);
    deps = again;
    await traffic();
    await createWindowExplainer(again)(model);
    expect(await explained()).toEqual(first);
  });

  it('of a version whose trees are not stored is not explained', async () => {
    await traffic();
    const get = deps.objects.get.bind(deps.objects);
    const trees = objectKeys.version('small', version, 'trainer.bin');
    deps.objects.get = async (key) => (key === trees ? undefined : get(key));
    await createWindowExplainer(deps)(model);
    expect(await explained()).toBeUndefined();
    expect(deps.logged).toEqual([]);
  });

  it('for which no time is left is not explained, and the log says so', async () => {
    await traffic();
    await createWindowExplainer(deps)(model, () => true);
    expect(await explained()).toBeUndefined();
    expect(deps.logged).toMatchObject([{ level: 'warn', detail: { model: 'small', version } }]);
  });

  it('of trees that take too long is not explained, and the next windows are not held up by them again', async () => {
    await traffic();
    let ms = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (ms += 100));
    const explain = createWindowExplainer(deps);
    await explain(model);
    const spent = ms;
    await explain(model);
    clock.mockRestore();
    expect(ms).toBe(spent);
    expect(await explained()).toBeUndefined();
    expect(deps.logged).toMatchObject([
      { level: 'warn', message: 'the trees are too many to be explained in the time there is' },
    ]);
  });

  it('whose contributions were garbled is judged as if there were none', async () => {
    await traffic();
    await createWindowExplainer(deps)(model);
    const [key] = (await deps.objects.list('granules/small/explained-')).map((one) => one.key);
    const stored = JSON.parse(Buffer.from((await deps.objects.get(key!))!).toString());
    for (const garbled of ['{', '{}', JSON.stringify({ ...stored, columns: ['weight'] })]) {
      await deps.objects.put(key!, Buffer.from(garbled));
      expect(await explained()).toBeUndefined();
    }
  });

  it('that cannot be explained is logged, not thrown', async () => {
    await traffic();
    deps.objects.beforeRead = () => {
      throw new Error('the store has gone away');
    };
    await createWindowExplainer(deps)(model);
    expect(deps.logged).toMatchObject([
      { level: 'error', message: 'rows of a window could not be explained', detail: { model: 'small' } },
    ]);
  });
});

describe('the sample of a window', () => {
  const granule = (rows: number, at: number) => ({ start: at * 60_000, rows });

  it('takes of each granule in proportion to its rows', () => {
    const found = drawGranules([granule(900, 0), granule(100, 1)], 100, () => 0.5);
    expect(found).toEqual([
      { start: 0, take: 90 },
      { start: 60_000, take: 10 },
    ]);
  });

  it('takes as many as wanted from at most ten granules, none of them empty', () => {
    const sizes = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 300 }), fc.nat(), (counts, wanted, seed) => {
        const granules = counts.map(granule);
        const drawn = drawGranules(granules, wanted, seededRandom(seed));
        const total = counts.reduce((sum, rows) => sum + rows, 0);
        expect(drawn.length).toBeLessThanOrEqual(10);
        expect(drawn.reduce((sum, { take }) => sum + take, 0)).toBe(total === 0 ? 0 : wanted);
        for (const { start } of drawn) expect(counts[start / 60_000]).toBeGreaterThan(0);
      }),
    );
  });

  it('meets every row of the window equally often', () => {
    const granules = [5, 400, 20, 75].map(granule);
    const taken = new Map<number, number>();
    const random = seededRandom(3);
    for (let draw = 0; draw < 4000; draw++)
      for (const { start, take } of drawGranules(granules, 50, random))
        taken.set(start, (taken.get(start) ?? 0) + take);
    for (const { start, rows } of granules)
      expect(Math.abs(taken.get(start)! / 4000 / ((rows * 50) / 500) - 1)).toBeLessThan(0.12);
  });
});

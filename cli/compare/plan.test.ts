/** What is looked at of a wide file, and what of it is given to the domain classifier. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openTable } from '#shared/tabular/table.ts';
import { anchorRows } from './anchor-rows.ts';
import { readCompareOptions } from './options.ts';
import { planComparison } from './plan.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-plan-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rm(dir, { recursive: true }));

async function planned(width: number, rows: number) {
  const names = Array.from({ length: width }, (_, at) => `c${at}`);
  const written = (order: readonly string[]) => {
    const line = (row: number) => order.map((name) => (row * 7 + Number(name.slice(1))) % 13).join(',');
    return `${[order.join(','), ...Array.from({ length: rows }, (_, row) => line(row))].join('\n')}\n`;
  };
  const [reference, current] = [join(dir, 'a.csv'), join(dir, 'b.csv')];
  await writeFile(reference, written(names));
  await writeFile(current, written([...names].reverse()));
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const options = readCompareOptions([reference, current]);
  const plan = await planComparison(await openTable(reference), await openTable(current), options);
  return { plan, said: stderr.mock.calls.join('') };
}

test('of more than 200 columns the first 200 are given to the domain classifier, and that is said', async () => {
  const { plan, said } = await planned(201, 60);
  expect(plan.anchors.anchors).toHaveLength(201);
  const [before, now] = [plan.rows.reference, plan.rows.current].map((one) =>
    one.columns.map(({ name }) => name),
  );
  expect(before).toEqual(Array.from({ length: 200 }, (_, at) => `c${at}`));
  expect(now).toEqual(before);
  expect(said).toContain('the domain classifier is given the first 200 of 201 columns');
});

test('of 200 columns all are given to the domain classifier, and nothing is said', async () => {
  const { plan, said } = await planned(200, 60);
  expect(plan.rows.reference.columns).toHaveLength(200);
  expect(said).toBe('');
});

test('the cells of many columns are fixed on fewer rows, but 500, so that they take no more memory than those of few', () => {
  expect([1, 200, 400, 2000, 20_000, 1e6].map(anchorRows)).toEqual([50_000, 50_000, 25_000, 5000, 500, 500]);
});

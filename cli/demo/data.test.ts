import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { gemsCsv } from '../sample/gems.ts';
import { type DemoData, loadData } from './data.ts';
import { readDemoOptions } from './options.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-data-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function load(text: string, ...words: string[]): DemoData {
  const file = join(dir, 'rows.csv');
  writeFileSync(file, text);
  return loadData(readDemoOptions(['--data', file, '--target', 'price', ...words]));
}

const partNames = ['train', 'holdout', 'traffic', 'final'] as const;
const contentOf = ({ features, label }: LabelledRow) => JSON.stringify([features, label]);
const idsOf = (data: DemoData) =>
  Object.fromEntries(partNames.map((name) => [name, data[name].map((row) => row.id)]));

describe('the split', () => {
  const gems = gemsCsv(4000, 5);

  test('gives each row to exactly one part: 40 % train, 20 % holdout, 30 % traffic, 10 % final check', () => {
    const data = load(gems);
    const ids = Object.values(idsOf(data)).flat();
    expect(new Set(ids).size).toBe(4000);
    expect(ids).toHaveLength(4000);
    const shares = partNames.map((name) => data[name].length / 4000);
    for (const [at, share] of [0.4, 0.2, 0.3, 0.1].entries()) {
      // four standard errors of a share of 4000 rows
      const tolerance = 4 * Math.sqrt((share * (1 - share)) / 4000);
      expect(Math.abs(shares[at]! - share), partNames[at]).toBeLessThan(tolerance);
    }
  });

  test('keeps equal rows together, so that no part knows a row of another', () => {
    const [header, ...rows] = gemsCsv(600, 5).trimEnd().split('\n');
    const data = load([header, ...rows, ...rows.toReversed(), ...rows].join('\n'));
    const partOf = new Map<string, string>();
    for (const name of partNames)
      for (const row of data[name]) {
        expect(partOf.get(contentOf(row)) ?? name).toBe(name);
        partOf.set(contentOf(row), name);
      }
    expect(partOf.size).toBeLessThanOrEqual(600);
  });

  test('is the same for the same seed, in content and in order, and another for another', () => {
    expect(idsOf(load(gems, '--seed', '7'))).toEqual(idsOf(load(gems, '--seed', '7')));
    const first = new Set(load(gems, '--seed', '7').final.map((row) => row.id));
    const second = load(gems, '--seed', '8').final.map((row) => row.id);
    expect(second.filter((id) => first.has(id)).length).toBeLessThan(0.3 * second.length);
  });

  test('does not depend on where in the file a row stands', () => {
    const [header, ...rows] = gems.trimEnd().split('\n');
    const turned = [header, ...rows.toReversed()].join('\n');
    const contents = (data: DemoData) => data.final.map(contentOf).sort();
    expect(contents(load(turned))).toEqual(contents(load(gems)));
  });
});

describe('traffic', () => {
  test('is a seeded shuffle unless told otherwise, and the output says so', () => {
    const data = load(gemsCsv(1000, 5), '--seed', '9');
    expect(data.order).toContain('seed 9');
    const at = data.traffic.map((row) => row.at);
    expect(at).not.toEqual(at.toSorted((first, second) => first - second));
  });

  test('follows the time column when there is one, which is then no feature', () => {
    const data = load(gemsCsv(1000, 5), '--time', 'sold_on');
    expect(data.order).toContain('sold_on');
    expect(data.inferred.excluded).toContainEqual({ column: 'sold_on', reason: 'asked for' });
    const lines = gemsCsv(1000, 5).split('\n').slice(1);
    const days = data.traffic.map((row) => lines[row.at]!.split(',')[7]!);
    expect(days).toEqual(days.toSorted());
  });
});

describe('a small file', () => {
  test('of 120 to 500 rows is marked, one of 501 is not', () => {
    expect(load(gemsCsv(500, 5)).isSmall).toBe(true);
    expect(load(gemsCsv(501, 5)).isSmall).toBe(false);
    expect(load(gemsCsv(120, 5)).isSmall).toBe(true);
    expect(() => load(gemsCsv(119, 5))).toThrow('119 usable rows; at least 120 are needed');
  });

  test('needs 120 distinct rows too, as equal rows fall into the same part', () => {
    const twice = (distinct: number) => {
      const [header, ...rows] = gemsCsv(distinct, 5).trimEnd().split('\n');
      return [header, ...rows, ...rows].join('\n');
    };
    expect(() => load(twice(119))).toThrow('119 distinct rows among 238; at least 120 are needed');
    const data = load(twice(120));
    expect(partNames.reduce((sum, name) => sum + data[name].length, 0)).toBe(240);
    // iris.csv: 150 rows, one of them twice
    const [header, first, ...others] = gemsCsv(149, 5).trimEnd().split('\n');
    expect(load([header, first, first, ...others].join('\n')).isSmall).toBe(true);
  });

  test('counts usable rows: those without a target do not help', () => {
    const lines = gemsCsv(125, 5).trimEnd().split('\n');
    const unlabelled = lines.map((line, at) => (at > 0 && at <= 6 ? line.replace(/[^,]*$/, '') : line));
    expect(() => load(unlabelled.join('\n'))).toThrow('119 usable rows');
  });
});

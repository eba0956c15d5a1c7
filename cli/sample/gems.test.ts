import { describe, expect, test } from 'vitest';
import { parseCsv } from '#shared/schema/csv.ts';
import { inferRows } from '#shared/schema/infer.ts';
import { gemsCsv } from './gems.ts';

describe('gemsCsv', () => {
  test('is the same for the same seed and another for another', () => {
    expect(gemsCsv(500, 3)).toBe(gemsCsv(500, 3));
    expect(gemsCsv(500, 3)).not.toBe(gemsCsv(500, 4));
    expect(gemsCsv(500, 3).startsWith(gemsCsv(100, 3).trimEnd())).toBe(true);
  });

  test('is a regression on numbers, texts, a boolean and a date', () => {
    const { task, schema, excluded } = inferRows(parseCsv(gemsCsv(2000, 3)), { target: 'price' });
    expect(task).toBe('regression');
    expect(excluded).toEqual([]);
    const kinds = Object.fromEntries(schema.features.map((feature) => [feature.name, feature.kind]));
    expect(kinds).toEqual({
      weight: 'numeric',
      colour: 'categorical',
      clarity: 'categorical',
      shape: 'categorical',
      depth: 'numeric',
      girdle: 'numeric',
      certified: 'categorical',
      sold_on: 'datetime',
    });
  });

  test('lacks about 2 % of the depths and nothing else', () => {
    const { rows } = inferRows(parseCsv(gemsCsv(5000, 3)), { target: 'price' });
    const missing = (name: string) => rows.filter((row) => row[name] === null).length / rows.length;
    expect(missing('depth')).toBeGreaterThan(0.01);
    expect(missing('depth')).toBeLessThan(0.03);
    for (const name of ['weight', 'colour', 'certified', 'sold_on']) expect(missing(name)).toBe(0);
  });
});

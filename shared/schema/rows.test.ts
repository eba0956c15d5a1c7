import { describe, expect, test } from 'vitest';
import { checkRow } from './check-row.ts';
import type { ModelSchema } from './feature-schema.ts';
import { rowsToColumns } from './rows.ts';

const schema: ModelSchema = {
  features: [
    { name: 'carat', kind: 'numeric', min: 0.2, max: 5 },
    { name: 'cut', kind: 'categorical', values: ['Good', 'Ideal'] },
    { name: 'sold', kind: 'categorical', boolean: true },
    { name: 'day', kind: 'datetime' },
  ],
  target: { name: 'price' },
};
const good = { carat: 1.5, cut: 'Ideal', sold: true, day: '2026-11-21T08:30:00Z' };
const faults = (features: unknown) => {
  const check = checkRow(schema, features, '/features');
  return check.ok ? [] : check.faults.map((fault) => `${fault.pointer}: ${fault.detail}`);
};

describe('checkRow', () => {
  test('accepts out-of-range numbers, unseen categories and null: they are data', () => {
    expect(checkRow(schema, { ...good, carat: 99, cut: 'Never seen', day: null }, '')).toEqual({
      ok: true,
      row: { carat: 99, cut: 'Never seen', sold: 'true', day: null },
    });
  });

  test.each([
    ['missing', { cut: 'Ideal', sold: true, day: null }, '/features/carat: missing; send a number'],
    ['extra', { ...good, 'a/b': 1 }, '/features/a~1b: not a feature of this model'],
    [
      'text for a number',
      { ...good, carat: '1.5' },
      '/features/carat: a number is expected, got string "1.5"',
    ],
    ['a number for text', { ...good, cut: 3 }, '/features/cut: a string is expected, got number 3'],
    [
      'infinite',
      { ...good, carat: Number.POSITIVE_INFINITY },
      '/features/carat: a finite number is expected, got Infinity',
    ],
    ['nested', { ...good, carat: [1] }, '/features/carat: a number is expected, got an array'],
    [
      'no date',
      { ...good, day: 'yesterday' },
      '/features/day: an ISO 8601 date is expected, got "yesterday"',
    ],
    ['not an object', 7, '/features: an object of features is expected, got number 7'],
  ])('refuses a %s value with a pointer to it', (_, features, message) => {
    expect(faults(features).join()).toContain(message);
  });

  test('names every fault of a row, not only the first', () => {
    expect(faults({ carat: 'x', cut: 1 })).toHaveLength(4);
  });
});

test('a date becomes hour, weekday and month, a missing value NaN or null', () => {
  const { columns } = rowsToColumns(schema, [
    { carat: 1.5, cut: 'Ideal', sold: 'true', day: '2026-11-21T08:30:00Z' },
    { carat: null, cut: null, sold: null, day: null },
  ]);
  expect(columns.map((column) => [column.name, [...column.values]])).toEqual([
    ['carat', [1.5, Number.NaN]],
    ['cut', ['Ideal', null]],
    ['sold', ['true', null]],
    ['day_hour', [8, Number.NaN]],
    ['day_weekday', [6, Number.NaN]],
    ['day_month', [11, Number.NaN]],
  ]);
});

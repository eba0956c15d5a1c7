import { describe, expect, test } from 'vitest';
import { parseCsv } from './csv.ts';
import { inferRows } from './infer.ts';

const csv = (lines: readonly string[]) => parseCsv(lines.join('\n'));
const many = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at));

describe('inferRows', () => {
  test('recognises numbers, whole numbers, text, booleans, dates and missing values', () => {
    const table = csv([
      'size,rooms,colour,sold,day,price',
      ...many(
        40,
        (at) =>
          `${at % 7}.5,${at % 5},${['red', 'blue'][at % 2]},${at % 3 === 0},2026-01-${10 + (at % 9)},${at * 1.5}`,
      ),
      ',NA,,TRUE,,3.25',
    ]);
    const data = inferRows(table, { target: 'price' });
    expect(data.task).toBe('regression');
    expect(
      data.schema.features.map((one) => [one.name, one.kind, one.integer ?? one.boolean ?? false]),
    ).toEqual([
      ['size', 'numeric', false],
      ['rooms', 'numeric', true],
      ['colour', 'categorical', false],
      ['sold', 'categorical', true],
      ['day', 'datetime', false],
    ]);
    expect(data.rows.at(-1)).toEqual({ size: null, rooms: null, colour: null, sold: 'true', day: null });
  });

  test('proposes rising whole numbers and mostly distinct text as ids and leaves them out', () => {
    const table = csv(['row,name,x,y', ...many(30, (at) => `${at + 1},name-${at},${at % 4},${at % 2}`)]);
    const data = inferRows(table, { target: 'y' });
    expect(data.excluded.map((one) => one.column)).toEqual(['row', 'name']);
    expect(data.schema.features.map((one) => one.name)).toEqual(['x']);
  });

  test('reads a few whole numbers as classes and orders them as numbers', () => {
    const table = csv(['x,digit', ...many(120, (at) => `${at % 4},${at % 12}`)]);
    expect(inferRows(table, { target: 'digit' }).schema.target.classes).toEqual(many(12, (at) => String(at)));
  });

  test('writes numeric classes in one way, as JSON would send them', () => {
    const table = csv(['x,y', ...many(60, (at) => `${at % 4},${['0.0', '1.0', '1'][at % 3]}`)]);
    const data = inferRows(table, { target: 'y' });
    expect(data.schema.target.classes).toEqual(['0', '1']);
    expect(new Set(data.labels)).toEqual(new Set(['0', '1']));
  });

  test('drops a class that is too small by name, and rows without a target with their count', () => {
    const table = csv(['x,y', ...many(50, (at) => `${at % 3},${at % 2 ? 'a' : 'b'}`), '1,c', '2,']);
    const data = inferRows(table, { target: 'y', minClassRows: 20 });
    expect(data.rows).toHaveLength(50);
    expect(data.notes).toEqual([
      '1 rows without a value of "y" were left out',
      'class "c" was dropped: 1 rows, at least 20 are needed',
    ]);
  });

  test.each([
    [
      'a reserved name',
      ['$loss,b', '1,2', '2,3'],
      { target: 'b' },
      '"$loss" cannot be the name of a feature',
    ],
    [
      'a date whose hour clashes with a column',
      ['day,day_hour,b', '2026-01-01,1,2', '2026-01-02,3,3'],
      { target: 'b' },
      '"day" and "day_hour" both give the model a column "day_hour"',
    ],
    [
      'a target beyond a 32-bit float',
      ['a,b', ...many(30, (at) => `${at % 7},${at / 3}`), '1,1e300'],
      { target: 'b' },
      'line 32: the target "b" has 1e+300, more than a 32-bit float holds',
    ],
    [
      'a text longer than a request may send',
      ['a,b', ...many(30, (at) => `${'xy'[at % 2]},${at / 3}`), `${'z'.repeat(1025)},1`],
      { target: 'b' },
      'line 32: column "a" has 1025 characters; at most 1024 are allowed',
    ],
    ['an unknown target', ['a,b', '1,2'], { target: 'z' }, 'no column is named "z"; the file has: a, b'],
    ['an unknown exclusion', ['a,b', '1,2'], { target: 'b', exclude: ['q'] }, 'no column is named "q"'],
    ['a constant target', ['a,b', '1,2', '2,2'], { target: 'b' }, 'constant (2)'],
    [
      'one word in a column of numbers',
      ['a,b', ...many(30, (at) => `${at % 7},${at / 3}`), 'oops,5.5'],
      { target: 'b' },
      'line 32: column "a" has "oops"',
    ],
    [
      'one word in a numeric target',
      ['a,b', ...many(30, (at) => `${at % 7},${at / 3}`), '1,oops'],
      { target: 'b' },
      'line 32: the target "b" has "oops"',
    ],
  ])('refuses %s, naming it', (_, lines, options, message) => {
    expect(() => inferRows(csv(lines), options)).toThrow(message);
  });
});

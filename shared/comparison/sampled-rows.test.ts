import { describe, expect, it } from 'vitest';
import { categorical, numeric } from '../profile/testing.ts';
import { seededRandom } from '../random.ts';
import type { Columns } from '../schema/columns.ts';
import { MOST_ROWS, sampledRows } from './sampled-rows.ts';

/** Numbered rows, their squares, and a label. */
function table(rows: number): Columns {
  const numbers = Array.from({ length: rows }, (_, row) => row);
  return {
    rows,
    columns: [
      numeric('row', numbers),
      numeric(
        'square',
        numbers.map((row) => row * row),
      ),
      categorical('label', numbers.map(String)),
    ],
  };
}

function drawn(before: number, now: number, name: string, seed = 1) {
  const values = sampledRows(table(before), table(now), seededRandom(seed))(name);
  if (!values.computable) throw new Error(values.reason);
  return { reference: Array.from(values.reference), current: Array.from(values.current) };
}

describe('sampled rows', () => {
  it('are all of them up to 4000 of a side, in their order', () => {
    const { reference, current } = drawn(MOST_ROWS, 3, 'square');
    expect([reference.length, current]).toEqual([4000, [0, 1, 4]]);
    expect(reference.at(-1)).toBe(3999 ** 2);
  });

  it('are 4000 beyond, each once, from everywhere, and others for another seed', () => {
    const { reference } = drawn(MOST_ROWS + 1, 3, 'row');
    expect([reference.length, new Set(reference).size]).toEqual([4000, 4000]);
    const mean = drawn(40_000, 3, 'row').reference.reduce((sum, row) => sum + row / 4000, 0);
    expect(Math.abs(mean - 20_000)).toBeLessThan(800);
    expect(drawn(5000, 3, 'row')).toEqual(drawn(5000, 3, 'row'));
    expect(drawn(5000, 3, 'row', 2)).not.toEqual(drawn(5000, 3, 'row'));
  });

  it('are the same rows of every column', () => {
    const valuesOf = sampledRows(table(9000), table(5), seededRandom(4));
    const [row, square] = [valuesOf('row'), valuesOf('square')];
    if (!row.computable || !square.computable) throw new Error('no values');
    expect(Array.from(square.reference)).toEqual(Array.from(row.reference, (value) => value ** 2));
  });

  it('are of numbers only, and of columns that were kept', () => {
    const valuesOf = sampledRows(table(10), table(10), seededRandom(1));
    for (const name of ['label', 'price'])
      expect(valuesOf(name)).toEqual({
        computable: false,
        reason: 'needs rows, which are kept of numeric features only',
      });
  });
});

import { describe, expect, test } from 'vitest';
import { normal, seededRandom } from '../random.ts';
import type { Columns } from '../schema/columns.ts';
import { leakSuspects } from './leak-suspects.ts';

/** Two columns made of the target: one with an error of `noise` target deviations, one pure noise. */
function regression(count: number, seed: number, noise: number): { data: Columns; labels: number[] } {
  const random = seededRandom(seed);
  const labels = Array.from({ length: count }, () => normal(random));
  return {
    labels,
    data: {
      rows: count,
      columns: [
        {
          kind: 'numeric',
          name: 'related',
          values: Float64Array.from(labels, (label) => label + noise * normal(random)),
        },
        { kind: 'numeric', name: 'noise', values: Float64Array.from(labels, () => normal(random)) },
      ],
    },
  };
}

const suspectsOf = (noise: number) => {
  const train = regression(4000, 1, noise);
  const held = regression(2000, 2, noise);
  return leakSuspects(train.data, train.labels, held.data, held.labels, undefined);
};

/** A text column that names the class, wrong in a share of rows. */
function classes(count: number, seed: number, wrong: number): { data: Columns; labels: string[] } {
  const random = seededRandom(seed);
  const labels = Array.from({ length: count }, () => (random() < 0.3 ? 'yes' : 'no'));
  const values = labels.map((label) => (random() < wrong ? 'either' : `code-${label}`));
  return { labels, data: { rows: count, columns: [{ kind: 'categorical', name: 'code', values }] } };
}

describe('leakSuspects', () => {
  test('names the one column that gives a number away, with its held-out R²', () => {
    const suspects = suspectsOf(0.02);
    expect(suspects.map(({ column }) => column)).toEqual(['related']);
    expect(suspects[0]!.score).toBeGreaterThan(0.99);
    expect(suspects[0]!.score).toBeLessThanOrEqual(1);
  });

  test('a strong but honest column, R² of 0.96, is none', () => {
    // noise of 0.2 deviations: 1 / (1 + 0.2²)
    expect(suspectsOf(0.2)).toEqual([]);
  });

  test('the target in another unit is one, even of rows too few for bins; in an honest order it is none', () => {
    const few = (power: number, noise: number) => {
      const random = seededRandom(5);
      const draw = () => {
        const labels = Array.from({ length: 120 }, () => Math.exp(3 * random()));
        const values = Float64Array.from(labels, (label) => label ** power * (1 + noise * normal(random)));
        const data: Columns = { rows: 120, columns: [{ kind: 'numeric', name: 'paid', values }] };
        return { data, labels };
      };
      const [train, held] = [draw(), draw()];
      return leakSuspects(train.data, train.labels, held.data, held.labels, undefined).map(
        ({ column }) => column,
      );
    };
    expect(few(3, 0)).toEqual(['paid']);
    expect(few(1, 0.3)).toEqual([]);
  });

  test('a class under another name is one, and not when a fifth of the rows do not tell', () => {
    const judge = (wrong: number) => {
      const train = classes(1000, 3, wrong);
      const held = classes(1000, 4, wrong);
      return leakSuspects(train.data, train.labels, held.data, held.labels, ['no', 'yes']);
    };
    expect(judge(0)).toEqual([{ column: 'code', score: 1 }]);
    expect(judge(0.2)).toEqual([]);
  });

  test('an id, different in every row, gives nothing away on held-out rows', () => {
    const { labels } = classes(500, 5, 0);
    const ids = (prefix: string): Columns => ({
      rows: 500,
      columns: [{ kind: 'categorical', name: 'id', values: labels.map((_, at) => `${prefix}${at}`) }],
    });
    expect(leakSuspects(ids('a'), labels, ids('b'), labels, ['no', 'yes'])).toEqual([]);
  });

  test('a missing value is a value of its own: where only the target knows it, it leaks', () => {
    const { labels } = classes(1000, 6, 0);
    const values = Float64Array.from(labels, (label) => (label === 'yes' ? Number.NaN : 1));
    const data: Columns = { rows: 1000, columns: [{ kind: 'numeric', name: 'closed_at', values }] };
    expect(leakSuspects(data, labels, data, labels, ['no', 'yes'])).toEqual([
      { column: 'closed_at', score: 1 },
    ]);
  });

  test('a constant target and a class without held-out rows accuse nobody', () => {
    const { data } = regression(100, 7, 0);
    const constant = new Array<number>(100).fill(5);
    expect(leakSuspects(data, constant, data, constant, undefined)).toEqual([]);
    const one = new Array<string>(100).fill('no');
    expect(leakSuspects(data, one, data, one, ['no', 'yes'])).toEqual([]);
  });
});

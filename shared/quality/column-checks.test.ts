import { describe, expect, it } from 'vitest';
import { categorical, numeric } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { findings, repeat, severities } from './testing.ts';

const random = seededRandom(2);
const gaussian = (rows: number) => Array.from({ length: rows }, () => normal(random));
const lognormal = (rows: number) => gaussian(rows).map(Math.exp);
const reference = numeric('x', gaussian(2000));
const letters = categorical('c', [...repeat('a', 600), ...repeat('b', 340), ...repeat('c', 60)]);

describe('something that is not a number', () => {
  const invalid = (count: number, rows = 1000) => ({
    ...numeric('x', [...repeat(Number.NaN, count), ...gaussian(rows - count)]),
    invalid: count,
  });

  it.each([
    [9, []],
    [10, ['soft']],
    [149, ['soft']],
    [150, ['hard']],
  ])('in %i of 1000 rows is %j', (count, expected) => {
    expect(severities('type_errors', reference, invalid(count))).toEqual(expected);
    expect(severities('missing_rate_jump', reference, invalid(count))).toEqual([]);
  });

  it('is nothing where the baseline has as much of it, or chance explains it', () => {
    expect(severities('type_errors', invalid(300), invalid(310))).toEqual([]);
    expect(severities('type_errors', reference, invalid(1, 100))).toEqual([]);
  });
});

describe('a fall of the missing share', () => {
  const half = numeric('x', [...gaussian(500), ...repeat(Number.NaN, 500)]);

  it.each([
    [351, []],
    [350, ['soft']],
    [0, ['soft']],
  ])('from 500 to %i of 1000 rows is %j', (missing, expected) => {
    const now = numeric('x', [...repeat(Number.NaN, missing), ...gaussian(1000 - missing)]);
    expect(severities('missing_rate_fell', half, now)).toEqual(expected);
  });

  it('is nothing while chance explains it', () => {
    const few = numeric('x', [...repeat(Number.NaN, 3), ...gaussian(7)]);
    expect(severities('missing_rate_fell', half, few)).toEqual([]);
  });
});

describe('a category that vanished', () => {
  it('is told where 20 rows of it were to come, and not at 19', () => {
    const now = (rows: number) => categorical('c', repeat('a', rows));
    expect(severities('category_vanished', letters, now(58))).toEqual([]);
    expect(findings('category_vanished', letters, now(59))[0]?.message).toContain('"b"');
  });

  it('must have held 5 % of the baseline', () => {
    const with4 = categorical('c', [...repeat('a', 951), ...repeat('c', 49)]);
    const with5 = categorical('c', [...repeat('a', 950), ...repeat('c', 50)]);
    expect(severities('category_vanished', with4, categorical('c', repeat('a', 5000)))).toEqual([]);
    expect(severities('category_vanished', with5, categorical('c', repeat('a', 5000)))).toEqual(['soft']);
    expect(severities('category_vanished', with5, categorical('c', ['c', ...repeat('a', 4999)]))).toEqual([]);
  });
});

describe('a value that takes 99 % of the rows', () => {
  const share = (most: number) => categorical('c', [...repeat('a', most), ...repeat('b', 1000 - most)]);

  it('is almost constant; all rows are constant, and 98.9 % are neither', () => {
    expect(severities('almost_constant', letters, share(989))).toEqual([]);
    expect(severities('almost_constant', letters, share(990))).toEqual(['soft']);
    expect(severities('almost_constant', letters, share(1000))).toEqual([]);
    expect(severities('constant_column', letters, share(1000))).toEqual(['soft']);
  });

  it('is nothing where a value held 90 % before, or in three rows', () => {
    expect(severities('almost_constant', share(899), share(995))).toEqual(['soft']);
    expect(severities('almost_constant', share(900), share(995))).toEqual([]);
    expect(severities('almost_constant', share(899), categorical('c', repeat('a', 3)))).toEqual([]);
  });

  it('is an imbalance of predictions when it is a class', () => {
    const classes = (most: number) => ({ ...share(most), channel: 'prediction' as const });
    expect(severities('prediction_imbalance', classes(600), classes(989))).toEqual([]);
    expect(severities('prediction_imbalance', classes(600), classes(990))).toEqual(['soft']);
    expect(severities('prediction_imbalance', classes(600), classes(1000))).toEqual(['soft']);
    expect(severities('almost_constant', classes(600), classes(990))).toEqual([]);
    expect(severities('prediction_imbalance', share(600), share(990))).toEqual([]);
  });
});

describe('a sentinel value', () => {
  const filled = (count: number, value: number) =>
    numeric('x', [...repeat(value, count), ...gaussian(5000 - count)]);

  it.each([-999, -9999, 999, 9999, 99999, 2147483648])('%d apart from everything else is one', (value) => {
    expect(severities('sentinel_values', reference, filled(49, value))).toEqual([]);
    expect(severities('sentinel_values', reference, filled(50, value))).toEqual(['soft']);
    expect(findings('sentinel_values', reference, filled(50, value))[0]?.message).toContain(String(value));
  });

  it('is a rare value of the baseline that became common, though it lies within the range', () => {
    const onceZero = numeric('x', [0, ...lognormal(999)]);
    const zeros = (count: number) => numeric('x', [...repeat(0, count), ...lognormal(1000 - count)]);
    expect(severities('sentinel_values', onceZero, zeros(14))).toEqual([]);
    expect(severities('sentinel_values', onceZero, zeros(60))).toEqual(['soft']);
  });

  it('is not a tail, a shift, a grid that moved, nor an extreme that is no customary sentinel', () => {
    const shifted = numeric(
      'x',
      gaussian(5000).map((value) => value + 3),
    );
    expect(severities('sentinel_values', reference, shifted)).toEqual([]);
    const grid = (mean: number) =>
      numeric(
        'x',
        gaussian(2000).map((value) => Math.round(4 * value + mean)),
      );
    expect(severities('sentinel_values', grid(0), grid(8))).toEqual([]);
    expect(severities('sentinel_values', reference, filled(100, -1234.5))).toEqual([]);
  });

  it('inside the range, where no edge is, cannot be seen in a profile', () => {
    expect(severities('sentinel_values', reference, filled(500, 0))).toEqual([]);
  });
});

describe('negative values where the baseline has none', () => {
  const positive = numeric('x', [0, ...lognormal(1999)]);
  const negative = (count: number) => numeric('x', [...repeat(-2, count), ...lognormal(1000 - count)]);

  it.each([
    [9, []],
    [10, ['soft']],
  ])('%i of 1000 are %j', (count, expected) => {
    expect(severities('negative_values', positive, negative(count))).toEqual(expected);
  });

  it('are left to the bound where a person confirmed one, and are nothing new where the baseline has some', () => {
    const constraints = [{ name: 'x', min: 0, physical: true }];
    expect(severities('negative_values', positive, negative(500), { constraints })).toEqual([]);
    expect(severities('physical_bounds', positive, negative(500), { constraints })).toEqual(['hard']);
    expect(severities('negative_values', reference, negative(500))).toEqual([]);
  });
});

describe('ever new categories', () => {
  const ids = (distinct: number, rows: number) =>
    categorical('c', [
      ...Array.from({ length: distinct }, (_, at) => `id-${at}`),
      ...repeat('a', rows - distinct),
    ]);

  it('are an explosion in a fifth of the rows, when they are more than a profile lists', () => {
    expect(severities('cardinality_explosion', letters, ids(199, 1000))).toEqual([]);
    expect(severities('cardinality_explosion', letters, ids(200, 1000))).toEqual(['soft']);
    expect(severities('cardinality_explosion', letters, ids(64, 100))).toEqual([]);
    expect(severities('cardinality_explosion', letters, ids(65, 100))).toEqual(['soft']);
  });

  it('are usual in a column of ids', () => {
    expect(severities('cardinality_explosion', ids(900, 1000), ids(1000, 1000))).toEqual([]);
  });
});

describe('the mean confidence', () => {
  const around = (mean: number, rows: number) =>
    numeric(
      'confidence',
      gaussian(rows).map((value) => mean + 0.02 * value),
      'confidence',
    );
  /** Exactly this mean. */
  const exactly = (mean: number) =>
    numeric('confidence', [...repeat(mean - 0.0625, 200), ...repeat(mean + 0.0625, 200)], 'confidence');

  it('is low below 0.55, when it was higher', () => {
    expect(severities('mean_confidence_low', around(0.9, 1000), exactly(0.5625))).toEqual([]);
    expect(severities('mean_confidence_low', around(0.9, 1000), exactly(0.547))).toEqual(['soft']);
  });

  it('is usual where the model was never surer, and of no interest in another column', () => {
    expect(severities('mean_confidence_low', around(0.4, 1000), around(0.4, 500))).toEqual([]);
    expect(severities('mean_confidence_low', around(0.4, 1000), around(0.3, 500))).toEqual(['soft']);
    expect(severities('mean_confidence_low', reference, numeric('x', repeat(-1, 500)))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { emptyProfile } from '#shared/profile/profile.ts';
import { categorical, draws, numeric, profileOf } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { checkQuality, qualityChecks } from './check-quality.ts';
import { findings, repeat, severities } from './testing.ts';

const random = seededRandom(1);
const gaussian = (rows: number) => Array.from({ length: rows }, () => Math.fround(normal(random)));
const reference = numeric('x', gaussian(1000));
/** 100 rows, `count` of them replaced by `value`. */
const hundred = (count: number, value: number) =>
  numeric('x', [...new Array<number>(count).fill(value), ...new Array<number>(100 - count).fill(0.5)]);

describe('a rise of the missing share', () => {
  it.each([
    [2, []],
    [5, ['soft']],
    [14, ['soft']],
    [15, ['hard']],
    [100, ['hard']],
  ])('from none to %i of 100 rows is %j', (missing, expected) => {
    expect(severities('missing_rate_jump', reference, hundred(missing, Number.NaN))).toEqual(expected);
  });

  it('is nothing while chance explains it, and nothing when it falls', () => {
    const often = numeric('x', [...gaussian(70), ...new Array<number>(30).fill(Number.NaN)]);
    expect(severities('missing_rate_jump', often, hundred(40, Number.NaN))).toEqual([]);
    expect(severities('missing_rate_jump', often, hundred(0, Number.NaN))).toEqual([]);
  });
});

describe('infinite values', () => {
  it.each([
    [0, []],
    [1, ['soft']],
    [14, ['soft']],
    [15, ['hard']],
  ])('%i of 100 rows are %j', (infinite, expected) => {
    expect(severities('infinite_share', reference, hundred(infinite, Number.NEGATIVE_INFINITY))).toEqual(
      expected,
    );
  });
});

describe('bounds', () => {
  const constraints = (physical: boolean) => ({
    constraints: [{ name: 'x', physical, min: -10, max: 10.1 }],
  });

  it('are hard when a person confirmed them, at the first value beyond and not at the bound itself', () => {
    expect(severities('physical_bounds', reference, hundred(1, 10.2), constraints(true))).toEqual(['hard']);
    expect(severities('physical_bounds', reference, hundred(1, -10.01), constraints(true))).toEqual(['hard']);
    expect(severities('physical_bounds', reference, hundred(1, 10.1), constraints(true))).toEqual([]);
  });

  it('never make a data incident when they were inferred: one sigma of real drift is not bad data', () => {
    const shifted = draws('x', 500, () => 1 + normal(random));
    const anchors = buildAnchors([reference]);
    const all = checkQuality({
      anchors,
      reference: profileOf([reference], anchors),
      current: profileOf([shifted], anchors),
      constraints: [{ name: 'x', min: -3, max: 3 }],
    });
    expect(all.filter(({ severity }) => severity === 'hard')).toEqual([]);
    expect(severities('physical_bounds', reference, hundred(100, 99), constraints(false))).toEqual([]);
  });

  it.each([
    [4, []],
    [5, ['soft']],
  ])('exceeded as a range by %i of 100 rows are %j', (beyond, expected) => {
    expect(severities('range_exceeded', reference, hundred(beyond, 99))).toEqual(expected);
    expect(severities('range_exceeded', reference, hundred(beyond, -99))).toEqual(expected);
  });
});

describe('unseen categories', () => {
  const baseline = categorical('c', [...repeat('a', 500), ...repeat('b', 500)]);
  const with100 = (unseen: number) =>
    categorical('c', [...repeat('new', unseen), ...repeat('a', 100 - unseen)]);

  it.each([
    [4, []],
    [5, ['soft']],
  ])('in %i of 100 rows are %j', (unseen, expected) => {
    expect(severities('unseen_categories', baseline, with100(unseen))).toEqual(expected);
  });

  it('are expected where the baseline itself is full of values seen once', () => {
    const zipf = (rows: number) =>
      categorical(
        'c',
        Array.from({ length: rows }, () => `c${Math.floor(1 / (random() + 1e-4))}`),
      );
    expect(severities('unseen_categories', zipf(1000), zipf(1000))).toEqual([]);
  });

  it('are named from five rows up: what fewer have may be somebody’s', () => {
    const mails = ['ann@x.org', 'bob@x.org', 'cid@x.org', 'dan@x.org'];
    const current = (rows: number) =>
      categorical('c', [...repeat('a', 80), ...repeat('new', rows), ...mails, ...repeat('b', 16 - rows)]);
    const message = (rows: number) => findings('unseen_categories', baseline, current(rows))[0]?.message;
    expect(message(5)).toBe(
      '9 % of rows are in categories the baseline does not have ("new", …); 0 % were expected',
    );
    expect(message(4)).toBe('8 % of rows are in categories the baseline does not have; 0 % were expected');
  });

  it('are named for a predicted class', () => {
    const predictions = categorical('prediction', repeat('cat', 100), 'prediction');
    const known = categorical('prediction', repeat('cat', 100), 'prediction');
    const novel = categorical('prediction', [...repeat('cat', 99), 'dog'], 'prediction');
    expect(severities('prediction_class_unseen', predictions, known)).toEqual([]);
    expect(findings('prediction_class_unseen', predictions, novel)[0]?.message).toContain('"dog"');
  });
});

describe('vanished variation', () => {
  it('is a column with one value left, unless the baseline made that likely', () => {
    expect(severities('constant_column', reference, hundred(100, 3))).toEqual(['soft']);
    expect(severities('constant_column', reference, hundred(99, 3))).toEqual([]);
    const mostlyZero = numeric('x', [...new Array<number>(990).fill(0), ...gaussian(10)]);
    expect(severities('constant_column', mostlyZero, hundred(100, 0))).toEqual([]);
    const letters = categorical('c', [...repeat('a', 500), ...repeat('b', 500)]);
    expect(severities('constant_column', letters, categorical('c', repeat('a', 50)))).toEqual(['soft']);
  });

  it('is a default or a rounding that the coarse cells cannot see', () => {
    const zeros = numeric('x', [...new Array<number>(700).fill(0), ...gaussian(300).map(Math.abs)]);
    expect(severities('precision_changed', zeros, hundred(100, -1e-9))).toEqual(['soft']);
    const stillZero = (share: number) =>
      numeric('x', [...new Array<number>(share).fill(0), ...gaussian(100 - share).map(Math.abs)]);
    expect(severities('precision_changed', zeros, stillZero(36))).toEqual([]);
    expect(severities('precision_changed', zeros, stillZero(34))).toEqual(['soft']);
    const rounded = numeric(
      'x',
      gaussian(5000).map((value) => Math.round(value * 10) / 10),
    );
    const unrounded = numeric('x', gaussian(500));
    expect(severities('precision_changed', rounded, unrounded)).toEqual(['soft']);
    expect(severities('precision_changed', reference, unrounded)).toEqual([]);
  });
});

describe('volume', () => {
  const rows = (count: number) => numeric('x', gaussian(count));

  it('is too small below 50 rows, and dropped below a tenth of the usual', () => {
    expect(severities('too_few_rows', reference, rows(49))).toEqual(['soft']);
    expect(severities('too_few_rows', reference, rows(50))).toEqual([]);
    expect(severities('volume_drop', reference, rows(99), { expectedRows: 1000 })).toEqual(['soft']);
    expect(severities('volume_drop', reference, rows(100), { expectedRows: 1000 })).toEqual([]);
  });

  it('is hard when one column is absent while others have rows, not when the window is empty', () => {
    const columns = [numeric('x', gaussian(100)), numeric('y', gaussian(100))];
    const anchors = buildAnchors(columns);
    const input = { anchors, reference: profileOf(columns, anchors) };
    const absent = checkQuality({ ...input, current: profileOf([columns[0]!], anchors) });
    expect(absent[0]).toMatchObject({ check: 'column_absent', column: 'y', severity: 'hard' });
    const empty = checkQuality({ ...input, current: emptyProfile(anchors) });
    expect(empty.map(({ check }) => check)).toEqual(['empty_window']);
  });
});

describe('the registry', () => {
  it('holds each check once per severity', () => {
    const keys = qualityChecks.map(({ name, severity }) => `${name} ${severity}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('finds nothing in rows like the baseline', () => {
    for (let window = 0; window < 50; window++) {
      const anchors = buildAnchors([reference]);
      const current = profileOf([numeric('x', gaussian(60))], anchors);
      expect(checkQuality({ anchors, reference: profileOf([reference], anchors), current })).toEqual([]);
    }
  });

  it('leaves late labels and losses alone', () => {
    const label = numeric('label', gaussian(100), 'label');
    const missing = numeric('label', new Array<number>(100).fill(Number.NaN), 'label');
    expect(severities('missing_rate_jump', label, missing)).toEqual([]);
  });
});

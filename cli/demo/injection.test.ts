import { describe, expect, test } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import type { Feature, ModelSchema } from '#shared/schema/feature-schema.ts';
import { planInjection } from './injection.ts';

const weight: Feature = { name: 'weight', kind: 'numeric' };
const pieces: Feature = { name: 'pieces', kind: 'numeric', integer: true };
const colour: Feature = { name: 'colour', kind: 'categorical', values: ['amber', 'blue', 'clear'] };
const soldOn: Feature = { name: 'sold_on', kind: 'datetime' };

function schemaOf(features: readonly Feature[], classes?: readonly string[]): ModelSchema {
  return { features, target: { name: 'target', ...(classes ? { classes } : {}) } };
}

function rowsOf(count: number, seed: number, classes?: readonly string[]): LabelledRow[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const value = 10 * random();
    return {
      id: `row-${at}`,
      at,
      features: {
        weight: at % 10 === 0 ? null : value,
        pieces: Math.floor(20 * random()),
        // clear is the rarest
        colour: at % 12 === 0 ? null : (['amber', 'amber', 'amber', 'blue', 'blue', 'clear'][at % 6] ?? null),
        sold_on: '2026-02-03',
      },
      label: classes ? classes[at % classes.length]! : 3 * value + random(),
    };
  });
}

const train = rowsOf(1000, 1);
const sent = rowsOf(600, 2);
const all = schemaOf([weight, pieces, colour, soldOn]);
const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((one) => (one - mean(values)) ** 2)));

describe('an injection', () => {
  test.each(['shift', 'noise'] as const)('(%s) is fixed by seed and training rows alone', (kind) => {
    const first = planInjection(kind, all, train, 1.5, 4);
    const second = planInjection(kind, all, structuredClone(train), 1.5, 4);
    expect([second.feature, second.description]).toEqual([first.feature, first.description]);
    expect(sent.map(second.apply)).toEqual(sent.map(first.apply));
    // row by row: neither order nor earlier rows matter
    expect(sent.toReversed().map(first.apply)).toEqual(sent.map(first.apply).toReversed());
  });

  test('falls on different features for different seeds, never on a date while others vary, nor on what does not vary', () => {
    const flat: Feature = { name: 'flat', kind: 'numeric' };
    const rows = train.map((row) => ({ ...row, features: { ...row.features, flat: 1 } }));
    const schema = schemaOf([flat, ...all.features]);
    const chosen = new Set(
      Array.from({ length: 60 }, (_, seed) => planInjection('shift', schema, rows, 1, seed).feature),
    );
    expect([...chosen].sort()).toEqual(['colour', 'pieces', 'weight']);
  });

  test('is refused where nothing can drift', () => {
    expect(() => planInjection('shift', schemaOf([soldOn]), train, 1, 1)).toThrow(
      'no numeric, text or date feature varies',
    );
  });

  test('falls on a date where nothing else varies, and raises the target there', () => {
    const rows = train.map((row) => ({
      ...row,
      features: { weight: 1, sold_on: `2026-0${1 + (row.at % 3)}-15` },
    }));
    const { feature, description, apply } = planInjection('shift', schemaOf([weight, soldOn]), rows, 1, 1);
    expect(feature).toBe('sold_on');
    expect(description).toContain('sold_on move into the months 4 to 6');
    for (const row of rows) expect(Number(apply(row).label)).toBeGreaterThan(Number(row.label));
  });

  test('leaves the id and the row it is given as they are', () => {
    const before = structuredClone(sent);
    const { apply } = planInjection('shift', all, train, 1.5, 4);
    expect(sent.map(apply).map((row) => row.id)).toEqual(sent.map((row) => row.id));
    expect(sent).toEqual(before);
  });
});

describe('none', () => {
  test('changes nothing', () => {
    const { apply, feature } = planInjection('none', all, train, 1.5, 4);
    expect(feature).toBeNull();
    expect(sent.map(apply)).toEqual(sent);
  });
});

describe('noise', () => {
  const { apply, feature } = planInjection('noise', all, train, 1.5, 4);

  test('leaves every feature and draws the label from the training labels', () => {
    const labels = new Set(train.map((row) => row.label));
    expect(feature).toBeNull();
    for (const row of sent.map(apply)) expect(labels.has(row.label)).toBe(true);
    expect(sent.map((row) => apply(row).features)).toEqual(sent.map((row) => row.features));
  });

  test('leaves no relation between inputs and labels', () => {
    const rows = sent.filter((row) => row.features.weight !== null);
    const correlation = (labelled: readonly LabelledRow[]) => {
      const x = labelled.map((row) => Number(row.features.weight));
      const y = labelled.map((row) => Number(row.label));
      const product = mean(x.map((one, at) => (one - mean(x)) * (y[at]! - mean(y))));
      return product / (deviation(x) * deviation(y));
    };
    expect(correlation(rows)).toBeGreaterThan(0.95);
    // four standard errors of a correlation of zero
    expect(Math.abs(correlation(rows.map(apply)))).toBeLessThan(4 / Math.sqrt(rows.length));
  });
});

describe('shift of a number', () => {
  const { apply, description } = planInjection('shift', schemaOf([weight]), train, 1.5, 4);
  const trained = train.flatMap((row) => (row.features.weight === null ? [] : [Number(row.features.weight)]));

  test('moves every value by that many standard deviations of the training values; missing stays missing', () => {
    for (const row of sent) {
      const before = row.features.weight;
      const after = apply(row).features.weight;
      if (before === null) expect(after).toBeNull();
      else expect(Number(after) - Number(before)).toBeCloseTo(1.5 * deviation(trained), 9);
    }
    expect(description).toContain('1.5 sigma');
  });

  test('touches no other feature', () => {
    for (const row of sent)
      expect({ ...apply(row).features, weight: 0 }).toEqual({ ...row.features, weight: 0 });
  });

  test('raises the target by 0 to that many of its standard deviations, more where the value is high', () => {
    const step = 1.5 * deviation(train.map((row) => Number(row.label)));
    const raised = sent
      .filter((row) => row.features.weight !== null)
      .toSorted((first, second) => Number(first.features.weight) - Number(second.features.weight))
      .map((row) => Number(apply(row).label) - Number(row.label));
    for (const raise of raised) {
      expect(raise).toBeGreaterThanOrEqual(0);
      expect(raise).toBeLessThanOrEqual(step);
    }
    for (const [at, raise] of raised.slice(1).entries())
      expect(raise).toBeGreaterThanOrEqual(raised[at]! - 1e-9);
    expect(raised.at(-1)! - raised[0]!).toBeGreaterThan(step / 2);
  });

  test.each([0.01, 1.5])(
    'of whole numbers (%d sigma) keeps them whole and moves them by 1 at least',
    (size) => {
      const whole = planInjection('shift', schemaOf([pieces]), train, size, 4);
      for (const row of sent) {
        const moved = Number(whole.apply(row).features.pieces) - Number(row.features.pieces);
        expect(Number.isInteger(moved)).toBe(true);
        expect(moved).toBeGreaterThanOrEqual(1);
      }
    },
  );
});

describe('shift of a category', () => {
  const { apply } = planInjection('shift', schemaOf([colour]), train, 1.5, 4);

  test('turns about 60 % of the values into the rarest one; missing stays missing, no new value appears', () => {
    const others = sent.filter((row) => row.features.colour === 'amber' || row.features.colour === 'blue');
    const turned = others.filter((row) => apply(row).features.colour === 'clear').length / others.length;
    expect(Math.abs(turned - 0.6)).toBeLessThan(4 * Math.sqrt(0.24 / others.length));
    for (const row of sent) {
      const [before, after] = [row.features.colour, apply(row).features.colour];
      expect([before, 'clear']).toContain(after);
      if (before === null) expect(after).toBeNull();
    }
  });
});

describe('shift of classes', () => {
  test.each([2, 3, 7])(
    '(%i of them) renames half, two at least, in a circle: a relation, not noise',
    (count) => {
      const classes = Array.from({ length: count }, (_, at) => `class ${at}`);
      const rows = rowsOf(700, 3, classes);
      const { apply } = planInjection('shift', schemaOf([weight], classes), rows, 1.5, 4);
      const renamed = new Map<string, Set<string>>();
      for (const row of rows)
        renamed.set(
          String(row.label),
          (renamed.get(String(row.label)) ?? new Set()).add(String(apply(row).label)),
        );
      for (const names of renamed.values()) expect(names.size).toBe(1);
      const after = [...renamed.values()].flatMap((names) => [...names]);
      expect(after.sort()).toEqual([...classes].sort());
      const moved = [...renamed].filter(([name, names]) => !names.has(name)).length;
      expect(moved).toBe(Math.max(2, Math.ceil(count / 2)));
    },
  );
});

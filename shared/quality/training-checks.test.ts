import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import type { FeatureValue } from '#shared/schema/rows.ts';
import { checkTrainingData, type TrainingData, trainingChecks } from './training-checks.ts';

const random = seededRandom(5);
const schema: ModelSchema = {
  features: [
    { name: 'weight', kind: 'numeric', physical: true, min: -50, max: 50 },
    { name: 'colour', kind: 'categorical', values: ['blue', 'red'] },
    { name: 'sold', kind: 'datetime' },
    { name: 'ticket', kind: 'id' },
  ],
  target: { name: 'grade', classes: ['high', 'low'] },
};
const cleanRow = (at: number) => ({
  features: {
    weight: normal(random),
    colour: at % 3 === 0 ? 'blue' : 'red',
    sold: '2026-11-21',
  } as Record<string, FeatureValue>,
  label: (at % 2 === 0 ? 'high' : 'low') as number | string,
});
const cleanRows = (count: number) => Array.from({ length: count }, (_, at) => cleanRow(at));
/** `count` rows, the first `changed` of them with other values. */
const rowsWith = (count: number, changed: number, values: Record<string, FeatureValue>) =>
  cleanRows(count).map((row, at) =>
    at < changed ? { ...row, features: { ...row.features, ...values } } : row,
  );

const ids = (more: Partial<TrainingData>) =>
  checkTrainingData({ schema, rows: cleanRows(200), baseline: cleanRows(500), ...more }).map(({ id }) => id);

describe('training data', () => {
  it('like the baseline passes all seven checks, five hard and two soft', () => {
    expect(ids({})).toEqual([]);
    expect(trainingChecks.map(({ id }) => id)).toEqual(['H1', 'H2', 'H3', 'H4', 'H5', 'S1', 'S2']);
    for (const { id, severity } of trainingChecks)
      expect(severity).toBe(id.startsWith('H') ? 'hard' : 'soft');
  });

  it('H1: needs every feature somewhere, and of its type everywhere; ids may be absent', () => {
    const without = (rows: number) =>
      cleanRows(200).map((row, at) =>
        at < rows ? { ...row, features: { colour: 'red', sold: '2026-11-21' } } : row,
      );
    expect(ids({ rows: without(200) })).toContain('H1');
    expect(ids({ rows: without(1) })).toEqual([]);
    expect(ids({ rows: rowsWith(200, 1, { weight: '12' }) })).toEqual(['H1']);
    expect(ids({ rows: rowsWith(200, 1, { colour: 3 }) })).toContain('H1');
    expect(ids({ rows: rowsWith(200, 1, { weight: null, colour: null, ticket: 4 }) })).toEqual([]);
  });

  it('H2: needs 30 rows', () => {
    expect(ids({ rows: cleanRows(29) })).toEqual(['H2']);
    expect(ids({ rows: cleanRows(30) })).toEqual([]);
    expect(ids({ rows: [] })).toEqual(['H2', 'H5']);
  });

  it('H3: may miss up to 15 points more than the baseline, and more where chance explains it', () => {
    expect(ids({ rows: rowsWith(200, 29, { weight: null }) })).not.toContain('H3');
    expect(ids({ rows: rowsWith(200, 30, { weight: null }) })).toContain('H3');
    const baseline = rowsWith(500, 200, { weight: null });
    expect(ids({ rows: rowsWith(200, 109, { weight: null }), baseline })).not.toContain('H3');
    expect(ids({ rows: rowsWith(200, 115, { weight: null }), baseline })).toContain('H3');
    const small = rowsWith(10, 1, { weight: null });
    expect(ids({ rows: rowsWith(40, 11, { weight: null }), baseline: small })).not.toContain('H3');
  });

  it('H4: needs readable numbers and dates, within bounds that a person confirmed', () => {
    expect(ids({ rows: rowsWith(200, 1, { weight: 'abc' }) })).toEqual(['H4']);
    expect(ids({ rows: rowsWith(200, 1, { sold: '2026-02-30' }) })).toEqual(['H4']);
    expect(ids({ rows: rowsWith(200, 1, { weight: 50.1 }) })).toEqual(['H4']);
    expect(ids({ rows: rowsWith(200, 1, { weight: -50.1 }) })).toEqual(['H4']);
    expect(ids({ rows: rowsWith(200, 1, { weight: 50 }) })).toEqual([]);
    const inferred = {
      ...schema,
      features: schema.features.map((feature) => ({ ...feature, physical: false })),
    };
    expect(ids({ rows: rowsWith(200, 200, { weight: 99 }), schema: inferred })).not.toContain('H4');
  });

  it('H5: needs two labels, all of the target, and at most 10 % put aside as unknown', () => {
    const labelled = (label: number | string, count: number) =>
      cleanRows(200).map((row, at) => (at < count ? { ...row, label } : row));
    expect(ids({ rows: labelled('high', 200) })).toEqual(['H5']);
    expect(ids({ rows: labelled('high', 199) })).toEqual([]);
    expect(ids({ rows: labelled('medium', 1) })).toEqual(['H5']);
    expect(ids({ unknownLabels: { hits: 10, rows: 100 } })).toEqual([]);
    expect(ids({ unknownLabels: { hits: 11, rows: 100 } })).toEqual(['H5']);
    const regression = { ...schema, target: { name: 'value' } };
    const numbers = (bad: number | string) =>
      cleanRows(200).map((row, at) => ({ ...row, label: at === 0 ? bad : at }));
    expect(ids({ schema: regression, rows: numbers(1.5) })).toEqual([]);
    expect(ids({ schema: regression, rows: numbers('high') })).toEqual(['H5']);
  });

  it('S1: tells of categories nobody knows from 5 % of the rows, and of columns nobody knows', () => {
    expect(ids({ rows: rowsWith(200, 9, { colour: 'green' }) })).toEqual([]);
    expect(ids({ rows: rowsWith(200, 10, { colour: 'green' }) })).toEqual(['S1']);
    expect(ids({ rows: rowsWith(200, 1, { height: 2 }) })).toEqual(['S1']);
    const open: ModelSchema = { ...schema, features: [{ name: 'colour', kind: 'categorical' }] };
    const rare = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        features: { colour: `c${random()}` },
        label: at % 2 === 0 ? 'high' : 'low',
      }));
    expect(ids({ schema: open, rows: rare(200), baseline: rare(500) })).toEqual([]);
  });

  it('S2: tells of repeated rows from 5 points more than the baseline has among as many', () => {
    const repeating = (count: number) => {
      const rows = cleanRows(200);
      return rows.map((row, at) => (at < count ? rows[199]! : row));
    };
    expect(ids({ rows: repeating(9) })).toEqual([]);
    expect(ids({ rows: repeating(10) })).toEqual(['S2']);
    const few = (count: number) => rowsWith(count, count, { weight: 1 });
    expect(ids({ rows: few(200), baseline: few(2000) })).toEqual([]);
  });
});

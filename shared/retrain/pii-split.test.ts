import { expect, test } from 'vitest';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { inputsHash, type LabelledRow, splitByTime } from './snapshot.ts';

const schema: ModelSchema = {
  features: [
    { name: 'amount', kind: 'numeric' },
    { name: 'phone', kind: 'categorical', pii: true },
  ],
  target: { name: 'y' },
};

test('rows that differ in the person only are one to a model: none stands on both sides of the holdout', () => {
  const rows: LabelledRow[] = Array.from({ length: 100 }, (_, at) => ({
    id: `r${at}`,
    at,
    features: { amount: at % 80, phone: `tok_${at}` },
    label: at,
  }));
  const { training, holdout, overlapping } = splitByTime(rows, Number.NEGATIVE_INFINITY, inputsHash(schema));
  // rows 80 to 99 of the holdout repeat rows 0 to 19
  expect([training.length, holdout.length, overlapping]).toEqual([50, 30, 20]);
  expect(splitByTime(rows, Number.NEGATIVE_INFINITY).overlapping).toBe(0);
});

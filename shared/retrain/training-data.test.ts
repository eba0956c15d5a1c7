import { expect, it } from 'vitest';
import { smallRecord, smallRows } from '../testing/small-model.ts';
import { judgeTrainingData } from './training-data.ts';

const { schema } = smallRecord({ task: 'regression' });
const rows = (count: number, seed: number) => smallRows(count, seed);
const snapshot = {
  recent: rows(200, 1),
  baseline: rows(280, 2),
  labelled: 200,
  unknownLabels: 0,
};

it('rows like the baseline are fit, without a word', () => {
  expect(judgeTrainingData(schema, snapshot)).toEqual({ problems: [], warnings: [] });
});

it('hard findings are problems, soft ones warnings, both in words', () => {
  const recent = snapshot.recent.map((row) => ({ ...row, features: { ...row.features, colour: 'green' } }));
  expect(judgeTrainingData(schema, { ...snapshot, recent, unknownLabels: 21 })).toEqual({
    problems: ['10.5 % of the labels are no numbers; at most 10 % are allowed'],
    warnings: ['"colour" has categories nobody knows in 100 % of the rows'],
  });
});

import { describe, expect, test } from 'vitest';
import { rowLosses } from '../evaluation/losses.ts';
import { answersOf } from '../onnx/answers.ts';
import { openSession } from '../onnx/session.ts';
import { normal, seededRandom } from '../random.ts';
import type { ModelRecord } from '../registry/model.ts';
import { smallRecord, smallRows, withShuffledLabels } from '../testing/small-model.ts';
import { outputsOf } from './build-version.ts';
import { candidateNames, trainCandidate } from './candidates.ts';
import { type GateInput, judgeGates } from './gate.ts';
import { featuresOf } from './labelled-data.ts';
import type { LabelledRow } from './snapshot.ts';

type Task = ModelRecord['task'];
const policy = { alpha: 0.01 };

const passed = (input: GateInput) =>
  Object.fromEntries(judgeGates(input).map((gate) => [gate.name, gate.passed]));

/** 60 rows: labels 0 … 59, answered with a normal error of each model's own size. */
function regression(championError: number, candidateError: number): GateInput {
  const random = seededRandom(9);
  const labels = Array.from({ length: 60 }, (_, at) => at);
  const losses = (error: number) => labels.map(() => (error * normal(random)) ** 2);
  return {
    task: 'regression',
    championLosses: losses(championError),
    candidateLosses: losses(candidateError),
    labels,
    trainingLabels: labels,
    policy,
    random: seededRandom(1),
  };
}

describe('judgeGates', () => {
  test('a candidate with a third of the champion’s error passes, one with the same error does not', () => {
    expect(passed(regression(9, 3))).toEqual({ better_than_champion: true, better_than_naive: true });
    expect(passed(regression(3, 3))).toMatchObject({ better_than_champion: false });
    expect(passed(regression(3, 9))).toMatchObject({ better_than_champion: false });
  });

  test('better than a hopeless champion is not enough: the naive answer must be beaten too', () => {
    // labels 0 … 59 have a standard deviation of 17.3
    expect(passed(regression(100, 20))).toEqual({ better_than_champion: true, better_than_naive: false });
    expect(passed(regression(100, 9))).toEqual({ better_than_champion: true, better_than_naive: true });
  });

  test('the naive answer is learnt from the training labels: the mean, or the most frequent class', () => {
    const [, mean] = judgeGates({ ...regression(9, 3), trainingLabels: [10, 20] });
    expect(mean?.detail).toContain('better than always answering 15: ');
    const [, mode] = judgeGates({
      task: 'classification',
      championLosses: new Array<number>(60).fill(1),
      candidateLosses: new Array<number>(60).fill(0),
      labels: new Array<string>(60).fill('low'),
      trainingLabels: ['high', 'low', 'high'],
      policy,
      random: seededRandom(1),
    });
    expect(mode).toMatchObject({
      passed: true,
      detail:
        'better than always answering "high": error rate lower by 1, at least 1 (one-sided 99 % bound, 60 rows)',
    });
  });

  test('an absolute floor is judged where the policy has one, and allows exactly its value', () => {
    const input = { ...regression(9, 3), candidateLosses: new Array<number>(60).fill(4) };
    expect(passed(input)).not.toHaveProperty('absolute_floor');
    expect(passed({ ...input, policy: { ...policy, max_loss: 2 } })).toMatchObject({ absolute_floor: true });
    expect(passed({ ...input, policy: { ...policy, max_loss: 1.9999 } })).toMatchObject({
      absolute_floor: false,
    });
    const rate = {
      ...input,
      task: 'classification' as const,
      candidateLosses: Array.from({ length: 60 }, (_, at) => (at < 6 ? 1 : 0)),
      labels: new Array<string>(60).fill('a'),
      trainingLabels: ['a', 'b'],
    };
    expect(passed({ ...rate, policy: { ...policy, max_loss: 0.1 } })).toMatchObject({ absolute_floor: true });
    expect(passed({ ...rate, policy: { ...policy, max_loss: 0.09 } })).toMatchObject({
      absolute_floor: false,
    });
  });

  test('losses that are no numbers pass nothing', () => {
    const candidateLosses = new Array<number>(60).fill(Number.NaN);
    const gates = judgeGates({ ...regression(9, 3), candidateLosses, policy: { ...policy, max_loss: 1e9 } });
    expect(gates.map((gate) => gate.passed)).toEqual([false, false, false]);
  });

  test('the same input gives the same answer: the random numbers are the caller’s', () => {
    expect(judgeGates(regression(9, 3))).toEqual(judgeGates(regression(9, 3)));
  });
});

/** Champion fitted on old rows, best candidate on recent ones, both scored on the same held-out rows. */
async function retrained(task: Task, recent: readonly LabelledRow[], seed: number) {
  const { schema } = smallRecord({ task });
  const baseline = smallRows(200, 900 + seed, { task, prefix: 'old-' });
  const training = recent.slice(0, 210);
  const holdout = recent.slice(210);
  const fitAll = (rows: { recent: readonly LabelledRow[]; baseline: readonly LabelledRow[] }) =>
    candidateNames.map((name) => trainCandidate(name, schema, rows, {}));
  const [champion] = fitAll({ recent: baseline, baseline: [] });
  const [best] = fitAll({ recent: training, baseline }).sort(
    (one, other) => one.validationLoss - other.validationLoss,
  );
  const labels = holdout.map((row) => row.label);
  const lossesOf = async (onnx: Uint8Array) => {
    const session = await openSession(onnx);
    const answers = answersOf(schema, await session.run(featuresOf(schema, holdout)));
    await session.release();
    return rowLosses(outputsOf(answers), labels);
  };
  return passed({
    task,
    championLosses: await lossesOf(champion!.onnx),
    candidateLosses: await lossesOf(best!.onnx),
    labels,
    trainingLabels: training.map((row) => row.label),
    policy,
    random: seededRandom(seed),
  });
}

describe.each(['regression', 'classification'] as const)('really trained candidates, %s', (task) => {
  test('labels dealt out anew are never promoted, over 8 seeds: nothing beats the naive answer on them', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const noise = withShuffledLabels(smallRows(300, seed, { task, isReversed: true }), seed);
      expect(await retrained(task, noise, seed)).toMatchObject({ better_than_naive: false });
    }
  });

  test('a relation that turned round is learnt and passes, over 3 seeds', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const turned = smallRows(300, seed, { task, isReversed: true });
      expect(await retrained(task, turned, seed)).toEqual({
        better_than_champion: true,
        better_than_naive: true,
      });
    }
  });

  test('without a change a candidate still beats the naive answer, over 3 seeds: noise is stopped, not learning', async () => {
    for (let seed = 1; seed <= 3; seed++)
      expect(await retrained(task, smallRows(300, seed, { task }), seed)).toMatchObject({
        better_than_naive: true,
      });
  });
});

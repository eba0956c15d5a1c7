import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArchiveRow } from '../capture/archive.ts';
import { featuresHash } from '../log/prediction-log.ts';
import { joinLabels, type LabelledRow, splitByTime } from './snapshot.ts';

const prediction = (id: string, at: number, weight = at): ArchiveRow => ({
  kind: 'prediction',
  id,
  version: 'v1',
  at,
  features: { weight },
  context: {},
  answer: { prediction: 0 },
});
const label = (id: string, value: number, labelledAt: number): ArchiveRow => ({
  kind: 'label',
  id,
  label: value,
  labelled_at: labelledAt,
});
const outcome: ArchiveRow = { kind: 'outcome', id: 'f1', at: 0, status: 400 };

const row = (at: number, weight = at): LabelledRow => ({ id: `r${at}`, at, features: { weight }, label: 1 });
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, at) => row(from + at));
const times = (of: readonly LabelledRow[]) => of.map(({ at }) => at);

describe('joinLabels', () => {
  test('joins the first prediction with the latest label, in whatever order they were archived', () => {
    const archive = [
      prediction('a', 10),
      prediction('a', 11, 99),
      label('a', 1, 20),
      label('a', 2, 30),
      label('a', 3, 25),
      prediction('b', 5),
      outcome,
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(archive.slice(2), { minLength: 5 }), (rest) => {
        const { labelled, unlabelled } = joinLabels([...archive.slice(0, 2), ...rest], 1000, 0);
        expect(labelled).toEqual([{ id: 'a', at: 10, features: { weight: 10 }, label: 2 }]);
        expect(unlabelled.map(({ id }) => id)).toEqual(['b']);
      }),
    );
  });

  test('a label that came before its prediction, in another file, is joined', () => {
    const { labelled } = joinLabels([label('a', 7, 5), prediction('a', 10)], 1000, 0);
    expect(labelled).toMatchObject([{ id: 'a', label: 7 }]);
  });

  test('labels without a prediction and refused requests are no rows', () => {
    expect(joinLabels([label('a', 1, 5), outcome], 1000, 0)).toEqual({
      labelled: [],
      unlabelled: [],
      maturityMs: 0,
      immature: 0,
    });
  });

  test('labelled rows come in order of time', () => {
    const archive = [30, 10, 20].flatMap((at) => [prediction(`p${at}`, at), label(`p${at}`, 1, at)]);
    expect(times(joinLabels(archive, 1000, 0).labelled)).toEqual([10, 20, 30]);
  });

  test('a row is mature at exactly the horizon, and left out a millisecond younger, labelled or not', () => {
    const archive = [prediction('a', 0), label('a', 1, 0), prediction('b', 0)];
    expect(joinLabels(archive, 100, 100)).toMatchObject({ labelled: [{}], unlabelled: [{}], immature: 0 });
    expect(joinLabels(archive, 99, 100)).toMatchObject({ labelled: [], unlabelled: [], immature: 2 });
  });

  test('the horizon is the age by which 95 % of the labels had come: late labels keep young rows out', () => {
    const archive = Array.from({ length: 100 }, (_, at) => [
      prediction(`p${at}`, 0, at),
      label(`p${at}`, 1, at < 94 ? 10 : 5000),
    ]).flat();
    const young = prediction('young', 9000);
    const { maturityMs, immature } = joinLabels([...archive, young], 10_000, 0);
    expect(maturityMs).toBe(5000);
    expect(immature).toBe(1);
    const early = archive.map((one) => (one.kind === 'label' ? { ...one, labelled_at: 10 } : one));
    expect(joinLabels([...early, young], 10_000, 0)).toMatchObject({ maturityMs: 10, immature: 0 });
  });

  test('the policy’s minimum holds where labels come faster', () => {
    const archive = [prediction('a', 0), label('a', 1, 10)];
    expect(joinLabels(archive, 10_000, 500).maturityMs).toBe(500);
    expect(joinLabels(archive, 10_000, 5).maturityMs).toBe(10);
  });
});

describe('splitByTime', () => {
  test('holds out the newest 30 % by time and trains on what came before', () => {
    const { training, holdout } = splitByTime(rows(100), Number.NEGATIVE_INFINITY);
    expect(times(training)).toEqual(times(rows(70)));
    expect(times(holdout)).toEqual(times(rows(30, 70)));
  });

  test('a row that a decision was made on is never held out again, and may be trained on', () => {
    const { training, holdout } = splitByTime(rows(100), 79);
    expect(times(holdout)).toEqual(times(rows(20, 80)));
    expect(times(training)).toEqual(times(rows(80)));
    expect(splitByTime(rows(100), 99).holdout).toEqual([]);
    expect(splitByTime(rows(100), 69).holdout).toHaveLength(30);
  });

  test('training keeps no row with the features of a held-out one', () => {
    const repeated = [...rows(69), row(69, 95), ...rows(30, 70)];
    const { training, overlapping } = splitByTime(repeated, Number.NEGATIVE_INFINITY);
    expect(times(training)).toEqual(times(rows(69)));
    expect(overlapping).toBe(1);
  });

  test('a row that is repeated in the holdout counts once', () => {
    const same = Array.from({ length: 30 }, (_, at) => row(70 + at, 1000 + (at % 3)));
    expect(splitByTime([...rows(70), ...same], Number.NEGATIVE_INFINITY).holdout).toHaveLength(3);
  });

  test('any rows: disjoint by id and by features, the holdout newer than every trained row that is not spent', () => {
    const drawn = fc.array(fc.record({ at: fc.nat(500), weight: fc.nat(60) }), {
      minLength: 1,
      maxLength: 120,
    });
    fc.assert(
      fc.property(drawn, fc.integer({ min: -1, max: 500 }), (given, spent) => {
        const labelled = given
          .map(({ at, weight }, number) => ({ ...row(at, weight), id: `r${number}` }))
          .sort((one, other) => one.at - other.at);
        const { training, holdout, overlapping } = splitByTime(labelled, spent);
        const held = new Set(holdout.map(({ features }) => featuresHash(features)));
        const ids = new Set(holdout.map(({ id }) => id));
        expect(training.some(({ id, features }) => ids.has(id) || held.has(featuresHash(features)))).toBe(
          false,
        );
        expect(held.size).toBe(holdout.length);
        expect(holdout.every(({ at }) => at > spent)).toBe(true);
        const oldest = Math.min(...times(holdout));
        expect(training.every(({ at }) => at <= oldest || at <= spent)).toBe(true);
        expect(training.length + overlapping + holdout.length).toBeLessThanOrEqual(labelled.length);
      }),
      { numRuns: 300 },
    );
  });
});

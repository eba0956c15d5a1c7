import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equalWeights, type Figure } from './metric.ts';
import { pinballLoss, regression } from './regression-metrics.ts';
import { scoreNumbers } from './scored-numbers.ts';

function figuresOf(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  weights = equalWeights(truth.length),
): Record<string, Figure> {
  const scored = scoreNumbers(Float64Array.from(truth), predicted);
  const weighted = regression.weigh(scored, weights);
  return Object.fromEntries(regression.metrics.map((metric) => [metric.name, metric.of(scored)(weighted)]));
}

const rows = 120;
const truth = Float64Array.from({ length: rows }, (_, row) => ((row * 37) % 61) - 20.5 + row / 8);
const predicted = truth.map((value, row) => value + (((row * 53) % 17) - 8) * 0.7);

function expectFigures(found: Record<string, Figure>, expected: Record<string, number>): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected))
    expect(Math.abs((found[name] as number) / value - 1), `${name}: ${found[name]}`).toBeLessThan(1e-12);
}

describe('against scikit-learn 1.9.1', () => {
  // root_mean_squared_error, mean_absolute_error, r2_score, mean_absolute_percentage_error, median_absolute_error
  test('every metric agrees', () => {
    expectFigures(figuresOf(truth, predicted), {
      rmse: 3.453018003621373,
      mae: 2.9866666666666664,
      r2: 0.964649035966326,
      mape: 0.8219148087361948,
      median_absolute_error: 2.8000000000000007,
    });
  });

  test('weights agree with sample_weight, 0 among them', () => {
    const weights = Float64Array.from({ length: rows }, (_, row) => row % 4);
    expectFigures(figuresOf(truth, predicted, weights), {
      rmse: 3.4372146346197883,
      mae: 2.986666666666667,
      r2: 0.9635215440362156,
      mape: 0.7314363926148849,
      median_absolute_error: 2.8000000000000007,
    });
  });

  test('the pinball losses of the 0.1 and 0.9 quantiles agree (mean_pinball_loss)', () => {
    expect(pinballLoss(truth, { level: 0.1, predicted })).toBeCloseTo(1.4746666666666668, 12);
    expect(pinballLoss(truth, { level: 0.9, predicted })).toBeCloseTo(1.512, 12);
  });
});

describe('what is not computable', () => {
  test('no rows, a true value or a prediction that is no number: no figure at all, and the row is named', () => {
    for (const [found, reason] of [
      [figuresOf([], []), 'there are no rows'],
      [figuresOf([1, Number.NaN], [1, 2]), 'row 1 has the true value NaN'],
      [figuresOf([0, 2], [Number.POSITIVE_INFINITY, 2]), 'row 0 has the prediction Infinity'],
    ] as const)
      for (const [name, figure] of Object.entries(found))
        expect(figure, name).toEqual({ computable: false, reason });
    expect(pinballLoss(new Float64Array(0), { level: 0.5, predicted: [] })).toMatchObject({
      computable: false,
    });
  });

  test('a true value of 0 has no relative error; the smallest number beside it has', () => {
    expect(figuresOf([0, 1, 2], [1, 1, 2]).mape).toEqual({
      computable: false,
      reason: '1 of 3 true values are 0',
    });
    expect(figuresOf([-0.5, 1, 2], [1, 1, 2]).mape).toBe(1);
  });

  test('a constant truth has no R², even one whose mean is not exact; one that differs in one row has', () => {
    const constant = new Array<number>(7).fill(0.1);
    expect(figuresOf(constant, [1, 2, 3, 4, 5, 6, 7]).r2).toEqual({
      computable: false,
      reason: 'the true values are all the same',
    });
    expect(figuresOf([5], [5]).r2).toMatchObject({ computable: false });
    expect(figuresOf([5, 5, 6], [5, 5, 6]).r2).toBe(1);
  });

  test('errors too large to be squared have no mean square, but a mean', () => {
    const { rmse, mae, r2 } = figuresOf([0, 1], [1e200, 1]);
    expect(rmse).toMatchObject({ computable: false });
    expect(r2).toMatchObject({ computable: false });
    expect(mae).toBe(5e199);
  });

  test('lengths that disagree and a level that is no quantile are refused', () => {
    expect(() => figuresOf([1, 2], [1])).toThrow('2 true values need as many predictions; got 1');
    for (const level of [0, 1, Number.NaN])
      expect(() => pinballLoss(truth, { level, predicted })).toThrow('above 0 and below 1');
  });
});

describe('properties', () => {
  const pairs = fc.array(
    fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -1000, max: 1000 })),
    { minLength: 2, maxLength: 50 },
  );

  test('the median error ≤ the largest; MAE ≤ RMSE; answering the mean has an R² of 0', () => {
    fc.assert(
      fc.property(pairs, (given) => {
        const [labels, answers] = [given.map(([label]) => label), given.map(([, answer]) => answer)];
        const found = figuresOf(labels, answers) as Record<string, number>;
        expect(found.mae).toBeLessThanOrEqual(found.rmse! * (1 + 1e-12));
        expect(found.median_absolute_error).toBeLessThanOrEqual(
          Math.max(...given.map(([label, answer]) => Math.abs(label - answer))),
        );
        const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
        const { r2 } = figuresOf(
          labels,
          labels.map(() => mean),
        );
        if (new Set(labels).size > 1) expect(r2).toBeCloseTo(0, 10);
      }),
    );
  });

  test('a row of weight 2 is that row twice, in every metric', () => {
    fc.assert(
      fc.property(pairs, (given) => {
        const weights = Float64Array.from(given, (_, at) => (at % 2) + 1);
        const twice = given.flatMap((pair, at) => (at % 2 === 1 ? [pair, pair] : [pair]));
        const of = (all: typeof given, counted?: Float64Array) =>
          figuresOf(
            all.map(([label]) => label),
            all.map(([, answer]) => answer),
            counted,
          );
        const [weighted, repeated] = [of(given, weights), of(twice)];
        for (const name of ['rmse', 'mae', 'r2', 'median_absolute_error']) {
          const expected = repeated[name]!;
          if (typeof expected === 'number') {
            const found = weighted[name] as number;
            expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(expected)));
          } else expect(weighted[name]).toMatchObject({ computable: false });
        }
      }),
    );
  });
});

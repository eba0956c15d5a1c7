import { describe, expect, test } from 'vitest';
import { seededRandom } from '../random.ts';
import { type EvaluationInput, evaluate, flatMetrics } from './evaluate.ts';
import { metricsOf } from './losses.ts';

const options = { random: seededRandom(1), resamples: 40 };

function threeClasses(rows: number): EvaluationInput & { readonly task: 'classification' } {
  const random = seededRandom(9);
  const classes = ['a', 'b', 'c'];
  const probabilities = new Float32Array(rows * 3);
  const labels: string[] = [];
  const predicted: string[] = [];
  for (let row = 0; row < rows; row++) {
    const parts = classes.map(() => random() ** 3);
    const sum = parts[0]! + parts[1]! + parts[2]!;
    const shares = parts.map((part) => part / sum);
    probabilities.set(shares, row * 3);
    predicted.push(classes[shares.indexOf(Math.max(...shares))]!);
    const drawn = random();
    labels.push(drawn < shares[0]! ? 'a' : drawn < shares[0]! + shares[1]! ? 'b' : 'c');
  }
  return { task: 'classification', labels, predicted, classes, probabilities };
}

/** No NaN, infinity or undefined anywhere: what is read back is what was written. */
function expectPlain(value: unknown): void {
  expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  expect(JSON.stringify(value)).not.toContain('null');
}

describe('evaluate', () => {
  test('regression: figures, the intervals that hold them, quantiles and slices, all plain JSON', () => {
    const truth = Float64Array.from({ length: 200 }, (_, row) => row + 1);
    const predicted = truth.map((value, row) => value + ((row * 7) % 11) - 5);
    const values = Array.from(truth, (_, row) => (row % 2 ? 'odd' : 'even'));
    const evaluation = evaluate(
      { task: 'regression', truth, predicted, quantiles: [{ level: 0.9, predicted }] },
      { ...options, slices: [{ name: 'parity', values }] },
    );
    expect(evaluation).toMatchObject({ task: 'regression', rows: 200, interval_level: 0.95 });
    expect(Object.keys(evaluation.headline)).toEqual([
      'rmse',
      'mae',
      'r2',
      'mape',
      'median_absolute_error',
      'pinball_0.9',
    ]);
    expect(Object.keys(evaluation.intervals)).toEqual(['rmse', 'mae', 'r2']);
    for (const [name, [low, high]] of Object.entries(evaluation.intervals)) {
      expect(low).toBeLessThan(evaluation.headline[name] as number);
      expect(high).toBeGreaterThan(evaluation.headline[name] as number);
    }
    expect(evaluation.slices).toMatchObject([
      { column: 'parity', metric: 'rmse', slices: [{ rows: 100 }, { rows: 100 }] },
    ]);
    expectPlain(evaluation);
  });

  test('classification: figures, classes, confusion and calibration, all plain JSON', () => {
    const input = threeClasses(600);
    const evaluation = evaluate(input, { ...options, slices: [{ name: 'label', values: input.labels }] });
    expect(Object.keys(evaluation.intervals)).toEqual([
      ...['accuracy', 'error_rate', 'balanced_accuracy', 'f1_macro', 'log_loss', 'brier', 'roc_auc'],
    ]);
    expect(evaluation.per_class!.map((one) => one.class)).toEqual(['a', 'b', 'c']);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    expect(sum(evaluation.per_class!.map((one) => one.rows))).toBe(600);
    expect(sum(evaluation.confusion_matrix!.counts.map(sum))).toBe(600);
    const recalls = evaluation.per_class!.map((one) => one.recall as number);
    expect(sum(recalls) / 3).toBeCloseTo(evaluation.headline.balanced_accuracy as number, 12);
    // the labels were drawn from the probabilities said
    expect(evaluation.calibration).toMatchObject({ of: 'predicted_class' });
    expect((evaluation.calibration as { ece: number }).ece).toBeLessThan(0.08);
    expect(evaluation.slices![0]!.metric).toBe('error_rate');
    expectPlain(evaluation);
  });

  test('of two classes the second one’s probability is what calibration is about', () => {
    const said = [0.1, 0.1, 0.9, 0.9];
    const { calibration } = evaluate(
      {
        task: 'classification',
        labels: ['no', 'no', 'yes', 'yes'],
        predicted: ['no', 'no', 'yes', 'yes'],
        classes: ['no', 'yes'],
        probabilities: Float64Array.from(said.flatMap((one) => [1 - one, one])),
      },
      options,
    );
    expect(calibration).toMatchObject({ of: 'positive_class' });
    expect((calibration as { ece: number }).ece).toBeCloseTo(0.1, 12);
  });

  test('without probabilities there is no calibration; without rows every figure says why', () => {
    const { probabilities: _, ...bare } = threeClasses(30);
    expect(evaluate(bare, options)).not.toHaveProperty('calibration');
    const none = evaluate({ task: 'regression', truth: new Float64Array(0), predicted: [] }, options);
    for (const figure of Object.values(none.headline))
      expect(figure).toEqual({ computable: false, reason: 'there are no rows' });
    expect(none.intervals).toEqual({});
    expectPlain(none);
  });

  test('scores that are no distribution have a reason in place of calibration', () => {
    const input = threeClasses(30);
    const doubled = { ...input, probabilities: input.probabilities!.map((one: number) => one * 2) };
    expect(evaluate(doubled as EvaluationInput, options).calibration).toMatchObject({ computable: false });
  });

  test('of 101 classes the 20 largest have figures of their own', () => {
    const classes = Array.from({ length: 101 }, (_, at) => `c${at}`);
    const labels = classes.flatMap((name, at) => new Array<string>(at + 1).fill(name));
    const { per_class, confusion_matrix } = evaluate(
      { task: 'classification', labels, predicted: labels.toReversed(), classes },
      options,
    );
    expect(per_class!.map((one) => one.class)).toEqual(classes.slice(81));
    expect(confusion_matrix!.counts).toHaveLength(21);
  });
});

describe('flatMetrics', () => {
  test('holds what the per-row losses give: rmse and mae, or accuracy and error_rate, and rows', () => {
    const truth = Float64Array.of(3, -0.5, 2, 7);
    const values = [2.5, 0, 2, 8];
    const flat = flatMetrics(evaluate({ task: 'regression', truth, predicted: values }, options));
    expect(flat).toMatchObject(metricsOf({ task: 'regression', values }, Array.from(truth)));
    const input = threeClasses(64);
    const { probabilities: _, ...bare } = input;
    expect(flatMetrics(evaluate(bare, options))).toMatchObject(
      metricsOf({ task: 'classification', predicted: input.predicted }, input.labels),
    );
  });

  test('leaves out what is not computable', () => {
    const evaluation = evaluate(
      { task: 'regression', truth: Float64Array.of(0, 0), predicted: [1, 3] },
      options,
    );
    expect(flatMetrics(evaluation)).toEqual({
      rmse: Math.sqrt(5),
      mae: 2,
      median_absolute_error: 2,
      rows: 2,
    });
  });
});

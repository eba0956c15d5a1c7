import { describe, expect, test } from 'vitest';
import { normal, seededRandom } from '../random.ts';
import { type BootstrapOptions, bootstrapIntervals } from './bootstrap.ts';
import { accuracy } from './class-metrics.ts';
import { classification } from './classification-metrics.ts';
import { type EvaluationTask, equalWeights, type Figure } from './metric.ts';
import { regression } from './regression-metrics.ts';
import { type ScoredClasses, scoreClasses } from './scored-classes.ts';
import { type ScoredNumbers, scoreNumbers } from './scored-numbers.ts';

type Random = () => number;

function intervalsOf<Scored extends { readonly rows: number }, Weighted>(
  scored: Scored,
  task: EvaluationTask<Scored, Weighted>,
  options: BootstrapOptions,
) {
  const whole = task.weigh(scored, equalWeights(scored.rows));
  const figures: [string, Figure][] = task.metrics.map((metric) => [metric.name, metric.of(scored)(whole)]);
  return bootstrapIntervals(scored, task, task.metrics, Object.fromEntries(figures), options);
}

/** Truth is standard normal, the error normal of deviation 0.5: RMSE 0.5, MAE 0.5·√(2⁄π), R² 0.75. */
function numbers(random: Random, rows: number): ScoredNumbers {
  const truth = Float64Array.from({ length: rows }, () => normal(random));
  return scoreNumbers(
    truth,
    truth.map((value) => value + 0.5 * normal(random)),
  );
}

/** A score p uniform on [0, 1) and an event of probability p. */
function events(random: Random, rows: number): ScoredClasses {
  const said = Array.from({ length: rows }, random);
  return scoreClasses({
    task: 'classification',
    labels: said.map((probability) => (random() < probability ? '1' : '0')),
    predicted: said.map((probability) => (probability >= 0.5 ? '1' : '0')),
    classes: ['0', '1'],
    probabilities: Float64Array.from(said.flatMap((probability) => [1 - probability, probability])),
  });
}

describe('a 95 % interval holds the true value in 91 to 98 of 100 samples of 300 rows', () => {
  const simulations = 400;
  function coverage<Scored extends { readonly rows: number }, Weighted>(
    task: EvaluationTask<Scored, Weighted>,
    draw: (random: Random, rows: number) => Scored,
    truths: Record<string, number>,
  ): Record<string, number> {
    const random = seededRandom(7);
    const held = Object.fromEntries(Object.keys(truths).map((name) => [name, 0]));
    for (let simulation = 0; simulation < simulations; simulation++) {
      const intervals = intervalsOf(draw(random, 300), task, { random, resamples: 100 });
      for (const [name, truth] of Object.entries(truths)) {
        const [low, high] = intervals[name]!;
        if (low <= truth && truth <= high) held[name]! += 1 / simulations;
      }
    }
    return held;
  }
  const expectNominal = (found: Record<string, number>) => {
    for (const [name, share] of Object.entries(found)) {
      expect(share, name).toBeGreaterThan(0.91);
      expect(share, name).toBeLessThan(0.98);
    }
  };

  test('rmse, mae, r2', () => {
    const truths = { rmse: 0.5, mae: 0.5 * Math.sqrt(2 / Math.PI), r2: 0.75 };
    expectNominal(coverage(regression, numbers, truths));
  });

  test('accuracy, balanced accuracy, macro F1, log-loss, Brier score, ROC area', () => {
    // E[max(p, 1 − p)] = 3⁄4; ∫p(1 − p) = 1⁄6; −2∫p·ln p = 1⁄2; 4·∫∫ p(1 − q)[q < p] = 5⁄6
    const truths = {
      ...{ accuracy: 0.75, error_rate: 0.25, balanced_accuracy: 0.75, f1_macro: 0.75 },
      ...{ log_loss: 0.5, brier: 1 / 6, roc_auc: 5 / 6 },
    };
    expectNominal(coverage(classification, events, truths));
  });
});

describe('bootstrapIntervals', () => {
  test('the same seed gives the same intervals, and a higher level wider ones', () => {
    const scored = numbers(seededRandom(1), 200);
    const of = (seed: number, level: number) =>
      intervalsOf(scored, regression, { random: seededRandom(seed), level }).rmse!;
    expect(of(1, 0.95)).toEqual(of(1, 0.95));
    expect(of(1, 0.95)).not.toEqual(of(2, 0.95));
    expect(of(1, 0.99)[0]).toBeLessThan(of(1, 0.8)[0]);
    expect(of(1, 0.99)[1]).toBeGreaterThan(of(1, 0.8)[1]);
  });

  test('the mean’s interval is ±1.96 standard errors', () => {
    const scored = events(seededRandom(3), 2000);
    const [low, high] = intervalsOf(scored, classification, { random: seededRandom(4), resamples: 2000 })
      .accuracy!;
    expect(high - low).toBeCloseTo(2 * 1.96 * Math.sqrt((0.75 * 0.25) / 2000), 2);
  });

  test('resampling a quarter of the rows gives the interval of all of them within a fifth of its length', () => {
    const scored = events(seededRandom(5), 8000);
    const of = (maxRows: number) =>
      intervalsOf(scored, classification, { random: seededRandom(6), resamples: 1000, maxRows });
    const [whole, part] = [of(8000), of(2000)];
    expect(Object.keys(part)).toEqual(Object.keys(whole));
    for (const [name, [low, high]] of Object.entries(whole)) {
      const length = high - low;
      expect(Math.abs(part[name]![0] - low), name).toBeLessThan(length / 5);
      expect(Math.abs(part[name]![1] - high), name).toBeLessThan(length / 5);
    }
  });

  test('no errors among 50 rows have no interval of the error rate: every resample is without errors too', () => {
    const labels = Array.from({ length: 50 }, (_, row) => (row % 2 ? 'a' : 'b'));
    const of = (predicted: readonly string[]) =>
      intervalsOf(
        scoreClasses({ task: 'classification', labels, predicted, classes: ['a', 'b'] }),
        classification,
        { random: seededRandom(1) },
      );
    expect(of(labels)).toEqual({});
    expect(Object.keys(of(labels.with(0, 'a')))).toContain('error_rate');
  });

  test('a class of one row, absent from a third of the resamples, leaves the ROC area without an interval', () => {
    const rows = 40;
    const of = (positives: number) => {
      const said = Array.from({ length: rows }, (_, row) => ((row * 7) % 10) / 10);
      return intervalsOf(
        scoreClasses({
          task: 'classification',
          labels: said.map((_, row) => (row < positives ? '1' : '0')),
          predicted: said.map((one) => (one >= 0.5 ? '1' : '0')),
          classes: ['0', '1'],
          probabilities: Float64Array.from(said.flatMap((one) => [1 - one, one])),
        }),
        classification,
        { random: seededRandom(1) },
      );
    };
    expect(of(1).roc_auc).toBeUndefined();
    expect(of(1).log_loss).toBeDefined();
    expect(of(5).roc_auc).toBeDefined();
  });

  test('no rows have no intervals, a figure that is not computable has none', () => {
    expect(
      intervalsOf(scoreNumbers(new Float64Array(0), []), regression, { random: seededRandom(1) }),
    ).toEqual({});
    const constant = scoreNumbers(Float64Array.of(5, 5, 5, 5), [4, 5, 6, 8]);
    expect(Object.keys(intervalsOf(constant, regression, { random: seededRandom(1) }))).toEqual([
      'rmse',
      'mae',
    ]);
  });

  test('fewer than 40 resamples and a level of 1 are refused', () => {
    const scored = events(seededRandom(1), 20);
    const of = (options: Partial<BootstrapOptions>) => () =>
      bootstrapIntervals(
        scored,
        classification,
        [accuracy],
        { accuracy: 0.7 },
        { random: seededRandom(1), ...options },
      );
    expect(of({ resamples: 39 })).toThrow('resamples must be a whole number of at least 40; got 39');
    expect(of({ resamples: 40 })).not.toThrow();
    expect(of({ level: 1 })).toThrow('level must be above 0 and below 1; got 1');
  });
});

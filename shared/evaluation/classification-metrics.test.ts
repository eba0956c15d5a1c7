import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { f1, precision, recall } from './class-metrics.ts';
import { classification } from './classification-metrics.ts';
import { equalWeights, type Figure } from './metric.ts';
import { rocAuc } from './ranking-metrics.ts';
import { type ClassificationInput, scoreClasses, weighClasses } from './scored-classes.ts';

type Given = Omit<ClassificationInput, 'task'>;

function figuresOf(input: Given, weights = equalWeights(input.labels.length)): Record<string, Figure> {
  const scored = scoreClasses({ task: 'classification', ...input });
  const weighted = classification.weigh(scored, weights);
  return Object.fromEntries(
    classification.metrics.map((metric) => [metric.name, metric.of(scored)(weighted)]),
  );
}

function figure(input: Given, name: string): Figure {
  return figuresOf(input)[name]!;
}

/** Relative to 1e-12, as the reference files' statistics. */
function expectFigures(found: Record<string, Figure>, expected: Record<string, number>): void {
  for (const [name, value] of Object.entries(expected))
    expect(Math.abs((found[name] as number) / value - 1), `${name}: ${found[name]}`).toBeLessThan(1e-12);
}

/** 300 rows of four classes by whole-number arithmetic, the same as the reference figures were computed on. */
function fourClasses(): Given & { readonly probabilities: Float64Array } {
  const classes = ['a', 'b', 'c', 'd'];
  const probabilities = new Float64Array(1200);
  const predicted: string[] = [];
  const labels: string[] = [];
  for (let row = 0; row < 300; row++) {
    const parts = classes.map((_, at) => 1 + ((row * (at + 3) * 37 + at * 11) % 53));
    const sum = parts.reduce((total, part) => total + part, 0);
    probabilities.set(
      parts.map((part) => part / sum),
      row * 4,
    );
    const answer = parts.indexOf(Math.max(...parts));
    const drawn = (row * row + 3 * row) % 7;
    predicted.push(classes[answer]!);
    labels.push(classes[drawn < 4 ? drawn : answer]!);
  }
  return { classes, probabilities, predicted, labels };
}

/** 200 rows, 101 distinct scores. */
function twoClasses(): Given {
  const scores = Array.from({ length: 200 }, (_, row) => ((row * 7919) % 101) / 101);
  return {
    classes: ['0', '1'],
    probabilities: Float64Array.from(scores.flatMap((score) => [1 - score, score])),
    predicted: scores.map((score) => (score >= 0.5 ? '1' : '0')),
    labels: scores.map((score, row) => ((row * 31) % 97 < 97 * score * 0.8 + 5 ? '1' : '0')),
  };
}

describe('against scikit-learn 1.9.1', () => {
  // accuracy_score, balanced_accuracy_score, precision_recall_fscore_support(average=…, zero_division=0), log_loss, brier_score_loss,
  // roc_auc_score(multi_class='ovr', average='macro'), average_precision_score(one-hot, average='macro')
  test('every metric of four classes agrees', () => {
    expectFigures(figuresOf(fourClasses()), {
      accuracy: 0.7133333333333334,
      error_rate: 1 - 0.7133333333333334,
      balanced_accuracy: 0.8212433257055682,
      precision_macro: 0.6904766957716872,
      recall_macro: 0.8212433257055682,
      f1_macro: 0.7236018367597314,
      precision_weighted: 0.7529013056835637,
      recall_weighted: 0.7133333333333334,
      f1_weighted: 0.7092673992673993,
      log_loss: 1.1924320338668313,
      brier: 0.6308194322284796,
      roc_auc: 0.8453352073533849,
      pr_auc: 0.6103170195312146,
    });
  });

  test('weights agree with sample_weight, 0 among them', () => {
    const weights = Float64Array.from({ length: 300 }, (_, row) => row % 4);
    expectFigures(figuresOf(fourClasses(), weights), {
      accuracy: 0.7088888888888889,
      balanced_accuracy: 0.816952686995761,
      precision_macro: 0.6884575547091695,
      f1_macro: 0.7206509659146674,
      precision_weighted: 0.7465906234927769,
      recall_weighted: 0.7088888888888889,
      f1_weighted: 0.7049418655447739,
      log_loss: 1.1840577384997253,
      brier: 0.6304044356899949,
      roc_auc: 0.8455721902002749,
      pr_auc: 0.61187988425944,
    });
  });

  test('two classes agree, scores tied two by two, with weights and without', () => {
    expectFigures(figuresOf(twoClasses()), {
      accuracy: 0.68,
      roc_auc: 0.7443975479851271,
      pr_auc: 0.7061188557986676,
      log_loss: 0.7992405544666338,
      brier: 0.2115733751592981,
    });
    const weights = Float64Array.from({ length: 200 }, (_, row) => row % 3);
    expectFigures(figuresOf(twoClasses(), weights), {
      accuracy: 0.7035175879396985,
      roc_auc: 0.7465130382049727,
      pr_auc: 0.7006839143287056,
      log_loss: 0.6361214127666922,
      brier: 0.20984788662457468,
    });
  });

  test('precision, recall and F1 of each class agree (average=None)', () => {
    const weighted = weighClasses(
      scoreClasses({ task: 'classification', ...fourClasses() }),
      equalWeights(300),
    );
    const byClass = (of: typeof f1) => [0, 1, 2, 3].map((at) => of(weighted, at));
    expect(byClass(precision)).toEqual([0.8602150537634409, 0.5714285714285714, 0.625, 0.7052631578947368]);
    expect(byClass(recall)).toEqual([0.5797101449275363, 1, 1, 0.7052631578947368]);
    expect(byClass(f1)).toEqual([
      0.6926406926406926, 0.7272727272727273, 0.7692307692307693, 0.7052631578947368,
    ]);
  });

  test('log_loss clips a probability of 0 at the spacing of its type: 36 nats in float64, 16 in float32', () => {
    const given = { labels: ['a', 'b', 'b'], predicted: ['a', 'a', 'b'], classes: ['a', 'b'] };
    const certain = [1, 0, 1, 0, 0, 1];
    const wide = figure({ ...given, probabilities: Float64Array.from(certain) }, 'log_loss');
    expect(wide).toBeCloseTo(12.014551129705717, 12);
    const narrow = figure({ ...given, probabilities: Float32Array.from(certain) }, 'log_loss');
    expect(narrow).toBeCloseTo(5.314128398895264, 6);
  });

  test('a class never predicted and one without rows count as 0 in the averages, and have no figure of their own', () => {
    const given = { labels: ['a', 'a', 'b'], predicted: ['a', 'c', 'c'], classes: ['a', 'b', 'c'] };
    expectFigures(figuresOf(given), {
      precision_macro: 0.3333333333333333,
      recall_macro: 0.16666666666666666,
      f1_macro: 0.2222222222222222,
      precision_weighted: 0.6666666666666666,
      recall_weighted: 0.3333333333333333,
      f1_weighted: 0.4444444444444444,
      balanced_accuracy: 0.25,
    });
    const weighted = weighClasses(scoreClasses({ task: 'classification', ...given }), equalWeights(3));
    expect(precision(weighted, 1)).toEqual({ computable: false, reason: 'class "b" is never predicted' });
    expect(recall(weighted, 2)).toEqual({ computable: false, reason: 'class "c" has no rows' });
    expect(f1(weighted, 1)).toBe(0);
  });
});

describe('what is not a proper input', () => {
  const given = { labels: ['a', 'b'], predicted: ['a', 'a'], classes: ['a', 'b'] };
  const reasonOf = (name: string, input: Given) => {
    const found = figure(input, name);
    return typeof found === 'number' ? found : found.reason;
  };

  test('without probabilities or without rows the figures that need them say so', () => {
    expect(reasonOf('roc_auc', given)).toBe('the model gives no probabilities');
    const none = { labels: [], predicted: [], classes: ['a', 'b'], probabilities: new Float64Array(0) };
    for (const [name, found] of Object.entries(figuresOf(none)))
      expect(found, name).toEqual({ computable: false, reason: 'there are no rows' });
  });

  test('scores that add up to 1.5, a probability of 2 and NaN have no log-loss; only NaN has no ROC area', () => {
    const of = (...scores: number[]) => ({ ...given, probabilities: Float64Array.from(scores) });
    expect(reasonOf('log_loss', of(0.5, 0.5, 0.75, 0.75))).toBe(
      'the probabilities of row 1 add up to 1.5 instead of 1',
    );
    expect(reasonOf('brier', of(2, -1, 0.5, 0.5))).toMatch('row 0 has the probability 2');
    expect(reasonOf('roc_auc', of(0.5, 0.5, 0.25, 0.75))).toBe(1);
    expect(reasonOf('roc_auc', of(2, -1, 0.25, 0.75))).toBe(1);
    expect(reasonOf('roc_auc', of(0.5, Number.NaN, 0.25, 0.75))).toBe('row 0 has the probability NaN');
  });

  test('probabilities may miss 1 by 0.001, not by 0.002', () => {
    const of = (sum: number) => ({ ...given, probabilities: Float64Array.of(0.5, sum - 0.5, 0.5, 0.5) });
    expect(figure(of(1.0009), 'brier')).toBeTypeOf('number');
    expect(figure(of(1.002), 'brier')).toMatchObject({ computable: false });
  });

  test('a label that is none of the model’s classes is an error, has no log-loss, and had a probability of 0', () => {
    const input = {
      labels: ['a', 'z'],
      predicted: ['a', 'a'],
      classes: ['a', 'b'],
      probabilities: Float64Array.of(1, 0, 0.5, 0.5),
    };
    expect(figure(input, 'accuracy')).toBe(0.5);
    expect(reasonOf('log_loss', input)).toBe('the label "z" is none of the model\'s classes');
    const three = {
      ...input,
      classes: ['a', 'b', 'c'],
      probabilities: Float64Array.of(1, 0, 0, 0.5, 0.5, 0),
    };
    expect(figure(three, 'brier')).toBe((0 + (1 + 0.25 + 0.25)) / 2);
  });

  test('one class alone has no ROC area; of three, one without rows is left out', () => {
    const one = { labels: ['a', 'a'], predicted: ['a', 'a'], classes: ['a', 'b'] };
    expect(figure({ ...one, probabilities: Float64Array.of(0.6, 0.4, 0.7, 0.3) }, 'roc_auc')).toMatchObject({
      computable: false,
    });
    const three = { ...given, classes: ['a', 'b', 'c'] };
    expect(
      figure({ ...three, probabilities: Float64Array.of(0.6, 0.3, 0.1, 0.3, 0.6, 0.1) }, 'roc_auc'),
    ).toBe(1);
  });

  test('lengths that disagree and a class named twice are refused', () => {
    expect(() => figuresOf({ ...given, predicted: ['a'] })).toThrow(
      '2 labels need as many predicted classes; got 1',
    );
    expect(() => figuresOf({ ...given, probabilities: new Float64Array(3) })).toThrow(
      '2 rows of 2 classes need 4 probabilities; got 3',
    );
    expect(() => figuresOf({ ...given, classes: ['a', 'a', 'b'] })).toThrow('class names must differ');
  });
});

describe('properties', () => {
  /** Scores on a coarse grid, so that many are tied, and both classes. */
  const scored = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean()), { minLength: 2, maxLength: 60 })
    .filter((rows) => new Set(rows.map(([, isPositive]) => isPositive)).size === 2);
  const inputOf = (rows: readonly (readonly [number, boolean])[], map = (score: number) => score): Given => ({
    labels: rows.map(([, isPositive]) => (isPositive ? '1' : '0')),
    predicted: rows.map(([score]) => (score > 10 ? '1' : '0')),
    classes: ['0', '1'],
    probabilities: Float64Array.from(rows.flatMap(([score]) => [1 - map(score / 20), map(score / 20)])),
  });

  test('the ROC area is the share of pairs in the right order, ties half', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        let [sum, pairs] = [0, 0];
        for (const [high, isPositive] of rows)
          for (const [low, isOther] of rows) {
            if (!isPositive || isOther) continue;
            pairs += 1;
            sum += high > low ? 1 : high === low ? 0.5 : 0;
          }
        expect(figure(inputOf(rows), 'roc_auc')).toBeCloseTo(sum / pairs, 12);
      }),
    );
  });

  test('both areas stay what they are when the scores are cubed or the rows reversed', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const [plain, cubed] = [figuresOf(inputOf(rows)), figuresOf(inputOf(rows, (score) => score ** 3))];
        const reversed = figuresOf(inputOf(rows.toReversed()));
        for (const name of ['roc_auc', 'pr_auc']) {
          expect(cubed[name]).toBe(plain[name]);
          expect(reversed[name]).toBeCloseTo(plain[name] as number, 12);
        }
      }),
    );
  });

  test('a row of weight 2 is that row twice, in every metric', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const weights = Float64Array.from(rows, (_, at) => (at % 2) + 1);
        const twice = rows.flatMap((row, at) => (at % 2 === 1 ? [row, row] : [row]));
        const [weighted, repeated] = [figuresOf(inputOf(rows), weights), figuresOf(inputOf(twice))];
        for (const { name } of classification.metrics)
          expect(weighted[name], name).toBeCloseTo(repeated[name] as number, 10);
      }),
    );
  });

  test('a score and its opposite have ROC areas that add up to 1', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const opposite = figure(
          inputOf(rows, (score) => 1 - score),
          'roc_auc',
        );
        expect((figure(inputOf(rows), rocAuc.name) as number) + (opposite as number)).toBeCloseTo(1, 12);
      }),
    );
  });
});

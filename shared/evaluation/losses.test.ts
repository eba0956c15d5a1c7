import { describe, expect, test } from 'vitest';
import { constantOutputs, metricsOf, naiveAnswer, rowLosses } from './losses.ts';

describe('rowLosses', () => {
  test('squared error for numbers, also where labels came as text', () => {
    expect([...rowLosses({ task: 'regression', values: [3, 5, -1] }, [1, 5, '2'])]).toEqual([4, 0, 9]);
  });

  test('0 or 1 for classes, compared as text', () => {
    const outputs = { task: 'classification', predicted: ['1', 'b', 'c'] } as const;
    expect([...rowLosses(outputs, [1, 'b', 'C'])]).toEqual([0, 0, 1]);
  });

  test('an output that is no number is a loss that is no number', () => {
    expect(rowLosses({ task: 'regression', values: [Number.NaN] }, [1])[0]).toBeNaN();
  });
});

describe('metricsOf', () => {
  test('RMSE and MAE: scikit-learn’s documented example, mean_squared_error([3, -0.5, 2, 7], [2.5, 0, 2, 8]) = 0.375', () => {
    const { rmse, mae, rows } = metricsOf({ task: 'regression', values: [2.5, 0, 2, 8] }, [3, -0.5, 2, 7]);
    expect(rmse).toBeCloseTo(Math.sqrt(0.375), 12);
    expect(mae).toBe(0.5);
    expect(rows).toBe(4);
  });

  test('accuracy and error rate add up to 1', () => {
    const outputs = { task: 'classification', predicted: ['a', 'a', 'b', 'b'] } as const;
    expect(metricsOf(outputs, ['a', 'b', 'b', 'b'])).toEqual({ accuracy: 0.75, error_rate: 0.25, rows: 4 });
  });
});

describe('naiveAnswer', () => {
  test('is the mean of numbers and the most frequent class, the first met of equals', () => {
    expect(naiveAnswer('regression', [1, 2, 6])).toBe(3);
    expect(naiveAnswer('classification', ['b', 'a', 'a'])).toBe('a');
    expect(naiveAnswer('classification', ['b', 'a'])).toBe('b');
  });

  test('the mean is the constant of least squared error, the frequent class that of least error', () => {
    const labels = [1, 2, 6, 11];
    const loss = (answer: number) => metricsOf(constantOutputs('regression', answer, 4), labels).rmse!;
    expect(loss(5)).toBeLessThan(loss(5.01));
    expect(loss(5)).toBeLessThan(loss(4.99));
    const classes = ['a', 'b', 'a', 'c'];
    const rate = (answer: string) =>
      metricsOf(constantOutputs('classification', answer, 4), classes).error_rate;
    expect([rate('a'), rate('b'), rate('z')]).toEqual([0.5, 0.75, 1]);
  });
});

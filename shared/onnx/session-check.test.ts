import { describe, expect, it } from 'vitest';
import type { OnnxOutput } from './session.ts';
import { checkOutput } from './session-check.ts';

const regression = (...values: number[]): OnnxOutput => ({
  task: 'regression',
  values: Float32Array.from(values),
});
const classes = (probabilities: readonly number[], labels: readonly string[] = []): OnnxOutput => ({
  task: 'classification',
  labels,
  probabilities: Float32Array.from(probabilities),
  classesCount: 2,
});

describe('an output', () => {
  it('is sane when numbers are finite and probabilities sum to 1', () => {
    expect(checkOutput(regression(1, 2))).toBeUndefined();
    expect(checkOutput(classes([0.2, 0.8, 1, 0]), 2)).toBeUndefined();
  });

  it('is not when a number is NaN or infinite', () => {
    expect(checkOutput(regression(1, Number.NaN))).toBe('row 1 has the value NaN');
    expect(checkOutput(regression(Number.POSITIVE_INFINITY))).toBe('row 0 has the value Infinity');
    expect(checkOutput(classes([Number.NaN, 1]), 2)).toMatch(/^row 0 has NaN for a probability/);
    const embedded = { ...regression(1), embedding: Float32Array.of(0, Number.NaN), embeddingWidth: 2 };
    expect(checkOutput(embedded)).toBe('an embedding holds NaN');
  });

  it('is not when probabilities miss 1 by more than a thousandth', () => {
    expect(checkOutput(classes([0.4, 0.6009]), 2)).toBeUndefined();
    expect(checkOutput(classes([0.4, 0.6011]), 2)).toMatch(/^the probabilities of row 0 sum to 1\.0011/);
    expect(checkOutput(classes([0.4, 0.5989]), 2)).toMatch(/^the probabilities of row 0 sum to 0\.9989/);
  });

  it('is not when it holds raw scores', () => {
    expect(checkOutput(classes([-3.5, 4.5]), 2)).toBe(
      'row 0 has -3.5 for a probability: must be from 0 to 1; if these are raw scores, an activation makes them probabilities',
    );
  });

  it('is not when more than ten rows are answered all the same', () => {
    const same = (rows: number) => regression(...new Array<number>(rows).fill(3));
    expect(checkOutput(same(10))).toBeUndefined();
    expect(checkOutput(same(11))).toBe(
      'all 11 rows have the same answer: the model seems to ignore its input',
    );
    const alike = new Array(11).fill([0.3, 0.7]).flat();
    expect(checkOutput(classes(alike), 2)).toMatch(/^all 11 rows/);
    expect(checkOutput(classes([...alike.slice(2), 0.4, 0.6]), 2)).toBeUndefined();
  });

  it('is not when it answers another question', () => {
    expect(checkOutput(regression(1), 2)).toMatch('expected probabilities of 2 classes');
    expect(checkOutput(classes([0, 1]))).toMatch('expected one number per row');
    expect(checkOutput(classes([0, 1]), 3)).toBe('the answers are probabilities of 2 classes: expected 3');
  });

  it('is not when its labels are unknown, or seldom the likeliest class', () => {
    const names = ['0', '1'];
    const two = [0.9, 0.1, 0.2, 0.8];
    expect(checkOutput(classes(two, ['0', '1']), 2, names)).toBeUndefined();
    expect(checkOutput(classes(two, ['0', '0']), 2, names)).toBeUndefined();
    expect(checkOutput(classes(two, ['1', '0']), 2, names)).toMatch('likeliest class in 0 of 2 rows');
    expect(checkOutput(classes(two, ['0', '7']), 2, names)).toBe(
      'row 1 has the label "7": must be one of "0", "1"',
    );
  });
});

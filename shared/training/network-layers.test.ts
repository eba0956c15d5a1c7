import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { backward, forward } from './network-layers.ts';
import { networkTarget } from './network-loss.ts';
import { createParameters } from './network-parameters.ts';
import type { TrainingTarget } from './training-target.ts';

const rows = 7;
const inputs = 6;
const random = seededRandom(3);
/** With runs of zeros, which the inner loops skip. */
const input = Float64Array.from({ length: rows * inputs }, (_, at) => (at % 11 < 5 ? 0 : normal(random)));
const classification: TrainingTarget = {
  task: 'classification',
  labels: Int32Array.of(0, 1, 2, 0, 1, 2, 2),
  classes: ['a', 'b', 'c'],
};
const regression: TrainingTarget = { task: 'regression', values: Float64Array.of(1, 5, 2, 8, 3, 9, 4) };

describe('one dense layer', () => {
  it('gives inputs · weights + biases', () => {
    const layer = {
      inputs: 2,
      outputs: 2,
      weights: Float64Array.of(1, 2, 3, 4),
      biases: Float64Array.of(10, 20),
      values: new Float64Array(4),
    };
    expect([...forward([layer], Float64Array.of(1, 1, 0, -1), 2)]).toEqual([14, 26, 7, 16]);
  });
});

describe.each([
  ['softmax regression', [], classification],
  ['a perceptron with two hidden layers', [5, 4], classification],
  ['linear regression', [], regression],
  ['a perceptron for regression', [9], regression],
] as const)('the gradient of %s', (_, hidden, target) => {
  it('is the slope of the mean loss in every parameter', () => {
    const loss = networkTarget(target, undefined);
    const { layers, gradients, values } = createParameters(
      [inputs, ...hidden, loss.outputs],
      rows,
      loss.startingBiases,
      seededRandom(5),
    );
    const meanLoss = () => {
      const outputs = forward(layers, input, rows);
      let total = 0;
      for (let row = 0; row < rows; row++) total += loss.lossOf(row, outputs, row * loss.outputs);
      return total / rows;
    };
    const outputGradient = gradients.at(-1)!.values;
    outputGradient.set(forward(layers, input, rows));
    for (let row = 0; row < rows; row++) loss.lossOf(row, outputGradient, row * loss.outputs, 1 / rows);
    backward(layers, gradients, input, rows);
    const found = gradients.flatMap(({ weights, biases }) => [...weights, ...biases]);
    const slopes = [...values.keys()].map((at) => {
      const kept = values[at]!;
      values[at] = kept + 1e-6;
      const above = meanLoss();
      values[at] = kept - 1e-6;
      const below = meanLoss();
      values[at] = kept;
      return (above - below) / 2e-6;
    });
    expect(Math.max(...slopes.map((slope, at) => Math.abs(slope - found[at]!)))).toBeLessThan(1e-8);
    expect(Math.max(...slopes.map(Math.abs))).toBeGreaterThan(0.01);
  });
});

describe('the loss', () => {
  it('of equal scores for k classes is log k', () => {
    const { lossOf } = networkTarget(classification, undefined);
    expect(lossOf(0, Float64Array.of(1, 2, 2, 2), 1)).toBeCloseTo(Math.log(3), 12);
  });

  it('is finite where a wrong class is ahead by 1e5', () => {
    expect(networkTarget(classification, undefined).lossOf(0, Float64Array.of(0, 1e5, 0), 0)).toBe(1e5);
  });

  it('of a regression counts in standard deviations: here 2 · ½', () => {
    const { lossOf, units } = networkTarget({ task: 'regression', values: Float64Array.of(1, 3) }, undefined);
    expect(units).toEqual({ mean: 2, scale: 1 });
    expect(lossOf(0, Float64Array.of(1), 0)).toBe(2);
  });
});

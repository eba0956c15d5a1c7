import { expect, test } from 'vitest';
import { type RawModel, rawModel } from './foreign.testing.ts';
import { planServing } from './foreign.ts';

/** A number and a telephone, each an input of its own. */
const graph: RawModel = {
  inputs: [
    { name: 'amount', shape: ['N', 1] },
    { name: 'phone', shape: ['N', 1] },
  ],
  nodes: [{ operator: 'Add', inputs: ['amount', 'phone'], outputs: ['value'] }],
  outputs: [{ name: 'value', shape: ['N', 1] }],
};
const plan = (isPii: boolean) =>
  planServing(rawModel(graph), {
    schema: {
      features: [
        { name: 'amount', kind: 'numeric' },
        { name: 'phone', kind: 'numeric', ...(isPii ? { pii: true } : {}) },
      ],
      target: { name: 'y' },
    },
  });

test('a graph that takes what is about a person is refused by the name of its input', () => {
  expect(() => plan(true)).toThrow(
    'input "phone" is a pii feature of the schema, and no model is given one: train without it, or leave the mark out',
  );
  expect(plan(false).serving.inputs).toEqual({ amount: 'amount', phone: 'phone' });
});

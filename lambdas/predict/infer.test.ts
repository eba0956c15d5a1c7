import { expect, test } from 'vitest';
import { encodeModel, type Graph, type Node } from '#shared/onnx/graph.ts';
import { openSession } from '#shared/onnx/session.ts';
import { infer } from './infer.ts';
import type { LoadedModel } from './model-store.ts';

const node = (
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Node['attributes'] = {},
): Node => ({
  operator,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
});

/** The answers to values of the one feature, each a row of one batch. */
async function inferAll(graph: Pick<Graph, 'nodes'> & Partial<Graph>, values: readonly (number | null)[]) {
  const output = { name: 'y', type: 'float', shape: ['N', 1] } as const;
  const model = encodeModel({ name: 'g', inputs: [], outputs: [output], initializers: [], ...graph }, {});
  const schema = { features: [{ name: 'x', kind: 'numeric' }], target: { name: 'y' } };
  const session = await openSession(model, { scores: 'y', inputs: { x: 'x' }, activation: 'none' });
  const loaded = { manifest: { schema }, session } as unknown as LoadedModel;
  const requests = values.map((x, at) => ({ id: `r${at}`, row: { x } }));
  return infer(loaded, requests);
}

const ok = (prediction: number) => ({ ok: true, answer: { prediction } });
const toFloat = node('Cast', ['x'], 'y', { to: { kind: 'integer', value: 1 } });

test('a missing value fails alone where the model takes whole numbers only; its neighbours are answered', async () => {
  const inputs = [{ name: 'x', type: 'int64', shape: ['N', 1] } as const];
  expect(await inferAll({ inputs, nodes: [toFloat] }, [1, null, 3, 4.5, 5])).toMatchObject([
    ok(1),
    {
      ok: false,
      status: 400,
      detail: expect.stringContaining('has no missing value: a row has none for "x"'),
    },
    ok(3),
    { ok: false, status: 400, detail: expect.stringContaining('4.5 is not a whole number') },
    ok(5),
  ]);
});

test('a number that would not fit a model’s integers is refused, not wrapped around', async () => {
  const inputs = [{ name: 'x', type: 'bool', shape: ['N', 1] } as const];
  expect(await inferAll({ inputs, nodes: [toFloat] }, [0, 1, 256])).toMatchObject([
    ok(0),
    ok(1),
    { ok: false, status: 400, detail: expect.stringContaining('256 is not a whole number from 0 to 1') },
  ]);
});

test('an answer that is no number is none: NaN and infinity fail alone', async () => {
  const inputs = [{ name: 'x', type: 'float', shape: ['N', 1] } as const];
  expect(await inferAll({ inputs, nodes: [node('Log', ['x'], 'y')] }, [1, -1, 0, 1])).toMatchObject([
    ok(0),
    { ok: false, status: 422, detail: 'the model answers NaN, which is no number, for this row' },
    { ok: false, status: 422, detail: 'the model answers -Infinity, which is no number, for this row' },
    ok(0),
  ]);
});

test('a row on which the graph itself fails does so alone, with its reason', async () => {
  const inputs = [{ name: 'x', type: 'int64', shape: ['N', 1] } as const];
  const table = { name: 'table', type: 'float', shape: [3], values: Float32Array.of(10, 20, 30) } as const;
  const graph = { inputs, initializers: [table], nodes: [node('Gather', ['table', 'x'], 'y')] };
  const [first, beyond, last] = await inferAll(graph, [0, 7, 2]);
  expect([first, last]).toMatchObject([ok(10), ok(30)]);
  expect(beyond).toMatchObject({
    ok: false,
    status: 422,
    detail: expect.stringContaining('cannot run rows 0 to 0'),
  });
});

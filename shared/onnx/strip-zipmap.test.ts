import { describe, expect, it } from 'vitest';
import { type RawModel, rawModel } from './foreign.testing.ts';
import { readModel } from './read-model.ts';
import { openSession } from './session.ts';
import { stripZipMap } from './strip-zipmap.ts';

const zipped = (labels: readonly string[] | readonly number[], more: Partial<RawModel> = {}): RawModel => {
  const isText = typeof labels[0] === 'string';
  return {
    inputs: [{ name: 'p', shape: ['N', 2] }],
    nodes: [
      { operator: 'Relu', inputs: ['p'], outputs: ['q'] },
      {
        operator: 'ZipMap',
        inputs: ['q'],
        outputs: ['output_probability'],
        attributes: { [isText ? 'classlabels_strings' : 'classlabels_int64s']: labels },
      },
    ],
    outputs: [
      {
        name: 'output_probability',
        type: isText ? 'seq(map(string,float))' : 'seq(map(int64,float))',
      },
    ],
    ...more,
  };
};
const rows = {
  rows: 2,
  columns: ['a', 'b'].map((name) => ({
    kind: 'numeric' as const,
    name,
    values: Float64Array.of(0.25, 0.75),
  })),
};

describe('a model without its ZipMap', () => {
  it.each([
    ['names', ['no', 'yes']],
    ['whole numbers', [0, 1]],
  ] as const)('gives its scores as a tensor, of classes that are %s', async (_, labels) => {
    const bytes = stripZipMap(rawModel(zipped(labels)));
    expect(readModel(bytes)).toMatchObject({
      outputs: [{ name: 'output_probability', type: 'float', shape: ['N', 2], isTensor: true }],
      operators: [{ operator: 'Relu' }, { domain: '', operator: 'Identity', count: 1 }],
    });
    const session = await openSession(bytes);
    expect(await session.run(rows)).toMatchObject({
      probabilities: Float32Array.of(0.25, 0.25, 0.75, 0.75),
    });
    await session.release();
  });

  it('loads where the file imported no standard operators', async () => {
    const model = zipped(['no', 'yes'], { opsets: { 'ai.onnx.ml': 3 } });
    const [, zip] = model.nodes!;
    const bytes = stripZipMap(rawModel({ ...model, nodes: [{ ...zip!, inputs: ['p'] }] }));
    expect(readModel(bytes).opsets).toEqual([
      { domain: 'ai.onnx.ml', version: 3 },
      { domain: '', version: 13 },
    ]);
    const session = await openSession(bytes);
    expect(session.outputs).toEqual([{ name: 'output_probability', type: 'float', shape: ['N', 2] }]);
    await session.release();
  });

  it('is otherwise the same: metadata, other nodes and outputs', () => {
    const model = zipped(['no', 'yes'], { metadata: { feature_names: '["a","b"]' } });
    const before = rawModel({
      ...model,
      nodes: [...model.nodes!],
      outputs: [...model.outputs!, { name: 'q' }],
    });
    const [was, is] = [readModel(before), readModel(stripZipMap(before))];
    const { outputs, operators, ...rest } = is;
    expect(rest).toEqual({
      irVersion: was.irVersion,
      producer: was.producer,
      opsets: was.opsets,
      metadata: was.metadata,
      inputs: was.inputs,
      externalData: [],
    });
    expect(outputs[1]).toEqual(was.outputs[1]);
    expect(operators[0]).toEqual(was.operators[0]);
  });

  it('is the very bytes where there was none', () => {
    const bytes = rawModel({ nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }] });
    expect(stripZipMap(bytes)).toBe(bytes);
  });
});

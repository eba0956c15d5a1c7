/** Test support: models in the shape that other tools export, and what is uploaded with them. */
import { encodeRows } from '../capture/archive.ts';
import { encodeModel, type Graph, type Node } from '../onnx/graph.ts';
import { sha256 } from '../registry/artefacts.ts';
import type { UploadFiles } from '../registry/upload.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import type { FeatureRow } from '../schema/rows.ts';
import { smallRows } from './small-model.ts';

const node = (operator: string, inputs: readonly string[], output: string): Node => ({
  operator,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
});

/** One wide input and one number per row, as skl2onnx writes a linear regression: 3 × weight + 0.5 × depth. */
export function wideRegression(changes: Partial<Graph> = {}): Uint8Array {
  return encodeModel(
    {
      name: 'wide',
      nodes: [node('MatMul', ['float_input', 'w'], 'variable')],
      inputs: [{ name: 'float_input', type: 'float', shape: ['N', 2] }],
      outputs: [{ name: 'variable', type: 'float', shape: ['N', 1] }],
      initializers: [{ name: 'w', type: 'float', shape: [2, 1], values: Float32Array.of(3, 0.5) }],
      ...changes,
    },
    {},
  );
}

export const regressionOf = (weight: number, depth: number): number => 3 * weight + 0.5 * depth;

/** Raw scores of two classes and their names nowhere, as `torch.onnx.export` writes a linear layer. */
export function rawLogits(): Uint8Array {
  return encodeModel(
    {
      name: 'main_graph',
      nodes: [node('MatMul', ['input', 'w'], 'scaled'), node('Add', ['scaled', 'b'], 'output')],
      inputs: [{ name: 'input', type: 'float', shape: ['batch', 2] }],
      outputs: [{ name: 'output', type: 'float', shape: ['batch', 2] }],
      initializers: [
        { name: 'w', type: 'float', shape: [2, 2], values: Float32Array.of(2, 0, 0, 0) },
        { name: 'b', type: 'float', shape: [2], values: Float32Array.of(-10, 0) },
      ],
    },
    {},
  );
}

export const wideFeatures: ModelSchema['features'] = [
  { name: 'weight', kind: 'numeric' },
  { name: 'depth', kind: 'numeric' },
];
export const wideSchema: ModelSchema = { features: wideFeatures, target: { name: 'value' } };

export interface WideRow {
  readonly features: FeatureRow & { readonly weight: number; readonly depth: number };
  readonly label: number | string;
}

/** Rows of the two columns, labelled with what the regression says and a little noise. */
export function wideRows(count: number, seed = 3): WideRow[] {
  return smallRows(count, seed).map(({ features }, at) => {
    const { weight, depth } = features as { weight: number; depth: number };
    return { features: { weight, depth }, label: regressionOf(weight, depth) + ((at % 7) - 3) / 10 };
  });
}

export interface UploadedFiles {
  readonly onnx: Uint8Array;
  readonly baseline: Uint8Array;
  /** What is announced of them. */
  readonly files: UploadFiles;
}

export async function uploadedFiles(onnx: Uint8Array, rows: readonly object[]): Promise<UploadedFiles> {
  const baseline = await encodeRows(rows);
  return {
    onnx,
    baseline,
    files: {
      onnx: { sha256: sha256(onnx), bytes: onnx.length },
      baseline: { sha256: sha256(baseline), bytes: baseline.length, format: 'ndjson.gz' },
    },
  };
}

/** What the graphs of all tree models share: an input per column, the matrix the trees read, and the answers. */

import type { ColumnEncoding } from '#shared/training/column-encoding.ts';
import { exportedOutputs, freshNames } from './export-names.ts';
import { encodeModel, type Graph, ML_DOMAIN, type Node, type Tensor, type TensorInfo } from './graph.ts';

/** A model as far as its inputs and outputs go. */
interface ModelShape {
  readonly task: 'regression' | 'classification';
  readonly classes: readonly string[];
  readonly columns: readonly ColumnEncoding[];
}

export interface TreeGraph {
  /** Name of the `[N, columns]` float matrix with the encoded columns. */
  readonly matrix: string;
  /** The graph's outputs: `variable`, or `label` and `probabilities`; an `_` appended where a column has the name. */
  readonly outputs: readonly TensorInfo[];
  /** The wanted name, with `_` appended until no other tensor has it. */
  readonly fresh: (wanted: string) => string;
  readonly add: (node: Omit<Node, 'domain'> & { readonly domain?: Node['domain'] }) => void;
  /** Adds a node without attributes and returns its one output's name. */
  readonly apply: (operator: string, ...inputs: readonly string[]) => string;
  /** Adds a constant and returns its name. */
  readonly constant: (wanted: string, tensor: Constant) => string;
  readonly encode: (
    language: Graph['language'] & number,
    metadata: Readonly<Record<string, string>>,
  ) => Uint8Array;
}

type Constant = Tensor extends infer Kind ? (Kind extends Tensor ? Omit<Kind, 'name'> : never) : never;

/**
 * Begins a graph with an input of shape `[N, 1]` per column: float with `NaN` for missing, or string with `''` for
 * missing, which unseen categories are treated like.
 *
 * @throws RangeError when a column has an empty name, which ONNX reads as "not given"
 */
export function startTreeGraph(name: string, model: ModelShape): TreeGraph {
  const names = new Set(model.columns.map((column) => column.name));
  if (names.has('')) throw new RangeError('a column has an empty name: an onnx input needs one');
  const fresh = freshNames(names);
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const outputs = exportedOutputs(model, fresh);
  const matrix = fresh('encoded');
  const encoded = model.columns.map((column) => (column.kind === 'numeric' ? column.name : fresh('code')));
  nodes.push(...model.columns.flatMap((column, at) => encoder(column, encoded[at]!)));
  nodes.push({
    operator: 'Concat',
    domain: '',
    inputs: encoded,
    outputs: [matrix],
    attributes: { axis: { kind: 'integer', value: 1 } },
  });
  return {
    matrix,
    outputs,
    fresh,
    add: (node) => nodes.push({ domain: '', ...node }),
    apply(operator, ...inputs) {
      const output = fresh(operator.toLowerCase());
      nodes.push({ operator, domain: '', inputs, outputs: [output], attributes: {} });
      return output;
    },
    constant(wanted, tensor) {
      const constant = { ...tensor, name: fresh(wanted) };
      initializers.push(constant);
      return constant.name;
    },
    encode: (language, metadata) =>
      encodeModel(
        { name, language, nodes, inputs: model.columns.map(inputInfo), outputs, initializers },
        metadata,
      ),
  };
}

/** Adds the label: the class of the largest probability, of equal ones the first. */
export function addLabel(graph: TreeGraph, classes: readonly string[]): void {
  const [label, probabilities] = graph.outputs;
  const largest = graph.fresh('largest');
  graph.add({
    operator: 'ArgMax',
    inputs: [probabilities!.name],
    outputs: [largest],
    attributes: { axis: { kind: 'integer', value: 1 }, keepdims: { kind: 'integer', value: 0 } },
  });
  graph.add({
    operator: 'LabelEncoder',
    domain: ML_DOMAIN,
    inputs: [largest],
    outputs: [label!.name],
    attributes: {
      keys_int64s: { kind: 'integers', value: classes.map((_, at) => at) },
      values_strings: { kind: 'strings', value: classes },
    },
  });
}

function inputInfo({ name, kind }: ColumnEncoding): TensorInfo {
  return { name, type: kind === 'numeric' ? 'float' : 'string', shape: ['N', 1] };
}

function encoder(column: ColumnEncoding, output: string): Node[] {
  if (column.kind === 'numeric') return [];
  // The operator refuses empty lists; a column without categories knows only the missing one.
  const keys = column.categories.length > 0 ? column.categories : [''];
  const codes = column.categories.length > 0 ? column.categories.map((_, code) => code) : [Number.NaN];
  return [
    {
      operator: 'LabelEncoder',
      domain: ML_DOMAIN,
      inputs: [column.name],
      outputs: [output],
      attributes: {
        keys_strings: { kind: 'strings', value: keys },
        values_floats: { kind: 'floats', value: codes },
        default_float: { kind: 'float', value: Number.NaN },
      },
    },
  ];
}

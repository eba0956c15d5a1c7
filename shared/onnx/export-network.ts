/** Turns a trained network into an ONNX file that encodes, standardises and scores rows as the trainer does. */

import {
  categorySlots,
  LARGEST_FLOAT,
  layoutOf,
  STANDARDISED_LIMIT,
} from '#shared/training/network-features.ts';
import type { NetworkColumn, NetworkModel } from '#shared/training/network-model.ts';
import { exportedOutputs, freshNames } from './export-names.ts';
import { type Attribute, encodeModel, ML_DOMAIN, type Node, type Tensor, type TensorInfo } from './graph.ts';

/** The one input of an image model; its columns are the pixels, flattened in this layout. */
export interface PixelInput {
  /** Name of the input. */
  readonly input: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** `NCHW`: all pixels of one channel, then the next; `NHWC`: all channels of one pixel, then the next. */
  readonly layout: 'NCHW' | 'NHWC';
}

/**
 * Exports a network as ONNX: one input per column, named as the column, of shape `[N, 1]`. Numeric columns are float
 * tensors with `NaN` for missing; categorical ones are string tensors with `''` for missing. Outputs are `variable`
 * `[N, 1]`, or `label` (string, `[N]`) and `probabilities` `[N, K]`; an output whose name a column already has gets a
 * `_` appended.
 *
 * @param model - from `fitNetwork`
 * @param metadata - kept in the file as `metadata_props`
 * @throws RangeError when a column has an empty name, which ONNX reads as "not given"
 * @see https://onnx.ai/onnx/operators/onnx__Gemm.html
 * @example
 * await writeFile('model.onnx', exportNetwork(model, { name: 'iris', version: '3' }));
 */
export function exportNetwork(model: NetworkModel, metadata: Readonly<Record<string, string>>): Uint8Array {
  const names = model.columns.map(({ name }) => name);
  if (names.includes('')) throw new RangeError('a column has an empty name: an onnx input needs one');
  const graph = startGraph(names);
  const numeric = model.columns.filter(({ kind }) => kind === 'numeric').map(({ name }) => name);
  const numbers = numeric.length > 0 ? graph.add('Concat', numeric, { axis: integer(1) }) : undefined;
  const inputs = model.columns.map(
    ({ name, kind }): TensorInfo => ({
      name,
      type: kind === 'numeric' ? 'float' : 'string',
      shape: ['N', 1],
    }),
  );
  return finish(graph, model, numbers, inputs, metadata);
}

/**
 * Exports an image model as ONNX with one float input `[N, C, H, W]` or `[N, H, W, C]` and the outputs of
 * `exportNetwork`.
 *
 * @param model - from `fitNetwork`; its columns are numeric, one per value of the input in the input's order
 * @param pixels - the input's name, size and layout
 * @param metadata - kept in the file as `metadata_props`
 * @throws RangeError when the model has other columns than the input has values, or categorical ones
 * @example
 * exportPixelNetwork(digits, { input: 'image', height: 8, width: 8, channels: 1, layout: 'NCHW' }, {});
 */
export function exportPixelNetwork(
  model: NetworkModel,
  { input, height, width, channels, layout }: PixelInput,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const values = height * width * channels;
  if (model.columns.length !== values)
    throw new RangeError(
      `the model has ${model.columns.length} columns: a ${height} x ${width} image with ${channels} channels needs ${values}`,
    );
  const categorical = model.columns.find(({ kind }) => kind === 'categorical');
  if (categorical)
    throw new RangeError(`column "${categorical.name}" is categorical: a pixel must be numeric`);
  if (input === '') throw new RangeError('the image input has an empty name: an onnx input needs one');
  const graph = startGraph([input]);
  const shape = layout === 'NCHW' ? ['N', channels, height, width] : ['N', height, width, channels];
  const numbers = graph.add('Flatten', [input], { axis: integer(1) });
  return finish(graph, model, numbers, [{ name: input, type: 'float', shape }], metadata);
}

/** `TensorProto.DataType`, as `Cast` names its result. */
const [FLOAT, DOUBLE] = [1, 11];

/** A graph under construction; names of tensors are chosen so that none meets that of an input. */
interface GraphBuilder {
  readonly nodes: Node[];
  readonly initializers: Tensor[];
  /** The wanted name, with `_` appended until it is new. */
  readonly fresh: (wanted: string) => string;
  /** Adds a node with one output; returns its name. */
  readonly add: (
    operator: string,
    inputs: readonly string[],
    attributes?: Node['attributes'],
    output?: string,
  ) => string;
  /** Adds a float constant; returns its name. */
  readonly floats: (wanted: string, shape: readonly number[], values: Float32Array) => string;
}

const integer = (value: number): Attribute => ({ kind: 'integer', value });

function startGraph(inputs: readonly string[]): GraphBuilder {
  const [nodes, initializers]: [Node[], Tensor[]] = [[], []];
  const fresh = freshNames(inputs);
  return {
    nodes,
    initializers,
    fresh,
    add(operator, inputs, attributes = {}, output = fresh(`${operator.toLowerCase()}_${nodes.length}`)) {
      const domain = operator === 'LabelEncoder' ? ML_DOMAIN : '';
      nodes.push({ operator, domain, inputs, outputs: [output], attributes });
      return output;
    },
    floats(wanted, shape, values) {
      const name = fresh(wanted);
      initializers.push({ name, type: 'float', shape, values });
      return name;
    },
  };
}

function finish(
  graph: GraphBuilder,
  model: NetworkModel,
  numbers: string | undefined,
  inputs: readonly TensorInfo[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // Taken before any other name, so that the contract's are changed by columns only.
  const outputs = exportedOutputs(model, graph.fresh);
  const features = [
    ...(numbers === undefined ? [] : addNumbers(graph, model, numbers)),
    ...model.columns.flatMap((column) =>
      column.kind === 'categorical' ? [addCategories(graph, column)] : [],
    ),
  ];
  const joined = features.length === 1 ? features[0]! : graph.add('Concat', features, { axis: integer(1) });
  addOutputs(graph, model, addLayers(graph, model, joined), outputs);
  const { nodes, initializers } = graph;
  return encodeModel({ name: 'network', nodes, inputs, outputs, initializers }, metadata);
}

/** Standardised numbers with 0 for missing, and the indicators of the missing ones if there are any. */
function addNumbers(graph: GraphBuilder, model: NetworkModel, numbers: string): string[] {
  const columns = model.columns.filter((column) => column.kind === 'numeric');
  const perColumn = (wanted: string, of: (column: (typeof columns)[number]) => number) =>
    graph.floats(wanted, [1, columns.length], Float32Array.from(columns, of));
  const difference = graph.add('Sub', [numbers, perColumn('means', ({ mean }) => mean)]);
  const bounded = addClip(graph, difference, LARGEST_FLOAT);
  const scaled = graph.add('Mul', [bounded, perColumn('scales', ({ scale }) => scale)]);
  const standardised = addClip(graph, scaled, STANDARDISED_LIMIT);
  const isMissing = graph.add('IsNaN', [numbers]);
  const filled = graph.add('Where', [
    isMissing,
    graph.floats('zero', [1], new Float32Array(1)),
    standardised,
  ]);
  const withIndicator = [...columns.keys()].filter((at) => columns[at]!.hasMissing);
  if (withIndicator.length === 0) return [filled];
  const positions = graph.fresh('with_indicator');
  graph.initializers.push({
    name: positions,
    type: 'int64',
    shape: [withIndicator.length],
    values: withIndicator,
  });
  const flags = addCast(graph, isMissing, FLOAT);
  return [filled, graph.add('Gather', [flags, positions], { axis: integer(1) })];
}

function addClip(graph: GraphBuilder, input: string, limit: number): string {
  const bound = (wanted: string, value: number) => graph.floats(wanted, [], Float32Array.of(value));
  return graph.add('Clip', [input, bound('low', -limit), bound('high', limit)]);
}

/** Looks up the features of each category: a row of an identity matrix, or the shares for one that has none. */
function addCategories(graph: GraphBuilder, column: Extract<NetworkColumn, { kind: 'categorical' }>): string {
  const { missing, other } = categorySlots(column);
  const size = column.shares.length;
  const rows = new Float32Array((size + 1) * size);
  for (let at = 0; at < size; at++) rows[at * size + at] = 1;
  rows.set(column.shares, size * size);
  const code = graph.add('LabelEncoder', [column.name], {
    keys_strings: { kind: 'strings', value: [...column.categories, ''] },
    values_int64s: { kind: 'integers', value: [...column.categories.keys(), missing] },
    default_int64: integer(other),
  });
  const features = graph.add('Gather', [graph.floats('one_hot', [size + 1, size], rows), code], {
    axis: integer(0),
  });
  return graph.add('Flatten', [features], { axis: integer(1) });
}

/**
 * The layers, summed in float64 as the trainer does: in float32 the order of summation alone moves a probability by more
 * than 1e-6. The weights are stored in float32.
 */
function addLayers(graph: GraphBuilder, { columns, layers }: NetworkModel, features: string): string {
  let inputs = layoutOf(columns).width;
  return layers.reduce(
    (from, { weights, biases }, at) => {
      const parameters = [
        addCast(graph, graph.floats('weights', [inputs, biases.length], weights), DOUBLE),
        addCast(graph, graph.floats('biases', [biases.length], biases), DOUBLE),
      ];
      inputs = biases.length;
      const sums = graph.add('Gemm', [from, ...parameters]);
      return at < layers.length - 1 ? graph.add('Relu', [sums]) : sums;
    },
    addCast(graph, features, DOUBLE),
  );
}

function addCast(graph: GraphBuilder, input: string, type: number, output?: string): string {
  return graph.add('Cast', [input], { to: integer(type) }, output);
}

function addOutputs(
  graph: GraphBuilder,
  { task, classes, target }: NetworkModel,
  scores: string,
  outputs: readonly TensorInfo[],
): void {
  const [first, second] = outputs.map(({ name }) => name);
  if (task === 'regression') {
    const constant = (wanted: string, value: number) =>
      addCast(graph, graph.floats(wanted, [], Float32Array.of(value)), DOUBLE);
    const spread = graph.add('Mul', [scores, constant('target_scale', target.scale)]);
    const shifted = graph.add('Add', [spread, constant('target_mean', target.mean)]);
    const limits = [constant('lowest', -LARGEST_FLOAT), constant('highest', LARGEST_FLOAT)];
    addCast(graph, graph.add('Clip', [shifted, ...limits]), FLOAT, first!);
    return;
  }
  addCast(graph, graph.add('Softmax', [scores], { axis: integer(1) }), FLOAT, second!);
  const likeliest = graph.add('ArgMax', [second!], { axis: integer(1), keepdims: integer(0) });
  const names = graph.fresh('classes');
  graph.initializers.push({ name: names, type: 'string', shape: [classes.length], values: classes });
  graph.add('Gather', [names, likeliest], { axis: integer(0) }, first!);
}

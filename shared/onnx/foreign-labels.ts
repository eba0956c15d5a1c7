/** Finds the names of a classifier's classes within its graph, in the order of the scores. */

import type { GraphParts, NodePart } from './foreign-parts.ts';
import { sourceOf } from './foreign-trace.ts';
import { WireReader } from './protobuf-reader.ts';

/** Attributes with the labels of the operators that choose a class, strings before whole numbers. */
const LABEL_ATTRIBUTES: ReadonlyMap<string, readonly string[]> = new Map([
  ['ZipMap', ['classlabels_strings', 'classlabels_int64s']],
  ['TreeEnsembleClassifier', ['classlabels_strings', 'classlabels_int64s']],
  ['LinearClassifier', ['classlabels_strings', 'classlabels_ints']],
  ['SVMClassifier', ['classlabels_strings', 'classlabels_ints']],
]);

/**
 * The classes a graph names. A ZipMap is believed first, as it names the scores themselves; then what the label output
 * comes from: a classifier, a list that the index of the likeliest class looks up, or a `LabelEncoder` that turns the
 * index into a name; then what the scores come from; then the only classifier there is.
 */
export function classLabelsOf(graph: GraphParts): readonly string[] | undefined {
  const zipMap = graph.nodes.find(({ operator }) => operator === 'ZipMap');
  const isLabel = (type: string) => type === 'string' || type === 'int64' || type === 'int32';
  const [labels, others] = [
    graph.outputs.filter(({ type }) => isLabel(type)),
    graph.outputs.filter(({ type }) => !isLabel(type)),
  ];
  const classifiers = graph.nodes.filter(({ operator }) => LABEL_ATTRIBUTES.has(operator));
  return (
    labelsOf(graph, zipMap) ??
    [...labels, ...others]
      .map(({ name }) => labelsOf(graph, sourceOf(graph, name)))
      .find((found) => found !== undefined) ??
    (classifiers.length === 1 ? labelsOf(graph, classifiers[0]) : undefined)
  );
}

function labelsOf(graph: GraphParts, node: NodePart | undefined): readonly string[] | undefined {
  if (node === undefined) return undefined;
  const { operator, inputs, attributes } = node;
  if (operator === 'ArrayFeatureExtractor' || operator === 'Gather')
    return some(readTensorLabels(graph.initializers.get(inputs[0] ?? '')));
  if (operator === 'LabelEncoder') return decodedLabels(attributes);
  for (const name of LABEL_ATTRIBUTES.get(operator) ?? []) {
    const labels = some(readLabels(attributes.get(name)));
    if (labels !== undefined) return labels;
  }
  return undefined;
}

/** One name is no choice. */
function some(labels: readonly string[]): readonly string[] | undefined {
  return labels.length > 1 ? labels : undefined;
}

/** The names an encoder gives to 0, 1, …; of other keys the order of the scores is not known. */
function decodedLabels(attributes: NodePart['attributes']): readonly string[] | undefined {
  const keys = readLabels(attributes.get('keys_int64s'));
  const values = readLabels(attributes.get('values_strings') ?? attributes.get('values_int64s'));
  const named = new Map(keys.map((key, at) => [key, values[at]]));
  const labels = keys.map((_, index) => named.get(String(index))).filter((name) => name !== undefined);
  return some(labels.length === keys.length ? labels : []);
}

/** An attribute's `ints` or `strings`. */
function readLabels(attribute: Uint8Array | undefined): string[] {
  const labels: string[] = [];
  for (const reader = new WireReader(attribute ?? new Uint8Array()); reader.next(); ) {
    if (reader.field === 8) for (const value of reader.integers()) labels.push(String(value));
    else if (reader.field === 9) labels.push(reader.text());
  }
  return labels;
}

/** A tensor's whole numbers or strings: `int32_data`, `string_data`, `int64_data`, or raw int64. */
function readTensorLabels(tensor: Uint8Array | undefined): string[] {
  const labels: string[] = [];
  let raw: Uint8Array | undefined;
  let type = 0;
  for (const reader = new WireReader(tensor ?? new Uint8Array()); reader.next(); ) {
    if (reader.field === 2) type = reader.integer();
    else if (reader.field === 5 || reader.field === 7)
      for (const value of reader.integers()) labels.push(String(value));
    else if (reader.field === 6) labels.push(reader.text());
    else if (reader.field === 9) raw = reader.bytes();
  }
  if (raw === undefined) return labels;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const [INT32, INT64] = [6, 7];
  if (type === INT64)
    return Array.from({ length: Math.floor(raw.length / 8) }, (_, at) =>
      String(view.getBigInt64(at * 8, true)),
    );
  if (type === INT32)
    return Array.from({ length: Math.floor(raw.length / 4) }, (_, at) => String(view.getInt32(at * 4, true)));
  return [];
}

/** Takes the ZipMap off a classifier, whose maps cannot be read here; its scores become an ordinary tensor. */

import { type NodePart, takeApart } from './foreign-parts.ts';
import { bytesField, integerField, message, stringField } from './protobuf.ts';
import { WireReader } from './protobuf-reader.ts';

const FLOAT = 1;
/** Of the standard operators, where a file imports none: `Identity` is in all of them. */
const ANY_OPSET = 13;

/**
 * Replaces every `ZipMap` of a graph by an `Identity` and declares its output as the float tensor `[N, K]` that it is;
 * all else stays byte for byte.
 *
 * @returns the given bytes when there is no ZipMap
 * @throws OnnxModelError when the bytes are not a whole ONNX model
 * @see https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html
 */
export function stripZipMap(bytes: Uint8Array): Uint8Array {
  const { graph, opsets } = takeApart(bytes);
  const widths = new Map(
    graph.nodes.filter(isZipMap).map((node) => [node.outputs[0] ?? '', labelsCount(node)] as const),
  );
  if (widths.size === 0) return bytes;
  const fields: Uint8Array[] = [];
  for (const model = new WireReader(bytes); model.next(); )
    fields.push(model.field === 7 ? bytesField(7, stripGraph(model.message(), widths)) : model.raw());
  if (!opsets.some(({ domain }) => domain === '' || domain === 'ai.onnx'))
    fields.push(bytesField(8, message(stringField(1, ''), integerField(2, ANY_OPSET))));
  return join(fields);
}

function isZipMap({ operator }: NodePart): boolean {
  return operator === 'ZipMap';
}

function labelsCount({ attributes }: NodePart): number {
  let count = 0;
  for (const name of ['classlabels_strings', 'classlabels_int64s']) {
    const reader = new WireReader(attributes.get(name) ?? new Uint8Array());
    while (reader.next()) {
      if (reader.field === 8) for (const _ of reader.integers()) count++;
      else if (reader.field === 9) count++;
    }
  }
  return count;
}

function stripGraph(graph: WireReader, widths: ReadonlyMap<string, number>): Uint8Array {
  const fields: Uint8Array[] = [];
  while (graph.next()) {
    if (graph.field === 1) fields.push(stripNode(graph));
    else if (graph.field === 12 || graph.field === 13) fields.push(...retype(graph, widths));
    else fields.push(graph.raw());
  }
  return join(fields);
}

function stripNode(graph: WireReader): Uint8Array {
  let operator = '';
  const kept: Uint8Array[] = [];
  for (const node = graph.message(); node.next(); ) {
    if (node.field === 4) operator = node.text();
    // Inputs, outputs and the name.
    if (node.field <= 3) kept.push(node.raw());
  }
  return operator === 'ZipMap' ? bytesField(1, message(...kept, stringField(4, 'Identity'))) : graph.raw();
}

/** An output of a ZipMap as a tensor; the note that a graph may make of its type falls away. */
function retype(graph: WireReader, widths: ReadonlyMap<string, number>): Uint8Array[] {
  let name = '';
  for (const value = graph.message(); value.next(); ) if (value.field === 1) name = value.text();
  const width = widths.get(name);
  if (width === undefined) return [graph.raw()];
  if (graph.field === 13) return [];
  const classes = width > 0 ? integerField(1, width) : stringField(2, 'K');
  const shape = message(bytesField(1, stringField(2, 'N')), bytesField(1, classes));
  const tensor = message(integerField(1, FLOAT), bytesField(2, shape));
  return [bytesField(12, message(stringField(1, name), bytesField(2, bytesField(1, tensor))))];
}

/** `message` of any number of fields: as arguments, a hundred thousand would not fit on the stack. */
function join(fields: readonly Uint8Array[]): Uint8Array {
  const size = 10_000;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < fields.length; at += size) pieces.push(message(...fields.slice(at, at + size)));
  return message(...pieces);
}

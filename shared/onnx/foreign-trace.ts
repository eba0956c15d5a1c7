/** Follows a tensor back to the node that decides what it holds. */

import type { GraphParts, NodePart } from './foreign-parts.ts';
import { WireReader } from './protobuf-reader.ts';

/** They change how a tensor is laid out or stored, not what it says. */
const PASSING: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Dropout',
  'ZipMap',
]);

/** The node whose output a tensor is, past those that only pass it on; absent for a graph input or a constant. */
export function sourceOf(graph: GraphParts, tensor: string): NodePart | undefined {
  let name: string | undefined = tensor;
  // A hostile graph may go in circles.
  for (let steps = 0; steps <= graph.nodes.length && name !== undefined; steps++) {
    const node = graph.makers.get(name);
    if (node === undefined || !PASSING.has(node.operator)) return node;
    name = node.inputs[0];
  }
  return undefined;
}

/** A text attribute, such as `post_transform`. */
export function textAttribute(node: NodePart, name: string): string | undefined {
  const encoded = node.attributes.get(name);
  if (encoded === undefined) return undefined;
  for (const reader = new WireReader(encoded); reader.next(); ) if (reader.field === 4) return reader.text();
  return undefined;
}

/** Whether a graph's scores are probabilities already, told by the operator they come from. */

import type { GraphParts } from './foreign-parts.ts';
import { sourceOf, textAttribute } from './foreign-trace.ts';

export interface Ending {
  /** `raw` are the logits of a layer; of `unknown` the graph does not tell. */
  readonly kind: 'probabilities' | 'raw' | 'unknown';
  /** In words for a message. */
  readonly operator: string;
}

const SQUASHING: ReadonlySet<string> = new Set(['Softmax', 'Sigmoid', 'Normalizer']);
const LAYERS: ReadonlySet<string> = new Set(['Gemm', 'MatMul', 'Conv']);
const CLASSIFIERS: ReadonlySet<string> = new Set([
  'TreeEnsembleClassifier',
  'LinearClassifier',
  'SVMClassifier',
]);

/**
 * @param scores - name of the output
 * @example
 * endingOf(graph, 'probabilities'); // { kind: 'probabilities', operator: 'Softmax' }
 */
export function endingOf(graph: GraphParts, scores: string): Ending {
  const node = sourceOf(graph, scores);
  if (node === undefined) return { kind: 'unknown', operator: 'no operator' };
  const { operator } = node;
  if (SQUASHING.has(operator)) return { kind: 'probabilities', operator };
  if (CLASSIFIERS.has(operator)) {
    const transform = textAttribute(node, 'post_transform') ?? 'NONE';
    const isSquashed = transform !== 'NONE' || node.attributes.has('prob_a');
    return {
      kind: isSquashed ? 'probabilities' : 'unknown',
      operator: `${operator} with post_transform ${transform}`,
    };
  }
  if (LAYERS.has(operator)) return { kind: 'raw', operator };
  const isBias =
    operator === 'Add' && node.inputs.some((name) => LAYERS.has(sourceOf(graph, name)?.operator ?? ''));
  return { kind: isBias ? 'raw' : 'unknown', operator };
}

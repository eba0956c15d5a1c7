/** Anchors: the cells, fixed once from the baseline, on which every later profile of a version is counted. */

import type { Column } from '#shared/schema/columns.ts';
import { buildCategoricalAnchor, type CategoricalAnchor } from './categorical-anchor.ts';
import { ProfileColumnError } from './errors.ts';
import { contentHash } from './hash.ts';
import { buildNumericAnchor, type NumericAnchor } from './numeric-anchor.ts';

/** What a column says about the model; `label` and `loss` arrive late and apart from the rest. */
export type Channel = 'feature' | 'prediction' | 'confidence' | 'label' | 'loss';

export type Anchor = NumericAnchor | CategoricalAnchor;

export interface Anchors {
  /** Content hash: profiles add only when counted on anchors of the same id. */
  readonly id: string;
  readonly anchors: readonly Anchor[];
}

/**
 * Fixes the cells from baseline columns: quantile edges and a scale for numbers, the frequent values for categories.
 * Deterministic, and independent of the order of rows.
 *
 * @param columns baseline columns with their channel; names must be unique across channels
 * @throws ProfileColumnError when a name occurs twice
 * @example
 * buildAnchors([{ kind: 'numeric', name: 'x', channel: 'feature', values: Float32Array.of(1, 2, 3) }]).anchors.length // 1
 */
export function buildAnchors(columns: readonly (Column & { readonly channel: Channel })[]): Anchors {
  return nameAnchors(
    columns.map((column) =>
      column.kind === 'numeric' ? buildNumericAnchor(column) : buildCategoricalAnchor(column),
    ),
  );
}

/** Gives anchors their content id; refuses two of the same name. */
export function nameAnchors(anchors: readonly Anchor[]): Anchors {
  const names = new Set<string>();
  for (const { name } of anchors) {
    if (names.has(name)) throw new ProfileColumnError(`column "${name}" occurs twice; names must be unique`);
    names.add(name);
  }
  return { id: contentHash(JSON.stringify(anchors.map(canonicalForm))), anchors };
}

/** Fixed field order, so that a store that reorders JSON keys does not change the id. */
function canonicalForm(anchor: Anchor): readonly unknown[] {
  const { kind, name, channel } = anchor;
  if (anchor.kind === 'categorical')
    return [kind, name, channel, anchor.categories, anchor.expectedUnseenShare];
  const { edges, range, location, scale } = anchor;
  return [kind, name, channel, edges, range?.lowest, range?.highest, location, scale];
}

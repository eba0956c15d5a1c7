/** Anchors: the cells, fixed once from the baseline, on which every later profile of a version is counted. */

import type { Column, NumericColumn } from '#shared/schema/columns.ts';
import { buildCategoricalAnchor, type CategoricalAnchor } from './categorical-anchor.ts';
import { cellOf, cellSearch } from './cell-search.ts';
import { MAX_DEPENDENT_COLUMNS, scoreSteps, scoresOfCells } from './co-moments.ts';
import { type Dependence, measureDependence } from './dependence.ts';
import { ProfileColumnError } from './errors.ts';
import { contentHash } from './hash.ts';
import { buildNumericAnchor, type NumericAnchor } from './numeric-anchor.ts';

/**
 * What a column says about the model; `label` and `loss` arrive late and apart from the rest, and of `token` (what stands for a person's
 * values) only missing and unseen are judged.
 */
export type Channel = 'feature' | 'token' | 'prediction' | 'confidence' | 'label' | 'loss';

export type Anchor = NumericAnchor | CategoricalAnchor;

export interface Anchors {
  /** Content hash: profiles add only when counted on anchors of the same id. */
  readonly id: string;
  readonly anchors: readonly Anchor[];
  /** How the baseline's numeric features go together; null where fewer than two vary or rows are few. */
  readonly dependence: AnchoredDependence | null;
}

export interface AnchoredDependence extends Dependence {
  /** Of each dependent column: see `scoreSteps` in `co-moments.ts`. */
  readonly steps: readonly (readonly number[])[];
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
  const anchors = columns.map((column) =>
    column.kind === 'numeric' ? buildNumericAnchor(column) : buildCategoricalAnchor(column),
  );
  return nameAnchors(anchors, anchorDependence(anchors, columns));
}

/** The first numeric features, up to 32, that have a score and as many rows as the first of them. */
function anchorDependence(
  anchors: readonly Anchor[],
  columns: readonly (Column & { readonly channel: Channel })[],
): AnchoredDependence | null {
  const steps = new Map<string, readonly number[]>();
  const scored: { readonly name: string; readonly scores: Int8Array }[] = [];
  for (const [at, anchor] of anchors.entries()) {
    const column = columns[at]!;
    if (scored.length === MAX_DEPENDENT_COLUMNS) break;
    if (anchor.kind !== 'numeric' || column.kind !== 'numeric' || anchor.channel !== 'feature') continue;
    if (scored[0] && scored[0].scores.length !== column.values.length) continue;
    const { scores, columnSteps } = scoreColumn(anchor, column);
    scored.push({ name: anchor.name, scores });
    steps.set(anchor.name, columnSteps);
  }
  const dependence = measureDependence(scored);
  return dependence && { ...dependence, steps: dependence.columns.map((name) => steps.get(name)!) };
}

function scoreColumn(anchor: NumericAnchor, { values }: NumericColumn) {
  const search = cellSearch(anchor);
  const counts = new Float64Array(2 * anchor.edges.length + 1);
  const cells = Int32Array.from(values, (value) => {
    const rounded = Math.fround(value);
    return Number.isFinite(rounded) ? cellOf(search, rounded) : -1;
  });
  for (const cell of cells) if (cell >= 0) counts[cell]!++;
  const columnSteps = scoreSteps(counts);
  const scoreOf = scoresOfCells(columnSteps, counts.length);
  return { columnSteps, scores: Int8Array.from(cells, (cell) => (cell < 0 ? 0 : scoreOf[cell]!)) };
}

/** Gives anchors their content id; refuses two of the same name. */
export function nameAnchors(anchors: readonly Anchor[], dependence: AnchoredDependence | null): Anchors {
  const names = new Set<string>();
  for (const { name } of anchors) {
    if (names.has(name)) throw new ProfileColumnError(`column "${name}" occurs twice; names must be unique`);
    names.add(name);
  }
  const content = [anchors.map(canonicalForm), dependence && inFixedOrder({ ...dependence })];
  return { id: contentHash(JSON.stringify(content)), anchors, dependence };
}

/** Fixed field order, so that a store that reorders JSON keys does not change the id. */
function canonicalForm(anchor: Anchor): readonly unknown[] {
  const { kind, name, channel } = anchor;
  if (anchor.kind === 'categorical')
    return [kind, name, channel, anchor.categories, anchor.expectedUnseenShare];
  const { edges, range, location, scale } = anchor;
  return [kind, name, channel, edges, range?.lowest, range?.highest, location, scale];
}

/** Objects as lists of their entries by name. */
function inFixedOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inFixedOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, inner]) => [name, inFixedOrder(inner)]);
}

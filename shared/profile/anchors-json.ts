/** Anchors at rest: their JSON form, checked against its own content id when read back. */

import type { Json, JsonObject } from '#shared/json.ts';
import { type Anchor, type Anchors, nameAnchors } from './anchors.ts';
import { ProfileFormatError } from './errors.ts';

const FORMAT = 2;

interface Stored extends Anchors {
  readonly format: unknown;
}

/** JSON of the anchors; edges are written as the shortest decimals that read back to the same float32. */
export function anchorsToJson(anchors: Anchors): JsonObject {
  return {
    format: FORMAT,
    id: anchors.id,
    anchors: anchors.anchors.map((anchor) =>
      anchor.kind === 'categorical' ? { ...anchor } : { ...anchor, edges: anchor.edges.map(shortestFloat32) },
    ),
    dependence: anchors.dependence as unknown as Json,
  };
}

/**
 * Anchors as `anchorsToJson` wrote them.
 *
 * @throws ProfileFormatError when the format is unknown or the content does not match its id
 */
export function anchorsFromJson(json: unknown): Anchors {
  const stored = json as Partial<Stored> | null;
  if (stored?.format !== FORMAT || !Array.isArray(stored.anchors))
    throw new ProfileFormatError(`anchors of format ${String(stored?.format)}, this version reads ${FORMAT}`);
  const read = nameAnchors(
    (stored.anchors as readonly Anchor[]).map((anchor) =>
      anchor.kind === 'categorical' ? anchor : { ...anchor, edges: anchor.edges.map(Math.fround) },
    ),
    stored.dependence ?? null,
  );
  if (read.id !== stored.id)
    throw new ProfileFormatError(`anchors say id "${String(stored.id)}" but their content is "${read.id}"`);
  return read;
}

function shortestFloat32(value: number): number {
  for (let digits = 6; digits < 10; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
  return value;
}

/** A change of unit for columns that single precision, in which all counting is done, would not resolve. */
import type { Anchor, Anchors } from '../profile/anchors.ts';
import type { FeatureProfile, Profile } from '../profile/profile.ts';
import type { Column, NumericColumn } from '../schema/columns.ts';

/** A value is counted as (value − origin) / scale. */
export interface Unit {
  readonly origin: number;
  /** A power of two, so that dividing by it is exact. */
  readonly scale: number;
}

/** By column; most have none. */
export type Units = ReadonlyMap<string, Unit>;

/** Of the interquartile range: finer steps no test can see. */
const FINEST_STEP = 1 / 1000;
/** Values that tell quartiles well enough. */
const LOOKED_AT = 4096;
/** Magnitudes outside are scaled: squares and differences still fit far beyond. */
const PLAIN = { least: 1e-20, most: 1e20 } as const;
const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;
const SMALLEST_FLOAT_EXPONENT = -126;

/**
 * The unit in which 32-bit floats resolve a column: its median for an origin where its middle half lies within a
 * thousand steps of them, as that of timestamps does; a power of two where its values are too large or too small.
 *
 * @param values of the reference; missing and infinite ones are passed over
 * @returns undefined where the values may stay as they are; a reason where no unit holds them all
 * @example unitOf(Float64Array.of(1.7e9, 1.7e9 + 1, 1.7e9 + 2)) // { origin: 1700000000, scale: 1 }
 */
export function unitOf(values: NumericColumn['values']): Unit | { readonly reason: string } | undefined {
  const stride = Math.ceil(values.length / LOOKED_AT);
  const looked: number[] = [];
  for (let row = 0; row < values.length; row += stride)
    if (Number.isFinite(values[row])) looked.push(values[row]!);
  const sorted = Float64Array.from(looked).sort();
  if (sorted.length === 0) return undefined;
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  const hasSpread = at(0.75) > at(0.25);
  const [low, high] = hasSpread ? [at(0.25), at(0.75)] : [at(0), at(1)];
  const magnitude = Math.max(Math.abs(low), Math.abs(high));
  if (magnitude === 0) return undefined;
  const isPlain = magnitude >= PLAIN.least && magnitude <= PLAIN.most;
  const scale = isPlain ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(magnitude)));
  const spread = high / scale - low / scale;
  // of a constant only whole numbers beyond 2^24 have a neighbour worth telling apart
  const needed =
    spread > 0
      ? spread * FINEST_STEP
      : Number.isInteger(at(0.5)) && scale === 1
        ? 1
        : Number.POSITIVE_INFINITY;
  const stepFrom = (origin: number) =>
    floatStep(Math.max(Math.abs(low / scale - origin), Math.abs(high / scale - origin)));
  const middle = at(0.5) / scale;
  const origin = [0, Math.fround(middle)].find((one) => stepFrom(one) <= needed) ?? middle;
  const furthest = Math.max(Math.abs(at(0) / scale - origin), Math.abs(at(1) / scale - origin));
  if (scale !== 1 && furthest > LARGEST_FLOAT)
    return { reason: 'its values differ by more orders of magnitude than single precision holds' };
  return origin === 0 && scale === 1 ? undefined : { origin: origin * scale, scale };
}

/** Distance of neighbouring 32-bit floats at a magnitude. */
function floatStep(magnitude: number): number {
  return 2 ** (Math.max(SMALLEST_FLOAT_EXPONENT, Math.floor(Math.log2(magnitude))) - 23);
}

/** The columns as they are counted. */
export function inUnits(columns: readonly Column[], units: Units): readonly Column[] {
  if (units.size === 0) return columns;
  return columns.map((column) => {
    const unit = units.get(column.name);
    return column.kind === 'numeric' && unit ? { ...column, values: converted(column.values, unit) } : column;
  });
}

/** A finite value stays finite when it is rounded, however far out it lies. */
function converted(values: NumericColumn['values'], { origin, scale }: Unit): Float64Array {
  return Float64Array.from(values, (value) => {
    const own = value / scale - origin / scale;
    return Number.isFinite(value) ? Math.min(LARGEST_FLOAT, Math.max(-LARGEST_FLOAT, own)) : value;
  });
}

/** Anchors whose edges, location and scale are the data's own; counts on them say the same. */
export function anchorsInOwnUnits(anchors: Anchors, units: Units): Anchors {
  if (units.size === 0) return anchors;
  return { ...anchors, anchors: anchors.anchors.map((anchor) => anchorInOwnUnit(anchor, units)) };
}

function anchorInOwnUnit(anchor: Anchor, units: Units): Anchor {
  const unit = units.get(anchor.name);
  if (!unit || anchor.kind !== 'numeric') return anchor;
  return {
    ...anchor,
    edges: anchor.edges.map((edge) => back(edge, unit)),
    range: anchor.range && floatRange(back(anchor.range.lowest, unit), back(anchor.range.highest, unit)),
    location: back(anchor.location, unit),
    scale: anchor.scale * unit.scale,
  };
}

/** Bounds are compared as 32-bit floats, which must not come to lie within the range; null where there are none. */
function floatRange(lowest: number, highest: number): { lowest: number; highest: number } | null {
  const step = floatStep(Math.max(Math.abs(lowest), Math.abs(highest)));
  const low = Math.floor(lowest / step) * step;
  const high = Math.ceil(highest / step) * step;
  return Number.isFinite(Math.fround(low)) && Number.isFinite(Math.fround(high))
    ? { lowest: low, highest: high }
    : null;
}

/** Counts made in units, on the anchors that {@link anchorsInOwnUnits} gave. Moments are counted in scales from the location: they stay. */
export function profileInOwnUnits(profile: Profile, anchors: Anchors, units: Units): Profile {
  if (units.size === 0) return profile;
  const features = new Map<string, FeatureProfile>();
  for (const [name, feature] of profile.features) {
    const unit = units.get(name);
    features.set(
      name,
      unit && feature.kind === 'numeric'
        ? {
            ...feature,
            min: back(feature.min, unit),
            max: back(feature.max, unit),
            clipped: hasSquares(unit) ? feature.clipped : feature.count,
          }
        : feature,
    );
  }
  return { ...profile, anchors, features };
}

/** Where the squares of its values leave the range of doubles no test may use moments. */
function hasSquares({ scale }: Unit): boolean {
  return scale > 2 ** -500 && scale < 2 ** 500;
}

function back(value: number, { origin, scale }: Unit): number {
  const own = value * scale + origin;
  return Number.isFinite(value) ? Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, own)) : value;
}

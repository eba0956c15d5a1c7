/** What a baseline knows beside its profile: how its windows differ, its segments and its hours. A file of its own. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Anchors } from '../profile/anchors.ts';
import { ProfileFormatError } from '../profile/errors.ts';
import type { Profile } from '../profile/profile.ts';
import { addEncodedSegments, encodeSegments } from '../profile/segments.ts';
import type { Window } from '../windows/due.ts';
import { DAY_MS, type Seasonal, SLOT_MS, seasonalOf } from '../windows/seasonal.ts';
import { type SubWindow, subWindowEffects } from '../windows/sub-windows.ts';

export interface BaselineContext {
  /** Variance inflation by column, ≥ 1; a column whose inflation is not known is absent. */
  readonly designEffects: ReadonlyMap<string, number>;
  /** By `segmentKey`; empty when the model watches no segments. */
  readonly segments: ReadonlyMap<string, Profile>;
  readonly seasonal: Seasonal | null;
}

export interface MeasuredContext extends BaselineContext {
  /** Windows the design effects could be measured on. */
  readonly subWindows: number;
  readonly windowMs: number;
}

export interface ContextInput {
  readonly anchors: Anchors;
  /** Length of the windows that will be judged, milliseconds. */
  readonly windowMs: number;
  /** Whole windows of the baseline; none where its rows have no time. */
  readonly subWindows: readonly SubWindow[];
  /** Profiles by hour of the day, UTC. */
  readonly slots: ReadonlyMap<number, Profile>;
  /** From the first row to the last, Unix milliseconds; absent where rows have no time. */
  readonly span?: Window;
  readonly segments: ReadonlyMap<string, Profile>;
  /** Design effects of an earlier baseline: clustering is of the traffic, so they hold until measured anew. */
  readonly inherited?: ReadonlyMap<string, number>;
}

export function measureContext(input: ContextInput): MeasuredContext {
  const { anchors, windowMs, subWindows, slots, span, segments, inherited = new Map() } = input;
  const seasonal = span ? seasonalOf(anchors, slots, span) : null;
  const measured = subWindowEffects(anchors, subWindows, seasonal !== null && windowMs < DAY_MS);
  const designEffects = new Map<string, number>();
  for (const { name, channel } of anchors.anchors) {
    // how tokens cluster is no measure of how the features do
    if (channel === 'token') continue;
    const effect = measured.get(name) ?? inherited.get(name);
    if (effect !== undefined) designEffects.set(name, effect);
  }
  return { designEffects, segments, seasonal, subWindows: subWindows.length, windowMs };
}

const FORMAT = 1;

interface StoredContext {
  readonly format: number;
  readonly design_effects: Readonly<Record<string, number>>;
  readonly sub_windows: number;
  readonly window_ms: number;
  readonly segments: Readonly<Record<string, string>>;
  readonly seasonal: { readonly slot_ms: number; readonly slots: readonly (string | null)[] } | null;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The context's file, beside the baseline's. @example contextFile('baseline.bin') // => 'baseline.context.json.gz' */
export function contextFile(baselineFile: string): string {
  return `${baselineFile.replace(/\.bin$/, '')}.context.json.gz`;
}

export async function encodeContext(context: MeasuredContext): Promise<Uint8Array> {
  const { seasonal } = context;
  const stored: StoredContext = {
    format: FORMAT,
    design_effects: Object.fromEntries(context.designEffects),
    sub_windows: context.subWindows,
    window_ms: context.windowMs,
    segments: encodeSegments(context.segments),
    seasonal: seasonal && {
      slot_ms: SLOT_MS,
      slots: seasonal.slots.map((slot) => slot && Buffer.from(slot).toString('base64')),
    },
  };
  return compress(JSON.stringify(stored), { level: 4 });
}

/**
 * Segments and hours are decoded when they are asked for.
 *
 * @param bytes undefined for a baseline without the file: one that was written before there was any
 * @throws ProfileFormatError for another format
 */
export async function decodeContext(
  anchors: Anchors,
  bytes: Uint8Array | undefined,
): Promise<BaselineContext> {
  if (!bytes) return { designEffects: new Map(), segments: new Map(), seasonal: null };
  const stored = JSON.parse((await decompress(bytes)).toString('utf8')) as StoredContext;
  if (stored.format !== FORMAT)
    throw new ProfileFormatError(`baseline context of format ${stored.format}, this version reads ${FORMAT}`);
  let segments: ReadonlyMap<string, Profile> | undefined;
  return {
    designEffects: new Map(Object.entries(stored.design_effects)),
    get segments() {
      segments ??= addEncodedSegments(new Map(), anchors, stored.segments);
      return segments;
    },
    seasonal: stored.seasonal && {
      anchors,
      slots: stored.seasonal.slots.map((slot) => (slot === null ? null : Buffer.from(slot, 'base64'))),
    },
  };
}

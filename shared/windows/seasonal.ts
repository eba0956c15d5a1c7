/** The seasonal reference: windows shorter than a day are compared with the same hours of the baseline. Pure. */
import { type NotComputable, notComputable } from '../drift/measure.ts';
import type { Anchors } from '../profile/anchors.ts';
import { addEncoded, encodeProfile } from '../profile/encode.ts';
import { emptyProfile, type Profile, rowsOf } from '../profile/profile.ts';
import type { Window } from './due.ts';

export const SLOT_MS = 3_600_000;
const SLOTS = 24;
export const DAY_MS = SLOTS * SLOT_MS;
/** Fewer days say nothing about what an hour of the day usually looks like. */
const MIN_DAYS = 3;
/** Rows of the hours together below which the whole baseline is the better reference. */
const MIN_ROWS = 200;

/** The baseline by hour of the day, UTC; kept encoded, since a window needs few of the hours. */
export interface Seasonal {
  readonly anchors: Anchors;
  /** Encoded profiles of the hours 0 to 23; null for an hour without rows. */
  readonly slots: readonly (Uint8Array | null)[];
}

/** @example slotOf(Date.UTC(2026, 10, 21, 13, 59)) // => 13 */
export function slotOf(ms: number): number {
  return Math.floor(ms / SLOT_MS) % SLOTS;
}

/**
 * @param slots profiles by hour of the day, see {@link slotOf}
 * @param span Unix milliseconds of the baseline's first row and of the end of its last
 * @returns null when the baseline reaches over fewer than three days, counted in whole hours
 */
export function seasonalOf(
  anchors: Anchors,
  slots: ReadonlyMap<number, Profile>,
  span: Window,
): Seasonal | null {
  const hours = Math.ceil(span.end / SLOT_MS) - Math.floor(span.start / SLOT_MS);
  if (hours * SLOT_MS < MIN_DAYS * DAY_MS) return null;
  return {
    anchors,
    slots: Array.from({ length: SLOTS }, (_, slot) => {
      const profile = slots.get(slot);
      return profile ? encodeProfile(profile) : null;
    }),
  };
}

export type SeasonalReference = { readonly computable: true; readonly profile: Profile } | NotComputable;

/**
 * The hours of the day that a window touches, added up, each in full: a window of 15 minutes is compared with its hour.
 * Without it a daily cycle of 0.7 σ and no drift alarms on 62 % of hourly windows; a window of a whole day needs none.
 *
 * @param window shorter than a day
 * @returns a profile of its own, or why the whole baseline has to be the reference
 * @example seasonalReference(null, { start: 0, end: 3_600_000 })
 * // { computable: false, reason: 'the baseline has no hourly profiles: it reaches over fewer than 3 days, …' }
 */
export function seasonalReference(seasonal: Seasonal | null, window: Window): SeasonalReference {
  if (window.end - window.start >= DAY_MS)
    return notComputable('the window is a day or longer and holds every hour of it');
  if (!seasonal)
    return notComputable(
      `the baseline has no hourly profiles: it reaches over fewer than ${MIN_DAYS} days, or its rows have no time`,
    );
  const touched = new Set<number>();
  for (let ms = Math.floor(window.start / SLOT_MS) * SLOT_MS; ms < window.end; ms += SLOT_MS)
    touched.add(slotOf(ms));
  const profile = emptyProfile(seasonal.anchors);
  for (const slot of touched) {
    const bytes = seasonal.slots[slot];
    if (bytes) addEncoded(profile, bytes);
  }
  const rows = featureRows(profile);
  if (rows < MIN_ROWS)
    return notComputable(
      `${rows} baseline rows in the same hours of the day (${[...touched].join(', ')} UTC); ${MIN_ROWS} needed`,
    );
  return { computable: true, profile };
}

/** Of the fullest feature: outputs are known for held-out rows only. */
function featureRows({ anchors, features }: Profile): number {
  return anchors.anchors
    .filter(({ channel }) => channel === 'feature')
    .reduce((most, { name }) => Math.max(most, rowsOf(features.get(name)!)), 0);
}

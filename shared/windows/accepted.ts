/** Windows an operator accepts as normal, added up for one version: the profile, and what its context is measured on. */
import type { VersionPart } from '../capture/partial.ts';
import type { Deps } from '../deps.ts';
import type { Anchors } from '../profile/anchors.ts';
import { decodeProfile, encodeProfile } from '../profile/encode.ts';
import { emptyProfile, mergeProfiles, type Profile } from '../profile/profile.ts';
import { mergeSegments, type Segments } from '../profile/segments.ts';
import type { AnchorsOf } from '../registry/baseline.ts';
import type { ContextInput } from '../registry/baseline-context.ts';
import type { Window } from './due.ts';
import { readWindow } from './read-window.ts';
import { SLOT_MS, slotOf } from './seasonal.ts';
import type { SubWindow } from './sub-windows.ts';

/** Hours read at a time: a fortnight has 4032 granules, and each is waited for. */
const READ_AT_ONCE = 4;

export interface Accepted extends Pick<ContextInput, 'subWindows' | 'slots' | 'segments' | 'span'> {
  readonly profile: Profile;
  readonly predictions: number;
}

/** Hour after hour into the same few profiles; of each window only its encoded profile is kept. */
export async function readAccepted(
  deps: Pick<Deps, 'state' | 'objects'>,
  model: string,
  version: string,
  windows: readonly Window[],
  anchors: Anchors,
  anchorsOf: AnchorsOf,
): Promise<Accepted> {
  const sum = { profile: emptyProfile(anchors), predictions: 0 };
  const subWindows: SubWindow[] = [];
  const slots = new Map<number, Profile>();
  const segments: Segments = new Map();
  let span: Window | undefined;
  for (const window of windows) {
    const own = emptyProfile(anchors);
    let predictions = 0;
    for await (const { hour, part } of readHours(deps, model, version, window, anchorsOf)) {
      const slot = slots.get(slotOf(hour.start)) ?? emptyProfile(anchors);
      slots.set(slotOf(hour.start), mergeProfiles(slot, part.profile));
      mergeProfiles(own, part.profile);
      mergeSegments(segments, part.segments);
      predictions += part.predictions;
      span = { start: span?.start ?? hour.start, end: hour.end };
    }
    mergeProfiles(sum.profile, own);
    sum.predictions += predictions;
    if (predictions === 0) continue;
    const bytes = encodeProfile(own);
    subWindows.push({ start: window.start, profile: () => decodeProfile(anchors, bytes) });
  }
  return { ...sum, subWindows, slots, segments, ...(span ? { span } : {}) };
}

interface Hour {
  readonly hour: Window;
  readonly part: VersionPart;
}

/** Those in which the version has rows, in order; a granule belongs to the hour it starts in. */
async function* readHours(
  deps: Pick<Deps, 'state' | 'objects'>,
  model: string,
  version: string,
  window: Window,
  anchorsOf: AnchorsOf,
): AsyncGenerator<Hour> {
  const hours = hoursOf(window);
  for (let from = 0; from < hours.length; from += READ_AT_ONCE) {
    const batch = hours.slice(from, from + READ_AT_ONCE);
    const read = await Promise.all(batch.map((hour) => readWindow(deps, model, hour, anchorsOf)));
    for (const [at, merged] of read.entries()) {
      const part = merged?.versions.get(version);
      if (part) yield { hour: batch[at]!, part };
    }
  }
}

/** Cut at whole hours of the day. */
function hoursOf({ start, end }: Window): Window[] {
  const hours: Window[] = [];
  for (let from = start; from < end; ) {
    const to = Math.min(end, (Math.floor(from / SLOT_MS) + 1) * SLOT_MS);
    hours.push({ start: from, end: to });
    from = to;
  }
  return hours;
}

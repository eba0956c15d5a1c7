/** A version's baseline beside its profile, from the rows it is accepted on: windows, hours of the day and segments. */
import { addColumns } from '../profile/add-columns.ts';
import type { Anchors } from '../profile/anchors.ts';
import { emptyProfile, type Profile } from '../profile/profile.ts';
import { addSegments, type Segments, segmentKey, segmentValues } from '../profile/segments.ts';
import { type MeasuredContext, measureContext } from '../registry/baseline-context.ts';
import { type Column, takeRows } from '../schema/columns.ts';
import type { Window } from '../windows/due.ts';
import { slotOf } from '../windows/seasonal.ts';
import type { SubWindow } from '../windows/sub-windows.ts';

/** Rows of a file carry their number instead of a time; as Unix milliseconds this is the year 1973. */
const EARLIEST_TIME = 1e11;
/** Of a window's length that its rows may leave out at either end of the baseline. */
const TOLERATED_GAP = 0.05;

/** Columns of equal length and the time of each of their rows. */
interface TimedColumns {
  /** Unix milliseconds, or a row's number. */
  readonly at: readonly number[];
  readonly columns: readonly Column[];
}

export interface ExpectedInput {
  readonly anchors: Anchors;
  /** All of the rows. */
  readonly features: TimedColumns;
  /** What the model says of held-out rows, and how far off it is. */
  readonly outputs: TimedColumns;
  /** Held-out features and answers: of these the segments' predictions are counted. */
  readonly heldOut: { readonly features: readonly Column[]; readonly answers: readonly Column[] };
  readonly windowMs: number;
  /** Names of categorical features. */
  readonly segments: readonly string[];
  readonly inherited?: ReadonlyMap<string, number>;
}

export function expectedContext(input: ExpectedInput): MeasuredContext {
  const { anchors, windowMs, inherited } = input;
  const parts = [input.features, input.outputs];
  const span = spanOf(input.features.at);
  const slots = new Map<number, Profile>();
  for (const part of parts)
    for (const [slot, rows] of rowsBy(part.at, slotOf)) {
      const profile = slots.get(slot) ?? emptyProfile(anchors);
      slots.set(slot, profile);
      addColumns(profile, select(part.columns, rows));
    }
  return measureContext({
    anchors,
    windowMs,
    subWindows: span ? subWindowsOf(anchors, parts, span, windowMs) : [],
    slots,
    segments: segmentsOf(input),
    ...(span ? { span } : {}),
    ...(inherited ? { inherited } : {}),
  });
}

/** Undefined unless a row has a time. */
function spanOf(at: readonly number[]): Window | undefined {
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const ms of at) {
    if (ms < EARLIEST_TIME) continue;
    if (ms < start) start = ms;
    if (ms + 1 > end) end = ms + 1;
  }
  return end > start ? { start, end } : undefined;
}

/** Whole ones: half a day differs from a day by the daily cycle. */
function subWindowsOf(
  anchors: Anchors,
  parts: readonly TimedColumns[],
  span: Window,
  windowMs: number,
): SubWindow[] {
  const tolerance = TOLERATED_GAP * windowMs;
  const byWindow = parts.map(({ at }) => rowsBy(at, (ms) => Math.floor(ms / windowMs) * windowMs));
  return [...byWindow[0]!.keys()]
    .filter((start) => start >= span.start - tolerance && start + windowMs <= span.end + tolerance)
    .sort((one, other) => one - other)
    .map((start) => ({
      start,
      profile: () => {
        const profile = emptyProfile(anchors);
        parts.forEach(({ columns }, at) => {
          addColumns(profile, select(columns, byWindow[at]!.get(start) ?? []));
        });
        return profile;
      },
    }));
}

/** Rows that have a time, by a key of it. */
function rowsBy(at: readonly number[], keyOf: (ms: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  at.forEach((ms, row) => {
    if (ms < EARLIEST_TIME) return;
    const key = keyOf(ms);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  });
  return groups;
}

function select(columns: readonly Column[], rows: readonly number[]): readonly Column[] {
  return takeRows({ rows: rows.length, columns }, rows).columns;
}

function segmentsOf({ anchors, features, heldOut, segments: by }: ExpectedInput): Segments {
  const segments: Segments = new Map();
  const tokens = new Set(anchors.anchors.flatMap(({ name, channel }) => (channel === 'token' ? [name] : [])));
  const counted = features.columns.filter(({ name }) => !tokens.has(name));
  addSegments(segments, anchors, counted, by);
  for (const name of by) {
    const column = heldOut.features.find((one) => one.name === name);
    if (column?.kind !== 'categorical') continue;
    for (const value of segmentValues(anchors, name)) {
      const profile = segments.get(segmentKey(name, value));
      const rows = column.values.flatMap((own, row) => (own === value ? [row] : []));
      if (profile) addColumns(profile, select(heldOut.answers, rows));
    }
  }
  return segments;
}

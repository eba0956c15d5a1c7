/**
 * A day of the canary: an hour of calm rows, an hour of drifted ones, an hour of calm ones; two hours later it is looked whether the
 * drift was noticed. Pure: from what is stored and the clock to what is to be done now, and to what is stored next.
 */

export const phases = ['before', 'drifted', 'after'] as const;
export type Phase = (typeof phases)[number];

export interface CanaryState {
  /** The day under way, or the next one. */
  readonly day: CanaryDay;
  /** Unless a drift is noticed by then, one was missed, whatever the reason. Unix milliseconds, as all times here. */
  readonly dueAt: number;
  readonly noticedAt?: number;
  /** `startsAt` of the last day whose drift was noticed. */
  readonly noticedDay?: number;
  /** When people were first told that drifts are missed; absent while they are noticed. */
  readonly missedSince?: number;
  /** Whether a calm window of the last day raised an alarm. */
  readonly isFalseAlarm: boolean;
}

export interface CanaryDay {
  /** A whole hour. */
  readonly startsAt: number;
  /** Length of a phase, which is that of a window. */
  readonly hourMs: number;
  /** Phases all of whose rows are in the log. */
  readonly written: readonly Phase[];
}

export type Step =
  | { readonly kind: 'wait' }
  /** All rows of the phase, before `until`: rows that come later fall into the next window. */
  | { readonly kind: 'write'; readonly phase: Phase; readonly until: number }
  | { readonly kind: 'judge' }
  | { readonly kind: 'begin'; readonly reason: string };

/** Five minutes of an hour: what is written then may be stamped with the next one. */
const MARGIN_SHARE = 1 / 12;
/** After the start of the day; the drifted window is judged about ten minutes after its end, two hours after the start. */
const JUDGED_AFTER_HOURS = 4;
/** Time for one day that could not be injected and its repetition. */
const DUE_AFTER_HOURS = 6;
const DAY_HOURS = 24;

const nextHour = (now: number, hourMs: number): number => (Math.floor(now / hourMs) + 1) * hourMs;

/** The day from the next whole hour on. */
const dayFrom = (startsAt: number, hourMs: number): CanaryDay => ({ startsAt, hourMs, written: [] });

/** A fresh count: of a new deployment, or of one whose clock or granule was changed. */
export function firstDay(now: number, hourMs: number): CanaryState {
  const startsAt = nextHour(now, hourMs);
  return {
    day: dayFrom(startsAt, hourMs),
    dueAt: startsAt + DUE_AFTER_HOURS * hourMs,
    isFalseAlarm: false,
  };
}

/**
 * @param hourMs length of a phase now
 * @example nextStep(firstDay(0, 3_600_000), 3_600_000, 3_600_000) // { kind: 'write', phase: 'before', until: 6_900_000 }
 */
export function nextStep(state: CanaryState | undefined, now: number, hourMs: number): Step {
  if (!state) return { kind: 'begin', reason: 'the canary is new' };
  const { startsAt, written } = state.day;
  if (state.day.hourMs !== hourMs) return { kind: 'begin', reason: 'windows have another length' };
  if (startsAt - now > DAY_HOURS * hourMs) return { kind: 'begin', reason: 'the clock was set back' };
  const hour = Math.floor((now - startsAt) / hourMs);
  const isLost = hour > phases.indexOf('drifted') && !written.includes('drifted') && !isNoticed(state);
  if (hour >= JUDGED_AFTER_HOURS || isLost) return { kind: 'judge' };
  const phase = phases[hour];
  const until = startsAt + (hour + 1 - MARGIN_SHARE) * hourMs;
  if (phase === undefined || written.includes(phase) || now >= until) return { kind: 'wait' };
  return { kind: 'write', phase, until };
}

/** Whose drift would be in the window that begins there. */
export const windowOf = ({ startsAt, hourMs }: CanaryDay, phase: Phase): number =>
  startsAt + phases.indexOf(phase) * hourMs;

export const withWritten = (state: CanaryState, startsAt: number, phase: Phase): CanaryState | undefined =>
  state.day.startsAt !== startsAt || state.day.written.includes(phase)
    ? undefined
    : { ...state, day: { ...state.day, written: [...state.day.written, phase] } };

/**
 * An alert about the canary has arrived.
 *
 * @param began when the alert did: one that began before the drifted window was over is about another window
 * @returns undefined where it says nothing new
 */
export function withNotice(state: CanaryState, began: number, now: number): CanaryState | undefined {
  const { startsAt, hourMs } = state.day;
  const driftedUntil = windowOf(state.day, 'drifted') + hourMs;
  if (isNoticed(state) || began < driftedUntil) return undefined;
  return { ...state, noticedAt: now, noticedDay: startsAt };
}

const isNoticed = ({ day, noticedDay }: CanaryState): boolean => noticedDay === day.startsAt;

/** When people are told that its drift was missed: the same for whoever finds out, so that two at once tell of one alert. */
export const missedFrom = ({ missedSince, dueAt, day }: CanaryState): number =>
  missedSince ?? Math.min(dueAt, day.startsAt + JUDGED_AFTER_HOURS * day.hourMs);

export type Outcome = 'noticed' | 'missed' | 'void';

/** `void`: it could not be injected, and there is time for another try. */
export function outcomeOf(state: CanaryState, now: number): Outcome {
  if (isNoticed(state)) return 'noticed';
  return state.day.written.includes('drifted') || now >= state.dueAt ? 'missed' : 'void';
}

/**
 * The day is over: the next one is tomorrow, or, as long as drifts are missed, in the next hour, so that what was mended is seen soon.
 *
 * @param isFalseAlarm whether one of the day's calm windows raised an alarm
 */
export function nextDay(state: CanaryState, now: number, isFalseAlarm: boolean): CanaryState {
  const { missedSince, ...rest } = state;
  const { startsAt, hourMs } = state.day;
  const outcome = outcomeOf(state, now);
  if (outcome === 'noticed') {
    const tomorrow = startsAt + DAY_HOURS * hourMs;
    const next = tomorrow > now ? tomorrow : nextHour(now, hourMs);
    const dueAt = next + DUE_AFTER_HOURS * hourMs;
    return { ...rest, day: dayFrom(next, hourMs), dueAt, isFalseAlarm };
  }
  const since = outcome === 'missed' ? (missedSince ?? now) : missedSince;
  return {
    ...rest,
    day: dayFrom(nextHour(now, hourMs), hourMs),
    // so that rules say it from now on as well
    dueAt: outcome === 'missed' ? Math.min(state.dueAt, now) : state.dueAt,
    isFalseAlarm,
    ...(since !== undefined && { missedSince: since }),
  };
}

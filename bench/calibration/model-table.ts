/** The whole-model simulation: months of drift-free daily windows through the whole verdict, one month per reference. */

import { uniformStream } from './draws.ts';
import { isInAlarm, judge, profileOf, referenceOfDays, slicesOf, type WindowOutcome } from './engine.ts';
import { SLICE_COLUMNS, type TrafficShape, trafficDays } from './traffic.ts';

export const BASELINE_DAYS = 28;
export const MONTH_DAYS = 30;

export interface ModelTask {
  readonly table: 'model';
  readonly shape: TrafficShape;
  readonly references: number;
  readonly seed: number;
}

/** One simulated month against one independent reference. */
export interface ModelMonth {
  readonly episodes: {
    readonly drift: number;
    readonly performance_drop: number;
    readonly data_incident: number;
  };
  /** Windows with an open episode. */
  readonly inAlarm: number;
  /** Windows whose own verdict is `warning` or above, confirmed or not. */
  readonly alarming: number;
  /** Windows in which some feature is shown as `shifted` or above. */
  readonly shown: number;
  /** Windows in which some slice is at `warning` or above. */
  readonly sliceAlarms: number;
  /** Windows in which the same slice is so for the second time in three. */
  readonly sliceConfirmed: number;
}

export interface ModelResult {
  readonly months: readonly ModelMonth[];
}

export function runModel({ shape, references, seed }: ModelTask): ModelResult {
  const random = uniformStream(seed);
  return { months: Array.from({ length: references }, () => simulateMonth(trafficDays(shape, random))) };
}

function simulateMonth(dayOf: ReturnType<typeof trafficDays>): ModelMonth {
  const days = Array.from({ length: BASELINE_DAYS }, (_, day) => dayOf(day));
  const reference = referenceOfDays(days, SLICE_COLUMNS);
  const history: WindowOutcome[] = [];
  const slices: (readonly string[])[] = [];
  const episodes = { drift: 0, performance_drop: 0, data_incident: 0 };
  let [inAlarm, alarming, shown, sliceAlarms, sliceConfirmed] = [0, 0, 0, 0, 0];
  for (let day = BASELINE_DAYS; day < BASELINE_DAYS + MONTH_DAYS; day++) {
    const columns = dayOf(day);
    const start = new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
    const { outcome, levels, alarmingSlices } = judge(
      reference,
      profileOf(reference.anchors, columns),
      start,
      history,
      slicesOf(reference.anchors, columns, SLICE_COLUMNS),
    );
    history.push(outcome);
    slices.push(alarmingSlices);
    if (outcome.episode.state === 'opened' && outcome.episode.kind) episodes[outcome.episode.kind]++;
    if (isInAlarm(outcome)) inAlarm++;
    if (outcome.level === 'warning' || outcome.level === 'critical') alarming++;
    if ([...levels.values()].some((level) => level !== 'stable' && level !== 'insufficient_data')) shown++;
    if (alarmingSlices.length > 0) sliceAlarms++;
    const recent = slices.slice(-3, -1);
    if (alarmingSlices.some((slice) => recent.some((window) => window.includes(slice)))) sliceConfirmed++;
  }
  return { episodes, inAlarm, alarming, shown, sliceAlarms, sliceConfirmed };
}

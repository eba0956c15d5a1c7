/** The whole-model table's rows: the product beside the two detectors that do not look. */

import { MONTH_DAYS, type ModelMonth } from './model-table.ts';

const MAX_EPISODES = 1;
const MAX_TIME_IN_ALARM = 0.005;

export function modelRows(traffic: string, months: readonly ModelMonth[]): string[][] {
  const episodes = (month: ModelMonth) =>
    month.episodes.drift + month.episodes.performance_drop + month.episodes.data_incident;
  const windows = (count: (month: ModelMonth) => number) => percent(mean(months, count) / MONTH_DAYS);
  const kinds = (['drift', 'performance_drop', 'data_incident'] as const).map((kind) =>
    mean(months, (month) => month.episodes[kind]).toFixed(3),
  );
  const inAlarm = mean(months, (month) => month.inAlarm) / MONTH_DAYS;
  return [
    [
      traffic,
      'tidemark',
      mean(months, episodes).toFixed(3),
      String(Math.max(...months.map(episodes))),
      kinds.join(' / '),
      percent(inAlarm),
      percent(Math.max(...months.map((month) => month.inAlarm)) / MONTH_DAYS),
      windows((month) => month.alarming),
      windows((month) => month.shown),
      windows((month) => month.sliceAlarms),
      percent(mean(months, (month) => (month.sliceConfirmed > 0 ? 1 : 0))),
      met(mean(months, episodes), inAlarm),
    ],
    // Alarming without end is one episode: the reason for the second half of the goal.
    [traffic, 'always alarms', '1', '1', '', '100 %', '100 %', '100 %', '100 %', '100 %', '100 %', met(1, 1)],
    [traffic, 'never alarms', '0', '0', '', '0 %', '0 %', '0 %', '0 %', '0 %', '0 %', met(0, 0)],
  ];
}

function met(episodes: number, inAlarm: number): string {
  return episodes <= MAX_EPISODES && inAlarm <= MAX_TIME_IN_ALARM ? 'met' : '**missed**';
}

function mean(months: readonly ModelMonth[], figure: (month: ModelMonth) => number): number {
  return months.reduce((sum, month) => sum + figure(month), 0) / months.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Levels: the one scale on which features, performance and windows are judged. */

/**
 * `shifted` is significant but small: shown, never paged, never a reason to retrain.
 * `insufficient_data` stands only where `stable` would: it never hides an alarm.
 */
export type Level = 'stable' | 'shifted' | 'warning' | 'critical' | 'insufficient_data';

const RANK: Record<Level, number> = { stable: 0, insufficient_data: 1, shifted: 2, warning: 3, critical: 4 };

export function isAlarm(level: Level): boolean {
  return RANK[level] >= RANK.warning;
}

/** The graver of two levels. @example graver('stable', 'warning') // 'warning' */
export function graver(first: Level, second: Level): Level {
  return RANK[second] > RANK[first] ? second : first;
}

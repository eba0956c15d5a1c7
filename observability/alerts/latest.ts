/** Recordings that make sparse series safe: one value per model and environment, still there between two publications. */
import type { Recording } from './alert.ts';

/**
 * Prometheus forgets a sample after five minutes, and figures of a window come every six hours: the newest one is kept for two
 * windows and an hour. What is older is no figure but silence, for which there are alerts of their own. So a model that was removed is
 * forgotten after that time and not at once, and an alert does not seem resolved because its figures stopped coming.
 *
 * @param metric without the prefix `tidemark_`
 * @example latest('model_loaded').record // 'tidemark:model_loaded:latest'
 */
export function latest(metric: string, combine: 'max' | 'min' = 'max', keptFor = '13h'): Recording {
  return {
    record: `tidemark:${metric}:latest`,
    expr: `${combine} by (model, env) (last_over_time(tidemark_${metric}[${keptFor}]))`,
  };
}

/** The same for what may be four minutes late, over ranges too long to be read every minute. */
export const slowLatest = (metric: string, keptFor: string): Recording => ({
  ...latest(metric, 'max', keptFor),
  isSlow: true,
});

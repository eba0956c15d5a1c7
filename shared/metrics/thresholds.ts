/** Limits of a model that alerts compare with, as figures: a change of policy needs no change of a rule. */
import type { ModelRecord } from '../registry/model.ts';

/** A report is missing when this many windows have ended since the last one. */
const WINDOWS_UNTIL_STALE = 2;
/** A window is judged this long after its granule closed, at most: two ticks, capture and the monitor. */
const JUDGING_MS = 10 * 60_000;

/**
 * The policy's limits, and how old the newest report may get, by the names of `tidemark_threshold`.
 *
 * @param granuleMs how much stream time a granule spans, and how long it stays open after its end
 * @example thresholdsOf(record, 420_000).report_age_seconds // 173820 for windows of a day
 */
export function thresholdsOf(
  { monitor, retrain }: ModelRecord,
  granuleMs: number,
): Readonly<Record<string, number>> {
  return {
    psi_warning: monitor.psi_warning,
    psi_critical: monitor.psi_critical,
    alpha: monitor.alpha,
    min_rows: monitor.min_rows,
    error_ratio: monitor.max_error_ratio,
    latency_seconds: monitor.max_latency_ms / 1000,
    confidence: monitor.min_confidence,
    missing_ratio: monitor.max_missing_ratio,
    window_seconds: monitor.window_ms / 1000,
    report_age_seconds: (WINDOWS_UNTIL_STALE * monitor.window_ms + granuleMs + JUDGING_MS) / 1000,
    counted_age_seconds: (2 * granuleMs + JUDGING_MS) / 1000,
    ...(retrain.max_loss === undefined ? {} : { loss: retrain.max_loss }),
  };
}

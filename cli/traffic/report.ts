/** What a load test found, as a table for a person and as one JSON object. */
import type { Counts } from './tally.ts';

export interface TrafficResult {
  readonly url: string;
  readonly model: string;
  readonly asked: { readonly ratePerSecond: number; readonly durationMs: number; readonly batch: number };
  /** From the first arrival to the last answer, or to the end of the duration if that is later. */
  readonly elapsedMs: number;
  readonly sent: number;
  /** Due and never sent: too many others were under way. */
  readonly notSent: number;
  /** Sent and not answered when the time was over. */
  readonly unanswered: number;
  readonly predictions: Counts;
  readonly feedback?: Counts;
  /** How late this process itself was, 99 % quantile: so much of the latency may be its own. */
  readonly generatorLagMs: number;
  readonly firstErrors: readonly string[];
  readonly isInterrupted: boolean;
}

/** Below it the figures are the host's. */
const NOTED_LAG_MS = 20;

/** Whether every request that was due was sent and answered in full; of an interrupted run, every one that was answered. */
export function isClean(result: TrafficResult): boolean {
  const { predictions, feedback, isInterrupted, notSent, unanswered } = result;
  const failed = [predictions, feedback].some(
    (counts) => counts && (counts.errors > 0 || Object.keys(counts.refused).length > 0),
  );
  return !failed && (isInterrupted || notSent + unanswered === 0);
}

export function toJson(result: TrafficResult): string {
  const { asked, elapsedMs, predictions, feedback } = result;
  return JSON.stringify({
    url: result.url,
    model: result.model,
    rate: { asked: asked.ratePerSecond, achieved: achievedRate(result) },
    duration_ms: asked.durationMs,
    elapsed_ms: Math.round(elapsedMs),
    batch: asked.batch,
    sent: result.sent,
    not_sent: result.notSent,
    unanswered: result.unanswered,
    predictions: countsJson(predictions),
    ...(feedback ? { feedback: countsJson(feedback) } : {}),
    generator_lag_ms: Math.round(10 * result.generatorLagMs) / 10,
    first_errors: result.firstErrors,
    interrupted: result.isInterrupted,
  });
}

function countsJson({ ok, refused, errors, spooled, latency }: Counts) {
  return { ok, refused, errors, spooled, latency_ms: latency.quantiles ?? null };
}

/** Answers per second, refusals included. */
function achievedRate({ predictions, elapsedMs }: TrafficResult): number {
  return elapsedMs > 0 ? Math.round((10_000 * predictions.latency.count) / elapsedMs) / 10 : 0;
}

export function toText(result: TrafficResult): string {
  const { asked, predictions, feedback, firstErrors } = result;
  const rate = achievedRate(result);
  const rows: [string, string][] = [
    ['sent', `${count(result.sent)} requests${asked.batch > 1 ? ` of ${asked.batch} rows` : ''}`],
    ...(result.notSent > 0
      ? [['not sent', `${count(result.notSent)}, for want of time`] as [string, string]]
      : []),
    ...(result.unanswered > 0 ? [['unanswered', count(result.unanswered)] as [string, string]] : []),
    ...countRows('', predictions),
    [
      'rate',
      `${count(rate)} answers/s of ${count(asked.ratePerSecond)} asked${asked.batch > 1 ? `, ${count(rate * asked.batch)} rows/s` : ''}`,
    ],
    ['latency', latencyText(predictions)],
    ...(feedback
      ? [...countRows('labels ', feedback), ['labels latency', latencyText(feedback)] as [string, string]]
      : []),
  ];
  const table = rows.map(([name, value]) => `  ${name.padEnd(16)} ${value}`);
  const errors = firstErrors.map((text) => `  ${text}`);
  return [
    `${result.isInterrupted ? 'stopped early; so far, ' : ''}model ${result.model} at ${result.url}, ${(result.elapsedMs / 1000).toFixed(1)} s`,
    ...table,
    ...(result.generatorLagMs > NOTED_LAG_MS ? [lagNote(result.generatorLagMs)] : []),
    ...(errors.length > 0 ? ['first errors', ...errors] : []),
    '',
  ].join('\n');
}

const lagNote = (lagMs: number): string =>
  `note: the generator itself was late by ${ms(lagMs)} (p99), which is part of the latency: it needs a freer processor or a lower rate`;

function countRows(prefix: string, { ok, refused, errors, spooled }: Counts): [string, string][] {
  return [
    [`${prefix}ok`, count(ok)],
    ...Object.entries(refused).map(([status, times]): [string, string] => [
      `${prefix}refused`,
      `${count(times)} with ${status}`,
    ]),
    ...(errors > 0 ? [[`${prefix}errors`, count(errors)] as [string, string]] : []),
    ...(spooled > 0 ? [[`${prefix}spooled`, count(spooled)] as [string, string]] : []),
  ];
}

function latencyText({ latency: { quantiles } }: Counts): string {
  if (!quantiles) return 'nothing was answered';
  const { p50, p90, p99, max } = quantiles;
  return `p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, max ${ms(max)}`;
}

const count = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 });
const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;

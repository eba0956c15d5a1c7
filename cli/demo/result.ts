/** What came out of the story: the JSON object, and which of the demo's claims did not hold. Pure but for the clock's end. */
import { headline } from '#shared/evaluation/losses.ts';
import type { DemoData } from './data.ts';
import type { DemoOptions } from './options.ts';
import type { Story } from './story.ts';

export interface DemoResult {
  readonly champion_before: string;
  readonly champion_after: string;
  readonly windows: readonly {
    readonly start: string;
    readonly end: string;
    readonly rows: number;
    readonly version: string;
    readonly verdict: string;
    readonly kind: string;
    readonly confirmed: boolean;
    readonly worst_feature: string | null;
    readonly psi: number | null;
  }[];
  readonly false_alarms: number;
  /** Drifted windows up to and with the one that confirmed; null when nothing was injected or confirmed. */
  readonly detection_delay_windows: number | null;
  readonly run: {
    readonly id: string;
    readonly outcome: string | null;
    readonly stages: readonly {
      readonly name: string;
      readonly status: string;
      readonly ms: number | null;
    }[];
  } | null;
  readonly error: {
    readonly metric: string;
    readonly baseline: number;
    readonly under_drift: number | null;
    readonly after: number | null;
    readonly naive: number | null;
  };
  /** Share of the damage undone; above 1 when the new model beats the baseline. */
  readonly recovery: number | null;
  readonly injected: {
    readonly kind: string;
    readonly feature: string | null;
    readonly description: string;
    readonly at: string | null;
  };
  readonly resampled: number;
  readonly small_data: boolean;
  readonly excluded: readonly { readonly column: string; readonly reason: string }[];
  readonly leak_suspects: readonly { readonly column: string; readonly score: number }[];
  readonly predictions_sent: number;
  readonly predictions_logged: number;
  readonly host_peak_rss_mb: number | null;
  readonly duration_s: number;
}

const minRecovery = 0.5;

export function judgeDemo(
  options: DemoOptions,
  data: DemoData,
  story: Story,
  startedAt: number,
): { readonly result: DemoResult; readonly failures: readonly string[] } {
  const result = describe(data, story, startedAt);
  return { result, failures: failuresOf(options, result) };
}

function describe(data: DemoData, story: Story, startedAt: number): DemoResult {
  const { errors, injection, injectedAt, reports, run } = story;
  const isBefore = (end: string) => injectedAt === undefined || Date.parse(end) <= injectedAt;
  const drifted = reports.filter((report) => !isBefore(report.window.end));
  const confirmedAt = drifted.findIndex((report) => report.outcome.confirmed);
  return {
    champion_before: story.championBefore,
    champion_after: story.championAfter,
    windows: reports.map(({ window, rows, version, outcome, worst }) => ({
      ...window,
      rows,
      version,
      verdict: outcome.level,
      kind: outcome.kind,
      confirmed: outcome.confirmed,
      worst_feature: worst?.name ?? null,
      psi: worst?.psi ?? null,
    })),
    false_alarms: reports.filter((report) => report.outcome.confirmed && isBefore(report.window.end)).length,
    detection_delay_windows: confirmedAt < 0 ? null : confirmedAt + 1,
    run: run
      ? {
          id: run.id,
          outcome: run.outcome,
          stages: run.stages.map(({ name, status, startedAt: start, endedAt }) => ({
            name,
            status,
            ms: endedAt === undefined ? null : endedAt - start,
          })),
        }
      : null,
    error: {
      metric: headline(data.inferred.task),
      baseline: errors.baseline,
      under_drift: errors.underDrift,
      after: errors.after,
      naive: errors.naive,
    },
    recovery: recoveryOf(errors),
    injected: {
      kind: injection.kind,
      feature: injection.feature,
      description: injection.description,
      at: injectedAt === undefined ? null : new Date(injectedAt).toISOString(),
    },
    resampled: story.passes,
    small_data: data.isSmall,
    excluded: data.inferred.excluded,
    leak_suspects: story.leaks,
    predictions_sent: story.sent,
    predictions_logged: story.logged,
    host_peak_rss_mb: story.peakMemoryMb ?? null,
    duration_s: Math.round((Date.now() - startedAt) / 100) / 10,
  };
}

function recoveryOf({ baseline, underDrift, after }: Story['errors']): number | null {
  if (underDrift === null || after === null) return null;
  if (underDrift > baseline) return (underDrift - after) / (underDrift - baseline);
  return after <= baseline ? 1 : 0;
}

function failuresOf(options: DemoOptions, result: DemoResult): string[] {
  const failures: string[] = [];
  const claim = (holds: boolean, otherwise: string) => {
    if (!holds) failures.push(otherwise);
  };
  claim(result.false_alarms === 0, `${result.false_alarms} alarms were confirmed while nothing had changed`);
  claim(
    result.predictions_sent === result.predictions_logged,
    `${result.predictions_sent} predictions were sent and ${result.predictions_logged} logged`,
  );
  const isPromoted = result.champion_after !== result.champion_before;
  if (options.drift === 'shift') claimRecovery(result, isPromoted, claim);
  else claim(!isPromoted, 'a new version was promoted although there was nothing to learn');
  if (options.drift === 'noise') {
    claim(result.detection_delay_windows !== null, 'the change was not caught');
    claim(
      result.run?.outcome === 'rejected',
      `no candidate was rejected: ${result.run?.outcome ?? 'no run was started'}`,
    );
  }
  return failures;
}

function claimRecovery(
  { error, recovery, detection_delay_windows: delay, run }: DemoResult,
  isPromoted: boolean,
  claim: (holds: boolean, otherwise: string) => void,
): void {
  claim(delay !== null, 'the change was not confirmed by m-of-n windows');
  claim(isPromoted, `no new version was promoted: ${run?.outcome ?? 'no run was started'}`);
  if (!isPromoted) return;
  claim(
    (recovery ?? 0) >= minRecovery,
    `the new model undid ${Math.round(100 * (recovery ?? 0))} % of the damage; ${100 * minRecovery} % are claimed`,
  );
  claim((error.after ?? 0) < (error.naive ?? 0), 'the new model is no better than looking at nothing');
}

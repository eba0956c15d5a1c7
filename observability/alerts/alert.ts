/** What an alert is: one value per alert, from which rules, routes, runbook pages and their tests are made. */

export type Severity = 'critical' | 'warning';

/** What the alert is about. Warnings about a model's data wait while a critical alert of the same model is open; those about our own work never do. */
type Category = 'drift' | 'quality' | 'serving' | 'pipeline' | 'capture' | 'meta';

/** Per model, from its policy by way of a metric: changing the policy changes the alert without a deployment. */
export interface PolicyThreshold {
  /** Label `name` of `tidemark_threshold`. */
  readonly name: string;
  /** While the metric is not there. */
  readonly fallback: number;
}

export interface Alert {
  /** PascalCase: label `alertname`. Its runbook is the same in kebab-case. */
  readonly name: string;
  /** `none` is for the dead-man's switch: it always fires and nobody is told. */
  readonly severity: Severity | 'none';
  readonly category: Category;
  /** PromQL without a comparison: at most one series per model, labelled `model` and `env`. */
  readonly signal: string;
  readonly is: '>' | '<';
  readonly threshold: number | PolicyThreshold;
  /** How long it must hold before anyone is told, minutes. */
  readonly forMinutes: number;
  /** Stays open this long after the last time it held, minutes, so that a figure near its threshold is one alert and not ten. @default 0 */
  readonly keepFiringMinutes?: number;
  /** One line that says what is wrong with what; a Prometheus template. */
  readonly summary: string;
  /** What was measured and how. */
  readonly description: string;
  /** What it means for those who use the predictions. */
  readonly impact: string;
  readonly firstSteps: readonly [string, string, string];
  /** How the same thing looks when nothing is wrong. */
  readonly falseAlarm: string;
  /** What closes it. */
  readonly closes: string;
}

/** A series computed by rules, so that alerts and panels read one dense series per model and not sparse ones per feature. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
  /** Computed every four minutes and not every one, which costs a quarter: for what changes with a window or a policy. Read it by {@link slowly}. */
  readonly isSlow?: true;
}

/** A slow recording where it is read: one evaluation that failed or came late makes no gap. */
export const slowly = (record: string) => `last_over_time(${record}[10m])`;

export interface AlertGroup {
  readonly name: string;
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
}

/** Within this time somebody should have acknowledged, minutes. */
export const respondWithinMinutes: Readonly<Record<Severity, number>> = { critical: 15, warning: 240 };

/** `FeatureDriftCritical` → `feature-drift-critical`: the name of its runbook page. */
export const runbookName = (alert: string) => alert.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();

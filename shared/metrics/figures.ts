/** What is known of every model and of the deployment, as plain figures: the catalogue makes samples of them. */
import type { Counters } from '../capture/rollup.ts';
import type { AlertTotals } from '../registry/alert-log.ts';
import type { StoredHistogram } from './histogram.ts';

export interface Figures {
  readonly deployment: DeploymentFigures;
  readonly models: readonly ModelFigures[];
}

export interface DeploymentFigures {
  readonly environment: string;
  /** Models that are registered and whose figures cannot be read just now: theirs are missing, and have not ended. */
  readonly unreadable: readonly string[];
  /** When the figures were read, Unix milliseconds. */
  readonly collectedAt: number;
  readonly publisher: PublisherFigures;
  readonly notify: AlertTotals;
  /** Null where no drift is injected. */
  readonly canary: CanaryFigures | null;
}

interface CanaryFigures {
  /** Unix milliseconds; null before the first. */
  readonly noticedAt: number | null;
  /** Unless a drift is noticed by then, one was missed. */
  readonly dueAt: number;
  /** Whether a calm window of the last day raised an alarm. */
  readonly isFalseAlarm: boolean;
}

/** Since the deployment began to publish; all 0 where nothing is published. */
interface PublisherFigures {
  /** Known to the receiver now. */
  readonly series: number;
  readonly rejected: number;
  readonly failures: number;
}

export interface ModelFigures {
  readonly model: string;
  readonly environment: string;
  readonly champion: string | null;
  /** Unix milliseconds. */
  readonly deployedAt: number | null;
  /** Whether batches are refused until somebody resumes them. */
  readonly batchPaused: boolean;
  readonly heldOut: Readonly<Record<string, number>>;
  /** By name: what alerts compare with. */
  readonly thresholds: Readonly<Record<string, number>>;
  readonly counters: Counters;
  /** By outcome: answered, refused, failed. */
  readonly requests: Readonly<Record<string, number>>;
  /** By HTTP status; 0 for those that may come. */
  readonly failures: Readonly<Record<string, number>>;
  /** Seconds. */
  readonly durations: StoredHistogram;
  /** By class; empty for a regression. */
  readonly classes: Readonly<Record<string, number>>;
  /** Null for a regression. */
  readonly confidences: StoredHistogram | null;
  /** Stream time up to which `counters` are complete, Unix milliseconds; null before the first granule closed. */
  readonly countedUntil: number | null;
  readonly lastReport: LastReport | null;
  /** End of the newest window that confirmed drift of the champion, Unix milliseconds. */
  readonly lastDriftAt: number | null;
  /** Ended retrain runs by outcome. */
  readonly runs: Readonly<Record<string, number>>;
  /** The same by what started them; 0 for what has not happened. */
  readonly endedRuns: readonly EndedRuns[];
  readonly retrain: RetrainFigures;
}

interface EndedRuns {
  readonly trigger: string;
  readonly outcome: string;
  readonly count: number;
}

export interface RetrainFigures {
  /** Of the run under way, Unix milliseconds; null while there is none. */
  readonly startedAt: number | null;
  /** Steps the run under way is in. */
  readonly stages: readonly string[];
  readonly cooldownMs: number;
  readonly lastRun: {
    readonly startedAt: number;
    readonly endedAt: number;
    readonly outcome: string;
  } | null;
}

export interface LastReport {
  readonly id: string;
  readonly windowEnd: number;
  readonly rows: number;
  readonly labels: number;
  /** Of the baseline, of the feature with the most. */
  readonly referenceRows: number;
  readonly level: string;
  readonly kind: string;
  readonly confirmed: boolean;
  readonly hardFailures: number;
  readonly softFailures: number;
  readonly findings: readonly {
    readonly check: string;
    readonly severity: 'hard' | 'soft';
    readonly column?: string;
    readonly observed: number;
  }[];
  readonly features: readonly {
    readonly name: string;
    readonly channel: string;
    readonly level: string;
    readonly psi: number | null;
    readonly jsDistance: number | null;
    readonly pValue: number | null;
    readonly missing: number;
  }[];
  /** Relative change of the loss; null when it could not be computed. */
  readonly lossChange: number | null;
  /** Mean losses; null when they could not be compared. */
  readonly loss: { readonly baseline: number; readonly window: number } | null;
  /** Without labels; null when it could not be computed, and in reports from before it was. */
  readonly estimatedLoss: {
    readonly value: number;
    readonly standardError: number;
    readonly heldOut: number;
  } | null;
  /** Of the window's explained rows; null when there were too few. */
  readonly attribution: {
    readonly ndcg: number;
    readonly moved: number;
    readonly shares: readonly { readonly feature: string; readonly share: number }[];
  } | null;
}

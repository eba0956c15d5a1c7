/** Window outcomes: what is stored of one window for the judgement of the next ones. */

import type { Level } from './level.ts';

/** What is wrong. Only a confirmed kind may page or retrain, and a data incident never retrains. */
export type IncidentKind = 'data_incident' | 'drift' | 'performance_drop';

/** Bad data explains drift, and drift explains a performance drop: the first that holds is the verdict. */
export const INCIDENT_ORDER: readonly IncidentKind[] = ['data_incident', 'drift', 'performance_drop'];

export interface Episode {
  /** `opened` and `closed` mark one window each: the moments to notify. */
  readonly state: 'none' | 'opened' | 'ongoing' | 'closed';
  readonly kind?: IncidentKind;
  /** Start of the first window that showed it, which is before the one that confirmed it. */
  readonly start?: string;
  /** Where within that window the change began, by splitting its granules; absent when it could not be located. */
  readonly changePoint?: string;
  /** Start of the window in which it was closed. */
  readonly end?: string;
  /** Gravest level so far. */
  readonly worst?: Level;
}

export interface WindowOutcome {
  /** ISO 8601 time, the same format in every outcome of a series. */
  readonly windowStart: string;
  readonly level: Level;
  readonly kind: 'none' | IncidentKind;
  /** Seen often enough to act on; a data incident is so at once. */
  readonly confirmed: boolean;
  /** What alarmed, for counting across windows: `drift:carat`, `performance_drop:loss`, … */
  readonly signals: readonly string[];
  /** Kinds still above their clearing threshold. */
  readonly elevated: readonly IncidentKind[];
  readonly episode: Episode;
}

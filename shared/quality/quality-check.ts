/** Quality checks: what one is, what it is given, and what it finds. */

import type { Anchor, Anchors } from '#shared/profile/anchors.ts';
import type { FeatureProfile, Profile } from '#shared/profile/profile.ts';

/** `hard` means bad data for certain: a data incident. `soft` is counted and shown, and genuine drift may cause it. */
export type Severity = 'hard' | 'soft';

/** What is known about a column beyond its baseline. */
export interface ColumnConstraint {
  readonly name: string;
  /** A person confirmed that values outside the bounds cannot exist. Inferred bounds are not physical. */
  readonly physical?: boolean;
  readonly min?: number;
  readonly max?: number;
}

export interface QualityInput {
  readonly anchors: Anchors;
  readonly reference: Profile;
  readonly current: Profile;
  readonly constraints?: readonly ColumnConstraint[];
  /** Rows this window usually has; without it only the absolute minimum is checked. */
  readonly expectedRows?: number;
  /** Variance inflation of clustered rows, ≥ 1. */
  readonly designEffect?: number;
}

/** One column of the window, as a check sees it. */
interface ColumnView {
  readonly anchor: Anchor;
  readonly reference: FeatureProfile;
  readonly current: FeatureProfile;
  readonly constraint: ColumnConstraint | undefined;
  readonly designEffect: number;
  /** Rows of the window's fullest feature column. */
  readonly windowRows: number;
}

/** The window as a whole. */
interface WindowView {
  readonly windowRows: number;
  readonly expectedRows: number | undefined;
}

export interface Observation {
  /** In the unit of the check's threshold. */
  readonly observed: number;
  /** Lower case, no full stop, without the column's name. */
  readonly message: string;
}

export interface QualityFinding extends Observation {
  readonly check: string;
  /** Absent for a finding about the window. */
  readonly column?: string;
  readonly severity: Severity;
  readonly threshold: number;
}

interface CheckIdentity {
  readonly name: string;
  readonly severity: Severity;
  readonly threshold: number;
}

export type QualityCheck = CheckIdentity &
  (
    | { readonly scope: 'column'; run(column: ColumnView): Observation | undefined }
    | { readonly scope: 'window'; run(window: WindowView): Observation | undefined }
  );

/** `12.5 %`. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** Quality checks: what one is, what it is given, and what it finds. */

import type { Share } from '#shared/drift/two-proportions.ts';
import type { Anchor, Anchors } from '#shared/profile/anchors.ts';
import type { FeatureProfile, Profile } from '#shared/profile/profile.ts';

/** `hard` means bad data for certain: a data incident. `soft` is counted and shown, and genuine drift may cause it. */
export type Severity = 'hard' | 'soft';

/** A change must also be this unlikely by chance: a hard finding stops the window at once. */
export const SIGNIFICANCE: Readonly<Record<Severity, number>> = { soft: 1e-3, hard: 1e-4 };

/** What is known about a column beyond its baseline. */
export interface ColumnConstraint {
  readonly name: string;
  /** A person confirmed that values outside the bounds cannot exist. Inferred bounds are not physical. */
  readonly physical?: boolean;
  readonly min?: number;
  readonly max?: number;
}

/** What a window's counts do not hold and its caller may know; a check without its fact finds nothing. */
interface WindowFacts {
  /** Rows this window usually has; without it only the absolute minimum is checked. */
  readonly expectedRows?: number;
  /** Unix milliseconds: of the newest row, and the present. */
  readonly newestRowAt?: number;
  readonly now?: number;
  /** Milliseconds: the age of the newest row up to which the stream counts as alive. */
  readonly maxAgeMs?: number;
  /** Rows of this window that came after it was closed. */
  readonly lateRows?: number;
  /** Rows with a request id that another row has, redelivered batches not counted. */
  readonly duplicates?: number;
  /** Columns the schema does not have. */
  readonly unexpectedColumns?: readonly string[];
  /** Labelled rows of all rows old enough to have a label. */
  readonly labelled?: { readonly reference: Share; readonly current: Share };
}

export interface QualityInput extends WindowFacts {
  readonly anchors: Anchors;
  readonly reference: Profile;
  readonly current: Profile;
  readonly constraints?: readonly ColumnConstraint[];
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
interface WindowView extends WindowFacts {
  /** Rows of the fullest feature column. */
  readonly windowRows: number;
  readonly columns: readonly Pick<ColumnView, 'anchor' | 'reference' | 'current'>[];
  readonly designEffect: number;
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

/** The shortest decimal that is this float32: 0.1, not 0.10000000149. */
export function decimal(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** What comparing two tables answers: one entry per feature, segments, multivariate drift and a summary. Plain JSON. */

import type { Convention } from '../drift/tests/drift-test.ts';
import type { Level } from '../verdict/level.ts';

/** A figure of one test or distance; or, in words, why there is none. Never NaN. */
export type TestFigure =
  | {
      readonly statistic: number;
      /** Absent for distances, which have no null law. */
      readonly p_value?: number;
      /** What the raw rows give lies in [lo, hi]; absent when the statistic is exact. */
      readonly lo?: number;
      readonly hi?: number;
      /** Rows drawn of the larger side, where the figure is of a sample; absent where it is of all rows. */
      readonly rows?: number;
      /** Whose definition was asked for, where the test has it and it is not Tidemark's. */
      readonly convention?: Convention;
    }
  | { readonly not_computable: string };

/** Shares of rows in [0, 1] over bins for display; numeric bins carry their bounds, open ends are null. */
export interface DistributionBin {
  readonly label: string;
  readonly lower?: number | null;
  readonly upper?: number | null;
  readonly reference: number;
  readonly current: number;
}

export interface ComparedColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'categorical';
  /** `feature`, or the role given on the command line. */
  readonly role: 'feature' | 'prediction' | 'target';
  /** Usable rows: neither missing, invalid nor infinite. */
  readonly n_reference: number;
  readonly n_current: number;
  /** Share of rows in [0, 1]. */
  readonly missing_reference: number;
  readonly missing_current: number;
  readonly tests: Readonly<Record<string, TestFigure>>;
  /** Of the one test that decides; null when it could not be computed. */
  readonly primary: { readonly test: string; readonly p_value: number } | null;
  /** After the false-discovery correction across features. */
  readonly adjusted_p: number | null;
  readonly psi_debiased: number | null;
  readonly verdict: Level;
  /** In plain words, most important first. */
  readonly reasons: readonly string[];
  readonly summary: {
    readonly reference: ColumnFigures;
    readonly current: ColumnFigures;
  };
  readonly distribution: readonly DistributionBin[];
}

export interface ColumnFigures {
  readonly mean?: number;
  readonly standard_deviation?: number;
  readonly min?: number;
  readonly max?: number;
  readonly invalid?: number;
  readonly infinite?: number;
  /** Distinct categories of the baseline met, and rows outside them. */
  readonly categories?: number;
  readonly unseen?: number;
}

interface QualityEntry {
  readonly check: string;
  readonly severity: 'hard' | 'soft';
  readonly column?: string;
  readonly observed: number;
  readonly threshold: number;
  readonly message: string;
}

/** One slice of the rows, e.g. `cut = Ideal`; most affected first. */
export interface SegmentEntry {
  readonly column: string;
  readonly value: string;
  readonly n_reference: number;
  readonly n_current: number;
  readonly verdict: Level;
  readonly worst: { readonly name: string; readonly psi: number } | null;
  readonly reasons: readonly string[];
}

export interface MultivariateEntry {
  /** `covariance`, `pca_reconstruction`, `domain_classifier`. */
  readonly test: string;
  readonly figure: TestFigure;
  readonly verdict: Level;
  readonly reasons: readonly string[];
}

export interface Diagnosis {
  readonly kind: 'none' | 'covariate' | 'label' | 'concept' | 'quality';
  /** In plain words, most important first. */
  readonly evidence: readonly string[];
  /** Features ranked by drift × importance (importance 1 each when unknown). */
  readonly worst: readonly { readonly name: string; readonly score: number }[];
}

export interface TableEntry {
  readonly file: string;
  readonly rows: number;
  /** Rows that could not be read, and why the first of them could not. */
  readonly skipped: number;
  readonly first_skipped?: string;
}

export interface Comparison {
  readonly features: readonly ComparedColumn[];
  readonly segments: readonly SegmentEntry[];
  readonly multivariate: readonly MultivariateEntry[];
  readonly quality: readonly QualityEntry[];
  readonly summary: {
    readonly verdict: Level;
    readonly reasons: readonly string[];
    readonly counts: Readonly<Record<Level, number>>;
    /** Share of features that are at least `shifted`. */
    readonly drift_share: number;
    readonly diagnosis: Diagnosis;
    readonly reference: TableEntry;
    readonly current: TableEntry;
    /** Columns that were not compared, and why. */
    readonly not_compared: readonly { readonly column: string; readonly reason: string }[];
    /** Whose definitions the figures follow where they have their own; the verdicts are Tidemark's. */
    readonly convention: Convention;
    readonly seconds: number;
    readonly policy: Readonly<Record<string, number | string>>;
  };
}

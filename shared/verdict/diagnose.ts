/** Diagnosis: what kind of change the findings of a window add up to, and what speaks for it. */

import type { Diagnosis } from '#shared/comparison/comparison.ts';
import type { PerformanceResult } from '#shared/performance/loss-change.ts';
import type { QualityFinding } from '#shared/quality/quality-check.ts';
import type { FeatureVerdict } from './judge-features.ts';
import { isAlarm } from './level.ts';

export interface DiagnosisInput {
  readonly quality: readonly QualityFinding[];
  /** Of all channels, judged together. */
  readonly features: readonly FeatureVerdict[];
  /** Absent without labels. */
  readonly performance?: PerformanceResult | undefined;
  /** Share of the model's importance per feature; 1 each when absent, 0 for a name that is not in it. */
  readonly importance?: ReadonlyMap<string, number>;
  /** Of one test of all features together. */
  readonly multivariate?:
    | { readonly test: string; readonly pValue: number; readonly reason: string }
    | undefined;
}

/** Level of the multivariate finding: that of an alarm. */
const MULTIVARIATE_ALPHA = 0.01;
/** How much of its variation a loss typically owes to the features that moved, as a correlation. */
const LOSS_CORRELATION = 0.5;
/** Divergence of the label beyond that of all features, from which the features cannot have caused it. */
const LABEL_EXCESS = 1.5;

/**
 * Names the change. Bad data explains everything else. Features that moved without more loss are a covariate shift; a
 * loss that rose while they did not is concept drift; labels or predictions that moved alone are a label shift.
 *
 * Where features moved *and* the loss rose, two inequalities weigh them. A covariate shift with divergence χ² moves the
 * mean of a loss by at most ρ·σ·√χ² (Cauchy–Schwarz; ρ is the loss's correlation with what moved): a greater rise
 * is concept drift. And the label cannot diverge more than the features that cause it (data processing inequality).
 * Both are reported as evidence, since profiles of single columns cannot prove either.
 *
 * @returns evidence most important first; `worst` ranked by de-biased PSI × importance among features that moved
 * @example
 * diagnose({ quality: [], features: stable, performance })
 * // { kind: 'concept', evidence: ['error rate 5.1 % → 12.3 % (+141 %) while no feature moved: …'], worst: [] }
 */
export function diagnose(input: DiagnosisInput): Diagnosis {
  const seen = observe(input);
  const worst = seen.features
    .map((feature) => ({
      name: feature.name,
      score: Math.max(0, feature.psiDebiased ?? 0) * weightOf(input, feature.name),
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
  const hard = input.quality.filter(({ severity }) => severity === 'hard');
  const soft = input.quality.filter(({ severity }) => severity === 'soft').map(describeFinding);
  if (hard.length > 0) {
    const also = seen.features.length > 0 || seen.loss?.rose;
    return {
      kind: 'quality',
      evidence: [
        ...hard.map(describeFinding),
        ...(also ? ['the drift or loss seen beside it is not to be trusted until the data is right'] : []),
        ...soft,
      ],
      worst,
    };
  }
  const { kind, evidence } = weigh(seen, input);
  return { kind, evidence: [...evidence, ...soft], worst };
}

interface Loss {
  readonly rose: boolean;
  readonly reason: string;
  /** Rise of the mean in standard deviations of the loss. */
  readonly rise: number;
}

interface Observations {
  readonly features: readonly FeatureVerdict[];
  readonly outputs: readonly FeatureVerdict[];
  readonly labels: readonly FeatureVerdict[];
  readonly isJointShift: boolean;
  /** Undefined when it could not be measured. */
  readonly loss: Loss | undefined;
  /** Most that the moved features can be expected to move the loss, in standard deviations. */
  readonly explained: number;
  /** The labels moved more than the features can have moved them. */
  readonly isLabelAhead: boolean;
}

function observe(input: DiagnosisInput): Observations {
  const { performance, multivariate } = input;
  const moved = input.features.filter(({ level }) => level === 'shifted' || isAlarm(level));
  const features = moved.filter(({ channel }) => channel === 'feature');
  const labels = moved.filter(({ channel }) => channel === 'label');
  const divergence = features.reduce((sum, { psiDebiased }) => sum + Math.max(0, psiDebiased ?? 0), 0);
  const inLabels = Math.max(0, ...labels.map(({ psiDebiased }) => psiDebiased ?? 0));
  return {
    features,
    labels,
    outputs: moved.filter(({ channel }) => channel === 'prediction' || channel === 'confidence'),
    isJointShift: multivariate !== undefined && multivariate.pValue < MULTIVARIATE_ALPHA,
    loss: lossOf(performance),
    explained: LOSS_CORRELATION * momentBound(relevantDivergence(input, features)),
    isLabelAhead: inLabels > LABEL_EXCESS * divergence,
  };
}

/** A feature counts as far as the model uses it, the most used one fully. */
function relevantDivergence(input: DiagnosisInput, features: readonly FeatureVerdict[]): number {
  const largest = Math.max(0, ...(input.importance?.values() ?? [1]));
  const weight = (name: string) => (largest > 0 ? weightOf(input, name) / largest : 1);
  return features.reduce(
    (sum, { name, psiDebiased }) => sum + Math.max(0, psiDebiased ?? 0) * weight(name),
    0,
  );
}

/** √χ² from the PSI: for a normal of constant width PSI = δ² and χ² = e^(δ²) − 1. */
function momentBound(psi: number): number {
  return Math.sqrt(Math.expm1(Math.min(psi, 20)));
}

function weightOf({ importance }: DiagnosisInput, name: string): number {
  return importance ? (importance.get(name) ?? 0) : 1;
}

function lossOf(performance: PerformanceResult | undefined): Loss | undefined {
  if (!performance?.computable) return undefined;
  const { mean, meanReference, standardDeviationReference, relativeChange, level, reason } = performance;
  // A loss without variation is its own scale.
  const rise =
    standardDeviationReference > 0 ? (mean - meanReference) / standardDeviationReference : relativeChange;
  return { rose: isAlarm(level), reason: reason.split(',')[0]!, rise: Math.max(0, rise) };
}

type Weighed = Pick<Diagnosis, 'kind' | 'evidence'>;

function weigh(seen: Observations, input: DiagnosisInput): Weighed {
  const moved = seen.features.length > 0 || seen.isJointShift;
  if (seen.loss?.rose) return moved ? shiftAndLoss(seen, seen.loss, input) : lossAlone(seen, seen.loss);
  if (moved) return shiftAlone(seen, input);
  return outputsAlone(seen, input);
}

function lossAlone(seen: Observations, loss: Loss): Weighed {
  const labels = seen.labels[0];
  return {
    kind: 'concept',
    evidence: [
      `${loss.reason} while no feature moved: what the labels mean has changed`,
      ...(labels
        ? [`the labels moved as well (${figureOf(labels)}), which unmoved features cannot cause`]
        : []),
    ],
  };
}

function shiftAndLoss(seen: Observations, loss: Loss, input: DiagnosisInput): Weighed {
  const shift = describeShift(seen, input);
  const size = `the loss rose by ${loss.rise.toFixed(2)} of its standard deviations, a shift of this size explains at most about ${seen.explained.toFixed(2)}`;
  const label = seen.labels[0];
  const ahead =
    label && seen.isLabelAhead
      ? [
          `the labels moved more than the features (${figureOf(label)}), so the features cannot have moved them`,
        ]
      : [];
  if (loss.rise > seen.explained)
    return {
      kind: 'concept',
      evidence: [`${loss.reason}, more than the moved features explain: ${size}`, ...ahead, shift],
    };
  if (ahead.length > 0)
    return { kind: 'label', evidence: [...ahead, shift, `${loss.reason}: changed labels may explain it`] };
  return {
    kind: 'covariate',
    evidence: [shift, `${loss.reason}: ${size}; concept drift beside the shift cannot be ruled out`],
  };
}

function shiftAlone(seen: Observations, input: DiagnosisInput): Weighed {
  const shift = describeShift(seen, input);
  const label = seen.labels[0];
  if (label && seen.isLabelAhead)
    return {
      kind: 'label',
      evidence: [
        `the labels moved more than the features (${figureOf(label)}), so the features cannot have moved them`,
        shift,
      ],
    };
  const relation = seen.loss
    ? `${seen.loss.reason}: the relation to the label holds`
    : 'whether the relation to the label holds is unknown without enough labels';
  return { kind: 'covariate', evidence: [shift, relation] };
}

function outputsAlone(seen: Observations, input: DiagnosisInput): Weighed {
  const outputs = [...seen.labels, ...seen.outputs];
  if (outputs.length > 0)
    return {
      kind: 'label',
      evidence: outputs.map(
        (one) => `${outputName(one)} moved (${figureOf(one)}) while no feature moved on its own`,
      ),
    };
  const judged = input.features.filter(({ level }) => level !== 'insufficient_data');
  if (judged.length === 0) return { kind: 'none', evidence: ['too few rows to tell any change'] };
  return {
    kind: 'none',
    evidence: [
      `none of ${judged.length} columns moved`,
      seen.loss
        ? seen.loss.reason
        : 'a change of the relation to the label cannot be seen without enough labels',
    ],
  };
}

function describeShift(seen: Observations, { multivariate }: DiagnosisInput): string {
  const ranked = [...seen.features].sort((a, b) => (b.psiDebiased ?? 0) - (a.psiDebiased ?? 0));
  if (ranked.length === 0 && multivariate)
    return `the features moved together although none did alone: ${multivariate.reason}`;
  const named = ranked.slice(0, 3).map((one) => `${one.name} (${figureOf(one)})`);
  const more = ranked.length > 3 ? ` and ${ranked.length - 3} more` : '';
  return `${ranked.length === 1 ? 'one feature' : `${ranked.length} features`} moved: ${named.join(', ')}${more}`;
}

function figureOf({ psi, meanShift }: FeatureVerdict): string {
  const shift =
    meanShift === undefined || Math.abs(meanShift) < 0.2
      ? ''
      : `${meanShift > 0 ? '+' : '−'}${Math.abs(meanShift).toFixed(1)} σ, `;
  return `${shift}PSI ${(psi ?? 0).toFixed(2)}`;
}

function outputName({ channel }: FeatureVerdict): string {
  return channel === 'label' ? 'the labels' : channel === 'confidence' ? 'the confidence' : 'the predictions';
}

function describeFinding({ column, message }: QualityFinding): string {
  return column ? `${column}: ${message}` : message;
}

/** A comparison in words: the headline, the names of levels and diagnoses, and the order features are told in. */

import type { ComparedColumn, Comparison, Diagnosis } from '#shared/comparison/comparison.ts';
import type { Level } from '#shared/verdict/level.ts';
import { plural } from './format.ts';

/** Gravest first; `insufficient_data` before `stable`, since it promises less. */
export const LEVELS: readonly Level[] = ['critical', 'warning', 'shifted', 'insufficient_data', 'stable'];

/** For the eye of whoever cannot tell the colours apart. */
export const SYMBOL: Readonly<Record<Level, string>> = {
  critical: '■',
  warning: '▲',
  shifted: '◆',
  insufficient_data: '○',
  stable: '●',
};

export const LEVEL_WORD: Readonly<Record<Level, string>> = {
  critical: 'critical',
  warning: 'warning',
  shifted: 'shifted',
  insufficient_data: 'insufficient data',
  stable: 'stable',
};

export const DIAGNOSIS: Readonly<Record<Diagnosis['kind'], string>> = {
  none: 'Nothing to diagnose',
  covariate: 'Covariate drift: the inputs changed',
  label: 'Label drift: the mix of outcomes changed',
  concept: 'Concept drift: the same inputs now lead to other outcomes',
  quality: 'Data quality: mend the data before reading the drift',
};

/** Features by severity, then by effect; those without an effect figure come last in their level. */
export function bySeverity(features: readonly ComparedColumn[]): readonly ComparedColumn[] {
  const effect = ({ psi_debiased: psi }: ComparedColumn) => psi ?? Number.NEGATIVE_INFINITY;
  return [...features].sort(
    (a, b) => LEVELS.indexOf(a.verdict) - LEVELS.indexOf(b.verdict) || Math.sign(effect(b) - effect(a)) || 0,
  );
}

/** Hard findings first. */
export function hardFirst(findings: Comparison['quality']): Comparison['quality'] {
  return [...findings].sort((a, b) => Number(b.severity === 'hard') - Number(a.severity === 'hard'));
}

/**
 * The verdict as one sentence without a full stop.
 *
 * @example headline(comparison) // 'Critical drift: 2 of 12 columns alarm'
 */
export function headline({ features, quality, summary }: Comparison): string {
  const hard = quality.filter(({ severity }) => severity === 'hard').length;
  const { counts, verdict } = summary;
  const of = plural(features.length, 'column');
  const alarms = counts.critical + counts.warning;
  if (summary.diagnosis.kind === 'quality' && hard > 0)
    return `Broken data: ${plural(hard, 'hard quality finding')}`;
  if (verdict === 'critical' || verdict === 'warning') {
    const drift = verdict === 'critical' ? 'Critical drift' : 'Drift';
    if (alarms === 0) return `${drift}, though none of ${of} alarms alone`;
    return `${drift}: ${alarms} of ${of} ${alarms === 1 ? 'alarms' : 'alarm'}`;
  }
  if (features.length === 0) return 'No column could be compared';
  if (verdict === 'shifted') {
    return counts.shifted === 0
      ? `Small shifts, none of them in one of ${of} alone`
      : `Small shifts in ${counts.shifted} of ${of}; nothing to be woken for`;
  }
  if (verdict === 'insufficient_data') return `Too few rows to tell for ${of}`;
  return `No drift found in ${of}`;
}

/** Change of the mean in reference standard deviations, where that means something. */
export function meanShift({ summary: { reference, current } }: ComparedColumn): number | undefined {
  const spread = reference.standard_deviation ?? 0;
  if (reference.mean === undefined || current.mean === undefined || !(spread > 0)) return undefined;
  const shift = (current.mean - reference.mean) / spread;
  return Number.isFinite(shift) ? shift : undefined;
}

/** A window's verdict in words: its headline, and what comes of it. */

import type { StoredReport } from '#shared/monitoring/stored-report.ts';
import { isAlarm } from '#shared/verdict/level.ts';
import { moment, plural } from './format.ts';

/** @example verdictLine(report) // 'Critical drift, confirmed: 2 of 12 features alarm' */
export function verdictLine({ verdict, quality, features }: StoredReport): string {
  const hard = quality.filter(({ severity }) => severity === 'hard').length;
  const judged = features.filter(({ channel }) => channel === 'feature');
  const alarms = judged.filter(({ level }) => isAlarm(level)).length;
  const of = plural(judged.length, 'feature');
  const grade = verdict.level === 'critical' ? 'Critical' : 'Some';
  const certainty = verdict.confirmed ? 'confirmed' : 'not confirmed yet';
  switch (verdict.kind) {
    case 'data_incident':
      return `Bad data: ${plural(hard, 'hard quality finding')}`;
    case 'drift':
      return `${grade} drift, ${certainty}: ${alarms} of ${of} ${alarms === 1 ? 'alarms' : 'alarm'}`;
    case 'performance_drop':
      return `${grade === 'Critical' ? 'Critical performance drop' : 'Performance drop'}, ${certainty}`;
    case 'none':
      return calmLine(verdict.level, judged, of);
  }
}

function calmLine(level: string, judged: StoredReport['features'], of: string): string {
  const shifted = judged.filter((feature) => feature.level === 'shifted').length;
  if (level === 'insufficient_data') return `Too few rows to tell for ${of}`;
  if (level === 'warning') return 'Worth a look, though nothing drifted';
  if (level === 'shifted')
    return shifted === 0
      ? `Small shifts, in none of ${of} itself; nothing to be woken for`
      : `Small shifts in ${shifted} of ${of}; nothing to be woken for`;
  return `No drift found in ${of}`;
}

/** Sentences, the first of which says what happened. */
export function nextSentences(report: StoredReport): readonly string[] {
  const { verdict, policy } = report;
  const next = report.next ?? { kind: assumed(report) };
  const persistence = policy
    ? `the same signal in ${policy.persistence.m} of the last ${policy.persistence.n} windows`
    : 'the same signal in more windows';
  switch (next.kind) {
    case 'nothing':
      return [
        verdict.level === 'insufficient_data'
          ? 'Nothing: this window neither raises an alarm nor ends one. The next one is judged when it is complete.'
          : 'Nothing: no alarm, no retraining. The next window is judged when it is complete.',
      ];
    case 'awaits_confirmation':
      return [`Nobody is woken and nothing is retrained yet: that takes ${persistence}.`];
    case 'quarantined':
      return [
        'The rows of this window are quarantined: no training will learn from them.',
        'Nothing is retrained, since bad data cannot be learnt away. Mend the source of the data; windows after that are judged as always.',
      ];
    case 'not_serving':
      return [
        `Nothing: this version does not serve${next.champion === null ? '' : `; ${next.champion} does`}. Only the champion’s verdicts wake anybody.`,
      ];
    case 'retrain_requested':
      return [
        'execution' in next
          ? `A retraining was requested: run ${next.execution}.`
          : 'A retraining was requested, if this version served.',
        'cooldown' in next && next.cooldown
          ? `A cooldown refuses it until ${moment(next.cooldown.until)} UTC, unless forced: ${next.cooldown.reason}.`
          : 'It starts unless another run is under way or the day’s runs are used up, and its candidate serves only if it passes every gate.',
      ];
  }
}

/** Of a report that does not say. */
function assumed({ verdict }: StoredReport) {
  if (verdict.kind === 'data_incident') return 'quarantined';
  if (verdict.kind === 'none') return 'nothing';
  return verdict.confirmed ? 'retrain_requested' : 'awaits_confirmation';
}

/** Episodes: a confirmed incident from its first window to its end, so that one cause is one alarm. */

import { graver, type Level } from './level.ts';
import { type Episode, INCIDENT_ORDER, type IncidentKind, type WindowOutcome } from './outcome.ts';
import type { DriftPolicy } from './policy.ts';

/**
 * The episode after one more window. A confirmed kind opens one, or replaces an open one of lesser precedence or one
 * that has calmed; `clearWindows` consecutive windows below the clearing threshold close it. A window with too few
 * rows neither confirms nor calms.
 *
 * @param window this window, its confirmation decided
 * @param first the earliest window that contributed to the confirmation
 * @param history earlier outcomes, oldest first
 */
export function nextEpisode(
  window: Pick<WindowOutcome, 'windowStart' | 'level' | 'kind' | 'confirmed' | 'elevated'>,
  first: { readonly windowStart: string; readonly level: Level } | undefined,
  history: readonly WindowOutcome[],
  policy: DriftPolicy,
): Episode {
  const open = openEpisode(history.at(-1)?.episode);
  if (window.confirmed && window.kind !== 'none' && first) {
    const replaces =
      !open ||
      INCIDENT_ORDER.indexOf(window.kind) < INCIDENT_ORDER.indexOf(open.kind) ||
      (window.kind !== open.kind && !window.elevated.includes(open.kind));
    if (replaces)
      return {
        state: 'opened',
        kind: window.kind,
        start: first.windowStart,
        worst: graver(first.level, window.level),
      };
  }
  if (!open) return { state: 'none' };
  const calm = [...history, window]
    .filter((outcome) => outcome.level !== 'insufficient_data')
    .slice(-policy.clearWindows);
  const isOver =
    window.level !== 'insufficient_data' &&
    calm.length >= policy.clearWindows &&
    calm.every((outcome) => !outcome.elevated.includes(open.kind));
  const worst = graver(open.worst ?? 'stable', window.level);
  return isOver
    ? { ...open, worst, state: 'closed', end: window.windowStart }
    : { ...open, worst, state: 'ongoing' };
}

function openEpisode(last: Episode | undefined): (Episode & { readonly kind: IncidentKind }) | undefined {
  if (last?.kind === undefined || (last.state !== 'opened' && last.state !== 'ongoing')) return undefined;
  return { ...last, kind: last.kind };
}

/** Design effects of a baseline: its windows, as long as the judged ones, against each other. Pure. */
import { measureDesignEffects } from '../drift/design-effect.ts';
import type { Anchors } from '../profile/anchors.ts';
import type { Profile } from '../profile/profile.ts';
import { slotOf } from './seasonal.ts';

/** One window of the baseline. */
export interface SubWindow {
  /** Unix milliseconds. */
  readonly start: number;
  /** Made when it is needed: all of them at once may not fit into memory. */
  readonly profile: () => Profile;
}

/** Compared with each other at a time, evenly spread; more would measure the same spread more exactly than it is used. */
const MAX_COMPARED = 32;

/**
 * Variance inflation per column. Where windows will be judged by a seasonal reference, those of the same hour are
 * compared with each other: across hours the daily cycle itself would count as clustering and hide real drift.
 *
 * @param isSeasonal whether windows will be compared with the same hours of the baseline
 * @returns by column name, as `measureDesignEffects`; groups of windows count by their size
 */
export function subWindowEffects(
  anchors: Anchors,
  subWindows: readonly SubWindow[],
  isSeasonal: boolean,
): ReadonlyMap<string, number> {
  const groups = new Map<number, SubWindow[]>();
  for (const one of subWindows) {
    const key = isSeasonal ? slotOf(one.start) : 0;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  const sums = new Map<string, { effect: number; weight: number }>();
  for (const group of groups.values()) {
    const chosen = evenlySpread(group, MAX_COMPARED);
    const effects = measureDesignEffects(
      anchors,
      chosen.map((one) => one.profile()),
    );
    for (const [name, effect] of effects) {
      const sum = sums.get(name) ?? { effect: 0, weight: 0 };
      sum.effect += effect * chosen.length;
      sum.weight += chosen.length;
      sums.set(name, sum);
    }
  }
  return new Map([...sums].map(([name, { effect, weight }]) => [name, effect / weight]));
}

function evenlySpread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, at) => all[Math.floor((at * all.length) / most)]!);
}

/** What became of one source of lost work: the same five counts for all of them. */
import { namedFaults } from '../named-faults.ts';
import type { Fault } from '../put-records.ts';

export interface Tally {
  /** Handed back; when only looked at, to be handed back. */
  replayed: number;
  /** Done before, by an earlier replay or by the deployment itself. */
  alreadyThere: number;
  /** Not worth handing back: expired, or done by what came after. */
  skipped: number;
  /** Tried without success; each stays where it was. */
  readonly failed: Fault[];
  /** Not what was expected there; each stays where it was. */
  readonly unreadable: Fault[];
  /** There is more than one run takes. */
  hasMore: boolean;
}

export const newTally = (): Tally => ({
  replayed: 0,
  alreadyThere: 0,
  skipped: 0,
  failed: [],
  unreadable: [],
  hasMore: false,
});

/** All of it is back. */
export const isClean = ({ failed, unreadable, hasMore }: Tally): boolean =>
  failed.length + unreadable.length === 0 && !hasMore;

export function tallyJson({ replayed, alreadyThere, skipped, failed, unreadable, hasMore }: Tally): object {
  return { replayed, already_there: alreadyThere, skipped, failed, unreadable, has_more: hasMore };
}

/** @example tallyText('stream', newTally(), false) // 'stream: 0 handed back, 0 already there, …\n' */
export function tallyText(source: string, tally: Tally, isDry: boolean): string {
  const { replayed, alreadyThere, skipped, failed, unreadable, hasMore } = tally;
  const lines = [
    `${source}: ${replayed} ${isDry ? 'would be handed back' : 'handed back'}, ${alreadyThere} already there, ${skipped} skipped, ${failed.length} failed, ${unreadable.length} unreadable`,
    ...(hasMore ? ['  there is more: run it again'] : []),
    ...namedFaults('failed', failed),
    ...namedFaults('unreadable', unreadable),
  ];
  return `${lines.join('\n')}\n`;
}

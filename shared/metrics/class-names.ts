/** Classes as label values: so many by name, each of so many characters, the rest together. */
import { createHash } from 'node:crypto';

/** Classes of a model that are counted by name: the first that came. */
export const MAX_CLASSES = 50;
export const OTHER_CLASS = 'other';

const maxLength = 100;

/**
 * Cut where it is longer than a label value should be, with a hash of the whole that keeps it apart from others cut. Never half a
 * character: a store and a receiver would make another name of it, and count one class as two.
 */
export function shortClass(name: string): string {
  if (name.length <= maxLength) return wholeCharacters(name);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `${wholeCharacters(name.slice(0, maxLength - hash.length - 1))}…${hash}`;
}

const wholeCharacters = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

export function namesOf(classes: Readonly<Record<string, number>>): string[] {
  return Object.keys(classes).filter((name) => name !== OTHER_CLASS);
}

/**
 * Adds counts by class. A class that has a name keeps it; while there is room, new ones get theirs in order of their text; what comes
 * later is counted as {@link OTHER_CLASS}, so that the sum over classes is always the number of predictions.
 *
 * @example addClasses({ a: 1 }, { b: 2 }) // { a: 1, b: 2 }
 */
export function addClasses(
  sums: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
): Record<string, number> {
  const added = new Map(Object.entries(sums));
  let room = MAX_CLASSES - namesOf(sums).length;
  for (const given of Object.keys(more).sort()) {
    let name = shortClass(given);
    if (!added.has(name) && name !== OTHER_CLASS) {
      if (room > 0) room -= 1;
      else name = OTHER_CLASS;
    }
    added.set(name, (added.get(name) ?? 0) + more[given]!);
  }
  return Object.fromEntries(added);
}

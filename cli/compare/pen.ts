/** Lines of a terminal: wrapped, indented, and painted where colours are wanted. */

import type { Level } from '#shared/verdict/level.ts';
import { count } from '../../observability/reports/format.ts';
import { LEVEL_WORD, SYMBOL } from '../../observability/reports/words.ts';
import { fitted, wrapped } from './text-width.ts';

/** Of one sentence; a longer one has a monstrous name in it. */
const MOST_LINES = 5;

/** Select Graphic Rendition codes that keep to the terminal's own palette. */
const CODES = {
  critical: '1;31',
  warning: '33',
  shifted: '36',
  insufficient_data: '2',
  stable: '32',
  strong: '1',
  faint: '2',
} as const;

export interface Pen {
  readonly width: number;
  readonly paint: (style: keyof typeof CODES, text: string) => string;
}

export function penOf(width: number, hasColour: boolean): Pen {
  return {
    width,
    paint: (style, text) =>
      hasColour && text.trim() !== '' ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text,
  };
}

/** One word, so that names have room. */
export function shortWord(level: Level): string {
  return LEVEL_WORD[level].split(' ')[0] ?? level;
}

export function marked(level: Level, text: string, { width, paint }: Pen): string[] {
  return indented(text, 4, 4, width).map((line, at) =>
    at === 0 ? `  ${paint(level, SYMBOL[level])} ${line.slice(4)}` : line,
  );
}

export function bullets(sentences: readonly string[], width: number): string[] {
  return sentences.flatMap((sentence) => indented(`· ${sentence}`, 2, 4, width));
}

/** @param where the others are */
export function more(left: number, { paint }: Pen, where = '--json has all'): string[] {
  return left > 0 ? [paint('faint', `  … and ${count(left)} more (${where})`)] : [];
}

/** @param first spaces before the first line @param rest spaces before the others */
export function indented(text: string, first: number, rest: number, width: number): string[] {
  const room = width - Math.max(first, rest);
  return wrapped(fitted(text, MOST_LINES * room), room).map(
    (line, at) => ' '.repeat(at === 0 ? first : rest) + line,
  );
}

/** Text in a terminal's columns: how wide it is, and fitting it into a width. */

import { visible } from '../../observability/reports/html.ts';

const characters = new Intl.Segmenter();
/** Drawn two columns wide: emoji, and the scripts of East Asia in their full width. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/** @example widthOf('价格') // 4 */
export function widthOf(text: string): number {
  return split(text).reduce((sum, character) => sum + widthOfCharacter(character), 0);
}

/** Safe to print, in at most `width` columns: shortened in the middle. @param width ≥ 1 */
export function fitted(text: string, width: number): string {
  const shown = visible(text);
  if (widthOf(shown) <= width) return shown;
  const parts = split(shown);
  const head = taken(parts, Math.ceil((width - 1) / 2));
  const tail = taken(parts.toReversed(), width - 1 - widthOf(head.join('')));
  return `${head.join('')}…${tail.toReversed().join('')}`;
}

/** In exactly `width` columns. */
export function cell(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const shown = fitted(text, width);
  const space = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return side === 'left' ? shown + space : space + shown;
}

/** Lines of at most `width` columns, broken at spaces where there are any. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of visible(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    const fits = widthOf(word) <= width;
    if (fits) lines.push(line);
    let rest = split(fits ? word : longer);
    while (widthOf(rest.join('')) > width) {
      const part = taken(rest, width);
      lines.push(part.join(''));
      rest = rest.slice(Math.max(1, part.length));
    }
    line = rest.join('');
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** The first characters that fit. */
function taken(parts: readonly string[], width: number): string[] {
  let used = 0;
  const end = parts.findIndex((part) => {
    used += widthOfCharacter(part);
    return used > width;
  });
  return parts.slice(0, end === -1 ? parts.length : end);
}

function split(text: string): string[] {
  return Array.from(characters.segment(text), ({ segment }) => segment);
}

function widthOfCharacter(character: string): number {
  if (WIDE.test(character)) return 2;
  return NOTHING.test(character) ? 0 : 1;
}

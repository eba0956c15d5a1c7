/** Markup that is escaped by default: what a report writes into its page. */

/** Text that is markup already; only `html` and `joined` make it. */
export interface Markup {
  readonly markup: string;
}

type Piece = string | number | Markup | readonly Markup[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** ASCII that means nothing to markup: most of a page is, and needs no second look. */
const PLAIN = /^[ !#-%(-;=?-~]*$/;

/**
 * A template tag: strings are escaped, markup is not, undefined is nothing, numbers are coordinates to a tenth.
 *
 * @example html`<td>${'<b>'}</td>`.markup // '<td>&lt;b&gt;</td>'
 */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let markup = parts[0] ?? '';
  pieces.forEach((piece, at) => {
    markup += rendered(piece) + (parts[at + 1] ?? '');
  });
  return { markup };
}

function rendered(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string' && PLAIN.test(piece)) return piece;
  if (typeof piece === 'string') return visible(piece).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
  if (typeof piece === 'number') return String(Number.isFinite(piece) ? Math.round(piece * 10) / 10 : 0);
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('');
}

/**
 * Text from a data file as something safe to show: control characters (a terminal would obey them) as their
 * pictures, direction overrides (they reorder the words around them) and halves of characters as `�`.
 *
 * @example visible('a\u001b[2J') // 'a␛[2J'
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu,
    (sign) => {
      const code = sign.codePointAt(0) ?? 0;
      if (code < 0x20) return String.fromCodePoint(0x2400 + code);
      return code === 0x7f ? '\u2421' : '\ufffd';
    },
  );
}

/**
 * Shortens in the middle, where names differ least; by what a reader sees as one character.
 *
 * @param most characters left, ≥ 3
 * @example elided('customer_lifetime_value', 11) // 'custo…value'
 */
export function elided(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  if (characters.length <= most) return text;
  const kept = most - 1;
  const head = characters.slice(0, Math.ceil(kept / 2));
  return `${head.join('')}…${characters.slice(characters.length - Math.floor(kept / 2)).join('')}`;
}

/** A page as strictly as XML: what its tests read. */

const VOID = new Set(['meta', '!doctype']);

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  text: string;
}

/** Walks the page as strictly as XML: every tag closed in order, attributes quoted, no bare `<`, `>` or `&`. */
export function walk(page: string): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  let at = 0;
  while (at < page.length) {
    const tag = /<(\/?)([!a-z][a-z0-9]*)((?: [a-zA-Z-]+(?:="[^"<]*")?)*)\/?>/y;
    tag.lastIndex = at;
    const match = tag.exec(page);
    if (!match) {
      const end = page.indexOf('<', at + 1);
      const text = page.slice(at, end === -1 ? page.length : end);
      if (/[<>]|&(?!(amp|lt|gt|quot|#39);)/.test(text) && open.at(-1)?.name !== 'style')
        throw new Error(`bare sign in ${JSON.stringify(text.slice(0, 80))}`);
      for (const element of open) element.text += text;
      at += text.length;
      continue;
    }
    const [whole, closing, name = '', rest = ''] = match;
    at = tag.lastIndex;
    if (closing) {
      const last = open.pop();
      if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name}>`);
      continue;
    }
    const attributes = new Map(
      Array.from(rest.matchAll(/ ([a-zA-Z-]+)(?:="([^"]*)")?/g), ([, key = '', value = '']) => [key, value]),
    );
    const element = { name, attributes, text: '' };
    elements.push(element);
    if (!whole.endsWith('/>') && !VOID.has(name)) open.push(element);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.map(({ name }) => name).join(' ')}`);
  return elements;
}

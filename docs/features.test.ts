import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/features.md', root), 'utf8');
/** `| A4 | what | [file](path): "test title" |` */
const rows = [...page.matchAll(/^\| ([A-Z]\d+) \| (.+?) \| \[.+?\]\(\.\.\/(.+?)\): "(.+?)" \|$/gm)].map(
  ([, id, , path, title]) => ({ id: id!, path: path!, title: title! }),
);

describe('docs/features.md', () => {
  test('lists every delivered feature in a row that can be read', () => {
    const lines = page.split('\n').filter((line) => /^\| [A-Z]\d+ \|/.test(line));
    expect(rows.map((row) => row.id)).toEqual(lines.map((line) => line.split(' ')[1]));
    expect(rows.length).toBeGreaterThan(5);
  });

  test.each(rows)('$id: the test it names exists', ({ path, title }) => {
    expect(readFileSync(new URL(path, root), 'utf8')).toContain(title);
  });
});

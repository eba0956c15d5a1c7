import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generatedFiles } from './generated.ts';
import { handWrittenBelow } from './runbook.ts';

const root = new URL('../../', import.meta.url);
const fileAt = (path: string) => new URL(path, root);
const read = (path: string) => (existsSync(fileAt(path)) ? readFileSync(fileAt(path), 'utf8') : undefined);
const files = generatedFiles(read);

describe('files made from the alerts', () => {
  test.each([...files.keys()])('%s is what the alerts say (UPDATE=1 rewrites it)', (path) => {
    const text = files.get(path)!;
    if (process.env.UPDATE === '1') {
      mkdirSync(dirname(fileAt(path).pathname), { recursive: true });
      writeFileSync(fileAt(path), text);
    }
    expect(read(path)).toBe(text);
  });

  test('no runbook is left of an alert that is gone', () => {
    const pages = readdirSync(fileAt('docs/runbooks/')).map((name) => `docs/runbooks/${name}`);
    expect(pages.filter((page) => !files.has(page))).toEqual([]);
  });

  test('what people wrote in a runbook stays when the page is made anew', () => {
    const path = 'docs/runbooks/psi-warning.md';
    const written = '## Last time\n\nIt was the unit of `carat`.\n';
    const remade = generatedFiles((name) =>
      name === path ? `# old\n${handWrittenBelow}\n${written}` : undefined,
    ).get(path)!;
    expect(remade.startsWith('# PsiWarning\n')).toBe(true);
    expect(remade.endsWith(`${handWrittenBelow}\n${written}`)).toBe(true);
  });

  test('every runbook has commands or signs written by hand below what is made', () => {
    const empty = [...files].filter(
      ([path, text]) =>
        path.endsWith('.md') &&
        text.includes(handWrittenBelow) &&
        text.slice(text.indexOf(handWrittenBelow)).length < 200,
    );
    expect(empty.map(([path]) => path)).toEqual([]);
  });
});

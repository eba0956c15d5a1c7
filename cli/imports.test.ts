import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const specifiers = /(?:from|import|import\()\s*['"]([^'"]+)['"]/g;

/** Which files of the repository a file imports, by path from its root. */
function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(specifiers)].flatMap(([, name]) => {
    if (name!.startsWith('#')) return [name!.slice(1)];
    return name!.startsWith('.')
      ? [
          relative(root, resolve(dirname(file), name!))
            .split(sep)
            .join('/'),
        ]
      : [];
  });
}

describe.each(['shared', 'lambdas'])('%s', (folder) => {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name));

  test('imports nothing from the command line, so that no product code can know of the demo', () => {
    const imported = files.flatMap(importsOf);
    expect(imported.filter((name) => name.startsWith('shared/')).length).toBeGreaterThan(files.length);
    expect(imported.filter((name) => name.split('/')[0] === 'cli')).toEqual([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { catalogue } from '#shared/metrics/catalogue.ts';

const root = new URL('../', import.meta.url);
const published = new Set(
  catalogue.flatMap(({ name, kind }) =>
    kind === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

const textsIn = (folder: string, ending: string) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && !path.includes('.test'))
    .map((path) => `${folder}${path}`);

/** What people read, and the pages they are shown. */
const files = [
  'README.md',
  ...textsIn('docs/', '.md'),
  ...textsIn('observability/', '.md'),
  ...textsIn('lambdas/console/', '.ts'),
  ...textsIn('observability/reports/', '.ts'),
];

/** `grep tidemark_publisher` and `tidemark_retrain_*` mean every name that begins so. */
const isBeginning = (before: string, name: string, after: string) =>
  (/grep [^|]*$/.test(before) || after.startsWith('*') || name.endsWith('_')) &&
  [...published].some((one) => one.startsWith(name));

test('every metric that a document or a page of the console names is in the catalogue', () => {
  let named = 0;
  const unknown: string[] = [];
  for (const file of files)
    for (const line of readFileSync(new URL(file, root), 'utf8').split('\n'))
      for (const { 0: name, index } of line.matchAll(/(?<![\w/.-])tidemark_[a-z0-9_]+/g)) {
        named += 1;
        const isKnown =
          published.has(name) || isBeginning(line.slice(0, index), name, line.slice(index + name.length));
        if (!isKnown) unknown.push(`${file}: ${name}`);
      }
  expect(unknown).toEqual([]);
  expect(named).toBeGreaterThan(100);
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { leftOut } from './left-out.ts';

test('docs/local-cloud.md lists what a local deployment leaves out, as the deployment prints it', () => {
  const page = readFileSync(new URL('../../docs/local-cloud.md', import.meta.url), 'utf8');
  for (const { what, heldBy } of leftOut) expect(page).toContain(`| ${what} | ${heldBy} |`);
});

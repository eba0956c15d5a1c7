import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { killHostChildren, runTidemark, startHostChild } from './processes.testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-start-'));
afterEach(killHostChildren);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** A folder in which a program called prometheus is all there is. */
function pathWith(script: string): string {
  const path = mkdtempSync(join(folder, 'path-'));
  writeFileSync(join(path, 'prometheus'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

test.each([
  ['none', 'exit 127', 'does not run'],
  ['an old one', 'echo "prometheus, version 2.30.0"', '2.30.0: 2.42 or later is needed'],
])(
  'a Prometheus that is demanded where there is %s is said to be missing, and nothing starts',
  async (_, script, said) => {
    const words = ['start', '--prometheus', '--data-dir', join(folder, 'demanded')];
    const { code, stderr } = await runTidemark(words, { env: { PATH: pathWith(script) } });
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
  },
);

test('a Prometheus that ends at once costs the host nothing', async () => {
  const PATH = pathWith(
    '[ "$1" = --version ] && echo "prometheus, version 2.42.0" || echo "level=error port" >&2',
  );
  const host = await startHostChild(join(folder, 'goes-on'), { PATH, TIDEMARK_PROMETHEUS: 'on' });
  expect((await fetch(`${host.url}/health`)).status).toBe(200);
  expect(host.said()).not.toContain('evaluates the rules');
  expect(await host.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Comparison } from '#shared/comparison/comparison.ts';
import { main } from '../main.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-command-'));
  const rows = Array.from({ length: 60 }, (_, row) => `${row % 7},${row % 5}\n`);
  writeFileSync(join(dir, 'data.csv'), `a,b\n${rows.join('')}`);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

const at = (...names: string[]) => join(dir, ...names);

/** @param onStdout is told of each write as it happens */
async function compare(words: readonly string[], onStdout = () => {}) {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      if (stream === 'stdout') onStdout();
      return true;
    });
  const code = await main(['compare', at('data.csv'), at('data.csv'), ...words]);
  vi.restoreAllMocks();
  return { code, ...printed };
}

describe('--html', () => {
  it.each([
    ['the text', [], /^● Stable|^. .*\n/],
    ['the JSON', ['--json'], /^\{\n/],
  ])('that fails in the end does not cost %s: it is printed before, exit 2', async (_, words, start) => {
    mkdirSync(at('folder'));
    // whoever reads the answer finds no report yet; then there is no room for it any more
    const { code, stdout, stderr } = await compare([...words, '--html', at('folder', 'r.html')], () => {
      rmSync(at('folder'), { recursive: true, force: true });
    });
    expect(code).toBe(2);
    expect(stdout).toMatch(start);
    expect(stdout).toContain('stable');
    expect(stdout).not.toContain('report:');
    expect(stderr).toContain(`--html ${at('folder', 'r.html')} cannot be written: ENOENT`);
  });

  it('that cannot be made is refused before any row is read', async () => {
    rmSync(at('data.csv'));
    const { code, stdout, stderr } = await compare(['--html', at('x'.repeat(256))]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^tidemark compare: --html .* cannot be written: ENAMETOOLONG/);
  });

  it('through a link writes what it leads to; the link stays, and no draft', async () => {
    writeFileSync(at('real.html'), 'yesterday');
    symlinkSync('real.html', at('link.html'));
    const { code, stdout } = await compare(['--html', at('link.html')]);
    expect(code).toBe(0);
    expect(stdout).toContain(`\nreport: ${at('link.html')}\n`);
    expect(readFileSync(at('real.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(lstatSync(at('link.html')).isSymbolicLink()).toBe(true);
    expect(readdirSync(dir).sort()).toEqual(['data.csv', 'link.html', 'real.html']);
  });
});

describe('--id', () => {
  const answer = async (ids: readonly string[], ...words: string[]) => {
    const rows = ids.map((id, row) => `${id},${row % 7}\n`);
    writeFileSync(at('data.csv'), `id,a\n${rows.join('')}`);
    const { code, stdout, stderr } = await compare(['--json', '--id', 'id', ...words]);
    return { code, stderr, comparison: stdout === '' ? undefined : (JSON.parse(stdout) as Comparison) };
  };
  const unique = Array.from({ length: 60 }, (_, row) => `row-${row}`);

  it('finds the first id that stands twice, and none that is missing twice', async () => {
    expect((await answer([...unique, '', ''])).comparison?.quality).toEqual([]);
    expect((await answer([...unique, 'row-7'])).comparison?.quality).toMatchObject([
      { check: 'duplicate_request_ids', message: '1 row has the id of another row' },
    ]);
  });

  it('is compared with nothing, and unknown names and a second role are refused', async () => {
    const { comparison } = await answer(unique);
    expect(comparison?.features.map(({ name }) => name)).toEqual(['a']);
    expect(comparison?.summary.not_compared).toEqual([{ column: 'id', reason: 'asked for' }]);
    expect(await answer(unique, '--target', 'id')).toMatchObject({ code: 2, comparison: undefined });
    const { code, stderr } = await compare(['--id', 'nobody']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--id nobody: ')]);
  });
});

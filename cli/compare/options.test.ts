import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { driftTests } from '#shared/drift/tests/registry.ts';
import { compareHelp, readCompareOptions } from './options.ts';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-options-'));
afterAll(() => rmSync(dir, { recursive: true }));

const read = (...words: string[]) => readCompareOptions(['one.csv', 'two.csv', ...words]);

describe('--convention', () => {
  it('is Tidemark’s own unless another is named', () => {
    expect(read().convention).toBe('tidemark');
    expect(read('--convention', 'evidently').convention).toBe('evidently');
  });

  it('may be any that a test has, and the help names each', () => {
    for (const name of new Set(driftTests.flatMap(({ conventions }) => conventions))) {
      expect(read('--convention', name).convention).toBe(name);
      expect(compareHelp).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it.each(['pandas', 'SciPy', ''])('%j is refused with those that are allowed', (name) => {
    expect(() => read('--convention', name)).toThrow(
      `--convention ${name} is not allowed: tidemark, scipy, evidently, nannyml, sentinelml, decile are`,
    );
  });
});

describe('--config', () => {
  it('has in the help every setting and correction it takes, and takes no other', () => {
    const { config } = read();
    for (const name of [...Object.keys(config), 'importance'])
      expect(compareHelp).toMatch(new RegExp(`[\\s,]${name}[\\s,]`));
    const file = join(dir, 'config.json');
    for (const correction of ['bh', 'by', 'holm', 'bonferroni', 'none']) {
      writeFileSync(file, JSON.stringify({ correction, alarm_alpha: 0.02 }));
      expect(read('--config', file).config).toMatchObject({ correction, alarm_alpha: 0.02 });
      expect(compareHelp).toMatch(new RegExp(`[(\\s]${correction}[,)]`));
    }
    writeFileSync(file, JSON.stringify({ correction: 'sidak' }));
    expect(() => read('--config', file)).toThrow('correction is "sidak"');
  });
});

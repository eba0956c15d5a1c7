import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPiiKey } from './pii-key-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-key-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a data directory has one key of 256 bits, which only its owner may read', () => {
  const data = join(dir, 'not', 'there', 'yet');
  const key = readPiiKey(data);
  expect(Buffer.from(key, 'base64url')).toHaveLength(32);
  expect(readPiiKey(data)).toBe(key);
  expect(readdirSync(data)).toEqual(['pii-key']);
  expect(statSync(join(data, 'pii-key')).mode & 0o777).toBe(0o600);
});

test('two directories have two keys, and one that a person put there is taken', () => {
  writeFileSync(join(dir, 'pii-key'), `${'k'.repeat(43)}\n`);
  expect(readPiiKey(dir)).toBe('k'.repeat(43));
  expect(readPiiKey(join(dir, 'a'))).not.toBe(readPiiKey(join(dir, 'b')));
});

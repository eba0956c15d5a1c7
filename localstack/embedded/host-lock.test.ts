import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataDirInUseError, lockDataDir } from './host-lock.ts';

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-lock-'));
  file = join(dir, 'host.lock');
});
afterEach(() => rm(dir, { recursive: true }));

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

/** A process whose parent never asks how it ended. */
async function uncollectedPid(): Promise<number> {
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 3'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  await new Promise((resolve) => setTimeout(resolve, 300));
  return Number(String(said));
}

describe('lockDataDir', () => {
  test('holds the directory with its pid until it is released, and leaves nothing behind', async () => {
    const lock = lockDataDir(dir);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    expect(() => lockDataDir(dir)).toThrow(DataDirInUseError);
    lock.release();
    expect(await readdir(dir)).toEqual([]);
    lockDataDir(dir).release();
  });

  test.runIf(process.platform === 'linux')(
    'of a process that is dead and not collected is taken over',
    async () => {
      await writeFile(file, `${await uncollectedPid()}\n`);
      lockDataDir(dir).release();
      expect(existsSync(file)).toBe(false);
    },
  );

  test('creates the directory', () => {
    const lock = lockDataDir(join(dir, 'new', 'one'));
    expect(existsSync(join(dir, 'new', 'one', 'host.lock'))).toBe(true);
    lock.release();
  });

  test('of a living process is refused, naming it and what to do', async () => {
    await writeFile(file, `${process.ppid}\n`);
    expect(() => lockDataDir(dir)).toThrow(
      new RegExp(`in use by process ${process.ppid}: stop that process .* remove .*host\\.lock`),
    );
    expect(readFileSync(file, 'utf8')).toBe(`${process.ppid}\n`);
  });

  test.each([
    ['a process that is gone', async () => `${await endedPid()}\n`],
    ['an earlier process with the pid of this one', () => `${process.pid}\n`],
    ['nobody it can be read from', () => ''],
  ])('of %s is taken over', async (_, content) => {
    await writeFile(file, await content());
    const lock = lockDataDir(dir);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
  });

  test('released twice takes nothing from the next holder', () => {
    const first = lockDataDir(dir);
    first.release();
    const second = lockDataDir(dir);
    expect(existsSync(file)).toBe(true);
    second.release();
    first.release();
    expect(existsSync(file)).toBe(false);
  });
});

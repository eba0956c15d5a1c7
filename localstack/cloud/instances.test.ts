import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findInstance, noteInstance, sweepInstances } from './instances.ts';
import { commandLine, killGroup } from './process-group.ts';

let parent: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tidemark-instances-'));
});
afterEach(() => {
  for (const { pid } of started.splice(0)) killGroup(pid!);
  rmSync(parent, { recursive: true });
});

/** Above what any system hands out. */
const nobody = 2 ** 30;

function note(name: string, { owner, as = 'ministack' }: { owner: number | null; as?: string }) {
  const folder = join(parent, `run-${name}`);
  const unpacked = join(parent, `unpacked-${name}`);
  for (const one of [folder, unpacked]) mkdirSync(one);
  const idle = ['-e', 'setInterval(() => {}, 1000)', as];
  const child = spawn(process.execPath, idle, { detached: true, stdio: 'ignore' });
  started.push(child);
  noteInstance(folder, { url: 'http://127.0.0.1:1', pid: child.pid!, owner, unpacked });
  return { folder, unpacked, pid: child.pid! };
}

test('an instance whose owner has gone is ended, with its files; those of living owners and of persons stay', async () => {
  const orphan = note('orphan', { owner: nobody });
  const owned = note('owned', { owner: process.pid });
  const kept = note('kept', { owner: null });
  await sweepInstances(parent);
  await expect.poll(() => commandLine(orphan.pid)).toBe(undefined);
  expect([existsSync(orphan.folder), existsSync(orphan.unpacked)]).toEqual([false, false]);
  for (const { folder, pid } of [owned, kept]) expect(findInstance(folder)?.pid).toBe(pid);
});

test('a process that has the number of an instance, but is none, is left alone; what the instance left is removed', async () => {
  const other = note('other', { owner: nobody, as: 'somebody-else' });
  expect(findInstance(other.folder)).toBe(undefined);
  await sweepInstances(parent);
  expect(commandLine(other.pid)).toContain('somebody-else');
  expect([existsSync(other.folder), existsSync(other.unpacked)]).toEqual([false, false]);
});

test('nothing was started yet: nothing is found', async () => {
  await sweepInstances(join(parent, 'not-there'));
  expect(findInstance(join(parent, 'not-there'))).toBe(undefined);
});

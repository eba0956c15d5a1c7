import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startHeartbeat } from './heartbeat.ts';

let dir: string;
let fd: number;
const said = () => readFileSync(join(dir, 'said'), 'utf8');
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-beat-'));
  fd = openSync(join(dir, 'said'), 'w');
});
afterEach(() => {
  closeSync(fd);
  rmSync(dir, { recursive: true });
});

/** As training does: the event loop stands still. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('speaks while the process is held up, names what is being done, and stops at the end', async () => {
  const heartbeat = startHeartbeat(fd, 200, false);
  heartbeat.at('checking');
  await sleep(300);
  block(1500);
  expect(said()).toMatch(/^(checking, \d s\n){2,}$/);
  heartbeat.end();
  await sleep(300);
  const { length } = said();
  block(800);
  expect(said()).toHaveLength(length);
});

test('is silent where something has been told in time', () => {
  const heartbeat = startHeartbeat(fd, 60_000, false);
  heartbeat.at('checking');
  heartbeat.told();
  block(900);
  heartbeat.end();
  expect(said()).toBe('');
});

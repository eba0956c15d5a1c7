import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { commandLine, killGroup, stopGroup } from './process-group.ts';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const { pid } of started.splice(0)) killGroup(pid!);
});

/** A leader with a child, both printing their process ids; `onTerm` is what both do on SIGTERM. */
async function startGroup(onTerm: 'end' | 'ignore'): Promise<{ leader: number; child: number }> {
  const wait = `${onTerm === 'ignore' ? "process.on('SIGTERM', () => {});" : ''} setInterval(() => {}, 1000); console.log(process.pid);`;
  const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(wait)}], { stdio: 'inherit' }); ${wait}`;
  const leader = spawn(process.execPath, ['-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(leader);
  let said = '';
  while (said.trim().split('\n').length < 2) said += String((await once(leader.stdout, 'data'))[0]);
  const child = said
    .trim()
    .split('\n')
    .map(Number)
    .find((pid) => pid !== leader.pid);
  return { leader: leader.pid!, child: child! };
}

/** A zombie has no command line: it waits only for its parent to look. */
const areGone = ({ leader, child }: { leader: number; child: number }) =>
  commandLine(leader) === undefined && commandLine(child) === undefined;

test.each(['end', 'ignore'] as const)(
  'a leader and its child that %s SIGTERM are both gone',
  async (onTerm) => {
    const group = await startGroup(onTerm);
    expect(areGone(group)).toBe(false);
    await stopGroup(group.leader, 300);
    await expect.poll(() => areGone(group), { timeout: 5000 }).toBe(true);
  },
);

test('a group that has gone already is no error', async () => {
  const group = await startGroup('end');
  await stopGroup(group.leader, 300);
  await stopGroup(group.leader, 300);
  killGroup(group.leader);
  expect(areGone(group)).toBe(true);
});

test('a process is known by its command line', () => {
  expect(commandLine(process.pid)).toContain('node');
  expect(commandLine(2 ** 30)).toBe(undefined);
});

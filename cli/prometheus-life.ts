/** That a Prometheus beside a host ends with it, however the host ends, and that one which did not is ended by the next host. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for the end of its input, which a killed process closes too, and ends that Prometheus. Deaf to what a terminal sends to all:
 * Prometheus takes a hang-up for an order to read its configuration again.
 */
const watch = 'trap "" HUP INT QUIT TERM; read -r _; kill "$0"';

/** @returns the watcher, to be killed as soon as the Prometheus has ended: its number may then become another's */
export function endWithThisProcess(pid: number): ChildProcess {
  const watcher = spawn('sh', ['-c', watch, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  // where there is no shell the next start on the same data is what ends it
  watcher.on('error', () => undefined);
  return watcher;
}

/** For the end of a Prometheus that was asked to. */
export const graceMs = 10_000;

/**
 * Ends what an earlier host left running on the same data: for a host that has the data directory to itself. Anything else that
 * has the number by now is left alone.
 *
 * @param pidFile written by {@link notePid}
 * @param argument of its command line, which no other Prometheus has
 */
export async function endLeftOver(pidFile: string, argument: string): Promise<void> {
  const pid = notedPid(pidFile);
  if (pid === undefined || !hasArgument(pid, argument)) return;
  process.kill(pid, 'SIGTERM');
  for (const end = Date.now() + graceMs; hasArgument(pid, argument); await sleep(50))
    if (Date.now() > end) return void process.kill(pid, 'SIGKILL');
}

export const notePid = (pidFile: string, pid: number): void => writeFileSync(pidFile, `${pid}\n`);

function notedPid(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** False for what has ended, also where nobody has taken notice of its end yet. */
function hasArgument(pid: number, argument: string): boolean {
  try {
    const words =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return ` ${words.trim()} `.includes(` ${argument} `);
  } catch {
    return false;
  }
}

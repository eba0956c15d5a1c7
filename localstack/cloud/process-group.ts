/** Processes that are ended as one: whoever leads the group, and all it has started. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const graceMs = 3000;
const lookMs = 50;

/** SIGTERM, and SIGKILL for what has not gone after `waitMs`: a function that hangs keeps its server from ending. */
export async function stopGroup(leader: number, waitMs: number = graceMs): Promise<void> {
  signalGroup(leader, 'SIGTERM');
  for (const end = Date.now() + waitMs; isGroupAlive(leader); ) {
    if (Date.now() > end) return signalGroup(leader, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** At once, also from an `exit` handler. */
export function killGroup(leader: number): void {
  signalGroup(leader, 'SIGKILL');
}

/** The command line of a process; undefined when there is none of that number, which by now may be anybody's. */
export function commandLine(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
  } catch {
    // macOS has no /proc, and a process that has gone is in neither
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { stdio: 'pipe' })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}

function isGroupAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** One host for one data directory: two would deliver each change twice and drive each run twice. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Another host is running on the directory. */
export class DataDirInUseError extends Error {
  override readonly name = 'DataDirInUseError';

  constructor(dataDir: string, file: string, pid: number) {
    super(
      `data directory ${dataDir} is in use by process ${pid}: stop that process or choose another directory; if it is no tidemark host, remove ${file}`,
    );
  }
}

export interface HostLock {
  release(): void;
}

/** A lock with this process's pid that is not in here was left by an earlier process that had the same pid, as in a container. */
const ownLocks = new Set<string>();

/**
 * Takes `host.lock` in the directory, which is created if it is not there; a lock whose process is gone is taken over.
 * Throws {@link DataDirInUseError} while another host has it. Two hosts that take over a dead one's lock in the same
 * instant are not told apart.
 */
export function lockDataDir(dataDir: string): HostLock {
  mkdirSync(dataDir, { recursive: true });
  const file = join(resolve(dataDir), 'host.lock');
  while (!create(file)) {
    const pid = holderOf(file);
    if (pid !== undefined && isHeld(file, pid)) throw new DataDirInUseError(dataDir, file, pid);
    rmSync(file, { force: true });
  }
  ownLocks.add(file);
  return {
    release() {
      if (ownLocks.delete(file)) rmSync(file, { force: true });
    },
  };
}

/** By a link, so that the lock is there with its pid or not at all. */
function create(file: string): boolean {
  const scratch = `${file}.${process.pid}`;
  writeFileSync(scratch, `${process.pid}\n`);
  try {
    linkSync(scratch, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(scratch, { force: true });
  }
}

function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    // released meanwhile
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isHeld(file: string, pid: number): boolean {
  if (pid === process.pid) return ownLocks.has(file);
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // alive, and somebody else's
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Dead, and not yet collected by its parent, as often in containers: it takes signals and has no command line. Linux only. */
function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '';
  } catch {
    return false;
  }
}

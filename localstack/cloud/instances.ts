/** Which MiniStacks of this checkout run, kept beside their logs: so that one whose owner was killed is found and ended. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, stopGroup } from './process-group.ts';

export interface Instance {
  readonly url: string;
  /** Leader of its process group. */
  readonly pid: number;
  /** The process that ends it; null: a person does. */
  readonly owner: number | null;
  /** Folder of its own for temporary files. */
  readonly unpacked: string;
}

const file = 'instance.json';

export function noteInstance(folder: string, instance: Instance): void {
  writeFileSync(join(folder, file), JSON.stringify(instance));
}

function readInstance(folder: string): Instance | undefined {
  const path = join(folder, file);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Instance) : undefined;
}

/** The instance noted in the folder, as long as its process is there and is a MiniStack: numbers are given out again. */
export function findInstance(folder: string): Instance | undefined {
  const instance = readInstance(folder);
  return instance && commandLine(instance.pid)?.includes('ministack') ? instance : undefined;
}

export async function endInstance({ pid, unpacked }: Instance): Promise<void> {
  await stopGroup(pid);
  rmSync(unpacked, { recursive: true, force: true });
}

/** Ends instances whose owner has gone without doing so, and removes what those that ended have left. */
export async function sweepInstances(parent: string): Promise<void> {
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent).filter((one) => one.startsWith('run-'))) {
    const folder = join(parent, name);
    const running = findInstance(folder);
    if (running && (running.owner === null || commandLine(running.owner) !== undefined)) continue;
    if (running) await endInstance(running);
    const ended = readInstance(folder);
    if (ended) rmSync(ended.unpacked, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

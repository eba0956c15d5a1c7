/** Runs heavy functions in a child process, kept warm while there is work: training never holds up a prediction. */
import { type ChildProcess, fork } from 'node:child_process';
import type { FunctionName } from '#shared/api/surface.ts';
import type { Json } from '#shared/json.ts';

export interface TaskProcessOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface TaskProcess {
  invoke(name: FunctionName, payload: Json, signal: AbortSignal): Promise<Json>;
  stop(): Promise<void>;
}

interface Pending {
  readonly child: ChildProcess;
  readonly resolve: (value: Json) => void;
  readonly reject: (error: Error) => void;
}

export interface TaskMessage {
  readonly id: number;
  readonly name: FunctionName;
  readonly payload: Json;
}

export type TaskReply =
  | { readonly id: number; readonly ok: true; readonly result: Json }
  | { readonly id: number; readonly ok: false; readonly name: string; readonly message: string };

const idleMs = 30_000;

export function createTaskProcess(options: TaskProcessOptions): TaskProcess {
  /** Takes new calls; a process that is being killed does not. */
  let current: ChildProcess | undefined;
  const living = new Set<ChildProcess>();
  let idle: NodeJS.Timeout | undefined;
  let next = 1;
  const pending = new Map<number, Pending>();

  function ensureChild(): ChildProcess {
    if (current) return current;
    const child = fork(new URL('./task-process.mjs', import.meta.url), {
      env: { ...options.env, TIDEMARK_DATA_DIR: options.dataDir },
      serialization: 'advanced',
    });
    child.on('message', (reply: TaskReply) => settle(reply));
    child.once('error', (error) => lose(child, error));
    child.once('exit', (code, signal) =>
      lose(child, new Error(`the task process ended (${signal ?? `exit ${code}`})`)),
    );
    living.add(child);
    current = child;
    return child;
  }

  function lose(child: ChildProcess, error: Error): void {
    if (current === child) current = undefined;
    living.delete(child);
    for (const [id, one] of pending) {
      if (one.child !== child) continue;
      pending.delete(id);
      one.reject(error);
    }
  }

  function kill(child: ChildProcess): void {
    if (current === child) current = undefined;
    child.kill('SIGKILL');
  }

  function settle(reply: TaskReply): void {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.result);
    else waiting?.reject(Object.assign(new Error(reply.message), { name: reply.name }));
    if (pending.size > 0) return;
    clearTimeout(idle);
    idle = setTimeout(() => current && kill(current), idleMs);
    idle.unref();
  }

  return {
    invoke(name, payload, signal) {
      clearTimeout(idle);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const id = next++;
        const child = ensureChild();
        pending.set(id, { child, resolve, reject });
        // a task cannot be interrupted, so its process is; the tasks beside it fail too and are retried
        signal.addEventListener('abort', () => pending.has(id) && kill(child), { once: true });
        child.send({ id, name, payload } satisfies TaskMessage, (error) => {
          if (error && pending.delete(id)) reject(error);
        });
      });
    },
    async stop() {
      clearTimeout(idle);
      const ended = [...living].map((child) => new Promise((resolve) => child.once('exit', resolve)));
      for (const child of living) kill(child);
      await Promise.all(ended);
    },
  };
}

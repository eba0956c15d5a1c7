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
  let child: ChildProcess | undefined;
  let idle: NodeJS.Timeout | undefined;
  let next = 1;
  const pending = new Map<number, Pending>();

  function ensureChild(): ChildProcess {
    if (child) return child;
    const started = fork(new URL('./task-process.mjs', import.meta.url), {
      env: { ...options.env, TIDEMARK_DATA_DIR: options.dataDir },
      serialization: 'advanced',
    });
    started.on('message', (reply: TaskReply) => settle(reply));
    started.once('exit', (code, signal) => {
      if (child === started) child = undefined;
      const error = new Error(`the task process ended (${signal ?? `exit ${code}`})`);
      for (const one of pending.values()) one.reject(error);
      pending.clear();
    });
    child = started;
    return started;
  }

  function settle(reply: TaskReply): void {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.result);
    else waiting?.reject(Object.assign(new Error(reply.message), { name: reply.name }));
    if (pending.size === 0) {
      idle = setTimeout(() => child?.kill(), idleMs);
      idle.unref();
    }
  }

  return {
    invoke(name, payload, signal) {
      clearTimeout(idle);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const id = next++;
        pending.set(id, { resolve, reject });
        // a task cannot be interrupted, so its process is; the tasks beside it fail too and are retried
        signal.addEventListener('abort', () => pending.has(id) && child?.kill('SIGKILL'), { once: true });
        ensureChild().send({ id, name, payload } satisfies TaskMessage, (error) => {
          if (error && pending.delete(id)) reject(error);
        });
      });
    },
    async stop() {
      clearTimeout(idle);
      const ending = child;
      if (!ending) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
  };
}

/** The embedded host: store, feed, pipelines, schedules and API in one process, on the handlers that Lambda runs. */
import { readFileSync } from 'node:fs';
import type { APIGatewayProxyResult } from 'aws-lambda';
import {
  type FunctionName,
  type FunctionSpec,
  functions,
  machines,
  schedules,
  substitutionName,
} from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { createEngine, type Engine } from '../asl/engine.ts';
import { loadStateMachine } from '../asl/load.ts';
import { embeddedDeps, spoolFile } from './deps.ts';
import { createEventBus } from './event-bus.ts';
import { releaseFailed, releaseLeftLeases } from './failed-runs.ts';
import { bindFunctions, type Invoke } from './functions.ts';
import { lockDataDir } from './host-lock.ts';
import { startHttpServer } from './http-server.ts';
import { createRedrive, type Redrive } from './redrive.ts';
import { repeat } from './repeat.ts';
import { replaySpool } from './spool.ts';
import { openStore } from './store.ts';
import { createTaskProcess, type TaskProcess } from './task-process.ts';

export interface HostOptions {
  readonly dataDir: string;
  /** First port tried; 0 takes any free one. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long one "minute" of a schedule is, milliseconds. */
  readonly minuteMs: number;
}

export interface Host {
  readonly url: string;
  readonly deps: Deps;
  /** Answers what is under way, delivers the feed's batch, leaves unfinished runs to be resumed, closes the store. */
  close(): Promise<void>;
}

/** Throws {@link DataDirInUseError} while another host runs on the data directory. */
export async function startHost(options: HostOptions): Promise<Host> {
  const lock = lockDataDir(options.dataDir);
  try {
    const host = await openHost(options);
    return { ...host, close: () => host.close().finally(lock.release) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openHost(options: HostOptions): Promise<Host> {
  const store = openStore({ dir: options.dataDir });
  const base = embeddedDeps({ dataDir: options.dataDir, store, env: options.env });
  const feed = store.feed('predictions');
  const tasks = createTaskProcess({ dataDir: options.dataDir, env: options.env });
  let invoke: Invoke = unready;
  const engine = createEngine({
    table: base.state,
    machines: loadMachines(),
    invoke: (name, payload, { signal }) => runTask(name, payload, signal),
    now: Date.now,
    onTransition: (execution) => void releaseFailed(execution, invoke, base.log),
    onError: (execution, error) => redrive.onError(execution, error),
  });
  const redrive = createRedrive({ resume: () => engine.resume(), log: base.log });
  const bus = createEventBus({
    invoke: (name, event) => invoke(name, event),
    start: (machine, name, input) => engine.start(machine, name, input),
    log: base.log,
  });
  const deps: Deps = {
    ...base,
    events: bus,
    pipelines: engine,
    streamClosedBefore: async () => feed.closedBefore(),
  };
  invoke = bindFunctions(deps);

  function runTask(name: string, payload: Json, signal: AbortSignal): Promise<Json> {
    const known = name as FunctionName;
    const spec: FunctionSpec = functions[known];
    if (spec.heavy) return tasks.invoke(known, payload, signal);
    return invoke(known, payload) as Promise<Json>;
  }

  const replayed = await replaySpool(spoolFile(options.dataDir), base.predictions, base.log);
  if (replayed > 0) base.log('info', 'spooled predictions were logged', { replayed });
  feed.deliver(async (event) => {
    await invoke('capture', event);
  });
  await engine.resume();
  await releaseLeftLeases(deps, invoke);
  const timers = schedules.map((schedule) =>
    repeat(schedule.everyMinutes * options.minuteMs, async () => {
      try {
        await invoke(schedule.handler, {
          source: 'aws.events',
          'detail-type': 'Scheduled Event',
          detail: {},
        });
      } catch (error) {
        base.log('error', 'a scheduled function failed', { schedule: schedule.name, error: String(error) });
      }
    }),
  );
  const sweeping = repeat(60_000, async () => void (await store.sweep()));
  const server = await startHttpServer({
    port: options.port,
    maxBodyBytes: base.settings.MAX_BODY_BYTES,
    log: base.log,
    call: (name, event) => invoke(name, event) as Promise<APIGatewayProxyResult>,
  });

  return {
    url: server.url,
    deps,
    async close() {
      await server.close();
      await Promise.all([...timers, sweeping].map((timer) => timer.stop()));
      await bus.drain();
      await stopRuns(engine, redrive, tasks);
      await feed.close();
      await store.close();
    },
  };
}

async function stopRuns(engine: Engine, redrive: Redrive, tasks: TaskProcess): Promise<void> {
  await redrive.stop();
  const stopped = engine.stop();
  await tasks.stop();
  await stopped;
}

function unready(): never {
  throw new Error('the host is still starting');
}

/** The ASL files of the API list, with every function's name put in for its substitution. */
function loadMachines() {
  const names = Object.keys(functions) as FunctionName[];
  const substitutions = Object.fromEntries(names.map((name) => [substitutionName(name), name]));
  return Object.fromEntries(
    Object.entries(machines).map(([name, { file }]) => [
      name,
      loadStateMachine(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), substitutions),
    ]),
  );
}

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
import { migrateStored } from '#shared/registry/stored-schema.ts';
import { resumeTrials } from '#shared/registry/uploaded.ts';
import { createEngine, type Engine } from '../asl/engine.ts';
import { loadStateMachine } from '../asl/load.ts';
import { TRAINING_JOB_FUNCTION } from '../asl/load-task.ts';
import { embeddedDeps, objectsFolder, spoolFile } from './deps.ts';
import { createEventBus } from './event-bus.ts';
import { releaseFailed, releaseLeftLeases } from './failed-runs.ts';
import { createFolderObjects } from './folder-objects.ts';
import { bindFunctions, type Invoke } from './functions.ts';
import { createHeavyEvents, type HeavyEvents } from './heavy-events.ts';
import { lockDataDir } from './host-lock.ts';
import { startHttpServer } from './http-server.ts';
import { createRedrive, type Redrive } from './redrive.ts';
import { repeat } from './repeat.ts';
import { replaySpool } from './spool.ts';
import { openStore } from './store.ts';
import { createTaskProcess, type TaskProcess } from './task-process.ts';
import { embeddedTraining, runTrainingJob } from './training-job.ts';
import { createUploads } from './uploads.ts';

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
  const { dataDir, env } = options;
  const store = openStore({ dir: dataDir });
  let origin = '';
  const uploads = createUploads({
    dataDir,
    origin: () => origin,
    now: Date.now,
    objects: createFolderObjects(objectsFolder(dataDir)),
  });
  const base = embeddedDeps({ dataDir, store, env, signUpload: uploads.sign });
  try {
    await migrateStored(base);
  } catch (error) {
    await store.close();
    throw error;
  }
  const feed = store.feed('predictions');
  const tasks = createTaskProcess({ dataDir, env });
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
  const heavyEvents = createHeavyEvents({
    invoke: (name, ...rest) => tasks.invoke(name, ...rest),
    log: base.log,
  });
  const stopping = new AbortController();
  const bus = createEventBus({
    invoke: async (name, event) => {
      const spec: FunctionSpec = functions[name];
      if (spec.heavy) heavyEvents.deliver(name, event as Json);
      else await invoke(name, event, { signal: stopping.signal });
    },
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
    if (name === TRAINING_JOB_FUNCTION) return runTrainingJob(base, payload, signal);
    const known = name as FunctionName;
    const spec: FunctionSpec = functions[known];
    if (spec.heavy) return tasks.invoke(known, payload, signal);
    return invoke(known, payload) as Promise<Json>;
  }

  const replayed = await replaySpool(spoolFile(dataDir), base.predictions, base.log);
  if (replayed > 0) base.log('info', 'spooled predictions were logged', { replayed });
  feed.deliver(async (event) => {
    await invoke('capture', event);
  });
  await engine.resume();
  await releaseLeftLeases(deps, invoke);
  await resumeTrials(deps);
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
    uploads,
    log: base.log,
    call: (name, event) => invoke(name, event) as Promise<APIGatewayProxyResult>,
  });

  origin = server.url;

  return {
    url: server.url,
    deps,
    async close() {
      await server.close();
      await Promise.all([...timers, sweeping].map((timer) => timer.stop()));
      stopping.abort();
      await bus.drain();
      await stopRuns(engine, redrive, heavyEvents, tasks);
      await feed.close();
      await store.close();
    },
  };
}

/** The engine before the tasks: it must not take the end of their process for a failure of its own. */
async function stopRuns(
  engine: Engine,
  redrive: Redrive,
  heavyEvents: HeavyEvents,
  tasks: TaskProcess,
): Promise<void> {
  await redrive.stop();
  const stopped = Promise.all([engine.stop(), heavyEvents.stop()]);
  await tasks.stop();
  await stopped;
}

function unready(): never {
  throw new Error('the host is still starting');
}

/** The ASL files of the API list, with every function's name put in for its substitution. */
function loadMachines() {
  const names = Object.keys(functions) as FunctionName[];
  const substitutions = {
    ...Object.fromEntries(names.map((name) => [substitutionName(name), name])),
    ...embeddedTraining,
  };
  return Object.fromEntries(
    Object.entries(machines).map(([name, { file }]) => [
      name,
      loadStateMachine(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), substitutions),
    ]),
  );
}

/** Test support: the retrain machine on its interpreter, each step with the rights of its own role; one model, a clock moved by hand. */
import { readFileSync } from 'node:fs';
import { type FunctionName, functions, machines, substitutionName } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { listVersions, readPointer } from '#shared/registry/registry.ts';
import { listRuns } from '#shared/registry/run.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { MemoryTable } from '#shared/testing/memory-table.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { addTraffic } from '#shared/testing/traffic.ts';
import { createAdminHandler } from '../lambdas/admin/handler.ts';
import { createEngine, type Engine } from '../localstack/asl/engine.ts';
import { loadStateMachine } from '../localstack/asl/load.ts';
import { TRAINING_JOB_FUNCTION } from '../localstack/asl/load-task.ts';
import { bindFunctions, type Invoke } from '../localstack/embedded/functions.ts';
import { embeddedTraining, runTrainingJob } from '../localstack/embedded/training-job.ts';

export const names = Object.keys(functions) as FunctionName[];
export const machine = loadStateMachine(
  readFileSync(new URL(`../${machines.retrain.file}`, import.meta.url), 'utf8'),
  { ...Object.fromEntries(names.map((name) => [substitutionName(name), name])), ...embeddedTraining },
);

/** Rows whose label depends on `weight` the other way round. */
export const turned = (count = 300, seed = 31) => smallRows(count, seed, { from: startMs, isReversed: true });

export const request = (name: string, more: Record<string, Json> = {}) => ({
  model: 'small',
  trigger: 'DriftConfirmed',
  actor: 'monitor',
  reason: 'weight drifted',
  change_point: startMs,
  execution_name: name,
  ...more,
});

export class RetrainBench {
  readonly memory: MemoryDeps;
  readonly model: ModelRecord;
  /** What happens after a step of that name, before its answer is used. */
  readonly after: Partial<Record<FunctionName, () => Promise<void>>> = {};
  /** How often each step was tried. */
  readonly tries = new Map<string, number>();
  private readonly executions: MemoryTable;
  private current!: { readonly engine: Engine; readonly deps: Deps };
  private first = '';

  private constructor(retrain: Partial<ModelRecord['retrain']>, env: Readonly<Record<string, string>>) {
    this.memory = memoryDeps({ GRANULE_MS: '60000', ...env });
    this.model = smallRecord({ retrain: { auto_promote: true, min_holdout_rows: 50, ...retrain } });
    this.executions = new MemoryTable(() => this.memory.clock.ms);
    this.start();
  }

  static async open(
    retrain: Partial<ModelRecord['retrain']> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<RetrainBench> {
    const bench = new RetrainBench(retrain, env);
    bench.first = await registerSmall(bench.memory, bench.model);
    bench.memory.clock.ms = startMs + 3_600_000;
    return bench;
  }

  get engine(): Engine {
    return this.current.engine;
  }

  get deps(): Deps {
    return this.current.deps;
  }

  /** The version that serves from the start. */
  get champion(): string {
    return this.first;
  }

  /** Another engine on the executions there are, as after a restart. */
  start(): void {
    let invokers: Partial<Record<string, Invoke>> = {};
    const { memory } = this;
    const engine = createEngine({
      table: this.executions,
      machines: { retrain: machine },
      now: () => memory.clock.ms,
      sleep: async (ms) => {
        memory.clock.ms += ms;
      },
      invoke: async (name, payload, { signal }) => {
        if (name === TRAINING_JOB_FUNCTION) return runTrainingJob(memory, payload, signal);
        try {
          const answer = await invokers[name]!(name as FunctionName, payload);
          await this.after[name as FunctionName]?.();
          memory.clock.ms += 1;
          return answer as Json;
        } finally {
          this.tries.set(name, (this.tries.get(name) ?? 0) + 1);
        }
      },
    });
    const deps = { ...memory, pipelines: engine };
    // each step with the rights of its own role only
    invokers = Object.fromEntries(
      names.map((name) => [name, bindFunctions(guardedDeps(deps, functions[name].access))]),
    );
    this.current = { engine, deps };
  }

  traffic(rows: readonly LabelledRow[]) {
    return addTraffic(this.memory, 'small', this.champion, rows);
  }

  async run(name = 'run-1', more: Record<string, Json> = {}) {
    const { id } = await this.engine.start('retrain', name, request(name, more));
    return this.engine.settled(id);
  }

  async pointer() {
    return (await readPointer(this.deps, 'small'))?.champion;
  }

  async outcomes() {
    return (await listRuns(this.deps, 'small', 10)).map(({ outcome }) => outcome);
  }

  lease() {
    return this.deps.state.get(stateKeys.lease('small'));
  }

  async candidate() {
    return (await listVersions(this.deps, 'small', 10)).find(({ version }) => version !== this.champion);
  }

  /** Asks the API. */
  async call(
    httpMethod: 'GET' | 'POST',
    resource: string,
    pathParameters: Record<string, string> = {},
    body?: object,
  ): Promise<{ statusCode: number; body: Record<string, unknown> }> {
    const answer = await createAdminHandler(this.deps)({
      httpMethod,
      resource,
      path: resource,
      pathParameters,
      queryStringParameters: null,
      headers: {},
      isBase64Encoded: false,
      body: body ? JSON.stringify(body) : null,
    });
    return { statusCode: answer.statusCode, body: JSON.parse(answer.body) };
  }

  promoteByHand(version: string) {
    const body = { actor: 'ann', reason: 'looks right', version };
    return this.call('POST', '/models/{model}/promote', { model: 'small' }, body);
  }
}

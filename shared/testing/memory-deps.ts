/** Test support: every port in memory behind one `Deps`, with a clock, a stream and pipelines that a test moves by hand. */
import type { Deps, SpoolRecord } from '../deps.ts';
import type { DomainEvent } from '../ports/events.ts';
import type { Execution, ExecutionStatus, Pipelines } from '../ports/pipelines.ts';
import { parseSettings } from '../settings.ts';
import type { TelemetryName } from '../telemetry/telemetry.ts';
import { MemoryObjects } from './memory-objects.ts';
import { MemoryTable } from './memory-table.ts';

/** A whole hour. */
export const startMs = Date.UTC(2026, 10, 21, 12);

export interface MemoryDeps extends Deps {
  readonly predictions: MemoryTable;
  readonly state: MemoryTable;
  readonly objects: MemoryObjects;
  readonly events: Deps['events'] & {
    readonly published: DomainEvent[];
    /** Throw to play a bus that has gone away. */
    beforePublish: (event: DomainEvent) => void;
  };
  readonly pipelines: FakePipelines;
  /** Unix milliseconds; `closedBefore` is what the stream says. */
  readonly clock: { ms: number; closedBefore: number };
  readonly spooled: SpoolRecord[];
  readonly logged: { readonly level: string; readonly message: string; readonly detail: unknown }[];
  readonly measured: { readonly name: TelemetryName; readonly value: number }[];
}

export function memoryDeps(env: Readonly<Record<string, string>> = {}): MemoryDeps {
  const clock = { ms: startMs, closedBefore: 0 };
  const now = () => clock.ms;
  const spooled: SpoolRecord[] = [];
  const logged: MemoryDeps['logged'] = [];
  const measured: MemoryDeps['measured'] = [];
  let ids = 0;
  return {
    predictions: new MemoryTable(now),
    state: new MemoryTable(now),
    objects: new MemoryObjects(),
    events: recordingEvents(),
    pipelines: new FakePipelines(now),
    secret: async (name) => env[`SECRET_${name}`],
    piiKey: async () => env['SECRET_pii-key'],
    settings: parseSettings(env),
    now,
    newId: () => `id-${String(++ids).padStart(24, '0')}`,
    streamClosedBefore: async () => clock.closedBefore,
    spool: (record) => spooled.push(record),
    log: (level, message, detail) => logged.push({ level, message, detail }),
    measure: (name, value) => measured.push({ name, value }),
    clock,
    spooled,
    logged,
    measured,
  };
}

function recordingEvents(): MemoryDeps['events'] {
  const published: DomainEvent[] = [];
  const events: MemoryDeps['events'] = {
    published,
    beforePublish: () => undefined,
    async publish(event) {
      events.beforePublish(event);
      published.push(event);
    },
  };
  return events;
}

/** Executions that only a test ends. */
class FakePipelines implements Pipelines {
  private readonly executions = new Map<string, Execution>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  async start(machine: string, name: string, input: Execution['input']) {
    const id = `${machine}:${name}`;
    if (this.executions.has(id)) return { id, started: false };
    this.set(id, 'RUNNING', { machine, input });
    return { id, started: true };
  }

  async describe(id: string): Promise<Execution | undefined> {
    return this.executions.get(id);
  }

  async list(machine: string, limit = 20): Promise<readonly Execution[]> {
    return [...this.executions.values()]
      .filter((one) => one.machine === machine)
      .reverse()
      .slice(0, limit);
  }

  async signal(): Promise<void> {
    throw new Error('no task of a fake pipeline waits');
  }

  set(id: string, status: ExecutionStatus, more: Partial<Execution> = {}): void {
    const before = this.executions.get(id);
    const fresh = { id, machine: 'retrain', startedAt: this.now(), input: null, stages: [] };
    this.executions.set(id, { ...fresh, ...before, ...more, status });
  }
}

/** Throws at the `at`-th write (from 1) of state table and objects together, before it is done, and counts them all. */
export function failAtWrite(deps: MemoryDeps, at: number): { readonly writes: () => number } {
  let writes = 0;
  const count = () => {
    writes += 1;
    if (writes === at) throw new Error(`write ${at} failed`);
  };
  deps.state.beforeWrite = count;
  deps.objects.beforeWrite = count;
  return { writes: () => writes };
}

export function stopFailing(deps: MemoryDeps): void {
  deps.state.beforeWrite = () => undefined;
  deps.predictions.beforeWrite = () => undefined;
  deps.objects.beforeWrite = () => undefined;
  deps.objects.beforeRead = () => undefined;
  deps.events.beforePublish = () => undefined;
}

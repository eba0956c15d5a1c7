/** The ports in memory, each call counted and as slow as in AWS: what the functions of the feed are measured on. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Deps } from '#shared/deps.ts';
import type { Objects } from '#shared/ports/objects.ts';
import type { Table } from '#shared/ports/table.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';

/** Milliseconds a call takes within a region: the middle of what `cdk/cost/assumptions.ts` assumes; no account has confirmed them. */
export const latencyMs = { table: 8, get: 22, put: 22, list: 30 } as const;
/** Keys of one page of a list. */
const pageKeys = 1000;

export interface Counts {
  tableReads: number;
  tableWrites: number;
  gets: number;
  puts: number;
  lists: number;
}

const noCounts = (): Counts => ({ tableReads: 0, tableWrites: 0, gets: 0, puts: 0, lists: 0 });

export interface CountedDeps {
  readonly deps: Deps;
  /** The stores behind them: to be filled without being counted. */
  readonly memory: MemoryDeps;
  /** Since the last call. */
  readonly takeCounts: () => Counts;
}

export function countedDeps(granuleMs: number): CountedDeps {
  const memory = memoryDeps({ GRANULE_MS: String(granuleMs) });
  let counts = noCounts();
  const after = async <T>(
    kind: keyof Counts,
    milliseconds: number,
    times: number,
    call: () => Promise<T>,
  ) => {
    counts[kind] += times;
    await wait(milliseconds * times);
    return call();
  };
  const table = (of: Table): Table => ({
    get: (key) => after('tableReads', latencyMs.table, 1, () => of.get(key)),
    putIfAbsent: (...args) => after('tableWrites', latencyMs.table, 1, () => of.putIfAbsent(...args)),
    putIfRevision: (...args) => after('tableWrites', latencyMs.table, 1, () => of.putIfRevision(...args)),
    delete: (...args) => after('tableWrites', latencyMs.table, 1, () => of.delete(...args)),
    query: (...args) => after('tableReads', latencyMs.table, 1, () => of.query(...args)),
  });
  const objects: Objects = {
    get: (key) => after('gets', latencyMs.get, 1, () => memory.objects.get(key)),
    put: (key, bytes) => after('puts', latencyMs.put, 1, () => memory.objects.put(key, bytes)),
    putIfAbsent: (key, bytes) =>
      after('puts', latencyMs.put, 1, () => memory.objects.putIfAbsent(key, bytes)),
    list: async (prefix, options) => {
      const found = await memory.objects.list(prefix, options);
      return after(
        'lists',
        latencyMs.list,
        Math.max(1, Math.ceil(found.length / pageKeys)),
        async () => found,
      );
    },
    presignPut: (key, binding) => memory.objects.presignPut(key, binding),
  };
  return {
    deps: { ...memory, predictions: table(memory.predictions), state: table(memory.state), objects },
    memory,
    takeCounts: () => {
      const taken = counts;
      counts = noCounts();
      return taken;
    },
  };
}

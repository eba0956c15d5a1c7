import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { binColumn } from './binning.ts';
import { createGrower } from './tree-growing.ts';
import { histogramLayout } from './tree-histogram.ts';
import type { TreeThreads, TreeThreadsOptions } from './tree-threads.ts';
import { shareInput } from './tree-threads-input.ts';

/** What the next threads run instead of their own source. */
const fault = vi.hoisted(() => ({ source: undefined as string | undefined }));

vi.mock('node:worker_threads', async (load) => {
  const real = await load<typeof import('node:worker_threads')>();
  class Worker extends real.Worker {
    constructor(source: string, options: import('node:worker_threads').WorkerOptions) {
      if (fault.source === 'cannot be made') throw new Error('no more threads');
      super(fault.source ?? source, options);
    }
  }
  return { ...real, Worker };
});

// another file of this process may have read the module already, without the mock
vi.resetModules();
const { openTreeThreads } = await import('./tree-threads.ts');
afterAll(() => {
  vi.resetModules();
});

const opened: TreeThreads[] = [];
afterEach(async () => {
  fault.source = undefined;
  await Promise.all(opened.splice(0).map((threads) => threads.close()));
});

function open(threads: number, options: TreeThreadsOptions = {}): TreeThreads {
  const found = openTreeThreads(threads, { shareFrom: 1, ...options });
  opened.push(found);
  return found;
}

function tableOf(rows: number, columns: number, seed: number) {
  const random = seededRandom(seed);
  const draw = () => Float32Array.from({ length: rows }, random);
  const values = Array.from({ length: columns }, draw);
  return {
    columns: values.map((column) => binColumn(column, 60)),
    gradients: Float32Array.from({ length: rows }, (_, row) => values[0]![row]! ** 2 - random() / 3),
    hessians: draw(),
  };
}
type Table = ReturnType<typeof tableOf>;

/** Three trees one after another, each from the scores that the last one left; the second from a sample. */
function train({ columns, gradients, hessians }: Table, threads?: TreeThreads, hasHessians = false) {
  const rows = gradients.length;
  const options = { maxLeaves: 12, minRowsPerLeaf: 1, l2: 0, learningRate: 0.3, threads };
  const grower = createGrower(columns, rows, options);
  const scores = new Float64Array(rows);
  const random = seededRandom(5);
  const sample = Int32Array.from({ length: 2 * rows }, () => Math.floor(random() * rows));
  const trees = [{}, { rows: sample }, {}].map((extras) => {
    const left = gradients.map((gradient, row) => gradient + scores[row]!);
    return grower.grow(left, hasHessians ? hessians : undefined, 0, scores, extras);
  });
  return { trees, scores };
}

/** Resolves once the threads fill histograms. */
async function started(threads: TreeThreads): Promise<void> {
  const { columns, gradients } = tableOf(20, 3, 1);
  const layout = histogramLayout(columns);
  const order = Int32Array.from({ length: 20 }, (_, row) => row);
  const bins = columns.map((column) => column.bins);
  const input = { bins, offsets: layout.offsets, order, gradients, hessians: undefined };
  const shared = shareInput(input, layout.length, threads.count, undefined);
  await vi.waitFor(() => expect(threads.fill(shared, 0, 20)).toBe(true), { timeout: 5000, interval: 5 });
}

describe('openTreeThreads', () => {
  it('makes the trees of one thread bit for bit with 1, 2 and 3 threads, of any number of columns and rows', async () => {
    const [one, two, three] = [open(1), open(2), open(3)];
    await Promise.all([started(two), started(three)]);
    const filled = vi.fn();
    const watched = (threads: TreeThreads): TreeThreads => ({
      ...threads,
      fill: (...range) => {
        const isFilled = threads.fill(...range);
        filled(threads.count, isFilled);
        return isFilled;
      },
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(99),
        fc.boolean(),
        (columns, rows, seed, hasHessians) => {
          const table = tableOf(rows, columns, seed);
          const alone = train(table, undefined, hasHessians);
          for (const threads of [one, two, three])
            expect(train(table, watched(threads), hasHessians)).toEqual(alone);
        },
      ),
      { numRuns: 40 },
    );
    expect(filled).toHaveBeenCalledWith(1, false);
    expect(filled).toHaveBeenCalledWith(2, true);
    expect(filled).toHaveBeenCalledWith(3, true);
    expect(filled).not.toHaveBeenCalledWith(2, false);
    expect([two.failure, three.failure]).toEqual([undefined, undefined]);
  });

  it('makes the same trees of 30,000 rows, where threads work at the same time for long', async () => {
    const threads = open(3);
    await started(threads);
    const table = tableOf(30_000, 5, 3);
    expect(train(table, threads)).toEqual(train(table));
  });

  it('leaves fewer additions than it should share to the calling thread', async () => {
    const threads = open(2, { shareFrom: 60 });
    await started(threads);
    const { columns, gradients } = tableOf(20, 3, 1);
    const layout = histogramLayout(columns);
    const input = { bins: columns.map(({ bins }) => bins), offsets: layout.offsets, gradients };
    const shared = shareInput(
      { ...input, order: new Int32Array(20), hessians: undefined },
      layout.length,
      2,
      undefined,
    );
    expect(threads.fill(shared, 0, 20)).toBe(true);
    expect(threads.fill(shared, 0, 19)).toBe(false);
  });

  it('trains on with one thread, the same trees, when a thread dies with work to do', async () => {
    fault.source = `const { workerData } = require('node:worker_threads');
      Atomics.add(workerData, 5, 1);
      Atomics.wait(workerData, 0, 0);
      process.exit(3);`;
    const onFailure = vi.fn();
    const threads = open(2, { patienceMs: 100, onFailure });
    const table = tableOf(200, 3, 1);
    await vi.waitFor(() => {
      expect(train(table, threads)).toEqual(train(table));
      expect(threads.failure).toBeDefined();
    });
    expect(threads.failure).toEqual(new Error('a training thread failed: training goes on with one thread'));
    expect(threads.failure!.cause).toEqual(new Error('no answer within 100 ms'));
    expect(threads.count).toBe(1);
    expect(train(table, threads)).toEqual(train(table));
    await threads.close();
    expect(onFailure).toHaveBeenCalledTimes(1);
  });

  it('says why a thread could not run and trains without', async () => {
    fault.source = 'throw new Error("not here")';
    const onFailure = vi.fn();
    const threads = open(3, { onFailure });
    const table = tableOf(200, 3, 1);
    expect(train(table, threads)).toEqual(train(table));
    await vi.waitFor(() => expect(onFailure).toHaveBeenCalledTimes(1));
    expect(threads.failure!.cause).toEqual(new Error('not here'));
    expect(train(table, threads)).toEqual(train(table));
  });

  it('says that no thread could be made and trains without', () => {
    fault.source = 'cannot be made';
    const threads = open(2);
    expect(threads.failure!.cause).toEqual(new Error('no more threads'));
    const table = tableOf(50, 2, 1);
    expect(train(table, threads)).toEqual(train(table));
  });

  it('is no failure to close, and what is closed trains with the calling thread', async () => {
    const onFailure = vi.fn();
    const threads = open(2, { onFailure });
    await started(threads);
    await threads.close();
    expect(threads.count).toBe(1);
    const table = tableOf(50, 2, 1);
    expect(train(table, threads)).toEqual(train(table));
    expect(onFailure).not.toHaveBeenCalled();
    expect(threads.failure).toBeUndefined();
  });

  it('refuses anything but 1 to 64 threads', () => {
    for (const threads of [0, 65, 1.5, Number.NaN])
      expect(() => open(threads)).toThrow(`threads is ${threads}: must be a whole number from 1 to 64`);
  });
});

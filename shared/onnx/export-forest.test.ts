import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import type { Columns } from '#shared/schema/columns.ts';
import { type ForestModel, fitForest, predictForest } from '#shared/training/forest.ts';
import { compareParity, parityRows } from '#shared/training/parity.ts';
import type { TrainingTarget } from '#shared/training/training-target.ts';
import { exportForest } from './export-forest.ts';
import { openSession } from './session.ts';

const range = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Random numbers and categories, some of them missing. */
function tableOf(rows: number, categories: number, seed: number): Columns {
  const random = seededRandom(seed);
  const cell = (of: () => number) => (random() < 0.05 ? Number.NaN : of());
  return {
    rows,
    columns: [
      {
        kind: 'numeric',
        name: 'x',
        values: Float64Array.from({ length: rows }, () => cell(() => normal(random))),
      },
      {
        kind: 'numeric',
        name: 'n',
        values: Float64Array.from({ length: rows }, () => cell(() => random() * 9)),
      },
      {
        kind: 'categorical',
        name: 'c',
        values: range(rows).map(() => (random() < 0.05 ? null : `c${Math.floor(random() * categories)}`)),
      },
    ],
  };
}

/** A target that all columns matter for. */
function scoresOf({ rows, columns }: Columns, seed: number): Float64Array {
  const random = seededRandom(seed);
  const [x, n, c] = columns;
  return Float64Array.from({ length: rows }, (_, row) => {
    const place = Number(String(c!.values[row] ?? 'c3').slice(1));
    return (Number(x!.values[row]) || 2) + Math.sin(place * 7) * (Number(n!.values[row]) || 1) + random();
  });
}

function targetOf(data: Columns, outputs: number, seed: number): TrainingTarget {
  const values = scoresOf(data, seed);
  if (outputs === 1) return { task: 'regression', values };
  const sorted = values.slice().sort();
  const labels = Int32Array.from(values, (value) =>
    Math.min(outputs - 1, Math.floor((sorted.indexOf(value) * outputs) / values.length)),
  );
  return { task: 'classification', labels, classes: range(outputs).map((at) => `class ${at}`) };
}

async function parityOf(model: ForestModel, data: Columns) {
  const probes = parityRows(model, data, 1);
  const session = await openSession(exportForest(model, {}));
  try {
    const output = await session.run(probes);
    const isClasses = output.task === 'classification';
    return compareParity(predictForest(model, probes), isClasses ? output.probabilities : output.values, {
      task: model.task,
      outputs: model.outputs,
      ...(isClasses && { labels: { actual: output.labels, classes: model.classes } }),
    });
  } finally {
    await session.release();
  }
}

describe('parity with onnxruntime', () => {
  it.each([
    ['a number', 1],
    ['two classes', 2],
    ['five classes', 5],
  ])('of %s, with and without sets of categories', async (_, outputs) => {
    const data = tableOf(600, 40, 1);
    const numeric = { ...data, columns: data.columns.slice(0, 2) };
    for (const of of [data, numeric]) {
      const model = fitForest(of, targetOf(data, outputs, 1), { trees: 12 });
      const sets = model.trees.reduce((sum, tree) => sum + tree.setBits.length, 0);
      expect(sets > 0).toBe(of === data);
      const found = await parityOf(model, of);
      expect(found).toMatchObject({ passed: true, labelDifferences: 0 });
      expect(found.rows).toBeGreaterThanOrEqual(10_000);
    }
  });

  it('of trees that are single leaves, beside others with sets', async () => {
    const data = tableOf(300, 12, 2);
    const model = fitForest(data, targetOf(data, 3, 2), { trees: 4 });
    const leaf = {
      ...model.trees[0]!,
      column: Int32Array.of(-1),
      set: Int32Array.of(-1),
      value: Float32Array.of(0.5, 0.25, 0.25),
    };
    expect(await parityOf({ ...model, trees: [leaf, ...model.trees] }, data)).toMatchObject({ passed: true });
  });
});

describe('the size of the file', () => {
  it('stays below maxBytes whatever the data, and near it where the data would fill more', () => {
    fc.assert(
      fc.property(
        fc.record({
          outputs: fc.constantFrom(1, 2, 6),
          categories: fc.constantFrom(2, 30, 300),
          trees: fc.integer({ min: 1, max: 40 }),
          seed: fc.nat(1000),
        }),
        ({ outputs, categories, trees, seed }) => {
          const data = tableOf(1500, categories, seed);
          const random = seededRandom(seed);
          // Pure noise: nothing but single rows is ever pure.
          const target: TrainingTarget =
            outputs === 1
              ? { task: 'regression', values: Float64Array.from({ length: 1500 }, () => random()) }
              : {
                  task: 'classification',
                  labels: Int32Array.from({ length: 1500 }, () => Math.floor(random() * outputs)),
                  classes: range(outputs).map(String),
                };
          const bytes = exportForest(fitForest(data, target, { trees, maxBytes: 100_000 }), {}).length;
          expect(bytes).toBeLessThan(100_000);
          if (trees > 10) expect(bytes).toBeGreaterThan(25_000);
        },
      ),
      { numRuns: 12 },
    );
  });
});

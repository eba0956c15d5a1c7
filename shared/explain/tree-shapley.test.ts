import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { type Columns, takeRows } from '#shared/schema/columns.ts';
import { encodeColumns } from '#shared/training/column-encoding.ts';
import { findLeaf } from '#shared/training/tree.ts';
import type { Attribution, Players } from './attribution.ts';
import type { Score } from './coalitions.ts';
import { exactShapley } from './exact-shapley.ts';
import { randomEnsemble, randomForest, randomRows } from './testing.ts';
import { type TreeEnsemble, treeShapley } from './tree-shapley.ts';

/** The raw score in float64, by prediction's own way down the trees. */
function scoreOf(model: TreeEnsemble, output = 0): Score {
  return (rows) => {
    const inputs = encodeColumns(model.columns, rows);
    return Float64Array.from({ length: rows.rows }, (_, row) => {
      if ('outputs' in model)
        return model.trees.reduce(
          (sum, tree) =>
            sum + tree.value[findLeaf(tree, inputs, row) * model.outputs + output]! / model.trees.length,
          0,
        );
      return model.trees.reduce(
        (sum, tree) => (tree.output === output ? sum + tree.value[findLeaf(tree, inputs, row)]! : sum),
        model.baseValues[output]!,
      );
    });
  };
}

function explainerOf(model: TreeEnsemble, background: Columns, players?: Players) {
  const explainer = treeShapley(model, background, players);
  if (!explainer.computable) throw new Error(explainer.reason);
  return explainer;
}

function expectSame(found: Attribution, exact: Attribution): void {
  expect(Math.abs(found.prediction - exact.prediction)).toBeLessThan(1e-9);
  expect(Math.abs(found.baseValue - exact.baseValue)).toBeLessThan(1e-9);
  expect(found.contributions).toHaveLength(exact.contributions.length);
  found.contributions.forEach((value, player) => {
    expect(Math.abs(value - exact.contributions[player]!)).toBeLessThan(1e-9);
  });
  expect(found.efficiencyError).toBeLessThan(1e-9);
}

async function exactOf(model: TreeEnsemble, rows: Columns, row: number, background: Columns, output = 0) {
  const exact = await exactShapley({
    score: scoreOf(model, output),
    row: takeRows(rows, [row]),
    background: takeRows(
      background,
      Array.from({ length: background.rows }, (_, at) => at),
    ),
  });
  if (!exact.computable) throw new Error(exact.reason);
  return exact;
}

describe('TreeSHAP', () => {
  it('agrees with exact enumeration to 1e-9: missing values, category sets, columns asked twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        async (columns, size, seed) => {
          const random = seededRandom(seed);
          const model = randomEnsemble(random, columns, 12);
          const background = randomRows(random, columns, size);
          const rows = randomRows(random, columns, 3);
          const found = explainerOf(model, background).explain(rows);
          for (let row = 0; row < rows.rows; row++)
            expectSame(found[row]!, await exactOf(model, rows, row, background));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('explains each row’s chosen output of a model with several', async () => {
    const random = seededRandom(4);
    const model = randomEnsemble(random, 5, 30, 3);
    const [background, rows] = [randomRows(random, 5, 8), randomRows(random, 5, 3)];
    const found = explainerOf(model, background).explain(rows, [2, 0, 1]);
    for (const [row, output] of [2, 0, 1].entries())
      expectSame(found[row]!, await exactOf(model, rows, row, background, output));
  });

  it('explains a forest: the mean of its trees, any output', async () => {
    const random = seededRandom(5);
    for (const outputs of [1, 3]) {
      const model = randomForest(random, 5, 20, outputs);
      const [background, rows] = [randomRows(random, 5, 8), randomRows(random, 5, 2)];
      const output = outputs - 1;
      const found = explainerOf(model, background).explain(rows, [output, output]);
      for (const row of [0, 1]) expectSame(found[row]!, await exactOf(model, rows, row, background, output));
    }
  });

  it('scores rows as the sum of its trees', () => {
    const random = seededRandom(8);
    const model = randomEnsemble(random, 4, 9, 3);
    const rows = randomRows(random, 4, 5);
    const scores = explainerOf(model, rows).scores(rows);
    for (const output of [0, 1, 2]) {
      const expected = scoreOf(model, output)(rows) as Float64Array;
      expected.forEach((score, row) => {
        expect(scores[row * 3 + output]).toBeCloseTo(score, 12);
      });
    }
  });

  it('explains columns of one player together, as enumeration does', async () => {
    const random = seededRandom(9);
    const model = randomEnsemble(random, 6, 25);
    const [background, rows] = [randomRows(random, 6, 7), randomRows(random, 6, 1)];
    const players = [[0, 3, 5], [1], [2, 4]];
    const [found] = explainerOf(model, background, players).explain(rows);
    const exact = await exactShapley({ score: scoreOf(model), row: rows, background, players });
    if (!exact.computable) throw new Error(exact.reason);
    expectSame(found!, exact);
  });

  it('gives exactly 0 to a column that no tree asks, and to all where the row is the background', () => {
    const random = seededRandom(2);
    const model = randomEnsemble(random, 4, 10);
    const wider = { ...model, columns: [...model.columns, { kind: 'numeric', name: 'c4' } as const] };
    const rows = randomRows(random, 5, 2);
    const [found] = explainerOf(wider, takeRows(rows, [1])).explain(rows);
    expect(found!.contributions[4]).toBe(0);
    const [itself] = explainerOf(wider, takeRows(rows, [0])).explain(rows);
    expect([...itself!.contributions]).toEqual([0, 0, 0, 0, 0]);
    expect(itself!.prediction).toBe(itself!.baseValue);
  });

  it('of two ensembles together is the sum of both: linearity', () => {
    const random = seededRandom(6);
    const [one, other] = [randomEnsemble(random, 5, 8), randomEnsemble(random, 5, 8)];
    const [background, rows] = [randomRows(random, 5, 10), randomRows(random, 5, 1)];
    const of = (model: typeof one) => explainerOf(model, background).explain(rows)[0]!.contributions;
    const both = of({ ...one, trees: [...one.trees, ...other.trees] });
    const [first, second] = [of(one), of(other)];
    both.forEach((value, at) => {
      expect(value).toBeCloseTo(first[at]! + second[at]!, 10);
    });
  });

  it('of a model without trees is all base value', () => {
    const model = { ...randomEnsemble(seededRandom(1), 3, 0), baseValues: Float32Array.of(1.5) };
    const rows = randomRows(seededRandom(2), 3, 1);
    expect(explainerOf(model, rows).explain(rows)).toMatchObject([{ prediction: 1.5, baseValue: 1.5 }]);
  });

  it('says that a background without rows explains nothing', () => {
    const rows = randomRows(seededRandom(2), 3, 0);
    expect(treeShapley(randomEnsemble(seededRandom(1), 3, 2), rows)).toEqual({
      computable: false,
      reason: 'the background has no rows',
    });
  });
});

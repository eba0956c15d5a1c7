import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NotComputable } from '#shared/drift/measure.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { takeRows } from '#shared/schema/columns.ts';
import type { Attribution } from './attribution.ts';
import type { Game, Score } from './coalitions.ts';
import { exactShapley, shapleyOf } from './exact-shapley.ts';
import { permutationShapley } from './permutation-shapley.ts';
import { numericRows, scoreOf } from './testing.ts';

const x = [0.7, -1.2, 2, 0.4];
const background = numericRows([
  [0, 0, 0, 0],
  [1, -1, 0.5, 2],
  [-0.3, 0.8, 1.1, -2],
]);

function game(score: Score, row: readonly number[] = x, others = background): Game {
  return { score, row: numericRows([row]), background: others };
}

const methods: [string, (game: Game) => Promise<Attribution | NotComputable>][] = [
  ['exact enumeration', exactShapley],
  ['permutations', (one) => permutationShapley(one, { random: seededRandom(3) })],
];

async function valuesOf(attribution: Promise<Attribution | NotComputable>): Promise<Attribution> {
  const found = await attribution;
  if (!found.computable) throw new Error(found.reason);
  return found;
}

const number = fc.double({ min: -5, max: 5, noNaN: true });
const rowOf = (size: number) => fc.array(number, { minLength: size, maxLength: size });
/** Interactions of all orders, none of them symmetric. */
const mixed = scoreOf(
  ([a, b, c, d]) => a! * b! - Math.tanh(c! * d!) + a! * b! * c! + Math.max(a!, d!) + (b! > 0 ? c! : 2),
);

describe.each(methods)('%s', (_, explain) => {
  it('splits all of prediction − base: efficiency', async () => {
    await fc.assert(
      fc.asyncProperty(rowOf(4), fc.array(rowOf(4), { minLength: 1, maxLength: 5 }), async (row, others) => {
        const found = await valuesOf(explain(game(mixed, row, numericRows(others))));
        const [prediction] = mixed(numericRows([row]));
        expect(found.prediction).toBeCloseTo(prediction!, 9);
        expect(found.efficiencyError).toBeLessThan(1e-9);
        const sum = found.contributions.reduce((total, one) => total + one, 0);
        expect(sum).toBeCloseTo(found.prediction - found.baseValue, 9);
      }),
      { numRuns: 30 },
    );
  });

  it('gives exactly nothing to a feature that the score does not read: dummy', async () => {
    const found = await valuesOf(explain(game(scoreOf(([a, b]) => a! * b! + Math.sin(a!)))));
    expect([...found.contributions.subarray(2)]).toEqual([0, 0]);
  });

  it('gives exactly nothing where the background has the row’s own value throughout', async () => {
    const others = numericRows([
      [0, -1.2, 0, 0],
      [1, -1.2, 0.5, 2],
    ]);
    const found = await valuesOf(explain(game(mixed, x, others)));
    expect(found.contributions[1]).toBe(0);
    expect(found.contributions[0]).not.toBe(0);
  });

  it('of a linear score gives w·(x − mean of the background)', async () => {
    const weights = [2, -1, 0.5, 3];
    const score = scoreOf((row) => row.reduce((sum, one, at) => sum + one * weights[at]!, 0.25));
    const { contributions } = await valuesOf(explain(game(score)));
    weights.forEach((weight, at) => {
      const mean = [...background.columns[at]!.values].reduce<number>((sum, one) => sum + Number(one), 0) / 3;
      expect(contributions[at]).toBeCloseTo(weight * (x[at]! - mean), 10);
    });
  });

  it('takes the columns of one player in and out together', async () => {
    const score = scoreOf(([a, b, c, d]) => a! * b! * c! + d!);
    const found = await valuesOf(explain({ ...game(score), players: [[0, 2], [1], [3]] }));
    expect(found.contributions).toHaveLength(3);
    expect(found.contributions[2]).toBeCloseTo(0.4, 10);
  });

  it('explains missing values and categories as values', async () => {
    const score: Score = ({ rows, columns }) =>
      Float64Array.from({ length: rows }, (__, row) => {
        const [size, colour] = columns.map(({ values }) => values[row]);
        return (Number.isNaN(size) ? 5 : Number(size)) + (colour === null ? 1 : colour === 'red' ? 2 : 0);
      });
    const table = (size: number[], colour: (string | null)[]) => ({
      rows: size.length,
      columns: [
        { kind: 'numeric', name: 'size', values: Float64Array.from(size) } as const,
        { kind: 'categorical', name: 'colour', values: colour } as const,
      ],
    });
    const found = await valuesOf(
      explain({
        score,
        row: table([Number.NaN], [null]),
        background: table([1, Number.NaN], ['red', 'blue']),
      }),
    );
    expect([...found.contributions]).toEqual([2, 0]);
    expect(found).toMatchObject({ prediction: 6, baseValue: 4 });
  });

  it('says why there is nothing to explain', async () => {
    expect(await explain(game(mixed, x, takeRows(background, [])))).toMatchObject({
      computable: false,
      reason: 'the background has no rows',
    });
    expect(await explain(game(scoreOf(([a]) => Math.log(a!))))).toMatchObject({
      computable: false,
      reason: 'the model gives a score that is not finite',
    });
    await expect(explain(game(mixed, x, numericRows([[1, 2]])))).rejects.toThrow(
      'the background has columns "x0" (numeric), "x1" (numeric): must be those of the row',
    );
    await expect(explain({ ...game(mixed), players: [[0], [1], [2]] })).rejects.toThrow(
      'column 3 belongs to no player',
    );
    await expect(explain({ ...game(mixed), players: [[0, 1], [1, 2], [3]] })).rejects.toThrow(
      'column 1 is in two players',
    );
  });
});

describe('exact enumeration', () => {
  it('treats features that the score treats alike, alike: symmetry', async () => {
    const score = scoreOf(([a, b, c, d]) => a! * b! * c! + (a! + b!) ** 2 - d!);
    const even = numericRows([
      [1, 1, 0, 0],
      [-2, -2, 3, 1],
    ]);
    const { contributions } = await valuesOf(exactShapley(game(score, [0.5, 0.5, 2, 1], even)));
    expect(contributions[0]).toBeCloseTo(contributions[1]!, 12);
    expect(contributions[0]).not.toBeCloseTo(contributions[2]!, 2);
  });

  it('of a sum of games is the sum of their values: linearity', () => {
    const games = fc
      .array(number, { minLength: 16, maxLength: 16 })
      .map((values) => Float64Array.from(values));
    fc.assert(
      fc.property(games, games, number, (one, other, factor) => {
        const mixedGame = one.map((value, at) => value + factor * other[at]!);
        const [first, second] = [shapleyOf(one, 4), shapleyOf(other, 4)];
        shapleyOf(mixedGame, 4).forEach((value, at) => {
          expect(value).toBeCloseTo(first[at]! + factor * second[at]!, 9);
        });
      }),
    );
  });

  it('gives the glove game its known values 1/6, 1/6, 2/3', () => {
    // One right glove (player 2), two left ones: a pair is worth 1.
    const values = Float64Array.from({ length: 8 }, (_, mask) =>
      (mask & 4) !== 0 && (mask & 3) !== 0 ? 1 : 0,
    );
    const [one, other, right] = shapleyOf(values, 3);
    expect([one, other, right].map((value) => value!.toFixed(12))).toEqual([
      (1 / 6).toFixed(12),
      (1 / 6).toFixed(12),
      (2 / 3).toFixed(12),
    ]);
  });

  it('takes 10 features, not 11', async () => {
    const zeros = (count: number) => numericRows([new Array<number>(count).fill(0)]);
    const score = scoreOf(() => 1);
    const of = (count: number) => exactShapley({ score, row: zeros(count), background: zeros(count) });
    expect(await of(10)).toMatchObject({ computable: true, modelRows: 1024 });
    await expect(of(11)).rejects.toThrow('11 features are too many to enumerate: at most 10');
  });
});

describe('permutations', () => {
  const random = seededRandom(11);
  const rows = Array.from({ length: 6 }, () => Array.from({ length: 8 }, () => normal(random)));
  const many = numericRows(rows.slice(1));
  /** Products of three and more, so that one antithetic pair is not exact. */
  const rough = scoreOf(
    (v) => v[0]! * v[1]! * v[2]! * v[3]! + Math.exp(v[4]! * v[5]! * v[6]!) + v[7]! * v[0]!,
  );
  const of = (permutations: number, seed: number) =>
    valuesOf(permutationShapley(game(rough, rows[0], many), { permutations, random: seededRandom(seed) }));

  it('are exact in one pair where at most two features interact', async () => {
    const score = scoreOf(([a, b, c, d]) => a! * b! + Math.exp(c!) - c! * d! + b!);
    const exact = await valuesOf(exactShapley(game(score)));
    const found = await valuesOf(
      permutationShapley(game(score), { permutations: 1, random: seededRandom(1) }),
    );
    found.contributions.forEach((value, at) => {
      expect(value).toBeCloseTo(exact.contributions[at]!, 10);
    });
    expect(found.standardErrors).toBeUndefined();
  });

  it('come to the exact values, within four of their standard errors', async () => {
    const exact = await valuesOf(exactShapley(game(rough, rows[0], many)));
    const found = await of(2000, 5);
    found.contributions.forEach((value, at) => {
      const error = found.standardErrors![at]!;
      expect(Math.abs(value - exact.contributions[at]!)).toBeLessThanOrEqual(4 * error + 1e-12);
      expect(error).toBeLessThan(0.05);
    });
  });

  it('report a standard error that is the spread over seeds, and shrinks as 1/√permutations', async () => {
    const spread = async (permutations: number) => {
      const found = await Promise.all(Array.from({ length: 60 }, (_, seed) => of(permutations, seed)));
      const values = found.map(({ contributions }) => contributions[4]!);
      const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
      const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1);
      const reported =
        found.reduce((sum, { standardErrors }) => sum + standardErrors![4]! ** 2, 0) / found.length;
      return { actual: Math.sqrt(variance), reported: Math.sqrt(reported) };
    };
    const [few, more] = [await spread(10), await spread(160)];
    expect(few.actual / few.reported).toBeGreaterThan(0.75);
    expect(few.actual / few.reported).toBeLessThan(1.3);
    expect(few.reported / more.reported).toBeGreaterThan(3.6);
    expect(few.reported / more.reported).toBeLessThan(4.4);
  });

  it('ask the model in batches of at most 32,768 values, and for no coalition twice', async () => {
    const calls: number[] = [];
    const counting: Score = (asked) => {
      calls.push(asked.rows);
      return rough(asked);
    };
    const large = numericRows(Array.from({ length: 100 }, (_, at) => rows[1 + (at % 5)]!));
    const found = await valuesOf(
      permutationShapley(game(counting, rows[0], large), { permutations: 400, random: seededRandom(1) }),
    );
    // 8 columns: 4096 rows, of which 40 coalitions of 100 fit
    expect(Math.max(...calls)).toBe(4000);
    expect(found.modelRows).toBe(256 * 100);
    expect(calls.reduce((sum, one) => sum + one, 0)).toBe(found.modelRows);
  });

  it('are drawn at least once', async () => {
    for (const permutations of [0, 1.5])
      await expect(permutationShapley(game(mixed), { permutations, random })).rejects.toThrow(
        `permutations is ${permutations}: must be a whole number of at least 1`,
      );
  });
});

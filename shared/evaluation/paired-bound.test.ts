import { describe, expect, test } from 'vitest';
import { studentTQuantile } from '../drift/special-functions.ts';
import { normal, seededRandom } from '../random.ts';
import { pairedLowerBound } from './paired-bound.ts';

const alpha = 0.01;
const simulations = 600;
type Random = () => number;
/** Losses of champion and candidate on one row. */
type Pair = (random: Random) => readonly [number, number];

/** One simulated holdout: its losses, and Student's lower bound of their difference. */
function holdout(pair: Pair, rows: number, random: Random) {
  const losses = Array.from({ length: rows }, () => pair(random));
  const champion = losses.map(([loss]) => loss);
  const candidate = losses.map(([, loss]) => loss);
  const mean = losses.reduce((sum, [one, other]) => sum + one - other, 0) / rows;
  const squares = losses.reduce((sum, [one, other]) => sum + (one - other - mean) ** 2, 0);
  const student = mean - studentTQuantile(alpha, rows - 1) * Math.sqrt(squares / (rows - 1) / rows);
  return { champion, candidate, student };
}

/**
 * Share of simulated holdouts on which the candidate is called better. The bound is never above Student's, as a test below says: where
 * that shows no improvement, nothing need be resampled to know the answer.
 */
function passRate(pair: Pair, rows: number, seed: number): number {
  const random = seededRandom(seed);
  let passed = 0;
  for (let simulation = 0; simulation < simulations; simulation++) {
    const { champion, candidate, student } = holdout(pair, rows, random);
    if (student > 0 && pairedLowerBound(champion, candidate, alpha, random).lower > 0) passed += 1;
  }
  return passed / simulations;
}

/** The rate that a true rate of `rate` exceeds in one of a thousand such simulations. */
const withSlack = (rate: number) => rate + 3.1 * Math.sqrt((rate * (1 - rate)) / simulations);

const wrong = (random: Random, rate: number) => (random() < rate ? 1 : 0);
const squared = (label: number, answer: number) => (label - answer) ** 2;
/** Student's t with 3 degrees of freedom: its square has no variance. */
function heavy(random: Random): number {
  const spread = Math.sqrt((normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2) / 3);
  return normal(random) / spread;
}

const equal: readonly { readonly losses: string; readonly pair: Pair }[] = [
  { losses: '0/1', pair: (random) => [wrong(random, 0.2), wrong(random, 0.2)] },
  {
    losses: '0/1, differing on 6 % of the rows,',
    pair: (random) => {
      const drawn = random();
      return [drawn < 0.03 ? 1 : 0, drawn >= 0.03 && drawn < 0.06 ? 1 : 0];
    },
  },
  {
    losses: 'squared-error',
    pair: (random) => {
      const label = normal(random);
      return [squared(label, 0.5 * normal(random)), squared(label, 0.5 * normal(random))];
    },
  },
  {
    losses: 'heavy-tailed squared-error',
    pair: (random) => {
      const label = heavy(random);
      return [squared(label, 0.5 * normal(random)), squared(label, 0.5 * normal(random))];
    },
  },
];

/** A quarter to three quarters more loss than the champion's. */
const worse: typeof equal = [
  { losses: '0/1', pair: (random) => [wrong(random, 0.2), wrong(random, 0.27)] },
  {
    losses: 'squared-error',
    pair: (random) => {
      const label = normal(random);
      return [squared(label, 0.5 * normal(random)), squared(label, 0.75 * normal(random))];
    },
  },
  {
    losses: 'heavy-tailed squared-error',
    pair: (random) => {
      const label = heavy(random);
      return [squared(label, 0.5 * normal(random)), squared(label, normal(random))];
    },
  },
];

describe.each([60, 300])('on %i rows', (rows) => {
  test.each(equal)('of equal candidates at most 1 in 100 is called better: $losses losses', ({ pair }) => {
    expect(passRate(pair, rows, rows)).toBeLessThanOrEqual(withSlack(0.01));
  });

  test.each(worse)('of worse candidates at most 1 in 1000 is called better: $losses losses', ({ pair }) => {
    expect(passRate(pair, rows, rows + 1)).toBeLessThanOrEqual(withSlack(0.001));
  });

  test('of equal candidates that err to the other side of log-normal labels fewer than 4 in 100 are called better', () => {
    const mean = Math.exp(0.5);
    const pair: Pair = (random) => {
      const label = Math.exp(normal(random));
      return [squared(label, mean + 0.3), squared(label, mean - 0.3)];
    };
    expect(passRate(pair, rows, rows + 2)).toBeLessThan(0.04);
  });
});

test.each([...equal, ...worse])('the bound is at most Student’s: $losses losses', ({ pair }) => {
  const random = seededRandom(11);
  for (let simulation = 0; simulation < 60; simulation++) {
    const rows = 2 + Math.floor(100 * random());
    const { champion, candidate, student } = holdout(pair, rows, random);
    const { lower } = pairedLowerBound(champion, candidate, alpha, random);
    expect(lower).toBeLessThanOrEqual(student + 1e-9 * Math.abs(student));
  }
});

describe('pairedLowerBound', () => {
  const bound = (reference: number[], candidate: number[]) =>
    pairedLowerBound(reference, candidate, alpha, seededRandom(1));

  test('a clearly better candidate is found: half the error rate on 300 rows, a tenth of the squared error on 60', () => {
    expect(passRate((random) => [wrong(random, 0.3), wrong(random, 0.15)], 300, 3)).toBeGreaterThan(0.9);
    const tenth: Pair = (random) => [normal(random) ** 2, 0.1 * normal(random) ** 2];
    expect(passRate(tenth, 60, 4)).toBeGreaterThan(0.9);
  });

  test('the estimate is the mean paired improvement, and the bound is below it', () => {
    const { estimate, lower, rows } = bound([3, 5, 4, 6], [1, 2, 3, 2]);
    expect(estimate).toBe(2.5);
    expect(lower).toBeLessThan(2.5);
    expect(rows).toBe(4);
  });

  test('the same losses prove nothing: a bound of exactly 0 is not above 0', () => {
    const losses = Array.from({ length: 60 }, (_, at) => at % 5);
    expect(bound(losses, losses)).toEqual({ estimate: 0, lower: 0, rows: 60 });
  });

  test('the unit of the loss does not matter', () => {
    const random = seededRandom(5);
    const reference = Array.from({ length: 60 }, () => normal(random) ** 2);
    const candidate = reference.map((loss) => loss * random());
    const small = bound(reference, candidate);
    const large = bound(
      reference.map((loss) => loss * 1024),
      candidate.map((loss) => loss * 1024),
    );
    expect(large.lower).toBeCloseTo(small.lower * 1024, 6);
  });

  test('five rows that all favour the candidate among 60 do not prove it better; they would by the percentile alone', () => {
    const reference = Array.from({ length: 60 }, (_, at) => (at < 5 ? 1 : 0));
    expect(bound(reference, new Array<number>(60).fill(0)).lower).toBeLessThanOrEqual(0);
    const seven = Array.from({ length: 60 }, (_, at) => (at < 7 ? 1 : 0));
    expect(bound(seven, new Array<number>(60).fill(0)).lower).toBeGreaterThan(0);
  });

  test('a loss that is no number proves nothing', () => {
    const reference = new Array<number>(60).fill(5);
    const candidate = reference.map((_, at) => (at === 0 ? Number.NaN : 1));
    expect(bound(reference, candidate).lower > 0).toBe(false);
    expect(
      bound(
        reference.map((_, at) => (at === 0 ? Number.POSITIVE_INFINITY : 5)),
        reference,
      ).lower > 0,
    ).toBe(false);
  });

  test.each([
    [1, 1],
    [2, 3],
    [0, 0],
  ])('%i losses against %i are refused', (one, other) => {
    expect(() => bound(new Array<number>(one).fill(1), new Array<number>(other).fill(1))).toThrow(RangeError);
  });
});

test('a candidate that is right on all rows but a few is not undone by rounding', () => {
  for (const [rows, misses] of [
    [63, 1],
    [63, 2],
    [300, 3],
    [300, 5],
  ] as const)
    for (let seed = 0; seed < 20; seed++) {
      const champion = new Float64Array(rows).fill(1);
      const candidate = Float64Array.from({ length: rows }, (_, row) => (row < misses ? 1 : 0));
      expect(pairedLowerBound(champion, candidate, 0.01, seededRandom(seed)).lower).toBeGreaterThan(0.8);
    }
});

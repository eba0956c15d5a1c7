import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import type { TestResult } from './drift-test.ts';
import { driftTest } from './registry.ts';
import { numericPair } from './testing.ts';

type Random = () => number;

/** Draws as float32, which is what profiles count. */
const draw = (rows: number, value: () => number) => Float32Array.from({ length: rows }, value);

const laws: Record<string, (random: Random) => number> = {
  normal: (random) => normal(random),
  'lognormal, σ = 2': (random) => Math.exp(2 * normal(random)),
  'Pareto, α = 1.1': (random) => (1 - random()) ** (-1 / 1.1),
  '70 % zeros': (random) => (random() < 0.7 ? 0 : random()),
  'rounded to 2 digits': (random) => Math.round(100 * normal(random)) / 100,
  'five levels': (random) => Math.floor(5 * random()),
};
const changes: Record<string, (value: number) => number> = {
  none: (value) => value,
  shift: (value) => value + 0.3,
  scale: (value) => 1.7 * value,
  'far away': (value) => 40 * value + 100,
};

function compared(name: string, reference: Float32Array, current: Float32Array) {
  const test = driftTest(name);
  const [profiled, raw] = [
    test.profiles!(numericPair(reference, current)),
    test.samples!(reference, current),
  ];
  if (!profiled.computable || !raw.computable) throw new Error(`${name} is not computable`);
  return { profiled, raw };
}

function expectBracketed(raw: TestResult, profiled: TestResult, what: string): void {
  const slack = 1e-9 * (1 + Math.abs(raw.statistic));
  expect(profiled.lo! - slack <= raw.statistic, `${what}: ${profiled.lo} ≤ ${raw.statistic}`).toBe(true);
  expect(raw.statistic <= profiled.hi! + slack, `${what}: ${raw.statistic} ≤ ${profiled.hi}`).toBe(true);
}

describe('the raw rows’ statistic lies in the bracket of the profiles', () => {
  it.each(['kolmogorov_smirnov', 'wasserstein', 'energy', 'mann_whitney'])(
    '%s, whatever the data',
    (name) => {
      fc.assert(
        fc.property(
          fc.nat(),
          fc.constantFrom(...Object.keys(laws)),
          fc.constantFrom(...Object.keys(laws)),
          fc.constantFrom(...Object.keys(changes)),
          fc.integer({ min: 2, max: 4000 }),
          fc.integer({ min: 2, max: 4000 }),
          (seed, first, second, change, n, m) => {
            const random = seededRandom(seed);
            const reference = draw(n, () => laws[first]!(random));
            const current = draw(m, () => changes[change]!(laws[second]!(random)));
            const { profiled, raw } = compared(name, reference, current);
            expectBracketed(raw, profiled, `${first} ${n} against ${second} ${m}, ${change}`);
          },
        ),
        { numRuns: 40 },
      );
    },
  );

  it.each(['kolmogorov_smirnov', 'wasserstein', 'energy'])('%s, all current rows inside one cell', (name) => {
    const random = seededRandom(1);
    const reference = draw(20_000, random);
    const current = draw(500, () => 0.50002 + 0.0004 * random());
    const { profiled, raw } = compared(name, reference, current);
    expectBracketed(raw, profiled, name);
  });
});

describe('profiles of 100k reference and 20k current rows', () => {
  const distances: [law: string, change: string, within: number][] = [
    ['normal', 'shift', 0.005],
    ['normal', 'scale', 0.01],
    ['lognormal, σ = 2', 'shift', 0.03],
    ['lognormal, σ = 2', 'scale', 0.03],
    ['Pareto, α = 1.1', 'shift', 0.03],
    ['Pareto, α = 1.1', 'scale', 0.03],
    ['70 % zeros', 'scale', 0.01],
  ];
  const pairOf = (law: string, change: string, seed = 7) => {
    const random = seededRandom(seed);
    const reference = draw(100_000, () => laws[law]!(random));
    const current = draw(20_000, () => changes[change]!(laws[law]!(random)));
    return [reference, current] as const;
  };

  it.each(distances)(
    '%s, %s: Wasserstein and energy are within %f of the exact ones',
    (law, change, within) => {
      for (const name of ['wasserstein', 'energy']) {
        const { profiled, raw } = compared(name, ...pairOf(law, change));
        expectBracketed(raw, profiled, name);
        expect(Math.abs(profiled.statistic / raw.statistic - 1), name).toBeLessThan(within);
      }
    },
  );

  it.each([
    ['normal', 'none'],
    ['normal', 'shift'],
    ['lognormal, σ = 2', 'scale'],
    ['Pareto, α = 1.1', 'shift'],
    ['70 % zeros', 'scale'],
  ])('%s, %s: the rank statistics agree with the raw ones to 1 in 100', (law, change) => {
    for (const name of ['cramer_von_mises', 'anderson_darling', 'mann_whitney']) {
      const { profiled, raw } = compared(name, ...pairOf(law, change));
      expect(Math.abs(profiled.statistic - raw.statistic), name).toBeLessThan(
        0.01 * Math.max(1, Math.abs(raw.statistic)),
      );
    }
  });

  it('discrete data lose nothing: ranks and brackets are exact', () => {
    const [reference, current] = pairOf('five levels', 'none');
    for (const name of ['cramer_von_mises', 'anderson_darling', 'mann_whitney', 'kolmogorov_smirnov']) {
      const { profiled, raw } = compared(name, reference, current);
      expect(profiled.statistic, name).toBeCloseTo(raw.statistic, 9);
      if (profiled.lo !== undefined) expect(profiled.hi).toBe(profiled.lo);
    }
    const { profiled, raw } = compared('wasserstein', reference, current);
    expect(profiled.statistic).toBeCloseTo(raw.statistic, 9);
  });

  it('t statistics come from the profiles’ moments', () => {
    for (const name of ['t_test', 'welch_t_test']) {
      const { profiled, raw } = compared(name, ...pairOf('normal', 'shift'));
      expect(Math.abs(profiled.statistic / raw.statistic - 1), name).toBeLessThan(1e-4);
    }
    const far = numericPair([0, 1, 2, 3], [1e30, 2, 3, 4]);
    expect(driftTest('t_test').profiles!(far)).toMatchObject({ computable: false });
  });
});

describe('infinite rows', () => {
  const pair = numericPair([1, 2, 3, 4], [1, 2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);

  it('are the largest and smallest values to rank tests', () => {
    const raw = driftTest('kolmogorov_smirnov').samples!(
      [1, 2, 3, 4],
      [1, 2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    expect(driftTest('kolmogorov_smirnov').profiles!(pair)).toMatchObject({
      statistic: raw.computable ? raw.statistic : undefined,
    });
  });

  it('have no distance and no mean', () => {
    for (const name of ['wasserstein', 'energy', 't_test'])
      expect(driftTest(name).profiles!(pair)).toMatchObject({ reason: expect.stringContaining('infinite') });
  });
});

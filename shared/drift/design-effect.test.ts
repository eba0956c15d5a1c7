import { describe, expect, it } from 'vitest';
import { type Anchors, buildAnchors } from '#shared/profile/anchors.ts';
import { featureOf, mergeProfiles, type Profile } from '#shared/profile/profile.ts';
import { categorical, numeric, profileOf, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { chiSquareContingency } from './chi-square.ts';
import { compareFeature } from './compare-feature.ts';
import { measureDesignEffects } from './design-effect.ts';

type Day = ReturnType<typeof numeric> | ReturnType<typeof categorical>;

/** Users of ten rows each; two rows of one user correlate by `icc`. */
function clustered(users: number, icc: number, random: Random): Day {
  const values: number[] = [];
  for (let user = 0; user < users; user++) {
    const own = Math.sqrt(icc) * normal(random);
    for (let row = 0; row < 10; row++) values.push(own + Math.sqrt(1 - icc) * normal(random));
  }
  return numeric('x', values);
}

/** One of five categories per user, in all ten rows. */
function ofUsers(users: number, random: Random): Day {
  const values = Array.from({ length: users }, () => `c${Math.floor(5 * random())}`);
  return categorical(
    'x',
    values.flatMap((value) => new Array<string>(10).fill(value)),
  );
}

function joined(days: readonly Day[]): Day {
  if (days[0]?.kind === 'numeric')
    return numeric(
      'x',
      days.flatMap((day) => (day.kind === 'numeric' ? [...day.values] : [])),
    );
  return categorical(
    'x',
    days.flatMap((day) => (day.kind === 'categorical' ? day.values : [])),
  );
}

interface Baseline {
  readonly anchors: Anchors;
  readonly parts: readonly Profile[];
  readonly reference: Profile;
  readonly effect: number | undefined;
}

function baselineOf(days: readonly Day[]): Baseline {
  const anchors = buildAnchors([joined(days)]);
  const parts = days.map((day) => profileOf([day], anchors));
  const reference = profileOf([joined(days)], anchors);
  return { anchors, parts, reference, effect: measureDesignEffects(anchors, parts).get('x') };
}

const repeated = (count: number, of: () => Day) => Array.from({ length: count }, of);

describe('ten rows per user at intra-class correlation 0.5, days of 1000 rows', () => {
  const random = seededRandom(61);
  const [baselines, windows] = [100, 12];
  const rejected = { chiSquare: 0, withoutEffect: 0, withEffect: 0 };
  for (let repetition = 0; repetition < baselines; repetition++) {
    const day = () => clustered(100, 0.5, random);
    const { anchors, reference, effect } = baselineOf(repeated(14, day));
    for (let window = 0; window < windows; window++) {
      const current = featureOf(profileOf([day()], anchors), 'x');
      const compared = (designEffect: number) => {
        const drift = compareFeature(anchors.anchors[0]!, featureOf(reference, 'x'), current, {
          designEffect,
        });
        if (!drift.computable) throw new Error(drift.reason);
        return drift;
      };
      const plain = compared(1);
      const cells = chiSquareContingency(
        plain.cells.map((cell) => cell.reference),
        plain.cells.map((cell) => cell.current),
      );
      if (cells.computable && cells.pValue <= 0.05) rejected.chiSquare++;
      if (plain.pValue <= 0.05) rejected.withoutEffect++;
      if (compared(effect!).pValue <= 0.05) rejected.withEffect++;
    }
  }
  const share = (count: number) => count / (baselines * windows);
  /** Two binomial standard errors of 1200 windows. */
  const error = (expected: number) => 2 * Math.sqrt((expected * (1 - expected)) / (baselines * windows));

  it('make χ² reject a third, and the primary test four in ten, at a nominal 5 %', () => {
    expect(Math.abs(share(rejected.chiSquare) - 1 / 3)).toBeLessThan(0.02 + error(1 / 3));
    expect(Math.abs(share(rejected.withoutEffect) - 0.43)).toBeLessThan(0.02 + error(0.43));
  });

  it('are rejected 4–7 % of the time with the effect measured on the baseline', () => {
    expect(share(rejected.withEffect)).toBeGreaterThan(0.04 - error(0.04));
    expect(share(rejected.withEffect)).toBeLessThan(0.07 + error(0.07));
  });
});

describe('the design effect', () => {
  it('is about 1 for independent rows, and never below', () => {
    const random = seededRandom(62);
    const effects = Array.from(
      { length: 60 },
      () => baselineOf(repeated(14, () => clustered(30, 0, random))).effect!,
    );
    expect(Math.min(...effects)).toBe(1);
    const mean = effects.reduce((sum, effect) => sum + effect, 0) / effects.length;
    // The larger of two means of 14 ratios, each with a standard error of 0.2 (4 degrees) and 0.13 (9): never far off.
    expect(mean).toBeLessThan(1.15);
    expect(Math.max(...effects)).toBeLessThan(1.8);
  });

  it('is the rows per user where all rows of a user are alike', () => {
    const random = seededRandom(63);
    const numbers = baselineOf(repeated(60, () => clustered(100, 1, random))).effect!;
    const categories = baselineOf(repeated(60, () => ofUsers(100, random))).effect!;
    // 60 ratios of 4 degrees: a standard error of 9 %.
    for (const effect of [numbers, categories]) expect(Math.abs(effect / 10 - 1)).toBeLessThan(0.27);
  });

  it('counts a cycle longer than a sub-window as clustering', () => {
    const random = seededRandom(64);
    let at = 0;
    const weekly = () => {
      const shift = at++ % 7 < 5 ? 0 : 0.5;
      return numeric(
        'x',
        Array.from({ length: 300 }, () => shift + normal(random)),
      );
    };
    expect(baselineOf(repeated(14, weekly)).effect).toBeGreaterThan(3);
  });

  it('needs five sub-windows', () => {
    const random = seededRandom(65);
    const effectOf = (count: number) => baselineOf(repeated(count, () => clustered(10, 0.5, random))).effect;
    expect(effectOf(5)).toBeGreaterThanOrEqual(1);
    expect(effectOf(4)).toBeUndefined();
    const anchors = buildAnchors([numeric('x', [1, 2])]);
    expect(measureDesignEffects(anchors, [])).toEqual(new Map());
  });

  it('leaves out a sub-window below 30 rows, and is known where 30 are in each of five', () => {
    const random = seededRandom(66);
    const withLast = (rows: number) => {
      const days = repeated(4, () => clustered(10, 0, random));
      const few = numeric(
        'x',
        Array.from({ length: rows }, () => normal(random)),
      );
      return baselineOf([...days, few]).effect;
    };
    expect(withLast(30)).toBeGreaterThanOrEqual(1);
    expect(withLast(29)).toBeUndefined();
  });

  it('is not known for a column that does not vary, and known for the others', () => {
    const random = seededRandom(67);
    const days = repeated(6, () => clustered(10, 0, random));
    const columns = days.map((day) => [day, numeric('constant', new Float64Array(100).fill(3))]);
    const anchors = buildAnchors(columns[0]!);
    const effects = measureDesignEffects(
      anchors,
      columns.map((of) => profileOf(of, anchors)),
    );
    expect([...effects.keys()]).toEqual(['x']);
  });

  it('does not depend on the order of sub-windows, nor change them', () => {
    const random = seededRandom(68);
    const { anchors, parts, reference, effect } = baselineOf(repeated(8, () => clustered(20, 0.5, random)));
    const turned = measureDesignEffects(anchors, parts.toReversed()).get('x');
    expect(turned).toBeCloseTo(effect!, 10);
    expect(parts.slice(1).reduce(mergeProfiles, parts[0]!)).toEqual(reference);
  });
});

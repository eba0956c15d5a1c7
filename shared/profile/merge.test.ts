import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom, shuffledIndices } from '#shared/random.ts';
import { addColumns } from './add-columns.ts';
import { type Anchors, buildAnchors } from './anchors.ts';
import { MAX_CATEGORIES } from './categorical-anchor.ts';
import { addEncoded, decodeProfile, encodeProfile } from './encode.ts';
import { AnchorMismatchError } from './errors.ts';
import { emptyProfile, featureOf, mergeProfiles, type Profile } from './profile.ts';
import { summarize } from './summarize.ts';
import { categorical, draws, numeric, type Random } from './testing.ts';

/** 300 rows: two dependent numbers, one of heavy tails with half its mass in a point, few and more categories than fit. */
function baseline(random: Random) {
  const xs = Array.from({ length: 300 }, () => normal(random));
  return [
    numeric('x', xs),
    numeric(
      'y',
      xs.map((x) => x + normal(random)),
    ),
    draws('tail', 300, () => (random() < 0.5 ? 0 : Math.exp(4 * normal(random)))),
    categorical('few', ['a', 'b', 'a', 'c', 'a']),
    categorical(
      'many',
      Array.from({ length: MAX_CATEGORIES + 200 }, (_, at) => `v${at}`),
    ),
  ];
}

const columns = baseline(seededRandom(1));
const anchors = buildAnchors(columns);
/** Edges, and so point cells. */
const known = columns.flatMap((column) =>
  column.kind === 'numeric' ? [...column.values.subarray(0, 2)] : [],
);

type Cell = number | 'invalid';
type Row = readonly [x: Cell, y: Cell, tail: Cell, few: string | null, many: string | null];

const number: fc.Arbitrary<Cell> = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: -4, max: 4, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, 1, ...known) },
  { weight: 1, arbitrary: fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN) },
  { weight: 1, arbitrary: fc.constantFrom(1e300, -1e300, 3e38, -3e38, 5e-324, -1e-45, 1e-40) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constant<Cell>('invalid') },
);
const few = fc.constantFrom('a', 'b', 'c', 'new', '', '\ud800', null);
const many = fc.oneof(
  { weight: 1, arbitrary: fc.nat(MAX_CATEGORIES + 199).map((at) => `v${at}`) },
  { weight: 4, arbitrary: fc.nat(400).map((at) => `new ${at}`) },
  { weight: 1, arbitrary: fc.nat(3).map((at) => 'é'.repeat(130) + at) },
);
const anyRows: fc.Arbitrary<readonly Row[]> = fc.array(fc.tuple(number, number, number, few, many), {
  maxLength: 200,
  size: 'max',
});

/** A failure is shrunk for some seconds, not minutes. */
const runs = (numRuns: number) => ({
  numRuns,
  interruptAfterTimeLimit: 15_000,
  markInterruptAsFailure: true,
});

function count(rows: readonly Row[], into: Profile = emptyProfile(anchors)): Profile {
  const numbers = (['x', 'y', 'tail'] as const).map((name, at) => {
    const cells = rows.map((row) => row[at] as Cell);
    return {
      ...numeric(
        name,
        cells.map((cell) => (cell === 'invalid' ? Number.NaN : cell)),
      ),
      invalid: cells.filter((cell) => cell === 'invalid').length,
    };
  });
  addColumns(into, [
    ...numbers,
    categorical(
      'few',
      rows.map((row) => row[3]),
    ),
    categorical(
      'many',
      rows.map((row) => row[4]),
    ),
  ]);
  return into;
}

/** Rows in random order, dealt to 2 to 8 parts. */
function split(rows: readonly Row[], random: Random): Profile[] {
  const parts = Array.from({ length: 2 + Math.floor(7 * random()) }, () => [] as Row[]);
  for (const at of shuffledIndices(rows.length, random))
    parts[Math.floor(parts.length * random())]!.push(rows[at]!);
  return parts.map((part) => count(part));
}

/** Joins two parts drawn by lot until one is left: any order and any association. */
function joinAll(parts: Profile[], random: Random, join: (into: Profile, from: Profile) => Profile): Profile {
  const left = [...parts];
  const draw = () => left.splice(Math.floor(left.length * random()), 1)[0]!;
  while (left.length > 1) left.push(join(draw(), draw()));
  return left[0]!;
}

const bytesOf = (profile: Profile) => Buffer.from(encodeProfile(profile)).toString('hex');

describe('merging profiles', () => {
  it('gives the bytes of all rows counted at once, in 1,000 random splits, row orders, merge orders and associations', () => {
    let [withCoMoments, truncated, clipped] = [0, 0, 0];
    fc.assert(
      fc.property(anyRows, fc.nat(), (rows, seed) => {
        const random = seededRandom(seed);
        const whole = count(rows);
        expect(bytesOf(joinAll(split(rows, random), random, mergeProfiles))).toBe(bytesOf(whole));
        withCoMoments += whole.coMoments.products.some((product) => product !== 0) ? 1 : 0;
        truncated += summarize(whole, 'many').unseenComplete ? 0 : 1;
        clipped += summarize(whole, 'x').clipped ? 1 : 0;
      }),
      runs(1000),
    );
    // What makes order matter was there.
    expect(anchors.dependence?.columns).toEqual(['x', 'y', 'tail']);
    expect(Math.min(withCoMoments, truncated, clipped)).toBeGreaterThan(100);
  });

  it('through their bytes gives the same: addEncoded is decode and merge', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(), (rows, seed) => {
        const random = seededRandom(seed);
        const parts = split(rows, random);
        const added = joinAll(parts, random, (into, from) => addEncoded(into, encodeProfile(from)));
        expect(bytesOf(added)).toBe(bytesOf(count(rows)));
      }),
      runs(200),
    );
  });

  it('is commutative, and counting more rows into a profile is merging theirs', () => {
    fc.assert(
      fc.property(anyRows, anyRows, (a, b) => {
        const sum = bytesOf(mergeProfiles(count(a), count(b)));
        expect(bytesOf(mergeProfiles(count(b), count(a)))).toBe(sum);
        expect(bytesOf(count(b, count(a)))).toBe(sum);
      }),
      runs(100),
    );
  });

  it('with a profile of no rows changes nothing', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const bytes = bytesOf(count(rows));
        expect(bytesOf(mergeProfiles(count(rows), emptyProfile(anchors)))).toBe(bytes);
        expect(bytesOf(mergeProfiles(emptyProfile(anchors), count(rows)))).toBe(bytes);
      }),
      runs(100),
    );
  });

  it('does not overflow at a billion rows', () => {
    const profile = count([3, 3, 0.1].map((x) => [x, x, x, 'a', null]));
    for (let doubling = 0; doubling < 31; doubling++)
      mergeProfiles(profile, decodeProfile(anchors, encodeProfile(profile)));
    const { count: rows, mean } = summarize(profile, 'x');
    expect(rows).toBe(3 * 2 ** 31);
    expect(mean).toBeCloseTo(6.1 / 3, 5);
    expect(profile.coMoments.rows).toBe(3 * 2 ** 31);
    expect(decodeProfile(anchors, encodeProfile(profile))).toEqual(profile);
  });
});

describe('an encoded profile', () => {
  it('decodes to an equal one, figure by figure', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const profile = count(rows);
        expect(decodeProfile(anchors, encodeProfile(profile))).toEqual(profile);
      }),
      runs(100),
    );
  });
});

describe('profiles of another baseline', () => {
  const others: Record<string, Anchors> = {
    'another sample of the same columns': buildAnchors(baseline(seededRandom(2))),
    'one value that is an ulp off': buildAnchors(
      columns.map((column) =>
        column.name === 'x' && column.kind === 'numeric'
          ? numeric('x', [Math.fround(column.values[0]!) * (1 + 2 ** -22), ...column.values.subarray(1)])
          : column,
      ),
    ),
    'the same marginals, otherwise paired': buildAnchors(
      columns.map((column) =>
        column.name === 'y' && column.kind === 'numeric' ? numeric('y', column.values.toReversed()) : column,
      ),
    ),
    'another order of columns': buildAnchors(columns.toReversed()),
  };

  it.each(Object.entries(others))('are refused, and leave the target as it was: %s', (_, other) => {
    const target = count([[1, 2, 3, 'a', 'v1']]);
    const before = bytesOf(target);
    expect(() => mergeProfiles(target, emptyProfile(other))).toThrow(AnchorMismatchError);
    expect(() => addEncoded(target, encodeProfile(emptyProfile(other)))).toThrow(AnchorMismatchError);
    expect(() => decodeProfile(anchors, encodeProfile(emptyProfile(other)))).toThrow(
      `profile counted on anchors "${other.id}" cannot be combined with anchors "${anchors.id}"`,
    );
    expect(bytesOf(target)).toBe(before);
  });

  it('of the same rows in another order, are not another baseline', () => {
    const order = shuffledIndices(300, seededRandom(3));
    const shuffled = columns.map((column) =>
      column.kind === 'numeric'
        ? numeric(
            column.name,
            Float64Array.from(order, (row) => column.values[row]!),
          )
        : categorical(column.name, column.values.toReversed()),
    );
    const profile = mergeProfiles(count([[1, 2, 3, 'a', 'v1']]), emptyProfile(buildAnchors(shuffled)));
    expect(featureOf(profile, 'x').count).toBe(1);
  });
});

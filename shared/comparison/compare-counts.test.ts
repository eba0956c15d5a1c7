import { describe, expect, it } from 'vitest';
import { notComputable } from '../drift/measure.ts';
import { buildAnchors } from '../profile/anchors.ts';
import { categorical, numeric, profileOf } from '../profile/testing.ts';
import { normal, seededRandom } from '../random.ts';
import { defaultDriftPolicy } from '../verdict/policy.ts';
import { type CountedPair, compareCounts } from './compare-counts.ts';
import { channelOf, lossColumn, type Roles } from './roles.ts';

type Cells = Readonly<Record<string, ArrayLike<number> | readonly (string | null)[]>>;

function columnsOf(cells: Cells, roles: Roles) {
  const columns = Object.entries(cells).map(([name, values]) => {
    const channel = channelOf(name, roles);
    const texts = Array.from(values as ArrayLike<unknown>);
    return texts.some((text) => typeof text === 'string')
      ? categorical(name, texts as string[], channel)
      : numeric(name, values as ArrayLike<number>, channel);
  });
  const loss = lossColumn(columns, roles);
  return loss?.kind === 'numeric' ? [...columns, numeric(loss.name, loss.values, 'loss')] : columns;
}

/** Two tables compared as the command does it, without a classifier. */
function compare(before: Cells, now: Cells, more: Partial<CountedPair> = {}) {
  const roles = more.roles ?? {};
  const reference = columnsOf(before, roles);
  const anchors = buildAnchors(reference);
  const table = (file: string, { length }: { readonly length: number }) => ({
    file,
    rows: length,
    skipped: 0,
  });
  return compareCounts({
    anchors,
    reference: profileOf(reference, anchors),
    current: profileOf(columnsOf(now, roles), anchors),
    slices: [],
    roles,
    policy: defaultDriftPolicy,
    designEffect: 1,
    domainClassifier: notComputable('not asked for'),
    tables: {
      reference: table('reference.csv', Object.values(before)[0] ?? []),
      current: table('current.csv', Object.values(now)[0] ?? []),
    },
    notCompared: [],
    absent: [],
    unexpected: [],
    ...more,
  });
}

const random = seededRandom(21);
const gauss = (count: number, mean = 0, spread = 1) =>
  Float32Array.from({ length: count }, () => mean + spread * normal(random));
const pick = (count: number, of: string) =>
  Array.from({ length: count }, () => of[Math.floor(random() * of.length)]!);

const good = { a: gauss(2000), b: gauss(2000), plan: pick(2000, 'xyz') };
const alike = { a: gauss(1000), b: gauss(1000), plan: pick(1000, 'xyz') };

describe('a comparison of two samples of one population', () => {
  const { features, quality, multivariate, summary } = compare(good, alike);

  it('is stable, with no reason, no finding and no share of drift', () => {
    expect([summary.verdict, summary.reasons, quality, summary.drift_share]).toEqual(['stable', [], [], 0]);
    expect(summary.counts).toEqual({ stable: 3, shifted: 0, warning: 0, critical: 0, insufficient_data: 0 });
    expect(summary.diagnosis).toMatchObject({ kind: 'none', worst: [] });
  });

  it('has every column in the order of the file, with its rows and figures', () => {
    expect(features.map(({ name, kind, role }) => [name, kind, role])).toEqual([
      ['a', 'numeric', 'feature'],
      ['b', 'numeric', 'feature'],
      ['plan', 'categorical', 'feature'],
    ]);
    expect(features[0]).toMatchObject({ n_reference: 2000, n_current: 1000, missing_current: 0 });
    expect(features[0]?.summary.current.standard_deviation).toBeCloseTo(1, 1);
    expect(features[2]?.summary.current).toEqual({ categories: 3, unseen: 0 });
  });

  it('corrects p-values upwards only', () => {
    for (const { primary, adjusted_p } of features)
      expect(adjusted_p!).toBeGreaterThanOrEqual(primary!.p_value);
  });

  it('tells of tests of columns together that could not be computed, which are no alarm', () => {
    expect(multivariate.map(({ test }) => test)).toEqual([
      'covariance',
      'pca_reconstruction',
      'domain_classifier',
    ]);
    expect(multivariate[2]).toEqual({
      test: 'domain_classifier',
      figure: { not_computable: 'not asked for' },
      verdict: 'insufficient_data',
      reasons: [],
    });
  });
});

describe('a column that moved', () => {
  const moved = compare(good, { ...alike, b: gauss(1000, 0.8) });

  it('by 0.8 σ is critical, named first and alone', () => {
    const { features, summary } = moved;
    expect(features.map(({ verdict }) => verdict)).toEqual(['stable', 'critical', 'stable']);
    expect([summary.verdict, summary.counts.critical]).toEqual(['critical', 1]);
    expect(summary.reasons[0]).toMatch(/^b moved up by 0\.[789] σ/);
    expect(summary.diagnosis).toMatchObject({ kind: 'covariate', worst: [{ name: 'b' }] });
    expect(summary.drift_share).toBeCloseTo(1 / 3, 12);
  });

  it('is ranked by its importance to the model', () => {
    const both = { a: gauss(1000, 0.5), b: gauss(1000, 0.8), plan: alike.plan };
    const worst = (importance: Readonly<Record<string, number>>) =>
      compare(good, both, { importance: new Map(Object.entries(importance)) }).summary.diagnosis.worst[0]
        ?.name;
    expect(worst({ a: 0.5, b: 0.5 })).toBe('b');
    expect(worst({ a: 0.95, b: 0.05 })).toBe('a');
  });

  it('is judged by the limits that were set', () => {
    const strict = compare(
      good,
      { ...alike, b: gauss(1000, 0.3) },
      {
        policy: { ...defaultDriftPolicy, psiWarning: 0.02, psiCritical: 5 },
      },
    );
    expect(strict.features[1]?.verdict).toBe('warning');
    expect(strict.summary.policy).toMatchObject({ psi_warning: 0.02, psi_critical: 5, design_effect: 1 });
    const tolerant = compare(
      good,
      { ...alike, b: gauss(1000, 0.8) },
      {
        policy: { ...defaultDriftPolicy, psiWarning: 4, psiCritical: 5 },
      },
    );
    expect(tolerant.features[1]?.verdict).toBe('shifted');
  });

  it('counts for less where rows are clustered', () => {
    const p = (designEffect: number) =>
      compare(good, { ...alike, b: gauss(1000, 0.1) }, { designEffect }).features[1]!.primary!.p_value;
    expect(p(20)).toBeGreaterThan(10 * p(1));
  });
});

describe('the target', () => {
  const label = (count: number, mean: number) =>
    Array.from(gauss(count, mean), (value) => (value > 0 ? 'yes' : 'no'));
  const roles = { target: 'bought' };

  it('is shown at most as shifted, as labels come late and selected', () => {
    const { features, summary } = compare(
      { ...good, bought: label(2000, 0) },
      { ...alike, bought: label(1000, 2) },
      { roles },
    );
    expect(features.at(-1)).toMatchObject({ role: 'target', verdict: 'shifted' });
    expect(summary.verdict).toBe('shifted');
  });

  it('and what the model said give its errors: more of them at unmoved inputs are concept drift', () => {
    const said = (values: ArrayLike<number>, noise: number) =>
      Float32Array.from(values, (value) => 3 * value + noise * normal(random));
    const judged = (noise: number) =>
      compare(
        { ...good, y: said(good.a, 0.5), guess: Float32Array.from(good.a, (value) => 3 * value) },
        { ...alike, y: said(alike.a, noise), guess: Float32Array.from(alike.a, (value) => 3 * value) },
        { roles: { target: 'y', prediction: 'guess' } },
      );
    const worse = judged(2);
    expect(worse.features.map(({ name, role }) => [name, role]).slice(3)).toEqual([
      ['y', 'target'],
      ['guess', 'prediction'],
    ]);
    expect(worse.summary.diagnosis.kind).toBe('concept');
    expect(['warning', 'critical']).toContain(worse.summary.verdict);
    expect(judged(0.5).summary).toMatchObject({ verdict: 'stable', diagnosis: { kind: 'none' } });
  });
});

describe('what the whole hides', () => {
  it('opposite moves in two segments are found there and raise the verdict', () => {
    const [up, down] = [gauss(1000, 1), gauss(1000, -1)];
    const before = { a: [gauss(1000, 0, 2 ** 0.5), gauss(1000, 0, 2 ** 0.5)] } as const;
    const anchors = buildAnchors([numeric('a', [...before.a[0], ...before.a[1]])]);
    const slice = (value: string, reference: ArrayLike<number>, current: ArrayLike<number>) => ({
      column: 'side',
      value,
      reference: profileOf([numeric('a', reference)], anchors),
      current: profileOf([numeric('a', current)], anchors),
    });
    const { segments, features, summary } = compare(
      { a: [...before.a[0], ...before.a[1]] },
      { a: [...up, ...down] },
      { slices: [slice('left', before.a[0], up), slice('right', before.a[1], down)], minSegmentRows: 100 },
    );
    expect(features[0]?.verdict).toBe('stable');
    expect(segments.map(({ verdict }) => verdict)).toEqual(['critical', 'critical']);
    expect(summary.verdict).toBe('critical');
    expect(summary.reasons[0]).toMatch(/^in side = (left|right): a moved/);
  });

  it('a correlation that went from 0 to 0.5 is shown though no column moved', () => {
    const other = gauss(2000);
    const together = Float32Array.from(other, (value) => 0.5 * value + 0.75 ** 0.5 * normal(random));
    const { multivariate, features, summary } = compare(
      { a: gauss(4000), b: gauss(4000) },
      { a: other, b: together },
    );
    expect(features.map(({ verdict }) => verdict)).toEqual(['stable', 'stable']);
    expect(multivariate[0]).toMatchObject({ test: 'covariance', verdict: 'shifted' });
    expect(summary.verdict).toBe('shifted');
  });
});

describe('data that are not what they should be', () => {
  it('a column that is gone is a hard finding; the others are judged all the same', () => {
    const { quality, features, summary } = compare(good, alike, { absent: ['c'], unexpected: ['d'] });
    expect(quality.map(({ check, severity }) => [check, severity])).toEqual([
      ['column_absent', 'hard'],
      ['unexpected_columns', 'soft'],
    ]);
    expect(summary).toMatchObject({ verdict: 'critical', diagnosis: { kind: 'quality' } });
    expect(features.map(({ verdict }) => verdict)).toEqual(['stable', 'stable', 'stable']);
  });

  it('constraints speak of columns that are there, or should be: not of one that was left out', () => {
    const column = { kind: 'numeric', max: 0, physical: true, max_missing: 0, max_invalid: 0 } as const;
    const constraints = {
      format: 1,
      rows: 2000,
      columns: { a: column, gone: column, left: column },
    } as const;
    const { quality } = compare(good, alike, {
      constraints,
      notCompared: [{ column: 'left', reason: 'asked for' }],
    });
    expect(
      quality.filter(({ severity }) => severity === 'hard').map(({ check, column: of }) => [check, of]),
    ).toEqual([
      ['physical_bounds', 'a'],
      ['column_absent', 'gone'],
    ]);
  });

  const degenerate: readonly [string, ArrayLike<number>][] = [
    ['is missing throughout', new Array(1000).fill(Number.NaN)],
    ['is infinite throughout', new Array(1000).fill(Number.NEGATIVE_INFINITY)],
    ['is constant', new Array(1000).fill(0.5)],
    ['is of the largest numbers', Float64Array.from({ length: 1000 }, (_, at) => (at % 2 ? 3e38 : -3e38))],
    ['is beyond single precision', Float64Array.from({ length: 1000 }, (_, at) => (at % 2 ? 1e300 : -1e300))],
  ];

  it.each([...degenerate, ['is as before', alike.b] as const])(
    'a column that %s leaves the others as they are, and JSON as it was',
    (_, b) => {
      const comparison = compare(good, { ...alike, b });
      const verdicts = new Map(comparison.features.map(({ name, verdict }) => [name, verdict]));
      expect([verdicts.get('a'), verdicts.get('plan')]).toEqual(['stable', 'stable']);
      expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
    },
  );

  it.each(degenerate)('a reference column that %s does too', (_, b) => {
    const comparison = compare({ ...good, b: [...Array.from(b), ...Array.from(b)] }, alike);
    expect(comparison.features.map(({ name }) => name)).toEqual(['a', 'b', 'plan']);
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });

  it('without a column, or without enough rows, nothing is called stable', () => {
    expect(compare({}, {}).summary).toMatchObject({ verdict: 'insufficient_data', drift_share: 0 });
    const few = compare(good, { a: gauss(9), b: gauss(9), plan: pick(9, 'xyz') });
    expect(few.features.map(({ verdict }) => verdict)).toEqual(new Array(3).fill('insufficient_data'));
    expect(few.summary.verdict).toBe('insufficient_data');
    expect(few.features[0]).toMatchObject({ primary: null, adjusted_p: null });
  });
});

describe('tests that need rows', () => {
  const rowsOf = (cells: Cells) => {
    const columns = columnsOf(cells, {});
    return { rows: columns[0]?.values.length ?? 0, columns };
  };
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, gauss(60)]));
  const ran = (columns: number) => {
    const [before, now] = [many(columns), many(columns)];
    const { features } = compare(before, now, {
      rows: { reference: rowsOf(before), current: rowsOf(now), random: seededRandom(1) },
    });
    return features.map(({ tests }) => !('not_computable' in tests.epps_singleton!));
  };

  it('are run on each of 100 numeric columns, and not on the 101st, which says so', () => {
    expect(ran(100)).toEqual(new Array(100).fill(true));
    expect(ran(101)).toEqual([...new Array(100).fill(true), false]);
  });

  it('have a reason where no rows were kept, and the verdict is the same', () => {
    const [without, with_] = [
      compare(good, alike),
      compare(good, alike, {
        rows: { reference: rowsOf(good), current: rowsOf(alike), random: seededRandom(1) },
      }),
    ];
    expect(without.features[0]?.tests.mmd).toEqual({ not_computable: 'needs rows, and none were kept' });
    expect(with_.features[0]?.tests.mmd).toHaveProperty('p_value');
    expect(with_.features.map(({ verdict, adjusted_p }) => [verdict, adjusted_p])).toEqual(
      without.features.map(({ verdict, adjusted_p }) => [verdict, adjusted_p]),
    );
  });
});

describe('a convention', () => {
  it('is named in the summary and changes figures, but no verdict and no deciding test', () => {
    const moved = { ...alike, a: gauss(1000, 0.5) };
    const [own, theirs] = [compare(good, moved), compare(good, moved, { convention: 'decile' })];
    expect([own.summary.convention, theirs.summary.convention]).toEqual(['tidemark', 'decile']);
    expect(theirs.features[0]?.tests.psi).toMatchObject({ convention: 'decile' });
    expect(theirs.features[0]?.tests.psi).not.toEqual(own.features[0]?.tests.psi);
    for (const key of ['verdict', 'primary', 'adjusted_p', 'psi_debiased', 'reasons'] as const)
      expect(theirs.features.map((one) => one[key])).toEqual(own.features.map((one) => one[key]));
  });
});

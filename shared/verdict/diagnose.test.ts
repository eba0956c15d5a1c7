import { describe, expect, it } from 'vitest';
import { compareFeature } from '#shared/drift/compare-feature.ts';
import { lossChange, lossSample } from '#shared/performance/loss-change.ts';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { featureOf } from '#shared/profile/profile.ts';
import { categorical, numeric, profileOf, type Random } from '#shared/profile/testing.ts';
import { checkQuality } from '#shared/quality/check-quality.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { type DiagnosisInput, diagnose } from './diagnose.ts';
import { type FeatureVerdict, judgeFeatures } from './judge-features.ts';
import type { Level } from './level.ts';
import { defaultDriftPolicy as policy } from './policy.ts';

type Inputs = readonly [number, number, number, number];

/** What one scenario changes; the baseline is the world without any of it. */
interface World {
  readonly task?: 'classes' | 'numbers';
  /** The inputs, given four standard normals. */
  readonly inputs?: (z: Inputs, random: Random) => Inputs;
  /** The score the label is made of, before its noise; the model keeps the baseline's. */
  readonly score?: (x: Inputs) => number;
  readonly noise?: number;
  /** Share of labels replaced by the opposite. */
  readonly flipped?: number;
  /** Share of the category `a`. */
  readonly shareOfA?: number;
  /** What the model's score is shifted by. */
  readonly servedShift?: number;
  /** Share of positive labels; inputs then follow from the label. */
  readonly prior?: number;
}

const trueScore = (x: Inputs) => 1.5 * x[0] + x[1] - 0.8 * x[2];

function columnsOf(world: World, rows: number, random: Random) {
  const { task = 'classes', score = trueScore, noise = 0.8, prior } = world;
  const x: number[][] = [[], [], [], []];
  const [labels, predictions, losses, categories]: [number[], number[], number[], string[]] = [
    [],
    [],
    [],
    [],
  ];
  for (let row = 0; row < rows; row++) {
    const z: Inputs = [normal(random), normal(random), normal(random), normal(random)];
    const isPositive = prior !== undefined && random() < prior;
    const drawn = world.inputs?.(z, random) ?? z;
    const side = prior === undefined ? 0 : isPositive ? 0.3 : -0.3;
    const inputs: Inputs = [drawn[0] + side, drawn[1] + side, drawn[2] - side, drawn[3]];
    for (const [at, value] of inputs.entries()) x[at]!.push(value);
    const served = trueScore(inputs) + (world.servedShift ?? 0);
    const truth = score(inputs) + noise * normal(random);
    const isFlipped = random() < (world.flipped ?? 0);
    const label =
      task === 'numbers' ? truth : Number(prior === undefined ? truth > 0 !== isFlipped : isPositive);
    const prediction = task === 'numbers' ? served : Number(served > 0);
    labels.push(label);
    predictions.push(prediction);
    losses.push(Math.abs(label - prediction));
    categories.push(random() < (world.shareOfA ?? 0.5) ? 'a' : random() < 0.5 ? 'b' : 'c');
  }
  const outcome = (name: string, values: number[], channel: 'label' | 'prediction') =>
    task === 'numbers' ? numeric(name, values, channel) : categorical(name, values.map(String), channel);
  return [
    ...x.map((values, at) => numeric(`x${at + 1}`, values)),
    categorical('c', categories),
    outcome('$prediction', predictions, 'prediction'),
    outcome('$label', labels, 'label'),
    numeric('$loss', losses, 'loss'),
  ];
}

type TestColumns = ReturnType<typeof columnsOf>;

/** Through the real engine: profiles, comparison, judgement, quality and loss. */
function inputOf(
  before: World,
  now: World,
  random: Random,
  damage: (columns: TestColumns) => TestColumns = (columns) => columns,
  rows = 1200,
): DiagnosisInput {
  const baseline = columnsOf(before, 3000, random);
  const anchors = buildAnchors(baseline);
  const reference = profileOf(baseline, anchors);
  const current = profileOf(damage(columnsOf(now, rows, random)), anchors);
  const drifts = anchors.anchors.map((anchor) =>
    compareFeature(anchor, featureOf(reference, anchor.name), featureOf(current, anchor.name)),
  );
  const lossAnchor = anchors.anchors.find(({ channel }) => channel === 'loss')!;
  return {
    features: judgeFeatures(drifts, policy),
    quality: checkQuality({ anchors, reference, current }),
    performance: lossChange(
      now.task === 'numbers' ? 'absolute_error' : 'error_rate',
      lossSample(lossAnchor, featureOf(reference, '$loss')),
      lossSample(lossAnchor, featureOf(current, '$loss')),
    ),
  };
}

function withMissing(name: string, share: number) {
  return (columns: TestColumns): TestColumns =>
    columns.map((column) =>
      column.name === name && column.kind === 'numeric'
        ? {
            ...column,
            values: column.values.map((value, row) => (row % 100 < 100 * share ? Number.NaN : value)),
          }
        : column,
    );
}

const withoutLabels = (columns: TestColumns) =>
  columns.filter(({ channel }) => channel !== 'label' && channel !== 'loss');

interface Scenario {
  readonly name: string;
  readonly kind: ReturnType<typeof diagnose>['kind'];
  readonly before?: World;
  readonly now: World;
  readonly damage?: (columns: TestColumns) => TestColumns;
}

const shift =
  (...by: Inputs) =>
  (z: Inputs): Inputs => [z[0] + by[0], z[1] + by[1], z[2] + by[2], z[3] + by[3]];
const curved = (x: Inputs) => trueScore(x) + 0.3 * x[0] ** 2 - 0.3;

const scenarios: readonly Scenario[] = [
  { name: 'nothing, classes', kind: 'none', now: {} },
  { name: 'nothing, numbers', kind: 'none', before: { task: 'numbers' }, now: { task: 'numbers' } },
  { name: 'nothing, no labels', kind: 'none', now: {}, damage: withoutLabels },
  { name: 'an input shifts', kind: 'covariate', now: { inputs: shift(0.8, 0, 0, 0) } },
  { name: 'an unused input shifts', kind: 'covariate', now: { inputs: shift(0, 0, 0, 1) } },
  { name: 'an input widens', kind: 'covariate', now: { inputs: (z) => [z[0], 1.6 * z[1], z[2], z[3]] } },
  { name: 'the category mix changes', kind: 'covariate', now: { shareOfA: 0.25 } },
  { name: 'all inputs shift a little', kind: 'covariate', now: { inputs: shift(0.4, -0.4, 0.4, 0.4) } },
  {
    name: 'an input shifts, no labels',
    kind: 'covariate',
    now: { inputs: shift(0, 0.7, 0, 0) },
    damage: withoutLabels,
  },
  {
    name: 'an input shifts to where the model errs more',
    kind: 'covariate',
    before: { task: 'numbers', score: curved },
    now: { task: 'numbers', score: curved, inputs: shift(1, 0, 0, 0) },
  },
  {
    name: 'an input shifts towards the decision boundary',
    kind: 'covariate',
    before: { inputs: shift(1, 0, 0, 0) },
    now: { inputs: shift(0.1, 0, 0, 0) },
  },
  {
    name: 'an input changes its sign',
    kind: 'concept',
    now: { score: (x) => 1.5 * x[0] - x[1] - 0.8 * x[2] },
  },
  {
    name: 'a coefficient grows',
    kind: 'concept',
    before: { task: 'numbers' },
    now: { task: 'numbers', score: (x) => trueScore(x) + 0.7 * x[0] },
  },
  { name: 'labels become noisier', kind: 'concept', now: { flipped: 0.15 } },
  { name: 'the boundary moves', kind: 'concept', now: { score: (x) => trueScore(x) + 1.5 } },
  {
    name: 'the level of the target moves',
    kind: 'concept',
    before: { task: 'numbers' },
    now: { task: 'numbers', score: (x) => trueScore(x) + 1 },
  },
  {
    name: 'an input shifts and another changes its sign',
    kind: 'concept',
    now: { inputs: shift(0, 0, 0, 0.5), score: (x) => 1.5 * x[0] - 1.5 * x[1] - 0.8 * x[2] },
  },
  {
    name: 'classes become as likely the other way round',
    kind: 'label',
    before: { prior: 0.3 },
    now: { prior: 0.7 },
  },
  {
    name: 'another model is served, no labels',
    kind: 'label',
    now: { servedShift: 0.8 },
    damage: withoutLabels,
  },
  { name: 'an input goes missing', kind: 'quality', now: {}, damage: withMissing('x1', 0.4) },
  {
    name: 'an input goes missing while others shift',
    kind: 'quality',
    now: { inputs: shift(0, 0.8, 0, 0), flipped: 0.1 },
    damage: withMissing('x1', 0.3),
  },
  {
    name: 'a column is gone',
    kind: 'quality',
    now: {},
    damage: (columns) => columns.filter(({ name }) => name !== 'x3'),
  },
];

describe('labelled scenarios through the engine', () => {
  it(`${scenarios.length} scenarios × 4 seeds are diagnosed rightly in at least 95 % of cases`, () => {
    const wrong: string[] = [];
    for (const { name, kind, before = {}, now, damage } of scenarios)
      for (let seed = 1; seed <= 4; seed++) {
        const found = diagnose(inputOf(before, now, seededRandom(seed), damage)).kind;
        if (found !== kind) wrong.push(`${name} (seed ${seed}): ${found}, not ${kind}`);
      }
    expect(wrong.length, wrong.join('; ')).toBeLessThanOrEqual(0.05 * 4 * scenarios.length);
  });
});

const feature = (
  name: string,
  psi: number,
  level: Level,
  more: Partial<FeatureVerdict> = {},
): FeatureVerdict => ({
  name,
  channel: 'feature',
  level,
  isElevated: false,
  reasons: [],
  nCurrent: 1000,
  nReference: 1000,
  pValue: 0.001,
  adjustedPValue: 0.001,
  psi: psi + 0.01,
  psiDebiased: psi,
  ...more,
});
const label = (psi: number) => feature('$label', psi, 'shifted', { channel: 'label' });
/** Error rate 5 % on 2000 held-out rows against `wrong` of 1000. */
const errors = (wrong: number) =>
  lossChange(
    'error_rate',
    { n: 2000, mean: 0.05, standardDeviation: 0.218 },
    { n: 1000, mean: wrong / 1000, standardDeviation: 0.3 },
  );
const stable = [feature('carat', 0.001, 'stable'), feature('depth', -0.002, 'stable')];

describe('evidence', () => {
  it('names the loss and that no feature moved', () => {
    expect(diagnose({ quality: [], features: stable, performance: errors(123) })).toEqual({
      kind: 'concept',
      evidence: [
        expect.stringMatching(
          /^error rate 5\.0 % → 12\.3 % \(\+14\d %\) while no feature moved: what the labels mean has changed$/,
        ),
      ],
      worst: [],
    });
  });

  it('lists a hard finding first and trusts nothing beside it', () => {
    const quality = [
      { check: 'soft', severity: 'soft', threshold: 0, observed: 1, message: 'soft message' },
      {
        check: 'hard',
        severity: 'hard',
        threshold: 0,
        observed: 1,
        column: 'carat',
        message: 'hard message',
      },
    ] as const;
    const features = [feature('carat', 0.9, 'critical')];
    const { kind, evidence } = diagnose({ quality, features, performance: errors(123) });
    expect(kind).toBe('quality');
    expect(evidence[0]).toBe('carat: hard message');
    expect(evidence).toHaveLength(3);
    expect(diagnose({ quality: quality.slice(0, 1), features })).toMatchObject({
      kind: 'covariate',
      evidence: [expect.stringMatching(/^one feature moved: carat/), expect.anything(), 'soft message'],
    });
  });

  it('gives both sides when features moved and the loss rose, and decides by the size of the rise', () => {
    const kindAt = (psi: number) =>
      diagnose({ quality: [], features: [feature('carat', psi, 'critical')], performance: errors(123) });
    const [small, large] = [kindAt(0.05), kindAt(1)];
    expect(small.kind).toBe('concept');
    expect(large.kind).toBe('covariate');
    for (const { evidence } of [small, large]) {
      expect(evidence.join()).toMatch(/error rate 5\.0 % → 12\.3 %/);
      expect(evidence.join()).toMatch(/one feature moved: carat/);
    }
    expect(large.evidence.join()).toMatch(/concept drift beside the shift cannot be ruled out/);
  });

  it('a feature the model does not use explains no loss', () => {
    const kindWith = (importance: ReadonlyMap<string, number>) =>
      diagnose({
        quality: [],
        features: [feature('carat', 1, 'critical')],
        performance: errors(123),
        importance,
      }).kind;
    expect(kindWith(new Map([['carat', 1]]))).toBe('covariate');
    expect(
      kindWith(
        new Map([
          ['carat', 0.01],
          ['depth', 0.99],
        ]),
      ),
    ).toBe('concept');
  });

  it('labels that moved more than the features make it a label shift, fewer a covariate one', () => {
    const kindAt = (inLabels: number) =>
      diagnose({
        quality: [],
        features: [feature('carat', 0.1, 'shifted'), label(inLabels)],
        performance: errors(50),
      }).kind;
    expect(kindAt(0.16)).toBe('label');
    expect(kindAt(0.14)).toBe('covariate');
  });

  it('predictions that moved alone are told apart from features that moved jointly', () => {
    const features = [...stable, feature('$prediction', 0.4, 'critical', { channel: 'prediction' })];
    expect(diagnose({ quality: [], features })).toMatchObject({
      kind: 'label',
      evidence: ['the predictions moved (PSI 0.41) while no feature moved on its own'],
    });
    const jointly = { test: 'covariance', pValue: 1e-6, reason: 'carat and depth are no longer correlated' };
    expect(diagnose({ quality: [], features, multivariate: jointly })).toMatchObject({
      kind: 'covariate',
      evidence: [
        'the features moved together although none did alone: carat and depth are no longer correlated',
        expect.stringMatching(/unknown without enough labels/),
      ],
    });
    expect(diagnose({ quality: [], features, multivariate: { ...jointly, pValue: 0.01 } }).kind).toBe(
      'label',
    );
  });

  it('says what it could not see', () => {
    expect(diagnose({ quality: [], features: stable })).toEqual({
      kind: 'none',
      evidence: [
        'none of 2 columns moved',
        'a change of the relation to the label cannot be seen without enough labels',
      ],
      worst: [],
    });
    const few = stable.map((one) => ({ ...one, level: 'insufficient_data' as const }));
    expect(diagnose({ quality: [], features: few }).evidence).toEqual(['too few rows to tell any change']);
    expect(diagnose({ quality: [], features: [] }).kind).toBe('none');
  });
});

describe('worst features', () => {
  const features = [
    feature('carat', 0.2, 'warning'),
    feature('depth', 0.5, 'critical'),
    feature('table', 0.3, 'warning'),
    feature('noise', 0.01, 'stable'),
    label(2),
  ];

  it('are those that moved, ranked by de-biased PSI when importance is unknown', () => {
    expect(diagnose({ quality: [], features: features.slice(0, 4) }).worst).toEqual([
      { name: 'depth', score: 0.5 },
      { name: 'table', score: 0.3 },
      { name: 'carat', score: 0.2 },
    ]);
  });

  it('rank by drift × importance when it is known; labels and unused features are not among them', () => {
    const importance = new Map([
      ['carat', 0.75],
      ['depth', 0.25],
    ]);
    const { worst } = diagnose({ quality: [], features, importance });
    expect(worst.map(({ name }) => name)).toEqual(['carat', 'depth']);
    expect(worst[0]?.score).toBeCloseTo(0.15, 12);
  });
});

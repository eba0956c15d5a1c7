import { describe, expect, test } from 'vitest';
import type { ReportEntry } from '#shared/monitoring/report-index.ts';
import type { DemoData } from './data.ts';
import { readDemoOptions } from './options.ts';
import { judgeDemo } from './result.ts';
import type { Story } from './story.ts';

const windowMs = 2000;
const injectedAt = 3 * windowMs;

/** Window `at` of the story, from 0; the change begins with window 3. */
function report(at: number, isConfirmed = false): ReportEntry {
  const start = new Date(at * windowMs).toISOString();
  return {
    id: `report-${at}`,
    version: 'old',
    window: { start, end: new Date((at + 1) * windowMs).toISOString() },
    rows: 100,
    quietMs: 0,
    labels: 100,
    outcome: {
      windowStart: start,
      level: isConfirmed ? 'critical' : 'stable',
      kind: isConfirmed ? 'drift' : 'none',
      confirmed: isConfirmed,
      signals: [],
      elevated: [],
      episode: { state: 'none' },
    },
    worst: { name: 'weight', psi: isConfirmed ? 0.9 : 0.01 },
    reasons: [],
  };
}

const calm = [report(0), report(1), report(2)];

function run(outcome: string | null): NonNullable<Story['run']> {
  const stages = [
    { name: 'Begin', status: 'succeeded', startedAt: 100, endedAt: 130 },
    { name: 'Train[0].Fit', status: 'running', startedAt: 130 },
  ] as const;
  return {
    id: 'retrain:w1',
    status: 'SUCCEEDED',
    stages,
    outcome,
    detail: null,
  };
}

const injection = { kind: 'shift', description: 'weight moves up', feature: 'weight' } as const;

/** Everything the demo claims under `--drift shift` holds. */
const good: Story = {
  championBefore: 'old',
  championAfter: 'new',
  reports: [...calm, report(3), report(4, true), report(5, true)],
  injectedAt,
  injection: { ...injection, apply: (row) => row },
  run: run('promoted'),
  errors: { baseline: 10, underDrift: 30, after: 15, naive: 40 },
  passes: 1,
  leaks: [],
  sent: 600,
  logged: 600,
  peakMemoryMb: 150,
  alarmReport: 'report-4',
};

const notPromoted: Partial<Story> = {
  championAfter: 'old',
  errors: { baseline: 10, underDrift: 30, after: null, naive: 40 },
};

/** Everything it claims under `--drift none`, and under `--drift noise`. */
const goodNone: Story = {
  ...good,
  championAfter: 'old',
  reports: calm,
  injectedAt: undefined,
  injection: { ...injection, kind: 'none', feature: null, apply: (row) => row },
  run: undefined,
  errors: { baseline: 10, underDrift: null, after: null, naive: null },
};
const goodNoise: Story = { ...good, ...notPromoted, run: run('rejected') };

const data: DemoData = {
  inferred: {
    schema: { features: [{ name: 'weight', kind: 'numeric' }], target: { name: 'price' } },
    task: 'regression',
    rows: [],
    labels: [],
    sources: [],
    excluded: [{ column: 'serial', reason: 'looks like an id' }],
    notes: [],
  },
  train: [],
  holdout: [],
  traffic: [],
  final: [],
  isSmall: true,
  order: 'a shuffle',
};

function judge(drift: 'shift' | 'none' | 'noise', story: Story) {
  return judgeDemo(readDemoOptions(['--drift', drift]), data, story, Date.now());
}

describe('the claims', () => {
  test.each([
    ['shift', good],
    ['none', goodNone],
    ['noise', goodNoise],
  ] as const)('of --drift %s hold for a story in which they do', (drift, story) => {
    expect(judge(drift, story).failures).toEqual([]);
  });

  const broken: readonly ['shift' | 'none' | 'noise', string, Story, string][] = [
    [
      'shift',
      'an alarm before the change',
      { ...good, reports: [report(0), report(1, true), ...good.reports.slice(2)] },
      '1 alarms were confirmed while nothing had changed',
    ],
    ['shift', 'a lost prediction', { ...good, logged: 599 }, '600 predictions were sent and 599 logged'],
    ['shift', 'a doubled prediction', { ...good, logged: 601 }, '600 predictions were sent and 601 logged'],
    [
      'shift',
      'no confirmation',
      { ...good, reports: [...calm, report(3), report(4)] },
      'the change was not confirmed by m-of-n windows',
    ],
    [
      'shift',
      'a rejected candidate',
      { ...good, ...notPromoted, run: run('rejected') },
      'no new version was promoted: rejected',
    ],
    [
      'shift',
      'no run',
      { ...good, ...notPromoted, run: undefined },
      'no new version was promoted: no run was started',
    ],
    [
      'shift',
      'too little recovery',
      { ...good, errors: { baseline: 10, underDrift: 30, after: 25, naive: 40 } },
      'the new model undid 25 % of the damage; 50 % are claimed',
    ],
    [
      'shift',
      'a new model that is only as good as looking at nothing',
      { ...good, errors: { ...good.errors, naive: 15 } },
      'the new model is no better than looking at nothing',
    ],
    [
      'none',
      'a promotion',
      { ...goodNone, championAfter: 'new', errors: { ...goodNone.errors, after: 9 } },
      'a new version was promoted although there was nothing to learn',
    ],
    [
      'none',
      'an alarm',
      { ...goodNone, reports: [...calm, report(3, true)] },
      '1 alarms were confirmed while nothing had changed',
    ],
    ['noise', 'no alarm', { ...goodNoise, reports: [...calm, report(3)] }, 'the change was not caught'],
    ['noise', 'no run', { ...goodNoise, run: undefined }, 'no candidate was rejected: no run was started'],
    [
      'noise',
      'a run without a decision',
      { ...goodNoise, run: run('insufficient_labels') },
      'no candidate was rejected: insufficient_labels',
    ],
    [
      'noise',
      'a promotion',
      { ...goodNoise, championAfter: 'new' },
      'a new version was promoted although there was nothing to learn',
    ],
  ];

  test.each(broken)(
    'of --drift %s do not hold with %s, and only that is said',
    (drift, _, story, sentence) => {
      expect(judge(drift, story).failures).toEqual([sentence]);
    },
  );
});

describe('recovery', () => {
  test.each([
    ['half of the damage undone', { baseline: 10, underDrift: 30, after: 20 }, 0.5],
    ['a new model as good as before the change', { baseline: 10, underDrift: 30, after: 10 }, 1],
    ['a new model better than before the change', { baseline: 10, underDrift: 30, after: 4 }, 1.3],
    ['a new model worse than the old one', { baseline: 10, underDrift: 20, after: 25 }, -0.5],
    ['no damage, and a new model no worse than before', { baseline: 10, underDrift: 9, after: 10 }, 1],
    ['no damage, and a new model worse than before', { baseline: 10, underDrift: 9, after: 12 }, 0],
    ['nothing promoted', { baseline: 10, underDrift: 30, after: null }, null],
  ])('is, for %s, as the contract defines it', (_, errors, expected) => {
    expect(judge('shift', { ...good, errors: { ...errors, naive: 40 } }).result.recovery).toBe(expected);
  });

  test('of exactly one half is enough', () => {
    const errors = { baseline: 10, underDrift: 30, after: 20, naive: 40 };
    expect(judge('shift', { ...good, errors }).failures).toEqual([]);
  });
});

describe('the result', () => {
  const { result } = judge('shift', good);

  test('counts windows from the first drifted one to the one that confirmed', () => {
    expect(result.detection_delay_windows).toBe(2);
    expect(judge('none', goodNone).result.detection_delay_windows).toBeNull();
  });

  test('takes a window that ends when the change begins as calm', () => {
    const reports = [report(0), report(1), report(2, true), ...good.reports.slice(3)];
    expect(judge('shift', { ...good, reports }).result).toMatchObject({
      false_alarms: 1,
      detection_delay_windows: 2,
    });
  });

  test('tells run, errors and data as they were', () => {
    expect(result).toMatchObject({
      champion_before: 'old',
      champion_after: 'new',
      run: {
        id: 'retrain:w1',
        outcome: 'promoted',
        stages: [
          { name: 'Begin', status: 'succeeded', ms: 30 },
          { name: 'Train[0].Fit', status: 'running', ms: null },
        ],
      },
      error: { metric: 'rmse', baseline: 10, under_drift: 30, after: 15, naive: 40 },
      injected: { kind: 'shift', feature: 'weight', at: '1970-01-01T00:00:06.000Z' },
      small_data: true,
      excluded: [{ column: 'serial', reason: 'looks like an id' }],
      predictions_sent: 600,
      predictions_logged: 600,
    });
    expect(result.windows[4]).toMatchObject({
      verdict: 'critical',
      worst_feature: 'weight',
      psi: 0.9,
      rows: 100,
    });
  });
});

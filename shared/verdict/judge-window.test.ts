import { describe, expect, it } from 'vitest';
import type { PerformanceResult } from '#shared/performance/loss-change.ts';
import type { QualityFinding } from '#shared/quality/quality-check.ts';
import type { FeatureVerdict } from './judge-features.ts';
import { judgeWindow, type WindowVerdict } from './judge-window.ts';
import type { Level } from './level.ts';
import { defaultDriftPolicy as policy } from './policy.ts';

function feature(
  name: string,
  level: Level,
  isElevated = level === 'warning' || level === 'critical',
): FeatureVerdict {
  const psi = { stable: 0, insufficient_data: 0, shifted: 0.05, warning: 0.2, critical: 0.5 }[level];
  return {
    name,
    channel: 'feature',
    level,
    isElevated,
    reasons: level === 'stable' ? [] : [`${name} is ${level}`],
    nCurrent: 100,
    nReference: 1000,
    psi: psi + 0.01,
    psiDebiased: psi,
  };
}

const calm = [feature('x', 'stable'), feature('y', 'stable')];
const alarm = (name = 'x', level: Level = 'warning') => [feature(name, level), feature('z', 'stable')];
const hard: QualityFinding = {
  check: 'missing_rate_jump',
  column: 'x',
  severity: 'hard',
  observed: 0.4,
  threshold: 0.15,
  message: 'missing rose from 0 % to 40 % of rows',
};
const worse: PerformanceResult = {
  computable: true,
  n: 200,
  nReference: 500,
  mean: 0.2,
  meanReference: 0.1,
  standardDeviationReference: 0.3,
  relativeChange: 1,
  interval: [0.5, 1.6],
  pValue: 1e-6,
  level: 'critical',
  reason: 'error rate 10 % → 20 %',
};

interface Window {
  readonly features: readonly FeatureVerdict[];
  readonly quality?: readonly QualityFinding[];
  readonly performance?: PerformanceResult;
}

/** Judges a series, each window with the ones before it as history. */
function judgeSeries(windows: readonly Window[]): WindowVerdict[] {
  const verdicts: WindowVerdict[] = [];
  windows.forEach(({ features, quality = [], performance }, at) => {
    const windowStart = `2026-01-${String(at + 1).padStart(2, '0')}`;
    verdicts.push(
      judgeWindow({ windowStart, features, quality, performance, history: [...verdicts], policy }),
    );
  });
  return verdicts;
}

const last = (windows: readonly Window[]) => judgeSeries(windows).at(-1)!;

describe('what a window is', () => {
  it('is bad data before drift, drift before a performance drop', () => {
    expect(last([{ features: alarm(), quality: [hard], performance: worse }])).toMatchObject({
      kind: 'data_incident',
      level: 'critical',
      confirmed: true,
      episode: { state: 'opened', kind: 'data_incident' },
      reasons: ['x: missing rose from 0 % to 40 % of rows'],
    });
    expect(last([{ features: alarm(), performance: worse }])).toMatchObject({
      kind: 'drift',
      confirmed: false,
    });
    expect(last([{ features: calm, performance: worse }])).toMatchObject({ kind: 'performance_drop' });
    expect(last([{ features: calm }])).toMatchObject({
      kind: 'none',
      level: 'stable',
      episode: { state: 'none' },
    });
  });

  it('is not an incident for soft findings or shifted features, however long they last', () => {
    const soft = { ...hard, check: 'range_exceeded', severity: 'soft' as const };
    const verdicts = judgeSeries(
      Array.from({ length: 5 }, () => ({ features: alarm('x', 'shifted'), quality: [soft] })),
    );
    for (const verdict of verdicts)
      expect(verdict).toMatchObject({ kind: 'none', level: 'shifted', confirmed: false, signals: [] });
    expect(verdicts[0]?.reasons).toEqual(['x is shifted', 'x: missing rose from 0 % to 40 % of rows']);
  });

  it('is a warning of no kind for a soft jump of missing values: shown, and no reason to retrain', () => {
    const soft = { ...hard, severity: 'soft' as const };
    const verdicts = judgeSeries(
      Array.from({ length: 5 }, () => ({ features: [feature('x', 'stable')], quality: [soft] })),
    );
    for (const verdict of verdicts)
      expect(verdict).toMatchObject({ kind: 'none', level: 'warning', confirmed: false, signals: [] });
  });

  it('names the worst feature by its PSI', () => {
    expect(last([{ features: [...alarm('x'), feature('y', 'critical')] }]).worst).toEqual({
      name: 'y',
      psi: 0.51,
    });
  });

  it('is insufficient_data only where it would be stable and nothing could be judged', () => {
    const few = feature('x', 'insufficient_data');
    expect(last([{ features: [few] }]).level).toBe('insufficient_data');
    expect(last([{ features: [few, feature('y', 'stable')] }]).level).toBe('stable');
    expect(last([{ features: [few, feature('y', 'warning')] }]).level).toBe('warning');
    expect(last([{ features: [few], performance: worse }]).level).toBe('critical');
  });
});

describe('confirmation', () => {
  it('needs the same feature in two of three windows, this one included', () => {
    expect(last([{ features: alarm('x') }, { features: alarm('x') }]).confirmed).toBe(true);
    expect(last([{ features: alarm('x') }, { features: calm }, { features: alarm('x') }]).confirmed).toBe(
      true,
    );
    expect(last([{ features: alarm('x') }, { features: alarm('y') }]).confirmed).toBe(false);
    expect(
      last([{ features: alarm('x') }, { features: calm }, { features: calm }, { features: alarm('x') }])
        .confirmed,
    ).toBe(false);
    expect(last([{ features: alarm('x') }, { features: alarm('x') }, { features: calm }]).confirmed).toBe(
      false,
    );
  });

  it('is in the reason: in how many of the last windows its own signal was', () => {
    const both = [feature('x', 'critical'), feature('y', 'warning')];
    expect(last([{ features: alarm('x') }, { features: calm }, { features: both }])).toMatchObject({
      confirmed: true,
      reasons: ['x is critical, 2 of 3 windows', 'y is warning, 1 of 3 windows'],
    });
    expect(last([{ features: calm }, { features: alarm() }, { features: alarm() }]).reasons).toEqual([
      'x is warning, 2 of 3 windows',
    ]);
    expect(last([{ features: alarm() }, { features: alarm() }]).reasons).toEqual([
      'x is warning, 2 of 2 windows',
    ]);
    expect(last([{ features: alarm() }]).reasons).toEqual(['x is warning']);
  });

  it('or any alarm in all three', () => {
    expect(last(['x', 'y', 'w'].map((name) => ({ features: alarm(name) }))).confirmed).toBe(true);
  });

  it('does not mix kinds, nor count a window of bad data', () => {
    const drop = { features: calm, performance: worse };
    expect(last([drop, { features: alarm() }]).confirmed).toBe(false);
    expect(last([drop, drop])).toMatchObject({ kind: 'performance_drop', confirmed: true });
    expect(last([{ features: alarm(), quality: [hard] }, { features: alarm() }]).confirmed).toBe(false);
  });

  it('skips windows with too few rows', () => {
    const empty = { features: [feature('x', 'insufficient_data')] };
    expect(last([{ features: alarm() }, empty, empty, empty, { features: alarm() }]).confirmed).toBe(true);
  });

  it('is the same when a window is judged again with its own outcome in the history', () => {
    const verdicts = judgeSeries([{ features: alarm() }]);
    const again = judgeWindow({
      windowStart: '2026-01-01',
      features: alarm(),
      quality: [],
      history: verdicts,
      policy,
    });
    expect(again).toEqual(verdicts[0]);
  });
});

describe('an episode', () => {
  const states = (windows: readonly Window[]) => judgeSeries(windows).map(({ episode }) => episode.state);
  const drifting = { features: alarm() };

  it('starts with the first window that showed it and ends after two calm ones', () => {
    const verdicts = judgeSeries([
      { features: calm },
      drifting,
      drifting,
      { features: alarm('x', 'critical') },
      { features: calm },
      { features: calm },
      { features: calm },
    ]);
    expect(verdicts.map(({ episode }) => episode.state)).toEqual([
      'none',
      'none',
      'opened',
      'ongoing',
      'ongoing',
      'closed',
      'none',
    ]);
    expect(verdicts[5]?.episode).toEqual({
      state: 'closed',
      kind: 'drift',
      start: '2026-01-02',
      end: '2026-01-06',
      worst: 'critical',
    });
  });

  it('does not end while a feature stays above the clearing threshold, nor on too few rows', () => {
    const nearly = { features: [feature('x', 'shifted', true)] };
    const empty = { features: [feature('x', 'insufficient_data')] };
    expect(states([drifting, drifting, nearly, nearly, nearly])).toEqual([
      'none',
      'opened',
      'ongoing',
      'ongoing',
      'ongoing',
    ]);
    expect(states([drifting, drifting, { features: calm }, empty, { features: calm }])).toEqual([
      'none',
      'opened',
      'ongoing',
      'ongoing',
      'closed',
    ]);
  });

  it('gives way to one of greater precedence', () => {
    const drop = { features: calm, performance: worse };
    const verdicts = judgeSeries([drop, drop, { features: calm, quality: [hard] }, drop]);
    expect(verdicts.map(({ episode }) => [episode.state, episode.kind])).toEqual([
      ['none', undefined],
      ['opened', 'performance_drop'],
      ['opened', 'data_incident'],
      ['opened', 'performance_drop'],
    ]);
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { answerColumns } from '../capture/channels.ts';
import { buildReport, type Report } from '../monitoring/report.ts';
import { addColumns } from '../profile/add-columns.ts';
import { emptyProfile } from '../profile/profile.ts';
import { type Baseline, readBaseline } from '../registry/baseline.ts';
import type { ModelRecord } from '../registry/model.ts';
import { resolveModel } from '../registry/registry.ts';
import { rowsToColumns } from '../schema/rows.ts';
import { memoryDeps, startMs } from '../testing/memory-deps.ts';
import { rowsPerPhase } from './inject.ts';
import { canaryAnswers, canaryVersion, ensureCanary } from './model.ts';
import { canaryModel } from './names.ts';
import { canaryRows, canarySchema } from './rows.ts';

let record: ModelRecord;
let baseline: Baseline;
beforeAll(async () => {
  const deps = memoryDeps({ CANARY: 'on' });
  await ensureCanary(deps);
  record = await resolveModel(deps, canaryModel);
  baseline = await readBaseline(deps, canaryModel, canaryVersion);
});

/** What the monitor says of a window of these rows. */
function judged(seed: string, isDrifted: boolean): Report {
  const rows = canaryRows(seed, rowsPerPhase, isDrifted);
  const current = emptyProfile(baseline.anchors);
  const features = rows.map((row) => row.features);
  addColumns(current, rowsToColumns(canarySchema, features).columns);
  addColumns(current, answerColumns(canaryAnswers(rows)));
  return buildReport({
    ...{ model: canaryModel, version: canaryVersion, environment: 'test', baseline, current },
    window: { start: startMs, end: startMs + record.monitor.window_ms },
    ...{ segments: new Map(), rows: rowsPerPhase, labels: 0, late: 0, quietMs: 0, explained: undefined },
    ...{ monitor: record.monitor, earlier: [] },
  });
}

const seeds = Array.from({ length: 20 }, (_, seed) => `seed-${seed}`);

describe('rows of the canary', () => {
  test('are the same for the same seed, and others for another', () => {
    expect(canaryRows('a', 5, true)).toEqual(canaryRows('a', 5, true));
    expect(canaryRows('a', 5, true)).not.toEqual(canaryRows('b', 5, true));
  });

  test.each(seeds)(
    '%s: drifted ones are a critical drift, with a PSI far above the tier, and no bad data',
    (seed) => {
      const { verdict } = judged(seed, true);
      expect(verdict).toMatchObject({ level: 'critical', kind: 'drift', confirmed: false });
      expect(verdict.worst!.psi).toBeGreaterThan(3 * record.monitor.psi_critical);
    },
  );

  test.each(seeds)('%s: calm ones are no alarm', (seed) => {
    const { level, kind } = judged(seed, false).verdict;
    expect(kind).toBe('none');
    expect(['stable', 'shifted']).toContain(level);
  });
});

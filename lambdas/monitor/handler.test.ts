import { beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '#shared/monitoring/report.ts';
import { listReports } from '#shared/monitoring/report-index.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import { changeChampion } from '#shared/registry/registry.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { type MemoryDeps, memoryDeps, startMs, stopFailing } from '#shared/testing/memory-deps.ts';
import {
  addVersion,
  type RowOptions,
  registerSmall,
  smallRecord,
  smallRows,
} from '#shared/testing/small-model.ts';
import { addTraffic, closeUntil } from '#shared/testing/traffic.ts';
import { announceDueWindows } from '#shared/windows/claim.ts';
import { dueWindows } from '#shared/windows/due.ts';
import { createMonitorHandler } from './handler.ts';

const windowMs = 300_000;
const rowsPerWindow = 250;
const model = smallRecord({ monitor: { window_ms: windowMs } });

let deps: MemoryDeps;
let version: string;
beforeEach(async () => {
  deps = memoryDeps({ GRANULE_MS: '60000' });
  version = await registerSmall(deps, model);
});

const startOf = (number: number) => startMs + number * windowMs;
const isoOf = (number: number) => new Date(startOf(number)).toISOString();

type Change = (rows: LabelledRow[]) => LabelledRow[];
const drift = (options: RowOptions, change: Change = (rows) => rows) => ({ options, change });
const calm = drift({});
const shifted = drift({ shift: 2 });
const reversed = drift({ isReversed: true });
const holed = drift({}, (rows) =>
  rows.map((row, at) => (at % 3 === 0 ? { ...row, features: { ...row.features, depth: null } } : row)),
);

/** Traffic of one window, closed; then the tick's announcement. */
async function window(number: number, { options, change }: typeof calm, of = version): Promise<void> {
  const rows = smallRows(rowsPerWindow, 100 + number, {
    ...options,
    from: startOf(number),
    prefix: `w${number}-${of}-`,
  });
  await addTraffic(deps, 'small', of, change(rows), { blob: of });
  await closeUntil(deps, 'small', startOf(number + 1));
}

async function judge(): Promise<void> {
  await announceDueWindows(deps, model);
  const [event] = deps.events.published.filter(({ type }) => type === 'WindowsDue').slice(-1);
  await createMonitorHandler(deps)(event);
}

async function windows(...kinds: (typeof calm)[]): Promise<void> {
  for (const [number, kind] of kinds.entries()) {
    await window(number, kind);
    await judge();
  }
}

const verdicts = () =>
  deps.events.published.filter(({ type }) => type !== 'WindowsDue' && type !== 'WindowJudged');
const judged = () =>
  deps.events.published.filter(({ type }) => type === 'WindowJudged').map(({ detail }) => detail);
const reports = async () => (await listReports(deps, 'small', { limit: 100 })).toReversed();

describe('the monitor', () => {
  test('calm windows make one report each and no event of a verdict', async () => {
    await windows(calm, calm, calm);
    expect((await reports()).map(({ id, rows, labels }) => [id, rows, labels])).toEqual(
      [0, 1, 2].map((number) => [`${startOf(number)}-${version}`, rowsPerWindow, rowsPerWindow]),
    );
    expect((await reports()).map((one) => one.outcome.kind)).toEqual(['none', 'none', 'none']);
    expect(verdicts()).toEqual([]);
  });

  test('says of each report once that it is stored, whatever it says, and says the same when the window is judged again', async () => {
    await windows(calm, shifted, holed);
    const each = (await reports()).map(({ id }) => ({ model: 'small', report: id }));
    expect(each).toHaveLength(3);
    expect(judged()).toEqual(each);
    const last = deps.events.published.filter(({ type }) => type === 'WindowsDue').at(-1);
    await createMonitorHandler(deps)(last);
    expect(judged()).toEqual([...each, each[2]]);
    expect(await reports()).toHaveLength(3);
  });

  test('judges the next window although the bus takes no word of the one before: figures come with the next minute', async () => {
    await window(0, calm);
    await window(1, shifted);
    await announceDueWindows(deps, model);
    const due = deps.events.published.at(-1);
    deps.events.beforePublish = ({ type }) => {
      if (type === 'WindowJudged') throw new Error('the bus is down');
    };
    expect((await createMonitorHandler(deps)(due)).reports).toHaveLength(2);
    expect(deps.logged.filter(({ level }) => level === 'warn')).toHaveLength(2);
    expect(await dueWindows(deps, model)).toEqual([]);
  });

  test('drift is confirmed in its second window, and the change point is the start of its first', async () => {
    await windows(calm, calm, shifted);
    expect(verdicts()).toEqual([]);
    await window(3, shifted);
    await judge();
    expect(verdicts()).toEqual([
      {
        type: 'DriftConfirmed',
        detail: expect.objectContaining({
          model: 'small',
          version,
          trigger: 'DriftConfirmed',
          actor: 'monitor',
          worst: 'weight',
          level: 'critical',
          change_point: startOf(2),
          window_start: isoOf(3),
          window_end: isoOf(4),
          execution_name: expect.stringMatching(/^[A-Za-z0-9_-]{1,80}$/),
        }),
      },
    ]);
  });

  test('while drift lasts each window has an execution name of its own and the first change point', async () => {
    await windows(calm, shifted, shifted, shifted);
    const names = verdicts().map(({ detail }) => detail.execution_name);
    expect(names).toHaveLength(2);
    expect(new Set(names).size).toBe(2);
    expect(verdicts().map(({ detail }) => detail.change_point)).toEqual([startOf(1), startOf(1)]);
  });

  test('a relation that turned round under calm features is a performance drop', async () => {
    await windows(calm, reversed, reversed);
    expect(verdicts()).toMatchObject([{ type: 'PerformanceDrop', detail: { change_point: startOf(1) } }]);
  });

  test('a jump of missing values is a data incident at once: quarantined, told, and never drift', async () => {
    await windows(calm, holed);
    expect(verdicts()).toMatchObject([{ type: 'DataIncident', detail: { window_start: isoOf(1) } }]);
    const quarantined = await deps.state.get(stateKeys.quarantine('small', startOf(1)));
    expect(quarantined?.value).toMatchObject({ start: startOf(1), end: startOf(2) });
    const incidents = async () =>
      (await readLedger(deps, 'small', { limit: 10 })).filter(({ action }) => action === 'data_incident');
    expect(await incidents()).toMatchObject([{ reason: expect.stringContaining('depth: missing rose') }]);
    await window(2, holed);
    await judge();
    expect(verdicts().map(({ type }) => type)).toEqual(['DataIncident', 'DataIncident']);
    expect(await incidents()).toHaveLength(2);
  });

  test('bad data beside drift is bad data: the drift of that window confirms nothing', async () => {
    const both = drift({ shift: 2 }, holed.change);
    await windows(calm, shifted, both);
    expect(verdicts().map(({ type }) => type)).toEqual(['DataIncident']);
  });

  test('a version that is not the champion has reports and sends no event', async () => {
    await addVersion(deps, model, 'other');
    for (const number of [0, 1, 2]) {
      await addTraffic(deps, 'small', version, smallRows(rowsPerWindow, number, { from: startOf(number) }), {
        blob: 'a',
      });
      await window(number, shifted, 'other');
      await judge();
    }
    const others = (await reports()).filter((one) => one.version === 'other');
    expect(others.at(-1)?.outcome).toMatchObject({ kind: 'drift', confirmed: true });
    expect(verdicts()).toEqual([]);
  });

  test('a version whose anchors are gone hides no other, in any window', async () => {
    await addVersion(deps, model, 'other');
    await window(0, calm, 'other');
    await addTraffic(deps, 'small', version, smallRows(rowsPerWindow, 1, { from: startOf(0) }), {
      blob: 'b',
    });
    await window(1, calm);
    await deps.objects.put(objectKeys.version('small', 'other', 'anchors.json'), Buffer.from('{'));
    await judge();
    expect((await reports()).map((one) => one.version)).toContain(version);
  });

  test('a policy’s segments are counted by capture and judged, weakest first', async () => {
    await deps.state.delete(stateKeys.record('small'));
    const sliced = smallRecord({ monitor: { window_ms: windowMs, segments: ['colour'] } });
    await deps.state.putIfAbsent(stateKeys.record('small'), sliced);
    await window(0, calm);
    await judge();
    const [entry] = await reports();
    const report = JSON.parse(
      Buffer.from((await deps.objects.get(objectKeys.report('small', entry!.id)))!).toString(),
    ) as Report;
    expect(report.segments.map(({ value }) => value).sort()).toEqual(['blue', 'red']);
    for (const { nCurrent } of report.segments) expect(nCurrent).toBeGreaterThan(50);
  });

  test('a record from before a setting existed is judged with its default', async () => {
    const { correction, segments, false_alarms_per_month, ...monitor } = model.monitor;
    await deps.state.delete(stateKeys.record('small'));
    await deps.state.putIfAbsent(stateKeys.record('small'), { ...model, monitor });
    await windows(calm);
    expect(await reports()).toHaveLength(1);
  });

  test('a version’s history is its own: a new champion starts without the alarms of its predecessor', async () => {
    await addVersion(deps, model, 'other');
    await windows(calm, shifted);
    const change = {
      model: 'small',
      to: 'other',
      expected: version,
      action: 'promote',
      actor: 'a',
      reason: 'r',
    } as const;
    await changeChampion(deps, change);
    await window(2, shifted, 'other');
    await judge();
    expect(verdicts()).toEqual([]);
    expect((await reports()).at(-1)?.outcome).toMatchObject({ kind: 'drift', confirmed: false });
  });

  test('reports of later windows are no history of an earlier one', async () => {
    await windows(calm, shifted, shifted);
    const [, first] = await reports();
    expect(first?.outcome).toMatchObject({ kind: 'drift', confirmed: false });
    const before = await reports();
    await createMonitorHandler(deps)({
      detail: { model: 'small', windows: [{ start: startOf(1), end: startOf(2) }] },
    });
    expect(await reports()).toEqual(before);
    expect(verdicts()).toHaveLength(1);
  });
});

describe('the page of a report', () => {
  const pageOf = async (id: string) => {
    const bytes = await deps.objects.get(objectKeys.reportPage('small', id));
    return bytes && Buffer.from(bytes).toString();
  };

  test('is written beside it and tells what its verdict set off', async () => {
    await windows(calm, shifted, shifted);
    const ids = (await reports()).map(({ id }) => id);
    const pages = await Promise.all(ids.map(pageOf));
    expect(pages[0]).toContain('No drift found in 3 features');
    expect(pages[1]).toContain('nothing is retrained yet');
    expect(pages[2]).toContain(`run ${String(verdicts()[0]?.detail.execution_name)}.`);
  });

  test('that cannot be written costs neither the report nor the event', async () => {
    await windows(calm, shifted);
    await window(2, shifted);
    deps.objects.beforeWrite = (key) => {
      if (key.endsWith('.html')) throw new Error('the disk is full');
    };
    await judge();
    expect(await reports()).toHaveLength(3);
    expect(verdicts().map(({ type }) => type)).toEqual(['DriftConfirmed']);
    expect(await pageOf((await reports())[2]!.id)).toBeUndefined();
  });
});

describe('a monitor that dies', () => {
  test('at any write is repeated: one report per window and version, the same event under the same name', async () => {
    await windows(calm, shifted);
    await window(2, shifted);
    await announceDueWindows(deps, model);
    const due = deps.events.published.at(-1);
    const monitor = createMonitorHandler(deps);
    const dies = (place: 'state' | 'objects' | 'events') => {
      stopFailing(deps);
      const die = () => {
        throw new Error(`died at ${place}`);
      };
      if (place === 'events') deps.events.beforePublish = die;
      else deps[place].beforeWrite = die;
    };
    for (const place of ['objects', 'state', 'events'] as const) {
      dies(place);
      await expect(monitor(due)).rejects.toThrow(`died at ${place}`);
    }
    stopFailing(deps);
    deps.state.beforeWrite = ({ sk }) => {
      if (sk === 'window-cursor') throw new Error('died at the cursor');
    };
    await expect(monitor(due)).rejects.toThrow('died at the cursor');
    expect(await dueWindows(deps, model)).toHaveLength(1);
    stopFailing(deps);
    await monitor(due);
    expect(await dueWindows(deps, model)).toEqual([]);
    expect(await reports()).toHaveLength(3);
    expect(verdicts()).toHaveLength(2);
    expect(verdicts()[1]).toEqual(verdicts()[0]);
  });

  test('gives its windows back when its claim has expired, and they are judged then', async () => {
    await window(0, calm);
    await announceDueWindows(deps, model);
    expect(await announceDueWindows(deps, model)).toEqual([]);
    deps.clock.ms += 300_000;
    await judge();
    expect(await reports()).toHaveLength(1);
    expect(await dueWindows(deps, model)).toEqual([]);
    expect(await deps.state.get(stateKeys.windowClaim('small'))).toBeUndefined();
  });

  test('tells of a window what its stored report says, also when the baseline was changed in between', async () => {
    await windows(calm, shifted);
    await window(2, shifted);
    await announceDueWindows(deps, model);
    const due = deps.events.published.at(-1);
    deps.events.beforePublish = () => {
      throw new Error('the bus is down');
    };
    await expect(createMonitorHandler(deps)(due)).rejects.toThrow('the bus is down');
    stopFailing(deps);
    const { id } = (await reports()).at(-1)!;
    await deps.objects.put(
      objectKeys.version('small', version, 'baseline-accepted.bin'),
      (await deps.objects.get(objectKeys.version('small', version, 'baseline.bin')))!,
    );
    const file = { file: 'baseline-accepted.bin', reason: 'as it should be' };
    await deps.state.putIfAbsent(stateKeys.baseline('small', version), file);
    await createMonitorHandler(deps)(due);
    expect(verdicts()).toMatchObject([{ type: 'DriftConfirmed', detail: { report: id } }]);
  });
});

test('a window of more granules than one page of the table is judged whole', async () => {
  const long = smallRecord({ name: 'long', monitor: { window_ms: 1200 * 1000 } });
  deps = memoryDeps({ GRANULE_MS: '1000' });
  version = await registerSmall(deps, long);
  const rows = smallRows(1200, 4, { from: startMs });
  await addTraffic(deps, 'long', version, rows, { isLabelled: false });
  await closeUntil(deps, 'long', startMs + 1200 * 1000);
  await createMonitorHandler(deps)({ detail: { model: 'long', windows: await dueWindows(deps, long) } });
  expect(await listReports(deps, 'long', { limit: 5 })).toMatchObject([{ rows: 1200 }]);
});

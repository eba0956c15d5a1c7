import { beforeEach, describe, expect, test } from 'vitest';
import { readLedger } from '#shared/registry/ledger.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { changePause, readPause } from '#shared/registry/pause.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { type RecordOptions, registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { addTraffic, closeUntil } from '#shared/testing/traffic.ts';
import { announceDueWindows } from '#shared/windows/claim.ts';
import { createMonitorHandler } from './handler.ts';

const windowMs = 300_000;
const task = 'classification';

let deps: MemoryDeps;
let model: ModelRecord;
let version: string;

async function start(monitor: RecordOptions['monitor'], retrain: RecordOptions['retrain'] = {}) {
  deps = memoryDeps({ GRANULE_MS: '60000' });
  model = smallRecord({ task, monitor: { window_ms: windowMs, ...monitor }, retrain });
  version = await registerSmall(deps, model);
}
beforeEach(() => start({ pause_below_accuracy: 0.9 }));

/** One window from one after the first on, so that the champion served when it began. */
async function window(
  number: number,
  options: { isReversed?: boolean; count?: number; isLabelled?: boolean },
) {
  const { isReversed = false, count = 250, isLabelled = true } = options;
  const from = startMs + number * windowMs;
  const rows = smallRows(count, 50 + number, { task, from, isReversed, prefix: `w${number}-` });
  await addTraffic(deps, 'small', version, rows, { isLabelled });
  await closeUntil(deps, 'small', from + windowMs);
  await judge();
}

async function judge() {
  await announceDueWindows(deps, model);
  const event = deps.events.published.filter(({ type }) => type === 'WindowsDue').at(-1);
  await createMonitorHandler(deps)(event);
}

const isPaused = async () => (await readPause(deps, 'small'))?.paused ?? false;

describe('the floor of accuracy', () => {
  test('pauses batches of a champion that is below it, with the report and the figures in the ledger', async () => {
    await window(1, {});
    expect(await isPaused()).toBe(false);
    await window(2, { isReversed: true });
    expect(await isPaused()).toBe(true);
    const [entry] = await readLedger(deps, 'small', { limit: 1 });
    expect(entry).toMatchObject({
      action: 'pause',
      actor: 'monitor',
      reason: expect.stringMatching(/^accuracy \d+(\.\d)? % of 250 labelled rows, below the floor of 90 %$/),
      detail: { report: `${startMs + 2 * windowMs}-${version}`, version, rows: 250 },
    });
  });

  test('is off unless the policy sets it', async () => {
    await start({});
    await window(1, { isReversed: true });
    expect(await isPaused()).toBe(false);
  });

  test('says nothing of too few labels, or of none', async () => {
    await window(1, { isReversed: true, count: 49 });
    await window(2, { isReversed: true, isLabelled: false });
    expect(await isPaused()).toBe(false);
    await window(3, { isReversed: true, count: 60 });
    expect(await isPaused()).toBe(true);
  });

  test('waits until the champion has served for the maturity of labels', async () => {
    await start({ pause_below_accuracy: 0.9 }, { maturity_ms: 2 * windowMs });
    await window(1, { isReversed: true });
    expect(await isPaused()).toBe(false);
    await window(2, { isReversed: true });
    expect(await isPaused()).toBe(true);
  });

  test('never resumes by itself, and the same window again does not pause what a person resumed', async () => {
    await window(1, { isReversed: true });
    await window(2, {});
    expect(await isPaused()).toBe(true);
    await changePause(deps, 'small', { paused: false, actor: 'ann', reason: 'I know' });
    const event = deps.events.published.filter(({ type }) => type === 'WindowsDue').at(0);
    await createMonitorHandler(deps)(event);
    expect(await isPaused()).toBe(false);
    await window(3, { isReversed: true });
    expect(await isPaused()).toBe(true);
  });
});

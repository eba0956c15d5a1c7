import { beforeEach, describe, expect, test } from 'vitest';
import { failAtWrite, type MemoryDeps, memoryDeps, startMs, stopFailing } from '../testing/memory-deps.ts';
import { readLedger } from './ledger.ts';
import { changePause, readPause } from './pause.ts';

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps();
});

const turn = (paused: boolean, more: { unlessSince?: number; seen?: number } = {}) =>
  changePause(deps, 'm', { paused, actor: 'ann', reason: 'r', ...more });
const actions = async () => (await readLedger(deps, 'm', { limit: 10 })).map(({ action }) => action);

describe('the switch for batches', () => {
  test('is turned once, however often it is asked for, and each turn is in the ledger', async () => {
    expect(await readPause(deps, 'm')).toBeUndefined();
    expect((await turn(false)).changed).toBe(false);
    expect([(await turn(true)).changed, (await turn(true)).changed]).toEqual([true, false]);
    expect(await readPause(deps, 'm')).toMatchObject({ paused: true, change: { actor: 'ann', at: startMs } });
    expect([(await turn(false)).changed, (await turn(false)).changed]).toEqual([true, false]);
    expect(await actions()).toEqual(['resume', 'pause']);
  });

  test.each([1, 2])('killed at write %d, it loses no entry of the ledger to the next turn', async (at) => {
    await turn(true);
    deps.clock.ms += 1000;
    failAtWrite(deps, at);
    await turn(false).catch(() => undefined);
    stopFailing(deps);
    await turn(false);
    expect(await actions()).toEqual(['resume', 'pause']);
    expect((await readPause(deps, 'm'))?.paused).toBe(false);
  });

  test('leaves alone what was turned at or after a given time', async () => {
    await turn(true);
    await turn(false);
    const { at } = (await readPause(deps, 'm'))!.change;
    expect((await turn(true, { unlessSince: at })).changed).toBe(false);
    expect((await turn(true, { unlessSince: at + 1 })).changed).toBe(true);
  });

  test('is turned by who saw its last turn, and by nobody else', async () => {
    expect((await turn(true, { seen: 7 })).changed).toBe(false);
    expect((await turn(true, { seen: 0 })).changed).toBe(true);
    expect((await turn(false, { seen: 0 })).changed).toBe(false);
    expect((await turn(false, { seen: startMs })).changed).toBe(true);
  });
});

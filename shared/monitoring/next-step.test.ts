import { beforeEach, describe, expect, test } from 'vitest';
import { stateKeys } from '../registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord } from '../testing/small-model.ts';
import type { WindowVerdict } from '../verdict/judge-window.ts';
import { nextStep } from './next-step.ts';

const model = smallRecord();
let deps: MemoryDeps;
let version: string;
beforeEach(async () => {
  deps = memoryDeps();
  version = await registerSmall(deps, model);
});

const window = { start: new Date(startMs).toISOString(), end: new Date(startMs + 60_000).toISOString() };
const step = (kind: WindowVerdict['kind'], confirmed: boolean, of = version) =>
  nextStep(deps, model, { version: of, window, verdict: { kind, confirmed } as WindowVerdict });

describe('what a verdict sets off', () => {
  test('a calm window nothing, drift seen once nothing yet, bad data quarantine whichever version saw it', async () => {
    expect(await step('none', false)).toEqual({ kind: 'nothing' });
    expect(await step('drift', false)).toEqual({ kind: 'awaits_confirmation' });
    expect(await step('data_incident', true, 'other')).toEqual({ kind: 'quarantined' });
  });

  test('a version that does not serve nothing, and the champion is named', async () => {
    expect(await step('drift', true, 'other')).toEqual({ kind: 'not_serving', champion: version });
  });

  test('confirmed drift of the champion a run, by the name it is requested under', async () => {
    const execution = expect.stringMatching(new RegExp(`^small-.*-w${startMs + 60_000}$`));
    expect(await step('drift', true)).toEqual({ kind: 'retrain_requested', execution });
    expect(await step('performance_drop', true)).toEqual({ kind: 'retrain_requested', execution });
  });

  test('a cooldown is told while it lasts, and no longer', async () => {
    const until = deps.now() + 1000;
    await deps.state.putIfAbsent(stateKeys.cooldown('small'), { until, reason: 'promoted v1' });
    expect(await step('drift', true)).toMatchObject({
      cooldown: { until: new Date(until).toISOString(), reason: 'promoted v1' },
    });
    deps.clock.ms = until;
    expect(await step('drift', true)).not.toHaveProperty('cooldown');
  });
});

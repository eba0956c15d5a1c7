import { uncompress } from 'snappyjs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../json.ts';
import { stateKeys } from '../registry/keys.ts';
import type { Sent } from '../remote-write/send.ts';
import { type MemoryDeps, memoryDeps } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord } from '../testing/small-model.ts';
import { addClasses, shortClass } from './class-names.ts';
import { createCollector } from './collect.ts';
import { exposition } from './exposition.ts';
import { createPublisher } from './publish.ts';
import { minuteMs } from './publisher-state.ts';
import { receiverOf } from './receiver.testing.ts';

let deps: MemoryDeps;
beforeEach(async () => {
  deps = memoryDeps({ ENVIRONMENT: 'test' });
  for (const name of ['broken', 'small'])
    await registerSmall(deps, smallRecord({ name, task: 'classification' }));
});

const page = async () => exposition(await createCollector(deps)());
const seriesOf = (text: string, model: string) =>
  text.split('\n').filter((line) => line.includes(`model="${model}"`));

async function store(key: { readonly pk: string; readonly sk: string }, value: unknown): Promise<void> {
  const item = await deps.state.get(key);
  if (item) await deps.state.delete(key, item.revision);
  await deps.state.putIfAbsent(key, value as Json);
}

const counters = {
  ...{
    through: 0,
    predictions: { v1: 5 },
    labels: {},
    unmatched_labels: 0,
    outcomes: {},
    late: 0,
    unprofiled: 0,
  },
  answered: 5,
};

describe('a model of which something stored is damaged', () => {
  test.each<[string, () => Promise<void>]>([
    ['counters that are nothing', () => store(stateKeys.counters('broken'), {})],
    ['counters that are a list', () => store(stateKeys.counters('broken'), [1])],
    ['a count that is text', () => store(stateKeys.counters('broken'), { ...counters, late: 'many' })],
    ['counts that are null', () => store(stateKeys.counters('broken'), { ...counters, predictions: null })],
    ['a histogram without cells', () => store(stateKeys.counters('broken'), { ...counters, durations: {} })],
    ['a pointer to nowhere', () => store(stateKeys.pointer('broken'), { champion: 7, change: null })],
    ['a record without a schema', () => store(stateKeys.record('broken'), { name: 'broken' })],
    ['totals of runs that are text', () => store(stateKeys.runTotals('broken'), 'x')],
  ])('%s: its neighbours are shown whole, and that one is missing is counted', async (_, damage) => {
    const before = seriesOf(await page(), 'small');
    expect(before.length).toBeGreaterThan(40);
    await damage();
    const after = await page();
    expect(seriesOf(after, 'small')).toEqual(before);
    expect(seriesOf(after, 'broken')).toEqual([]);
    expect(after).toContain('tidemark_unreadable_models{env="test"} 1');
    expect(deps.logged.filter(({ level }) => level === 'error')).toMatchObject([
      { detail: { model: 'broken' } },
    ]);
  });

  test('counters that are not there yet are zeros, and nothing is missing', async () => {
    const text = await page();
    expect(seriesOf(text, 'broken').length).toBe(seriesOf(text, 'small').length);
    expect(text).toContain('tidemark_unreadable_models{env="test"} 0');
  });

  test('its series are not ended: they come again when it is mended, and end when it is removed', async () => {
    const receiver = receiverOf();
    const send = async (body: Uint8Array): Promise<Sent> => receiver.write(uncompress(body));
    const publish = createPublisher(deps, createCollector(deps), send);
    const paused = 'tidemark_batch_paused{env="test",model="broken"}';
    const minute = async () => {
      const result = await publish();
      deps.clock.ms += minuteMs;
      return result;
    };
    await minute();
    await store(stateKeys.counters('broken'), {});
    expect(await minute()).toMatchObject({ rejected: 0, undelivered: 0 });
    expect(receiver.ends(paused)).toEqual([]);
    await store(stateKeys.counters('broken'), counters);
    await minute();
    expect(receiver.samples(paused)).toHaveLength(2);
    const record = await deps.state.get(stateKeys.record('broken'));
    await deps.state.delete(stateKeys.record('broken'), record!.revision);
    await minute();
    expect(receiver.ends(paused)).toHaveLength(1);
  });
});

describe('from its registration on', () => {
  test('every counter and bucket of a model is sent as 0 with the next minute, and its end with its removal', async () => {
    const receiver = receiverOf();
    const send = async (body: Uint8Array): Promise<Sent> => receiver.write(uncompress(body));
    const publish = createPublisher(deps, createCollector(deps), send);
    await publish();
    deps.clock.ms += minuteMs;
    const before = new Set(receiver.series());
    const fresh = smallRecord({ name: 'fresh', task: 'classification' });
    await deps.state.putIfAbsent(stateKeys.record('fresh'), fresh);
    await publish();
    const begun = receiver.series().filter((key) => !before.has(key));
    const counting = begun.filter((key) => /_(total|bucket|sum|count)\{/.test(key));
    const printed = seriesOf(await page(), 'fresh').filter((line) =>
      /_(total|bucket|sum|count)\{/.test(line),
    );
    expect(counting).toHaveLength(printed.length);
    expect(counting.length).toBeGreaterThan(50);
    for (const key of counting) expect([key, receiver.samples(key)]).toMatchObject([key, [{ value: 0 }]]);

    deps.clock.ms += minuteMs;
    const record = await deps.state.get(stateKeys.record('fresh'));
    await deps.state.delete(stateKeys.record('fresh'), record!.revision);
    await publish();
    for (const key of begun) expect([key, receiver.ends(key).length]).toEqual([key, 1]);
  });
});

describe('names of classes', () => {
  const emoji = (at: number) => `${'x'.repeat(at)}${'😀'.repeat(60)}`;

  test.each([85, 86, 87, 88])('are never cut within a character: %i before an emoji', (at) => {
    const name = shortClass(emoji(at));
    expect(Buffer.from(name).toString()).toBe(name);
    expect(name.length).toBeLessThanOrEqual(100);
  });

  test('that are read back from the store are still the same class', () => {
    const stored = (sums: Record<string, number>) =>
      JSON.parse(Buffer.from(JSON.stringify(sums)).toString()) as Record<string, number>;
    let sums: Record<string, number> = {};
    for (let day = 0; day < 3; day++) sums = stored(addClasses(sums, { [emoji(86)]: 2, 'a\ud83d': 1 }));
    expect(Object.values(sums)).toEqual([3, 6]);
  });

  test('that are names of JavaScript’s own objects are names', () => {
    const odd = ['__proto__', 'constructor', 'toString', ''];
    const sums = addClasses(addClasses({}, Object.fromEntries(odd.map((name) => [name, 1]))), {
      toString: 1,
    });
    expect(Object.entries(sums).sort()).toEqual([
      ['', 1],
      ['__proto__', 1],
      ['constructor', 1],
      ['toString', 2],
    ]);
  });
});

import { uncompress } from 'snappyjs';
import { expect, test } from 'vitest';
import type { Sent } from '../remote-write/send.ts';
import { send } from '../remote-write/send.ts';
import { memoryDeps, startMs } from '../testing/memory-deps.ts';
import { figuresOf, modelFigures } from './figures.testing.ts';
import { createPublisher } from './publish.ts';
import { minuteMs, readPublisherState } from './publisher-state.ts';
import { receiverOf } from './receiver.testing.ts';

const rows = 'tidemark_requests_total{env="test",model="prices",outcome="answered"}';

/** A function that is frozen for three minutes at one point of its publication, while another publishes those minutes. */
async function frozenAt(point: 'before collecting' | 'before sending' | 'after sending' | 'before its book') {
  const deps = memoryDeps();
  const receiver = receiverOf();
  let answered = 0;
  let thaw: () => void = () => undefined;
  const ice = new Promise<void>((done) => {
    thaw = done;
  });
  let isFrozen: () => void = () => undefined;
  const frozen = new Promise<void>((done) => {
    isFrozen = done;
  });
  const stop = async (here: typeof point) => {
    if (here !== point) return;
    isFrozen();
    await ice;
  };
  const figures = () =>
    figuresOf([modelFigures('prices', 1, { requests: { answered, refused: 0, failed: 0 } })], deps.now());
  const write = async (body: Uint8Array): Promise<Sent> => receiver.write(uncompress(body));
  const slow = createPublisher(
    {
      ...deps,
      objects: Object.assign(Object.create(deps.objects) as typeof deps.objects, {
        put: async (key: string, bytes: Uint8Array) => {
          await stop('before its book');
          return deps.objects.put(key, bytes);
        },
      }),
    },
    async () => {
      await stop('before collecting');
      return figures();
    },
    async (body, until) => {
      await stop('before sending');
      // as `send` does: nothing is begun after its time
      const sent: Sent =
        deps.now() >= until ? { kind: 'undelivered', reason: 'the time for it was over' } : await write(body);
      await stop('after sending');
      return sent;
    },
  );
  const other = createPublisher(deps, async () => figures(), write);
  const first = slow();
  await frozen;
  const published = [];
  for (let minute = 0; minute < 3; minute++) {
    deps.clock.ms += minuteMs;
    answered += 100;
    published.push(await other());
  }
  const between = await readPublisherState(deps);
  thaw();
  const late = await first;
  deps.clock.ms += minuteMs;
  answered += 100;
  published.push(await other());
  return { receiver, published, between, late, after: await readPublisherState(deps) };
}

test.each(['before collecting', 'before sending', 'after sending', 'before its book'] as const)(
  'a publisher that is frozen for three minutes %s leaves no wrong value, no refused sample and not its state',
  async (point) => {
    const { receiver, published, between, late, after } = await frozenAt(point);
    for (const { published: count, rejected, undelivered } of published)
      expect([count > 0, rejected, undelivered]).toEqual([true, 0, 0]);
    expect(late.rejected).toBe(0);
    expect(receiver.rejected).toEqual([]);
    expect(between.minute).toBe(startMs + 3 * minuteMs);
    expect(after).toMatchObject({ minute: startMs + 4 * minuteMs, rejectedTotal: 0, holder: null });
    const values = receiver
      .samples(rows)
      .map(({ timestampMs, value }) => [(timestampMs - startMs) / minuteMs, value]);
    for (const [minute, value] of values) expect([minute, value]).toEqual([minute, 100 * minute!]);
  },
);

test('what `send` is asked after its time it does not begin', async () => {
  const url = new URL('http://127.0.0.1:9/');
  const options = { url, now: () => 40_001, wait: async () => undefined };
  expect(await send(Buffer.from('x'), 40_000, options)).toMatchObject({ kind: 'undelivered' });
});

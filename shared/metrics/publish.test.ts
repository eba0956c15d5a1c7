import { uncompress } from 'snappyjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../random.ts';
import { objectKeys } from '../registry/keys.ts';
import type { Sent } from '../remote-write/send.ts';
import { failAtWrite, type MemoryDeps, memoryDeps, startMs, stopFailing } from '../testing/memory-deps.ts';
import { figuresOf, modelFigures, reportFigures } from './figures.testing.ts';
import type { Figures, ModelFigures } from './figures.ts';
import { createPublisher } from './publish.ts';
import { minuteMs, readPublisherState } from './publisher-state.ts';
import { receiverOf } from './receiver.testing.ts';

let deps: MemoryDeps;
let models: ModelFigures[];
let receiver: ReturnType<typeof receiverOf>;
let answer: (body: Uint8Array) => Sent;
beforeEach(() => {
  deps = memoryDeps();
  models = [modelFigures('prices', 3)];
  receiver = receiverOf();
  answer = (body) => receiver.write(uncompress(body));
});

const figures = async (): Promise<Figures> => figuresOf(models, deps.now());
/** As the real one: nothing is begun after the time for it, which a clock that jumps may have passed. */
const inTime = async (body: Uint8Array, until: number): Promise<Sent> =>
  deps.now() < until ? answer(body) : { kind: 'undelivered', reason: 'no time is left' };
const fresh = () => createPublisher(deps, figures, inTime);
/** As a warm function, and as one that knows nothing. */
let publish: ReturnType<typeof fresh>;
beforeEach(() => {
  publish = fresh();
});

async function minutes(count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    await publish();
    deps.clock.ms += minuteMs;
  }
}

const level = 'tidemark_drift_features_critical{env="test",model="prices"}';
const rows = 'tidemark_late_rows_total{env="test",model="prices"}';
const psi = 'tidemark_feature_psi{env="test",feature="feature_1",model="prices"}';
const timesOf = (series: string) => receiver.samples(series).map(({ timestampMs }) => timestampMs);

describe('the three cadences', () => {
  test('alerting series come every minute, the rest every fourth, features when they change and every half hour', async () => {
    await minutes(31);
    const every = (step: number) =>
      Array.from({ length: Math.ceil(31 / step) }, (_, at) => startMs + at * step * minuteMs);
    expect(timesOf(level)).toEqual(every(1));
    expect(timesOf(rows)).toEqual(every(4));
    expect(timesOf(psi)).toEqual([startMs, startMs + 30 * minuteMs]);
  });

  test('a feature that changes is sent with the next minute, and its neighbours are not', async () => {
    await minutes(2);
    const { features } = models[0]!.lastReport!;
    const moved = features.map((one) => (one.name === 'feature_1' ? { ...one, psi: 0.7 } : one));
    models = [modelFigures('prices', 3, { lastReport: reportFigures(3, { features: moved }) })];
    await minutes(2);
    expect(receiver.samples(psi)).toMatchObject([{ value: 0.001 }, { value: 0.7 }]);
    expect(timesOf(psi)).toEqual([startMs, startMs + 2 * minuteMs]);
    expect(timesOf(psi.replace('_1', '_2'))).toEqual([startMs]);
  });

  test('a sample is as of the whole minute, wherever in it the function runs', async () => {
    deps.clock.ms += 59_999;
    await publish();
    expect(timesOf(level)).toEqual([startMs]);
  });

  test('minutes that were missed are not made up for; what was due comes with the next', async () => {
    await minutes(1);
    deps.clock.ms += 6 * minuteMs;
    await minutes(1);
    expect(timesOf(rows)).toEqual([startMs, startMs + 7 * minuteMs]);
  });
});

describe('one writer', () => {
  test('of 20 invocations at once, on 20 functions, one publishes', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => fresh()()));
    expect(results.filter(({ published }) => published > 0)).toHaveLength(1);
    expect(receiver.rejected).toEqual([]);
  });

  test('a minute that comes again, or a clock that goes back, publishes nothing', async () => {
    await minutes(3);
    const before = receiver.written();
    for (const ms of [0, -minuteMs, -2 * minuteMs, -9 * minuteMs]) {
      deps.clock.ms = startMs + 2 * minuteMs + ms;
      expect(await fresh()()).toMatchObject({
        published: 0,
        reason: expect.stringContaining('published already'),
      });
    }
    expect(receiver.written()).toBe(before);
    deps.clock.ms = startMs + 3 * minuteMs;
    expect((await publish()).published).toBeGreaterThan(0);
    expect(receiver.rejected).toEqual([]);
  });

  test('a claim of a clock that was hours ahead does not silence the right one for hours', async () => {
    deps.clock.ms += 5 * 3_600_000;
    await publish();
    receiver = receiverOf();
    deps.clock.ms = startMs;
    expect((await publish()).published).toBeGreaterThan(0);
    expect(deps.logged).toMatchObject([
      { level: 'warn', message: expect.stringContaining('clock was ahead') },
    ]);
  });

  test('nor does it silence what is sent every four minutes, on change, or again after a refusal', async () => {
    deps.clock.ms += 5 * 3_600_000;
    await publish();
    receiver = receiverOf();
    deps.clock.ms = startMs;
    await minutes(5);
    expect(timesOf(rows)).toEqual([startMs, startMs + 4 * minuteMs]);
    expect(timesOf(psi)).toEqual([startMs]);
  });

  test('while one is publishing the next minute waits; 50 seconds later it is taken over', async () => {
    deps.clock.ms += 30_000;
    let release: (sent: Sent) => void = () => undefined;
    const held = createPublisher(deps, figures, () => new Promise<Sent>((done) => (release = done)))();
    await new Promise((done) => setTimeout(done, 20));
    deps.clock.ms = startMs + minuteMs;
    expect(await publish()).toMatchObject({ published: 0, reason: 'another publication is under way' });
    deps.clock.ms = startMs + 30_000 + 50_000;
    expect((await publish()).published).toBeGreaterThan(0);
    const after = await readPublisherState(deps);
    release({ kind: 'undelivered', reason: 'too late' });
    await held;
    expect(await readPublisherState(deps)).toEqual(after);
  });

  test('one that was taken over leaves the book of series as the other wrote it', async () => {
    let release: (sent: Sent) => void = () => undefined;
    const held = createPublisher(deps, figures, () => new Promise<Sent>((done) => (release = done)))();
    await new Promise((done) => setTimeout(done, 20));
    deps.clock.ms += minuteMs;
    models = [...models, modelFigures('weights', 3)];
    await publish();
    const { book } = await readPublisherState(deps);
    const written = await deps.objects.get(objectKeys.seriesBook(book));
    release({ kind: 'accepted' });
    await held;
    expect(await deps.objects.get(objectKeys.seriesBook(book))).toEqual(written);
  });

  test('replays, killed functions and a clock that jitters never store a wrong value', async () => {
    for (let at = 0; at < 40; at++) {
      models = [modelFigures('prices', 3, { requests: { answered: at, refused: 0, failed: 0 } })];
      if (at % 5 === 3) failAtWrite(deps, 1 + (at % 3));
      await fresh()().catch(() => undefined);
      stopFailing(deps);
      await Promise.all([fresh()(), fresh()()]);
      deps.clock.ms += at % 7 === 2 ? -90_000 : 45_000;
    }
    expect(receiver.rejected).toEqual([]);
    const answered = receiver
      .samples('tidemark_requests_total{env="test",model="prices",outcome="answered"}')
      .map(({ value }) => value);
    expect(answered.length).toBeGreaterThan(10);
    expect(answered).toEqual([...answered].sort((a, b) => a - b));
  });
});

describe('news', () => {
  /** A wait that takes no time of the test and all of the clock's. */
  const waited: number[] = [];
  const wait = async (ms: number) => {
    waited.push(ms);
    deps.clock.ms += ms;
  };
  beforeEach(() => {
    waited.length = 0;
  });
  const answeredAt = (at: number) => {
    models = [modelFigures('prices', 3, { requests: { answered: at, refused: 0, failed: 0 } })];
  };
  const answered = 'tidemark_requests_total{env="test",model="prices",outcome="answered"}';

  test('in a minute that nobody has published is published at once, and the clock finds the minute done', async () => {
    deps.clock.ms += 12_000;
    expect((await publish('news', wait)).published).toBeGreaterThan(0);
    expect(waited).toEqual([]);
    deps.clock.ms += 30_000;
    expect(await publish()).toMatchObject({ published: 0, reason: expect.stringContaining('already') });
    expect(timesOf(level)).toEqual([startMs]);
  });

  test('in a minute that is published waits for the next one and is published as it begins, once', async () => {
    await publish();
    deps.clock.ms += 20_000;
    expect((await publish('news', wait)).published).toBeGreaterThan(0);
    expect(waited).toEqual([40_050]);
    expect(timesOf(level)).toEqual([startMs, startMs + minuteMs]);
    deps.clock.ms = startMs + minuteMs + 25_000;
    expect(await publish()).toMatchObject({ published: 0 });
    expect(receiver.rejected).toEqual([]);
  });

  test.each([
    [0, 60_050],
    [1, 60_049],
    [59_999, 51],
  ])('%i ms into a published minute the wait is %i ms', async (into, ms) => {
    await publish();
    deps.clock.ms = startMs + into;
    await publish('news', wait);
    expect(waited).toEqual([ms]);
  });

  test('of 50 models judged in one minute one function waits, the others are answered at once, and all are in what it publishes', async () => {
    await publish();
    let begin: () => void = () => undefined;
    const held = (ms: number) => {
      waited.push(ms);
      return new Promise<void>((done) => {
        begin = done;
      });
    };
    const names = Array.from({ length: 50 }, (_, at) => `m${at}`);
    const results = names.map((name) => {
      models = [...models, modelFigures(name, 1)];
      deps.clock.ms += 100;
      return fresh()('news', held);
    });
    await expect.poll(() => waited.length).toBe(1);
    const waiting = new Promise((done) => setTimeout(done, 100, 'still waiting'));
    const soon = await Promise.all(results.map((one) => Promise.race([one, waiting])));
    expect(soon.filter((one) => one === 'still waiting')).toHaveLength(1);
    deps.clock.ms = startMs + minuteMs;
    begin();
    await Promise.all(results);
    expect(waited).toHaveLength(1);
    for (const name of names) expect(timesOf(level.replace('prices', name))).toEqual([startMs + minuteMs]);
  });

  test('that comes after the one that waited has begun waits for the minute after', async () => {
    await publish();
    await publish('news', wait);
    deps.clock.ms += 300;
    await publish('news', wait);
    expect(timesOf(level)).toEqual([startMs, startMs + minuteMs, startMs + 2 * minuteMs]);
  });

  test('whose waiting function dies is in the next minute of the clock, and the news after it waits again', async () => {
    await publish();
    await expect(publish('news', async () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    expect(await publish('news', wait)).toMatchObject({ reason: expect.stringContaining('waits') });
    deps.clock.ms = startMs + minuteMs + 35_000;
    expect((await publish()).published).toBeGreaterThan(0);
    expect((await publish('news', wait)).published).toBeGreaterThan(0);
    expect(waited).toEqual([25_050]);
  });

  test('whose wait is cut short publishes nothing twice', async () => {
    await publish();
    expect(await publish('news', async () => undefined)).toMatchObject({ published: 0 });
    expect(timesOf(level)).toEqual([startMs]);
  });

  test.each([
    [3, true],
    [10, true],
    [11, false],
  ])(
    'gives a publication of the minute before %i s to end: published is %s',
    async (seconds, isPublished) => {
      deps.clock.ms = startMs + 59_000;
      let release: (sent: Sent) => void = () => undefined;
      const held = createPublisher(deps, figures, () => new Promise<Sent>((done) => (release = done)))();
      await new Promise((done) => setTimeout(done, 20));
      const result = await publish('news', async (ms) => {
        await wait(ms);
        if (waited.length !== seconds + 1) return;
        release({ kind: 'accepted' });
        await held;
      });
      expect(result.published > 0).toBe(isPublished);
      expect(waited).toEqual([1050, ...Array.from({ length: Math.min(seconds, 10) }, () => 1000)]);
      release({ kind: 'accepted' });
      await held;
    },
  );

  test('with the clock at random phases, on 20 functions, and a clock that goes back: no value wrong, nothing refused, no minute twice', async () => {
    const random = seededRandom(7);
    for (let at = 0; at < 60; at++) {
      answeredAt(at);
      const causes = Array.from({ length: 20 }, () =>
        random() < 0.5 ? ('news' as const) : ('clock' as const),
      );
      await Promise.all(causes.map((cause) => fresh()(cause, wait)));
      deps.clock.ms += random() < 0.2 ? -random() * 150_000 : random() * 70_000;
    }
    expect(receiver.rejected).toEqual([]);
    const times = timesOf(answered);
    expect(new Set(times).size).toBe(times.length);
    expect(times.every((time) => time % minuteMs === 0)).toBe(true);
    const values = receiver.samples(answered).map(({ value }) => value);
    expect(values.length).toBeGreaterThan(15);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });
});

describe('what has ended', () => {
  test('series of a model that is gone end at once, once, and come back when it does', async () => {
    models = [modelFigures('prices', 3), modelFigures('weights', 2)];
    await minutes(1);
    models = [modelFigures('prices', 3)];
    await minutes(3);
    const gone = level.replace('prices', 'weights');
    expect(receiver.ends(gone)).toEqual([startMs + minuteMs]);
    expect(receiver.ends(psi.replace('prices', 'weights'))).toEqual([startMs + minuteMs]);
    expect(receiver.ends(level)).toEqual([]);
    models = [modelFigures('prices', 3), modelFigures('weights', 2)];
    await minutes(1);
    expect(timesOf(gone)).toEqual([startMs, startMs + 4 * minuteMs]);
  });

  test('a version that no longer serves ends as a label', async () => {
    await minutes(1);
    models = [modelFigures('prices', 3, { champion: 'v2' })];
    await minutes(1);
    expect(receiver.ends('tidemark_model_info{env="test",model="prices",version="v1"}')).toHaveLength(1);
  });

  test('an end that could not be delivered is delivered with the next minute', async () => {
    models = [modelFigures('prices', 1), modelFigures('weights', 1)];
    await minutes(1);
    models = [modelFigures('prices', 1)];
    answer = () => ({ kind: 'undelivered', reason: 'down' });
    await minutes(1);
    answer = (body) => receiver.write(uncompress(body));
    await minutes(1);
    expect(receiver.ends(level.replace('prices', 'weights'))).toEqual([startMs + 2 * minuteMs]);
  });
});

describe('a receiver that', () => {
  test('is down for a while gets everything that is due when it is back', async () => {
    answer = () => ({ kind: 'undelivered', reason: 'down' });
    await minutes(2);
    expect(await readPublisherState(deps)).toMatchObject({ failures: 2, lastFourMinutes: 0 });
    answer = (body) => receiver.write(uncompress(body));
    await minutes(1);
    for (const series of [level, rows, psi]) expect(timesOf(series)).toEqual([startMs + 2 * minuteMs]);
  });

  test('refuses one series gets all others; the one is reported, counted, and tried again after half an hour', async () => {
    let asked = 0;
    answer = (body) => {
      const raw = uncompress(body);
      if (!Buffer.from(raw).includes('feature_1')) return receiver.write(raw);
      asked += 1;
      return { kind: 'refused', status: 400, message: 'poisoned' };
    };
    const lastReport = reportFigures(3, { attribution: null });
    models = [modelFigures('prices', 3, { lastReport })];
    const first = await publish();
    expect(first).toMatchObject({ rejected: 6, undelivered: 0 });
    expect(timesOf(psi.replace('_1', '_2'))).toHaveLength(1);
    expect(deps.logged.filter(({ level }) => level === 'error')[0]).toMatchObject({
      detail: { series: expect.stringContaining('feature_1'), reason: expect.stringContaining('poisoned') },
    });
    expect(await readPublisherState(deps)).toMatchObject({ rejectedTotal: 6 });
    const searched = asked;
    for (let at = 1; at < 30; at++) {
      deps.clock.ms += minuteMs;
      expect(await publish()).toMatchObject({ rejected: 0 });
    }
    expect(asked).toBe(searched);
    deps.clock.ms += minuteMs;
    expect(await publish()).toMatchObject({ rejected: 6 });
  });
});

test('a series that is not valid is left out and counted, and its neighbours are sent', async () => {
  const lastReport = reportFigures(2);
  const bad = { ...lastReport.features[0]!, psi: Number.NaN };
  models = [
    modelFigures('prices', 2, { lastReport: { ...lastReport, features: [bad, lastReport.features[1]!] } }),
  ];
  expect(await publish()).toMatchObject({ rejected: 2, undelivered: 0 });
  expect(timesOf(psi)).toHaveLength(1);
});

test('without its book nothing is lost: everything is new, and a repeated value is no fault', async () => {
  await minutes(1);
  await deps.objects.put(objectKeys.seriesBook(1), Buffer.from('damaged'));
  await minutes(1);
  expect(receiver.rejected).toEqual([]);
  expect(timesOf(psi)).toEqual([startMs, startMs + minuteMs]);
});

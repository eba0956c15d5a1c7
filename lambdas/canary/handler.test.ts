import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { functions } from '#shared/api/surface.ts';
import { canaryModel } from '#shared/canary/names.ts';
import { readCanary } from '#shared/canary/state.ts';
import { ConflictError } from '#shared/errors.ts';
import { createCollector } from '#shared/metrics/collect.ts';
import { listReports } from '#shared/monitoring/report-index.ts';
import { noticeOf } from '#shared/notify/notice.ts';
import { receive } from '#shared/notify/receive.ts';
import { updateItem } from '#shared/ports/update.ts';
import { openAlerts } from '#shared/registry/alert-log.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { createModel, listModels, readPointer, resolveModel } from '#shared/registry/registry.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord } from '#shared/testing/small-model.ts';
import { eventOf, streamRecord } from '#shared/testing/stream.ts';
import { createModel as createByOperator } from '../admin/create-model.ts';
import { createCaptureHandler } from '../capture/handler.ts';
import { createMonitorHandler } from '../monitor/handler.ts';
import { createNotifyHandler } from '../notify/handler.ts';
import { createTickHandler } from '../tick/handler.ts';
import { createCanaryHandler } from './handler.ts';

const hour = 3_600_000;
const minute = 60_000;
const dayStart = startMs + hour;

let deps: MemoryDeps;
let records: Parameters<typeof eventOf>[0][number][];
let canary: ReturnType<typeof createCanaryHandler>;
beforeEach(() => start());

function start(env: Readonly<Record<string, string>> = {}): void {
  deps = memoryDeps({ CANARY: 'on', ENVIRONMENT: 'test', ...env });
  records = [];
  deps.predictions.afterPut = (stored) => {
    records.push(streamRecord(stored, records.length, deps.clock.ms));
  };
  canary = createCanaryHandler(guardedDeps(deps, functions.canary.access));
}

/** Every ten minutes up to then, and what came of it. */
async function runUntil(until: number): Promise<string[]> {
  const did: string[] = [];
  for (; deps.clock.ms < until; deps.clock.ms += 10 * minute) {
    const { did: what, detail } = await canary();
    if (what !== 'nothing') did.push(`${(deps.clock.ms - dayStart) / hour} ${what} ${detail}`);
  }
  return did;
}

/** What lies in the log is captured, closed and judged. */
async function judge(): Promise<void> {
  for (let from = 0; from < records.length; from += 100)
    await createCaptureHandler(deps)(eventOf(records.slice(from, from + 100)));
  records.length = 0;
  deps.clock.closedBefore = deps.clock.ms;
  await createTickHandler(deps)();
  const due = deps.events.published.filter(({ type }) => type === 'WindowsDue');
  deps.events.published.length = 0;
  for (const event of due) await createMonitorHandler(deps)(event);
}

const reports = async () => (await listReports(deps, canaryModel, { limit: 50 })).toReversed();

/** As an Alertmanager tells it. */
const alert = (alertname: string, startsAt: number, model: string | undefined = canaryModel) =>
  noticeOf({
    source: 'alertmanager',
    status: 'firing',
    labels: { alertname, severity: 'critical', env: 'test', ...(model !== undefined && { model }) },
    annotations: {},
    startsAt,
  });
const hear = (...notices: ReturnType<typeof alert>[]) => receive(deps, { notices, refused: [] });
const open = async () => (await openAlerts(deps)).map(({ labels, status }) => [labels.alertname, status]);

describe('the canary', () => {
  test('registers itself once, never as the default, under a name that is nobody else’s', async () => {
    expect(await canary()).toEqual({ did: 'began', detail: 'the canary is new' });
    await expect(resolveModel(deps, undefined)).rejects.toThrow('no model is registered yet');
    await expect(createModel(deps, smallRecord({ name: canaryModel }))).rejects.toThrow(ConflictError);
    const request = { name: canaryModel, actor: 'ann', schema: smallRecord().schema };
    const event = { httpMethod: 'POST', resource: '/models', headers: {}, body: JSON.stringify(request) };
    const order = createByOperator(deps, event as unknown as HttpEvent);
    await expect(order).rejects.toMatchObject({ status: 409, message: expect.stringContaining('own model') });
    await registerSmall(deps, smallRecord());
    expect((await resolveModel(deps, undefined)).name).toBe('small');
    deps.objects.beforeWrite = (key) => {
      throw new Error(`${key} is written again`);
    };
    expect(await canary()).toEqual({ did: 'nothing' });
    expect((await listModels(deps)).map(({ name }) => name)).toEqual(['small', canaryModel]);
  });

  test('does nothing where it is off, and injects nothing into a model of its name that is not its own', async () => {
    start({ CANARY: 'off' });
    expect(await runUntil(dayStart + 6 * hour)).toEqual([]);
    expect(await listModels(deps)).toEqual([]);
    start();
    await registerSmall(deps, smallRecord({ name: canaryModel }));
    expect(await runUntil(dayStart + 6 * hour)).toEqual([]);
    expect(records).toEqual([]);
    expect(deps.logged.at(-1)).toMatchObject({ level: 'error' });
  });

  test('takes no model of its name over that has no version yet', async () => {
    await createModel(deps, smallRecord({ name: canaryModel }));
    expect(await canary()).toMatchObject({
      did: 'nothing',
      detail: expect.stringContaining('not the canary'),
    });
    expect((await resolveModel(deps, canaryModel)).schema).toEqual(smallRecord().schema);
    expect(await readPointer(deps, canaryModel)).toBeUndefined();
  });

  test('is registered once by two that begin at once', async () => {
    await Promise.all([canary(), canary()]);
    expect(await canary()).toEqual({ did: 'nothing' });
    expect((await readPointer(deps, canaryModel))?.champion).toBe('canary-1');
  });

  test('whose policy somebody changed has its own again, so that a drift stays unconfirmed, and only then', async () => {
    await canary();
    const key = stateKeys.record(canaryModel);
    const own = await resolveModel(deps, canaryModel);
    const change = {
      ...own,
      monitor: { ...own.monitor, m: 1, n: 1 },
      retrain: { ...own.retrain, auto_promote: true },
    };
    await updateItem(deps.state, key, () => change);
    await canary();
    expect(await resolveModel(deps, canaryModel)).toEqual(own);
    expect(deps.logged.at(-1)).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('was changed'),
    });
    const { revision } = (await deps.state.get(key))!;
    await canary();
    expect((await deps.state.get(key))!.revision).toBe(revision);
  });

  test.each([[{}], [{ day: { startsAt: 'soon' } }], [null]])(
    'begins anew where what is stored of its day is %j, and nothing else stands still for it',
    async (damaged) => {
      await canary();
      await updateItem(deps.state, stateKeys.canary, () => damaged as object);
      expect((await createCollector(deps)()).deployment.canary).toBeNull();
      await hear(alert('PsiCritical', deps.clock.ms), alert('PsiCritical', deps.clock.ms, 'small'));
      expect(await open()).toEqual([['PsiCritical', 'firing']]);
      expect(await canary()).toMatchObject({ did: 'began' });
      expect((await readCanary(deps))?.day.startsAt).toBe(dayStart);
    },
  );

  test('is a day of 600 rows in three windows, of which the middle one alone is an alarm, unconfirmed', async () => {
    expect(await runUntil(dayStart + 3.5 * hour)).toEqual([
      '-1 began the canary is new',
      '0 wrote before',
      '1 wrote drifted',
      '2 wrote after',
    ]);
    await judge();
    expect((await reports()).map(({ rows, outcome }) => [rows, outcome.level, outcome.confirmed])).toEqual([
      [200, 'stable', false],
      [200, 'critical', false],
      [200, 'stable', false],
    ]);
    expect(deps.events.published.filter(({ type }) => type === 'DriftConfirmed')).toEqual([]);
  });

  test('noticed day after day confirms nothing, and nobody hears of it', async () => {
    for (let day = 0; day < 3; day++) {
      const from = dayStart + day * 24 * hour;
      await runUntil(from + 3.5 * hour);
      await judge();
      await hear(alert('PsiCritical', from + 2 * hour + 8 * minute));
      await runUntil(from + 4.5 * hour);
      deps.clock.ms = from + 24 * hour;
    }
    const outcomes = (await listReports(deps, canaryModel, { limit: 100 })).map(({ outcome }) => outcome);
    expect(outcomes).toHaveLength(9);
    const alarms = outcomes.filter(({ level, kind }) => kind !== 'none' || /warning|critical/.test(level));
    expect(alarms.map(({ level, confirmed }) => [level, confirmed])).toEqual(
      Array.from({ length: 3 }, () => ['critical', false]),
    );
    expect(outcomes.some(({ confirmed }) => confirmed)).toBe(false);
    expect(deps.measured).toEqual(Array.from({ length: 4 }, () => ({ name: 'CanaryNoticed', value: 1 })));
    expect(await open()).toEqual([]);
  });

  test('invoked twice at once doubles no row', async () => {
    await canary();
    deps.clock.ms = dayStart;
    await Promise.all([canary(), canary()]);
    expect(records).toHaveLength(200);
    deps.clock.ms += 10 * minute;
    expect(await canary()).toEqual({ did: 'nothing' });
  });

  test('that could write half a phase writes the rest within the hour, and spools nothing', async () => {
    await canary();
    deps.clock.ms = dayStart;
    let puts = 0;
    deps.predictions.beforeWrite = () => {
      if (++puts > 100) throw new Error('the table is away');
    };
    expect(await canary()).toEqual({ did: 'failed to write', detail: 'before' });
    expect(deps.spooled).toEqual([]);
    deps.predictions.beforeWrite = () => undefined;
    expect(await runUntil(dayStart + 0.5 * hour)).toEqual(['0 wrote before']);
    expect(records).toHaveLength(200);
  });

  test('that slept through the drifted hour injects no drift into the next, says so, and tries again', async () => {
    await runUntil(dayStart + hour);
    deps.clock.ms = dayStart + 2 * hour;
    expect(await canary()).toEqual({ did: 'judged', detail: 'void' });
    expect(deps.logged.at(-1)).toMatchObject({
      level: 'warn',
      detail: { where: expect.stringContaining('could not be written') },
    });
    expect(await runUntil(dayStart + 6.5 * hour)).toEqual([
      '3 wrote before',
      '4 wrote drifted',
      '5 wrote after',
    ]);
    expect(await open()).toEqual([]);
  });
});

describe('whether it was noticed', () => {
  const toTheCheck = async () => {
    await runUntil(dayStart + 3.5 * hour);
    await judge();
  };

  test('an alert about it is told to nobody and noted once; one about another model is told', async () => {
    await toTheCheck();
    const began = dayStart + 2 * hour + 8 * minute;
    await hear(alert('DriftReportStale', began));
    expect((await readCanary(deps))!.noticedAt).toBeUndefined();
    await hear(alert('PsiCritical', began), alert('FeatureDriftCritical', began + 5 * minute));
    await hear(alert('PsiCritical', began), alert('PsiCritical', began, 'small'));
    expect((await readCanary(deps))!.noticedAt).toBe(deps.clock.ms);
    expect(deps.measured).toHaveLength(2);
    expect(await open()).toEqual([['PsiCritical', 'firing']]);
    await runUntil(dayStart + 4.5 * hour);
    expect(deps.logged.at(-1)).toMatchObject({ level: 'info', message: 'the canary of the day: noticed' });
    const { deployment } = await createCollector(deps)();
    expect(deployment.canary).toEqual({
      noticedAt: dayStart + 3.5 * hour,
      dueAt: dayStart + 30 * hour,
      isFalseAlarm: false,
    });
  });

  test.each([
    ['nothing is captured', async () => undefined, 'there is no report of the drifted window'],
    ['nothing is heard', toTheCheck, 'the report raised the alarm and no alert arrived'],
  ])('where %s people are told without Prometheus, once, and of the end', async (_, upTo, where) => {
    await upTo();
    expect(await runUntil(dayStart + 4.5 * hour)).toContain('4 judged missed');
    const [missed] = await openAlerts(deps);
    expect(missed).toMatchObject({ source: 'tidemark', status: 'firing', severity: 'critical' });
    expect(missed!.annotations.summary).toContain(where);
    expect(missed!.deliveries['pagerduty:firing']).toMatchObject({ state: 'pending' });
    expect(deps.events.published).toContainEqual({
      type: 'AlertsChanged',
      detail: { alerts: [missed!.id] },
    });
    // the rule finds out as well, and CloudWatch in the end
    await hear(alert('CanaryMissed', deps.clock.ms, undefined));
    const alarm = { ...alert('tidemark-test-canary-missed', deps.clock.ms, undefined), source: 'cloudwatch' };
    await hear(alarm as ReturnType<typeof alert>);
    expect(await open()).toEqual([['CanaryMissed', 'firing']]);
    await runUntil(dayStart + 7.5 * hour);
    await hear(alert('PsiCritical', dayStart + 7.1 * hour));
    await runUntil(dayStart + 9.5 * hour);
    expect(await open()).toEqual([['CanaryMissed', 'resolved']]);
  });

  test('an alarm of CloudWatch about it is told where nobody else has found out', async () => {
    const alarm = { ...alert('tidemark-test-canary-missed', startMs, undefined), source: 'cloudwatch' };
    await hear(alarm as ReturnType<typeof alert>);
    expect(await open()).toEqual([['tidemark-test-canary-missed', 'firing']]);
  });

  test('a table that does not take the note of it silences no other alert of the message', async () => {
    await toTheCheck();
    deps.state.beforeWrite = (key) => {
      if (key.pk === 'canary') throw new Error('the table is away');
    };
    const began = dayStart + 2.2 * hour;
    await hear(alert('PsiCritical', began), alert('PsiCritical', began, 'small'));
    expect(await open()).toEqual([['PsiCritical', 'firing']]);
    expect((await readCanary(deps))!.noticedAt).toBeUndefined();
  });

  test('a check that is killed when it has told people tells them once all the same', async () => {
    await runUntil(dayStart + 3.5 * hour);
    deps.clock.ms = dayStart + 4 * hour;
    let changes = 0;
    deps.state.beforeWrite = (key) => {
      if (key.pk === 'canary' && changes++ === 0) throw new Error('killed');
    };
    await expect(canary()).rejects.toThrow('killed');
    deps.clock.ms += 10 * minute;
    expect(await canary()).toEqual({ did: 'judged', detail: 'missed' });
    expect(await open()).toEqual([['CanaryMissed', 'firing']]);
  });

  test('a check that is killed when it has told people, and then an alert after all, are told the end as well', async () => {
    await runUntil(dayStart + 3.5 * hour);
    deps.clock.ms = dayStart + 4 * hour;
    deps.state.beforeWrite = (key) => {
      if (key.pk === 'canary') throw new Error('killed');
    };
    await expect(canary()).rejects.toThrow('killed');
    deps.state.beforeWrite = () => undefined;
    await hear(alert('PsiCritical', dayStart + 3 * hour));
    deps.clock.ms += 10 * minute;
    expect(await canary()).toEqual({ did: 'judged', detail: 'noticed' });
    expect(await open()).toEqual([['CanaryMissed', 'resolved']]);
  });

  test('an alert that arrives while the day is judged a miss ends what people were told', async () => {
    await runUntil(dayStart + 3.5 * hour);
    deps.clock.ms = dayStart + 4 * hour;
    deps.events.beforePublish = ({ type }) => {
      if (type === 'AlertsChanged') arrived ??= hear(alert('PsiCritical', dayStart + 3 * hour));
    };
    let arrived: Promise<unknown> | undefined;
    const publish = deps.events.publish.bind(deps.events);
    deps.events.publish = async (event) => {
      await publish(event);
      await arrived;
    };
    expect(await canary()).toEqual({ did: 'judged', detail: 'missed' });
    expect((await readCanary(deps))!.noticedDay).toBe(dayStart);
    deps.clock.ms += 10 * minute;
    expect(await canary()).toEqual({ did: 'judged', detail: 'noticed' });
    expect(await open()).toEqual([['CanaryMissed', 'resolved']]);
  });

  test('two checks at once tell people of one alert', async () => {
    await runUntil(dayStart + 3.5 * hour);
    deps.clock.ms = dayStart + 4 * hour;
    const state = Object.assign(Object.create(deps.state) as MemoryDeps['state'], {
      query: async () => ({ items: [] }),
    });
    const other = createCanaryHandler({ ...deps, state, now: () => deps.clock.ms + 250 });
    // each has looked for an open alert before the other has told
    let second: Promise<unknown> | undefined;
    const publish = deps.events.publish.bind(deps.events);
    deps.events.publish = async (event) => {
      await publish(event);
      if (second) return;
      second = other();
      await second;
    };
    await canary();
    expect(await second).toEqual({ did: 'judged', detail: 'missed' });
    expect(await open()).toEqual([['CanaryMissed', 'firing']]);
  });

  test('switched off its miss is over, and switched on again nothing is overdue', async () => {
    await runUntil(dayStart + 4.5 * hour);
    expect(await open()).toEqual([['CanaryMissed', 'firing']]);
    const off: MemoryDeps = { ...deps, settings: { ...deps.settings, CANARY: 'off' } };
    await createNotifyHandler(guardedDeps(off, functions.notify.access))({ source: 'aws.events' });
    expect(await open()).toEqual([]);
    deps.clock.ms += 72 * hour;
    expect((await createCollector(deps)()).deployment.canary).toBeNull();
    expect(await canary()).toEqual({ did: 'began', detail: 'the canary is new' });
    await createNotifyHandler(deps)({ source: 'aws.events' });
    expect((await readCanary(deps))!.dueAt).toBeGreaterThan(deps.clock.ms);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { acknowledge, resolve } from '#shared/notify/answer.ts';
import type { Receiver } from '#shared/notify/receiver.testing.ts';
import {
  type AlertRecord,
  changeAlert,
  closedAlerts,
  openAlerts,
  readAlertCounters,
} from '#shared/registry/alert-log.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { type Channels, type Mail, notifyFor, startChannels } from './channels.testing.ts';

const minute = 60_000;
const hour = 60 * minute;

let channels: Channels;
let slack: Receiver;
let pager: Receiver;
let hook: Receiver;
let mails: Mail[];
let deps: MemoryDeps;
let notify: ReturnType<typeof notifyFor>;

beforeAll(async () => {
  channels = await startChannels();
  ({ slack, pager, hook } = channels);
});
afterAll(() => channels.close());
beforeEach(() => {
  mails = [];
  channels.forget();
  deps = memoryDeps({
    'SECRET_slack-webhook-url': `${slack.url}/services/x`,
    'SECRET_pagerduty-routing-key': 'routing-key',
    'SECRET_webhook-url': `${hook.url}/alerts`,
    'SECRET_webhook-secret': 'webhook-key',
    PAGERDUTY_EVENTS_URL: `${pager.url}/v2/enqueue`,
    ENVIRONMENT: 'test',
  });
  notify = makeNotify();
});

const makeNotify = (impatience = {}) => notifyFor(deps, mails, impatience);

const alert = (more: object = {}, labels: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'PsiCritical', severity: 'critical', model: 'stones', env: 'test', ...labels },
  annotations: { summary: 'stones has drifted' },
  startsAt: new Date(startMs).toISOString(),
  ...more,
});
const topicEvent = (message: unknown) => ({
  Records: [
    {
      Sns: {
        Message: typeof message === 'string' ? message : JSON.stringify(message),
        Timestamp: new Date(deps.clock.ms).toISOString(),
      },
    },
  ],
});
const tell = (...alerts: unknown[]) => notify(topicEvent({ version: '4', alerts }));
const tick = () => notify({ source: 'aws.events', detail: {} });
const all = async (): Promise<readonly AlertRecord[]> => [
  ...(await openAlerts(deps)),
  ...(await closedAlerts(deps, 500)),
];
const models = (alerts: readonly AlertRecord[]) => alerts.map(({ labels }) => labels.model);

describe('a message that is malformed', () => {
  const mebibyte = 'x'.repeat(1_048_576);

  test.each([
    ['empty', ''],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['a text of 1 MB', mebibyte],
    ['JSON of 1 MB', JSON.stringify({ hello: mebibyte })],
    ['with alerts that are no list', '{"alerts": {}}'],
    ['with an alert that is a list', '{"alerts": [[]]}'],
  ])('%s: is counted and told once as unreadable, and nobody is left unheard', async (_, text) => {
    expect(await notify(topicEvent(text))).toMatchObject({ received: 1, sent: 3 });
    expect(models(await all())).toEqual([undefined]);
    expect(await readAlertCounters(deps)).toMatchObject({ refused: 1 });
    expect(deps.measured).toEqual([{ name: 'RefusedAlertMessages', value: 1 }]);
    expect(slack.got[0]!.text.length).toBeLessThan(10_000);
  });

  test.each([
    ['null', null],
    ['an array', []],
    ['a record of another service', { Records: [{ s3: {} }] }],
    ['no records', { Records: [] }],
    ['a message that is no text', { Records: [{ Sns: { Message: { alerts: [] } } }] }],
  ])('an event that is %s does what the minute’s clock does', async (_, event) => {
    expect(await notify(event)).toEqual({ received: 0, escalated: 0, sent: 0, failed: 0, gave_up: 0 });
  });

  test.each([
    ['an unknown status', { status: 'pending' }],
    ['a label that is no text', { labels: { alertname: 'A', severity: 7 } }],
    ['labels that are a list', { labels: ['alertname'] }],
    ['no time', { startsAt: undefined }],
    ['a time that is none', { startsAt: '2026-13-41T25:00:00Z' }],
    ['a time that is a number', { startsAt: 1_795_262_400 }],
  ])('an alert with %s is told as unreadable, and its neighbour pages', async (_, fault) => {
    await tell(alert(fault), alert({}, { model: 'neighbour' }));
    expect(models(await all()).sort()).toEqual(['neighbour', undefined]);
    expect(pager.got).toHaveLength(1);
  });

  test.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59-12:00', '1969-12-31T23:59:59Z'])(
    'an alert that began at %s is told, with a time that receivers know, and ends',
    async (startsAt) => {
      await tell(alert({ startsAt }));
      expect(pager.got[0]!.json.payload.timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect([slack, hook].map(({ got }) => got.length)).toEqual([1, 1]);
      await tell(alert({ startsAt, status: 'resolved' }));
      expect(await openAlerts(deps)).toEqual([]);
    },
  );

  test('an alarm of CloudWatch from the year 1 is told like any other', async () => {
    const alarm = {
      AlarmName: 'tidemark-test-x',
      NewStateValue: 'ALARM',
      StateChangeTime: '0001-01-01T00:00:00Z',
    };
    expect(await notify(topicEvent(alarm))).toMatchObject({ received: 1, sent: 2 });
  });

  test('of 5,000 alerts in one message the criticals come first, 1,000 are taken, and people hear of the rest', async () => {
    const warnings = Array.from({ length: 4990 }, (_, at) =>
      alert({}, { model: `w${at}`, severity: 'warning' }),
    );
    const criticals = Array.from({ length: 10 }, (_, at) => alert({}, { model: `c${at}` }));
    for (const one of [slack, hook]) one.answers = [{ status: 500 }];
    const began = performance.now();
    await tell(...warnings, ...criticals);
    expect(performance.now() - began).toBeLessThan(8000);
    expect(await openAlerts(deps)).toHaveLength(1001);
    expect(pager.got).toHaveLength(10);
    const told = (await openAlerts(deps)).find(({ labels }) => labels.alertname === 'UnreadableNotification');
    expect(told?.annotations.description).toContain('4000 of 5000 alerts of one message are left out');
  });

  test('1,000 ends in one message read the log once, not a thousand times', async () => {
    const given = Array.from({ length: 1000 }, (_, at) => ({ model: `m${at}`, severity: 'warning' }));
    for (const one of [slack, hook]) one.answers = [{ status: 500 }];
    await tell(...given.map((labels) => alert({}, labels)));
    let queries = 0;
    const { query } = deps.state;
    deps.state.query = (...given) => {
      queries += 1;
      return query.apply(deps.state, given);
    };
    await tell(...given.map((labels) => alert({ status: 'resolved' }, labels)));
    deps.state.query = query;
    expect((await openAlerts(deps)).filter(({ status }) => status !== 'resolved')).toEqual([]);
    expect(queries).toBeLessThan(100);
  });

  test('reasons of a thousand bad alerts are a few lines in the log', async () => {
    await tell(...Array.from({ length: 1000 }, () => ({})), alert());
    expect(pager.got).toHaveLength(1);
    expect(deps.logged.filter(({ level }) => level === 'error').length).toBeLessThanOrEqual(21);
  });

  test('one alert that the table does not take does not silence its neighbours, and the message comes again', async () => {
    deps.state.beforeWrite = ({ sk }) => {
      if (sk.includes(String(startMs + 1))) throw new Error('item too large');
    };
    const bad = alert({ startsAt: new Date(startMs + 1).toISOString() }, { model: 'bad' });
    await expect(tell(bad, alert({}, { model: 'good' }))).rejects.toThrow('item too large');
    deps.state.beforeWrite = () => undefined;
    await tick();
    expect(models(await all())).toEqual(['good']);
    expect(pager.got).toHaveLength(1);
  });
});

describe('a model whose name is an attack', () => {
  test.each([
    ['a mention', '<!channel> @here @channel <@U123>'],
    ['a link', '<https://evil.example|Report> https://evil.example'],
    ['a second header', 'a\r\nBcc: everybody@example.com'],
    ['half a character', `x\ud83d`],
    ['a bell, and a change of direction', '\u0007\u202Eevil'],
    ['entities', '&<>'.repeat(4000)],
    ['10 kB of emoji', '😀'.repeat(2500)],
  ])('%s is told to everybody, as text', async (_, model) => {
    const steps = `1. ${model}`;
    const annotations = {
      summary: model,
      impact: model,
      first_steps: steps,
      runbook_url: model,
      report_url: model,
    };
    await tell(alert({ annotations }, { model, env: model, alertname: model }));
    const [one] = await all();
    for (const { state } of Object.values(one!.deliveries)) expect(state).toBe('sent');

    const { blocks, text } = slack.got[0]!.json;
    expect(blocks.length).toBeLessThanOrEqual(50);
    const texts = blocks.flatMap((block: { text?: object; elements?: { text: object }[]; type: string }) =>
      block.type === 'context' ? block.elements : (block.text ?? []),
    ) as { type: string; text: string; verbatim?: boolean }[];
    expect(texts.length).toBeGreaterThanOrEqual(5);
    for (const { type, text: shown, verbatim } of texts) {
      expect(shown.length).toBeGreaterThan(0);
      expect(shown.length).toBeLessThanOrEqual(type === 'plain_text' ? 150 : 3000);
      if (type === 'plain_text') continue;
      expect(shown).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
      // else Slack makes mentions and links of plain words
      expect(verbatim).toBe(true);
    }
    expect(text).not.toMatch(/[<>]/);

    const { payload, client_url: clientUrl } = pager.got[0]!.json;
    expect(payload.summary.length).toBeLessThanOrEqual(1024);
    expect(clientUrl).toBeUndefined();
    expect(pager.got[0]!.text.length).toBeLessThan(512_000);
    expect(payload.source.length).toBeGreaterThan(0);
    expect(mails[0]!.subject).toMatch(/^[ -~]{1,100}$/);
    expect(JSON.stringify([slack.got[0]!.json, payload])).not.toMatch(/\\ud[89a-f][0-9a-f]{2}/i);
  });

  test('64 labels and annotations of 10 kB each are less than PagerDuty and the table take', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`l${at}`, '漢'.repeat(10_000)]));
    await tell(alert({ annotations: many }, many));
    const [one] = await all();
    expect(Buffer.byteLength(JSON.stringify(one))).toBeLessThan(400_000);
    expect(Buffer.byteLength(pager.got[0]!.text)).toBeLessThan(512_000);
  });
});

describe('a receiver that', () => {
  test.each(['invalid_blocks', '{"ok":false,"error":"invalid_blocks"}'])(
    'says 200 and %s has not taken it: it gets the words without the form',
    async (said) => {
      slack.answers = [
        { status: 200, text: said },
        { status: 200, text: 'ok' },
      ];
      await tell(alert());
      expect(slack.got).toHaveLength(2);
      expect(slack.got[1]!.json).not.toHaveProperty('blocks');
      expect(slack.got[1]!.json.text).toContain('CRITICAL PsiCritical of stones: stones has drifted');
      expect((await all())[0]!.deliveries['slack:firing']?.state).toBe('sent');
    },
  );

  test.each([
    [400, 'invalid_blocks', 2],
    [410, 'channel_is_archived', 1],
    [404, 'no_team', 1],
    [200, 'channel_not_found', 1],
  ])('says %i %s is asked %i times now, and again a minute later', async (status, text, times) => {
    slack.answers = [{ status, text }];
    await tell(alert());
    expect(slack.got).toHaveLength(times);
    expect((await all())[0]!.deliveries['slack:firing']).toMatchObject({
      ...{ state: 'pending', attempts: 1, nextAt: startMs + minute },
      error: expect.stringContaining(text),
    });
    expect(pager.got).toHaveLength(1);
  });

  test.each(['ok', '', '{"ok":true}', '<html>thanks</html>'])(
    'says 200 and %j has taken it',
    async (text) => {
      slack.answers = [{ status: 200, text }];
      await tell(alert());
      expect((await all())[0]!.deliveries['slack:firing']?.state).toBe('sent');
    },
  );

  test('says 200 and then never ends has taken it: it is not told twice', async () => {
    hook.answers = ['drip'];
    notify = makeNotify({ timeoutMs: 500, budgetMs: 2000 });
    await tell(alert());
    expect(hook.got).toHaveLength(1);
    expect((await all())[0]!.deliveries['webhook:firing']?.state).toBe('sent');
  });

  test('is Slack and hangs delays no page, also of the sixtieth critical', async () => {
    slack.answers = ['hang'];
    notify = makeNotify({ timeoutMs: 20_000, budgetMs: 20_000, tries: 1 });
    const told = tell(...Array.from({ length: 60 }, (_, at) => alert({}, { model: `m${at}` })));
    await vi.waitFor(() => expect(pager.got).toHaveLength(60), { timeout: 8000 });
    // none of Slack's has been given up until now
    expect(slack.got.length).toBeLessThanOrEqual(8);
    slack.answers = [{ status: 503 }];
    slack.drop();
    await told;
    expect(slack.got.length).toBeLessThan(12);
    slack.answers = [{ status: 200 }];
    slack.got.length = 0;
    deps.clock.ms += minute;
    await tick();
    expect(slack.got).toHaveLength(60);
    expect(pager.got).toHaveLength(60);
  });

  test('is PagerDuty and says 400 keeps nobody else from hearing, and is asked again', async () => {
    pager.answers = [{ status: 400, text: 'invalid event' }, { status: 202 }];
    await tell(alert());
    expect([slack.got.length, hook.got.length, mails.length]).toEqual([1, 1, 1]);
    deps.clock.ms += minute;
    await tick();
    expect(pager.got).toHaveLength(2);
    expect(slack.got).toHaveLength(1);
  });
});

describe('the time to answer', () => {
  test('that passes while every receiver is down escalates to each as soon as it is back', async () => {
    for (const one of [slack, pager, hook]) one.answers = [{ status: 503 }];
    await tell(alert());
    deps.clock.ms += 15 * minute;
    expect(await tick()).toMatchObject({ escalated: 1 });
    for (const one of [slack, pager, hook]) {
      one.got.length = 0;
      one.answers = [{ status: 200 }];
    }
    deps.clock.ms += 15 * minute;
    expect(await tick()).toMatchObject({ escalated: 0 });
    expect(pager.got.map(({ json }) => json.dedup_key.endsWith('/escalated'))).toEqual([false, true]);
    expect(slack.got.map(({ json }) => json.blocks[0].text.text.split(' ')[0])).toEqual([
      'CRITICAL',
      'ESCALATED',
    ]);
  });

  test('is met in one of two processes at once: one escalation, one page', async () => {
    await tell(alert());
    deps.clock.ms += 15 * minute;
    const results = await Promise.all([tick(), makeNotify()({}), makeNotify()({})]);
    expect(results.map(({ escalated }) => escalated).sort()).toEqual([0, 0, 1]);
    expect(pager.got).toHaveLength(2);
  });

  test('is no longer than itself when the clock is set back an hour in between', async () => {
    await tell(alert());
    deps.clock.ms -= hour;
    expect(await tick()).toMatchObject({ escalated: 0 });
    deps.clock.ms += 15 * minute - 1;
    expect(await tick()).toMatchObject({ escalated: 0 });
    deps.clock.ms += 1;
    expect(await tick()).toMatchObject({ escalated: 1 });
    expect(pager.got).toHaveLength(2);
  });

  test('nor is a page that waits for its first or its next round', async () => {
    pager.answers = [{ status: 503 }];
    await tell(alert());
    pager.answers = [{ status: 200 }];
    pager.got.length = 0;
    deps.clock.ms -= 2 * hour;
    await tick();
    expect(pager.got).toHaveLength(1);

    // written down, and the process ended before it sent anything
    deps.state.beforeWrite = ({ sk }) => {
      if (sk.includes('counter')) throw new Error('killed');
    };
    await tell(alert({}, { model: 'second' })).catch(() => undefined);
    deps.state.beforeWrite = () => undefined;
    deps.clock.ms -= 10 * minute;
    await tick();
    expect(pager.got.at(-1)!.json.payload.source).toBe('second');
  });

  test('a claim of a process that died, and a clock that went back, keep nobody from sending', async () => {
    await tell(alert());
    const [{ id } = { id: '' }] = await all();
    const lease = { by: 'gone', until: deps.clock.ms + 90_000 };
    await changeAlert(deps, id, (before) => ({ ...before, lease }));
    deps.clock.ms -= hour;
    await resolve(deps, id, { actor: 'ann', reason: 'done' });
    await tick();
    expect(pager.got.at(-1)!.json.event_action).toBe('resolve');
  });
});

describe('an answer to', () => {
  const by = { actor: 'ann', reason: 'x' };

  test.each(['none', '', '../x', 'x'.repeat(5000)])(
    'an alert that there is not (%#) is 404, and nothing is written',
    async (id) => {
      await expect(acknowledge(deps, id, by)).rejects.toMatchObject({ status: 404 });
      await expect(resolve(deps, id, by)).rejects.toMatchObject({ status: 404 });
      expect(await all()).toEqual([]);
    },
  );

  test('one that is over changes nothing: 409 for an acknowledgement, the same end for a second resolution', async () => {
    await tell(alert());
    const [{ id } = { id: '' }] = await all();
    await resolve(deps, id, by);
    await tick();
    const sent = [pager, slack, hook].map(({ got }) => got.length);
    await expect(acknowledge(deps, id, by)).rejects.toMatchObject({ status: 409 });
    expect(await resolve(deps, id, { actor: 'bob', reason: 'y' })).toMatchObject({
      resolved: { actor: 'ann' },
    });
    await tick();
    expect([pager, slack, hook].map(({ got }) => got.length)).toEqual(sent);
  });
});

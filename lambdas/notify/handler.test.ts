import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { acknowledge, resolve } from '#shared/notify/answer.ts';
import type { Receiver } from '#shared/notify/receiver.testing.ts';
import {
  type AlertRecord,
  closedAlerts,
  findAlert,
  openAlerts,
  readAlertCounters,
} from '#shared/registry/alert-log.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { respondWithinMinutes } from '../../observability/alerts/alert.ts';
import { type Channels, limits, type Mail, notifyFor, startChannels } from './channels.testing.ts';

const minute = 60_000;
const maxRounds = 12;
const slackPath = '/services/T000/B000/verysecrettoken';
const routingKey = 'routing-key-0123456789';
const webhookKey = 'webhook-key-0123456789';

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
  start();
});

function start(without: readonly string[] = []): void {
  const env: Record<string, string> = {
    'SECRET_slack-webhook-url': slack.url + slackPath,
    'SECRET_pagerduty-routing-key': routingKey,
    'SECRET_webhook-url': `${hook.url}/alerts`,
    'SECRET_webhook-secret': webhookKey,
    PAGERDUTY_EVENTS_URL: `${pager.url}/v2/enqueue`,
    ENVIRONMENT: 'test',
  };
  for (const name of without) delete env[`SECRET_${name}`];
  deps = memoryDeps(env);
  notify = makeNotify();
}

const makeNotify = (impatience = {}) => notifyFor(deps, mails, impatience);

interface Given {
  readonly severity?: string;
  readonly status?: string;
  readonly startsAt?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const alert = ({ severity = 'critical', status = 'firing', startsAt = startMs, ...given }: Given = {}) => ({
  status,
  labels: { alertname: 'PsiCritical', severity, model: 'stones', env: 'test', ...given.labels },
  annotations: {
    summary: 'stones has drifted: PSI 0.42',
    impact: 'predictions are off',
    first_steps: '1. open the report\n2. ask the data team\n3. retrain\n4. never shown',
    runbook_url: 'docs/runbooks/psi-critical.md',
    report_url: 'https://ml.example.com/models/stones/reports',
    console_url: 'https://ml.example.com/console/models/stones',
    ...given.annotations,
  },
  startsAt: new Date(startsAt).toISOString(),
  endsAt: status === 'firing' ? '0001-01-01T00:00:00Z' : new Date(deps.clock.ms).toISOString(),
});

const topicEvent = (message: unknown, subject = 'firing: PsiCritical') => ({
  Records: [
    {
      EventSource: 'aws:sns',
      Sns: {
        MessageId: 'm1',
        Subject: subject,
        Message: typeof message === 'string' ? message : JSON.stringify(message),
        Timestamp: new Date(deps.clock.ms).toISOString(),
      },
    },
  ],
});
const tell = (...given: Given[]) => notify(topicEvent({ version: '4', alerts: given.map(alert) }));
const tick = () => notify({ source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} });
const pass = (ms: number) => {
  deps.clock.ms += ms;
};
const only = async (): Promise<AlertRecord> => {
  const found = [...(await openAlerts(deps)), ...(await closedAlerts(deps, 10))];
  expect(found).toHaveLength(1);
  return found[0]!;
};
const by = { actor: 'ann', reason: 'looking into it' };
const actions = () => pager.got.map(({ json }) => [json.event_action, json.dedup_key]);

describe('who is told', () => {
  test('a critical: Slack, PagerDuty, the webhook and mail, each in its own form', async () => {
    expect(await tell({})).toEqual({ received: 1, escalated: 0, sent: 4, failed: 0, gave_up: 0 });
    const { id } = await only();

    const [{ path, json: message } = { path: '', json: undefined }] = slack.got;
    expect(path).toBe(slackPath);
    expect(message.blocks[0].text.text).toBe('CRITICAL PsiCritical of stones');
    const shown = JSON.stringify(message.blocks);
    expect(shown).toContain('stones has drifted: PSI 0.42');
    expect(shown).toContain('predictions are off');
    expect(shown).toContain('3. retrain');
    expect(shown).not.toContain('never shown');
    expect(shown).toContain('Acknowledge it by 2026-11-21 12:15 UTC');
    const buttons = message.blocks.find(({ type }: { type: string }) => type === 'actions').elements;
    expect(buttons.map(({ url }: { url: string }) => url)).toEqual([
      'https://ml.example.com/models/stones/reports',
      'https://ml.example.com/console/models/stones',
    ]);
    expect(shown).toContain('Runbook: docs/runbooks/psi-critical.md');

    expect(pager.got.map(({ json }) => json)).toEqual([
      expect.objectContaining({
        routing_key: routingKey,
        event_action: 'trigger',
        dedup_key: `tidemark/test/${id}`,
        payload: expect.objectContaining({
          summary: 'CRITICAL PsiCritical of stones: stones has drifted: PSI 0.42',
          severity: 'critical',
          source: 'stones',
          timestamp: '2026-11-21T12:00:00.000Z',
        }),
      }),
    ]);
    expect(pager.got[0]!.json.links.map(({ text }: { text: string }) => text)).toEqual(['Report', 'Console']);

    const { headers, text } = hook.got[0]!;
    const timestamp = headers['tidemark-timestamp'];
    expect(timestamp).toBe(String(startMs / 1000));
    const expected = createHmac('sha256', webhookKey).update(`${timestamp}.${text}`).digest('hex');
    expect(headers['tidemark-signature']).toBe(`v1=${expected}`);
    expect(JSON.parse(text)).toMatchObject({
      event: 'firing',
      alert: { id, status: 'firing', model: 'stones' },
    });

    expect(mails).toHaveLength(1);
    expect(mails[0]!.subject).toBe('[test] CRITICAL PsiCritical of stones');
    expect(mails[0]!.text).toContain('Runbook: docs/runbooks/psi-critical.md');
  });

  test('how links open that lead to the console’s proxy is in every message, and not where they open as they are', async () => {
    const base = 'http://127.0.0.1:8800';
    const annotations = { report_url: `${base}/models/stones/reports`, console_url: `${base}/console` };
    const opens = 'opens after: npx tidemark console --stage test';
    const told = () => [
      JSON.stringify(slack.got.at(-1)!.json.blocks.at(-1)),
      JSON.stringify(pager.got.at(-1)!.json.payload.custom_details),
      mails.at(-1)!.text,
    ];
    await tell({ annotations });
    for (const text of told()) expect(text).toContain(opens);
    await tell({ labels: { model: 'other' } });
    for (const text of told()) expect(text).not.toContain('opens after');
    deps = { ...deps, settings: { ...deps.settings, ENVIRONMENT: 'local' } };
    notify = makeNotify();
    await tell({ labels: { model: 'third' }, annotations });
    for (const text of told()) expect(text).not.toContain('opens after');
    expect(pager.got).toHaveLength(3);
  });

  test('a warning: everybody but PagerDuty', async () => {
    await tell({ severity: 'warning' });
    expect([slack, hook, pager].map(({ got }) => got.length)).toEqual([1, 1, 0]);
    expect(mails).toHaveLength(1);
  });

  test('nobody of the dead-man’s switch, and everybody of an unknown severity and an unknown model', async () => {
    await tell({ severity: 'none' });
    expect(await openAlerts(deps)).toEqual([]);
    await tell({ severity: 'page', labels: { model: 'nobody-knows' } });
    expect(await only()).toMatchObject({ severity: 'warning', labels: { model: 'nobody-knows' } });
    expect(slack.got).toHaveLength(1);
  });

  test('a channel without a secret is left out and says so; the others are told', async () => {
    start(['slack-webhook-url']);
    await tell({});
    expect((await only()).deliveries['slack:firing']).toMatchObject({
      state: 'not_configured',
      error: 'there is no secret slack-webhook-url',
    });
    expect(pager.got).toHaveLength(1);
  });

  test('the webhook without a key is not used: nothing is sent unsigned', async () => {
    start(['webhook-secret']);
    await tell({});
    expect(hook.got).toEqual([]);
    expect((await only()).deliveries['webhook:firing']).toMatchObject({ state: 'pending', attempts: 1 });
  });
});

test('a receiver that checks the webhook as the documentation says takes it, and no other body, key or old time', async () => {
  const docs = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
  const snippet = /```js\n([\s\S]*?isFromTidemark[\s\S]*?)```/.exec(docs)![1]!;
  const { isFromTidemark } = (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(snippet)}`
  )) as { isFromTidemark: (key: string, headers: object, body: string) => boolean };
  deps.clock.ms = Date.now();
  await tell({ severity: 'warning' });
  const { headers, text } = hook.got[0]!;
  expect(isFromTidemark(webhookKey, headers, text)).toBe(true);
  expect(isFromTidemark(webhookKey, headers, `${text} `)).toBe(false);
  expect(isFromTidemark('another key', headers, text)).toBe(false);
  expect(isFromTidemark(webhookKey, {}, text)).toBe(false);
  const old = Number(headers['tidemark-timestamp']) - 301;
  const signed = createHmac('sha256', webhookKey).update(`${old}.${text}`).digest('hex');
  const oldHeaders = { 'tidemark-timestamp': String(old), 'tidemark-signature': `v1=${signed}` };
  expect(isFromTidemark(webhookKey, oldHeaders, text)).toBe(false);
});

describe('once', () => {
  test('the same message twice, or in two functions at once, is one alert and one word to each channel', async () => {
    await tell({});
    await tell({});
    await Promise.all([tell({}), makeNotify()(topicEvent({ alerts: [alert()] }))]);
    await only();
    expect([slack, pager, hook].map(({ got }) => got.length)).toEqual([1, 1, 1]);

    start();
    for (const one of [slack, pager, hook]) one.got.length = 0;
    await Promise.all(Array.from({ length: 6 }, () => makeNotify()(topicEvent({ alerts: [alert()] }))));
    expect([slack, pager, hook].map(({ got }) => got.length)).toEqual([1, 1, 1]);
  });

  test('a repeat before 50 minutes of a critical is silent, at 50 minutes it is a reminder, but never to PagerDuty', async () => {
    await tell({ annotations: { respond_within: '600m' } });
    pass(50 * minute - 1);
    await tell({});
    expect(slack.got).toHaveLength(1);
    pass(1);
    await tell({});
    expect(slack.got).toHaveLength(2);
    expect(slack.got[1]!.json.blocks[0].text.text).toBe('REMINDER (critical) PsiCritical of stones');
    expect(pager.got).toHaveLength(1);
    pass(50 * minute - 1);
    await tell({});
    expect(slack.got).toHaveLength(2);
  });

  test('killed between claim and send: sent when the claim has run out, 90 s later, and not before', async () => {
    deps.state.beforeWrite = (key) => {
      if (key.pk === stateKeys.alerts && slack.got.length + pager.got.length > 0) throw new Error('killed');
    };
    await tell({});
    deps.state.beforeWrite = () => undefined;
    expect(pager.got).toHaveLength(1);
    pass(89_999);
    await tick();
    expect(pager.got).toHaveLength(1);
    pass(1);
    await tick();
    // twice rather than not at all; the key makes one page of both
    expect(pager.got).toHaveLength(2);
    expect(new Set(actions().map(([, key]) => key)).size).toBe(1);
    await tick();
    expect(pager.got).toHaveLength(2);
  });
});

describe('a receiver in trouble', () => {
  test('Slack down: PagerDuty is paged at once, and Slack hears of it when it is back', async () => {
    slack.answers = [{ status: 503, text: 'down' }];
    expect(await tell({})).toMatchObject({ sent: 3, failed: 1 });
    expect(pager.got).toHaveLength(1);
    expect(slack.got).toHaveLength(3);
    expect((await only()).deliveries['slack:firing']).toMatchObject({
      state: 'pending',
      attempts: 1,
      error: 'the receiver answers 503: down',
    });
    slack.answers = [{ status: 200 }];
    pass(minute - 1);
    await tick();
    expect(slack.got).toHaveLength(3);
    pass(1);
    await tick();
    expect(slack.got).toHaveLength(4);
    expect((await only()).deliveries['slack:firing']).toMatchObject({ state: 'sent' });
  });

  test('one that hangs is left after its time, and the others do not wait for it', async () => {
    hook.answers = ['hang'];
    notify = makeNotify({ timeoutMs: 700, budgetMs: 1000 });
    const began = performance.now();
    await tell({});
    expect(performance.now() - began).toBeLessThan(4000);
    expect((await only()).deliveries['webhook:firing']).toMatchObject({
      state: 'pending',
      error: expect.stringMatching(/^no answer within \d+ ms$/),
    });
    expect(pager.got).toHaveLength(1);
  });

  test('what it refuses is not repeated at once; 429 is, after the time it asks for where that fits', async () => {
    pager.answers = [{ status: 400, text: 'invalid event' }];
    slack.answers = [{ status: 429, headers: { 'retry-after': '0' } }, { status: 200 }];
    hook.answers = [{ status: 429, headers: { 'retry-after': '1800' } }];
    await tell({});
    expect([pager.got.length, slack.got.length, hook.got.length]).toEqual([1, 2, 1]);
    const { deliveries } = await only();
    expect(deliveries['slack:firing']?.state).toBe('sent');
    expect(deliveries['webhook:firing']?.nextAt).toBe(startMs + 1_800_000);
  });

  test('it is given up after twelve rounds, which the log and the alert say, with no secret in either', async () => {
    slack.answers = [{ status: 403, text: `no ${slack.url}${slackPath} and ${slackPath.slice(1)} here` }];
    pager.answers = [{ status: 403, text: `bad key ${routingKey}` }];
    await tell({ annotations: { respond_within: '9999m' } });
    for (let round = 2; round <= maxRounds; round++) {
      expect((await only()).deliveries['pagerduty:firing']?.state).toBe('pending');
      pass(15 * minute);
      await tick();
    }
    expect((await only()).deliveries['pagerduty:firing']).toMatchObject({
      state: 'gave_up',
      attempts: maxRounds,
      error: 'the receiver answers 403: bad key ***',
    });
    pass(15 * minute);
    await tick();
    expect(pager.got).toHaveLength(maxRounds);
    expect(deps.logged.filter(({ message }) => message.includes('given up'))).toHaveLength(2);
    expect(await readAlertCounters(deps)).toMatchObject({ gave_up: 2, failed: 2 * maxRounds });
    expect(deps.measured).toEqual([{ name: 'UndeliveredNotifications', value: 2 }]);
    const said = JSON.stringify([deps.logged, await only()]);
    for (const secret of ['verysecrettoken', routingKey, webhookKey]) expect(said).not.toContain(secret);
  });

  test('of 20 alerts at once none is lost, and a channel that is down is not asked for each of them', async () => {
    slack.answers = [{ status: 500 }];
    await tell(...Array.from({ length: 20 }, (_, at) => ({ labels: { model: `m${at}` } })));
    expect(pager.got).toHaveLength(20);
    expect(slack.got.length).toBeLessThan((20 * limits.tries) / 2);
    slack.answers = [{ status: 200 }];
    slack.got.length = 0;
    pass(minute);
    await tick();
    expect(slack.got).toHaveLength(20);
  });

  test('an address that is not HTTPS gets nothing, and is not shown', async () => {
    deps = { ...deps, secret: async () => 'http://hooks.example.com/verysecrettoken' };
    notify = makeNotify();
    await tell({ severity: 'warning' });
    const { deliveries } = await only();
    expect(deliveries['slack:firing']?.error).toBe('the secret slack-webhook-url is no https:// address');
  });

  test('secrets that cannot be read are a failure to be tried again, and their error is not shown', async () => {
    const denied = async () => {
      throw new Error(`denied for ${routingKey}`);
    };
    deps = { ...deps, secret: denied };
    notify = makeNotify();
    await tell({});
    expect((await only()).deliveries['pagerduty:firing']).toMatchObject({ state: 'pending', attempts: 1 });
    expect(JSON.stringify([deps.logged, await only()])).not.toContain(routingKey);
    expect(mails).toHaveLength(1);
  });
});

describe('nobody answers', () => {
  test.each([
    ['critical', respondWithinMinutes.critical],
    ['warning', respondWithinMinutes.warning],
  ])(
    'a %s escalates %i minutes after it came, not a millisecond before, and once',
    async (severity, minutes) => {
      await tell({ severity });
      const { id } = await only();
      const pagedBefore = pager.got.length;
      pass(minutes * minute - 1);
      expect(await tick()).toMatchObject({ escalated: 0 });
      pass(1);
      expect(await tick()).toMatchObject({ escalated: 1 });
      expect(await tick()).toMatchObject({ escalated: 0 });
      expect(actions().slice(pagedBefore)).toEqual([['trigger', `tidemark/test/${id}/escalated`]]);
      expect(slack.got.at(-1)!.json.blocks[0].text.text).toBe(
        `ESCALATED (${severity}) PsiCritical of stones`,
      );
      expect(hook.got.at(-1)!.json.event).toBe('escalated');
    },
  );

  test('that is what the alerts themselves promise: 15 minutes and four hours', () => {
    expect(respondWithinMinutes).toEqual({ critical: 15, warning: 240 });
  });

  test('the alert’s own time to answer holds where it has one', async () => {
    await tell({ annotations: { respond_within: '30m' } });
    pass(30 * minute - 1);
    expect(await tick()).toMatchObject({ escalated: 0 });
    pass(1);
    expect(await tick()).toMatchObject({ escalated: 1 });
  });

  test('acknowledged in time it neither escalates nor is repeated, and PagerDuty is told', async () => {
    await tell({});
    const { id } = await only();
    await acknowledge(deps, id, by);
    pass(60 * minute);
    await tell({});
    expect(actions()).toEqual([
      ['trigger', `tidemark/test/${id}`],
      ['acknowledge', `tidemark/test/${id}`],
    ]);
    expect(slack.got).toHaveLength(2);
    expect(JSON.stringify(slack.got[1]!.json)).toContain('Acknowledged by ann: looking into it');
  });
});

describe('the end', () => {
  test('resolved by its sender: every channel is told, and what escalated is closed as well', async () => {
    await tell({});
    const { id } = await only();
    pass(15 * minute);
    await tick();
    await tell({ status: 'resolved' });
    await tell({ status: 'resolved' });
    const key = `tidemark/test/${id}`;
    expect(actions()).toEqual([
      ['trigger', key],
      ['trigger', `${key}/escalated`],
      ['resolve', key],
      ['resolve', `${key}/escalated`],
    ]);
    expect(slack.got.at(-1)!.json.blocks[0].text.text).toBe('RESOLVED (critical) PsiCritical of stones');
    expect(await openAlerts(deps)).toEqual([]);
    expect(await findAlert(deps, id)).toMatchObject({ status: 'resolved' });
  });

  test('a late copy of its beginning does not open it again; a new beginning is a new alert', async () => {
    await tell({});
    await tell({ status: 'resolved' });
    await tell({});
    expect(await openAlerts(deps)).toEqual([]);
    await tell({ startsAt: startMs + 1000 });
    expect(await openAlerts(deps)).toHaveLength(1);
  });

  test('PagerDuty hears nothing of an alert that ended before it could be paged', async () => {
    await notify(topicEvent({ alerts: [{ ...alert(), labels: { alertname: 'A', severity: 'warning' } }] }));
    const { id } = await only();
    await resolve(deps, id, by);
    await tick();
    expect(pager.got).toEqual([]);
    expect(slack.got).toHaveLength(2);
    expect(JSON.stringify(slack.got[1]!.json)).toContain('Over by ann: looking into it');
  });

  test('while Slack is down: only the end is still told when it is back', async () => {
    slack.answers = [{ status: 500 }];
    await tell({});
    await tell({ status: 'resolved' });
    slack.answers = [{ status: 200 }];
    slack.got.length = 0;
    pass(minute);
    await tick();
    expect(slack.got.map(({ json }) => json.blocks[0].text.text)).toEqual([
      'RESOLVED (critical) PsiCritical of stones',
    ]);
    expect((await only()).deliveries['slack:firing']?.state).toBe('superseded');
  });
});

describe('what arrives', () => {
  const alarm = (state: string, more: object = {}) => ({
    AlarmName: 'tidemark-test-api-5xx',
    AlarmDescription: 'More than 1 % of answers were 5xx. First: GET /ready, then the access log.',
    NewStateValue: state,
    NewStateReason: 'Threshold Crossed',
    StateChangeTime: '2026-11-21T12:00:00.000+0000',
    Region: 'EU (Ireland)',
    ...more,
  });

  test('an alarm of CloudWatch is told, once while it goes on, and ends with OK', async () => {
    await notify(topicEvent(alarm('INSUFFICIENT_DATA')));
    expect(await openAlerts(deps)).toEqual([]);
    await notify(topicEvent(alarm('ALARM')));
    await notify(topicEvent(alarm('ALARM', { StateChangeTime: '2026-11-21T12:05:00.000+0000' })));
    expect(await only()).toMatchObject({ severity: 'critical', startsAt: startMs, labels: { env: 'test' } });
    expect(pager.got).toHaveLength(1);
    expect(JSON.stringify(slack.got[0]!.json)).toContain('1. GET /ready, then the access log.');
    // by its topic, not by us
    expect(mails).toEqual([]);
    await notify(topicEvent(alarm('OK', { StateChangeTime: '2026-11-21T12:10:00.000+0000' })));
    expect(await only()).toMatchObject({ status: 'resolved' });
  });

  test('OK of what is not open is ignored: a new alarm’s first data, a second OK, one after a person ended it', async () => {
    await notify(topicEvent(alarm('OK')));
    expect([await openAlerts(deps), await closedAlerts(deps, 10)]).toEqual([[], []]);
    expect([slack, pager, hook].map(({ got }) => got.length)).toEqual([0, 0, 0]);
    await notify(topicEvent(alarm('ALARM', { StateChangeTime: '2026-11-21T12:05:00.000+0000' })));
    await notify(topicEvent(alarm('OK', { StateChangeTime: '2026-11-21T12:10:00.000+0000' })));
    expect([slack, pager, hook].map(({ got }) => got.length)).toEqual([2, 2, 2]);
    expect(actions().map(([action]) => action)).toEqual(['trigger', 'resolve']);
    await notify(topicEvent(alarm('OK', { StateChangeTime: '2026-11-21T12:15:00.000+0000' })));
    expect([slack, pager, hook].map(({ got }) => got.length)).toEqual([2, 2, 2]);
    // nor does it escalate any more
    pass(60 * minute);
    await tick();
    expect(pager.got).toHaveLength(2);
    expect(await only()).toMatchObject({ status: 'resolved' });
  });

  test('other alarms are warnings, unless their description begins with CRITICAL', async () => {
    await notify(topicEvent(alarm('ALARM', { AlarmName: 'tidemark-test-tick-errors' })));
    await notify(
      topicEvent(
        alarm('ALARM', { AlarmName: 'tidemark-test-x', AlarmDescription: 'CRITICAL: lost. First: look.' }),
      ),
    );
    const open = await openAlerts(deps);
    expect(open.map(({ severity, labels }) => [labels.alertname, severity]).sort()).toEqual([
      ['tidemark-test-tick-errors', 'warning'],
      ['tidemark-test-x', 'critical'],
    ]);
  });

  test('the budget writes plain text', async () => {
    await notify(topicEvent('AWS Budget Notification\nforecast $41', 'AWS Budgets: tidemark has exceeded'));
    expect(await only()).toMatchObject({ source: 'budget', severity: 'warning' });
  });

  test.each([
    ['no JSON', '{"alerts": ['],
    ['something else', '{"hello": 1}'],
    ['an alert without labels', '{"alerts": [{"status": "firing"}]}'],
  ])(
    '%s is refused with a word in the log and a count, and people are told once that something was unreadable',
    async (_, text) => {
      await expect(notify(topicEvent(text))).resolves.toMatchObject({ received: 1 });
      await notify(topicEvent(text));
      expect(await only()).toMatchObject({ labels: { alertname: 'UnreadableNotification' } });
      expect(slack.got).toHaveLength(1);
      expect(await readAlertCounters(deps)).toMatchObject({ refused: 2 });
      expect(deps.logged.filter(({ level }) => level === 'error')).toHaveLength(2);
    },
  );

  test('one bad alert in a message does not silence its neighbour', async () => {
    await notify(topicEvent({ alerts: [{ status: 'firing', labels: { a: 7 } }, alert()] }));
    expect(pager.got).toHaveLength(1);
  });

  test('quotes, line ends, mentions, control characters and 10 kB in a label are told in every channel, cut to size', async () => {
    const nasty = `"quoted" \\ <!channel> <https://evil|click>\n\u0007\u001b[31m${'ü'.repeat(10_000)}`;
    await tell({ labels: { model: nasty }, annotations: { summary: nasty, impact: nasty } });
    const { labels, deliveries } = await only();
    expect(labels.model!.length).toBeLessThanOrEqual(300);
    for (const { state } of Object.values(deliveries)) expect(state).toBe('sent');
    const { blocks } = slack.got[0]!.json;
    expect(blocks[0].text.text.length).toBeLessThanOrEqual(150);
    for (const { text } of blocks.filter(({ type }: { type: string }) => type === 'section')) {
      expect(text.text.length).toBeLessThanOrEqual(3000);
      expect(text.text).not.toMatch(/<!channel>|<https/);
    }
    const { payload } = pager.got[0]!.json;
    expect(payload.summary.length).toBeLessThanOrEqual(1024);
    expect(payload.summary).not.toMatch(/\p{Cc}/u);
    expect(mails[0]!.subject).toMatch(/^[ -~]{1,100}$/);
  });

  test('labels that differ only beyond where they are cut are two alerts', async () => {
    const long = 'x'.repeat(10_000);
    await tell({ labels: { model: `${long}a` } }, { labels: { model: `${long}b` } });
    expect(await openAlerts(deps)).toHaveLength(2);
  });

  test('what the template writes as Go quotes it is read: a control character, one beyond 16 bits', async () => {
    const text = JSON.stringify({ alerts: [alert({ annotations: { summary: 'HERE' } })] });
    await notify(topicEvent(text.replace('HERE', 'a\\x07b \\U0010ffff \\\\x41')));
    expect((await only()).annotations.summary).toBe('a b \u{10ffff} \\x41');
  });

  test('a table that fails is an error, so that the message is delivered again', async () => {
    deps.state.beforeWrite = () => {
      throw new Error('no table');
    };
    await expect(tell({})).rejects.toThrow('no table');
    deps.state.beforeWrite = () => undefined;
    await tell({});
    expect(pager.got).toHaveLength(1);
  });
});

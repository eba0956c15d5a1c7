import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import { acknowledge } from '#shared/notify/answer.ts';
import { type Receiver, startReceiver } from '#shared/notify/receiver.testing.ts';
import { type AlertRecord, closedAlerts, openAlerts } from '#shared/registry/alert-log.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { createNotifyHandler } from './handler.ts';

const minute = 60_000;

let slack: Receiver;
let deps: MemoryDeps;
let notify: ReturnType<typeof createNotifyHandler>;

beforeAll(async () => {
  slack = await startReceiver();
});
afterAll(() => slack.close());
beforeEach(() => {
  slack.got.length = 0;
  deps = memoryDeps({ 'SECRET_slack-webhook-url': `${slack.url}/services/x`, ENVIRONMENT: 'test' });
  notify = createNotifyHandler(guardedDeps(deps, functions.notify.access));
});

/** Either set says of one alert when it began by its own clock: Grafana up to a minute after the rules. */
const sets = {
  rules: {
    generatorURL: 'https://aps-workspaces.eu-west-1.amazonaws.com/graph?g0.expr=x',
    startsAt: startMs,
  },
  grafana: {
    generatorURL:
      'https://g-1.grafana-workspace.eu-west-1.amazonaws.com/alerting/grafana/tidemark-psi-warning/view',
    startsAt: startMs + 40_000,
  },
};

function says(set: keyof typeof sets, status: 'firing' | 'resolved', more: object = {}, laterMs = 0) {
  const { generatorURL, startsAt } = sets[set];
  const alert = {
    ...{ status, generatorURL, startsAt: new Date(startsAt + laterMs).toISOString() },
    labels: { alertname: 'PsiWarning', severity: 'warning', model: 'stones', env: 'test' },
    annotations: { summary: 'stones has drifted', ...more },
  };
  const Message = JSON.stringify({ version: '4', alerts: [alert] });
  return notify({ Records: [{ Sns: { Message, Timestamp: new Date(deps.clock.ms).toISOString() } }] });
}
const pause = () => says('grafana', 'resolved', { grafana_state_reason: 'Paused' });
const told = () => slack.got.map(({ json }) => json.blocks[0].text.text.split(' ')[0]);
const all = async (): Promise<readonly AlertRecord[]> => [
  ...(await openAlerts(deps)),
  ...(await closedAlerts(deps, 50)),
];
const states = async () => (await all()).map(({ status }) => status);

describe('of an alert that is open while a deployment changes who tells people', () => {
  test('to Grafana, its first word is a copy: one alert, told once, and Grafana ends it', async () => {
    await says('rules', 'firing');
    for (const _ of [1, 2]) {
      deps.clock.ms += 5 * minute;
      await says('grafana', 'firing');
    }
    expect([told(), await states()]).toEqual([['WARNING'], ['firing']]);
    await says('grafana', 'resolved');
    expect([told(), await states()]).toEqual([['WARNING', 'RESOLVED'], ['resolved']]);
  });

  test('back to the alert manager, the earlier beginning that it knows is of the same alert, and its end ends it', async () => {
    await says('grafana', 'firing');
    deps.clock.ms += 5 * minute;
    await says('rules', 'firing');
    await says('grafana', 'firing');
    await says('rules', 'firing');
    expect([told(), await states()]).toEqual([['WARNING'], ['firing']]);
    await says('rules', 'resolved');
    expect([told(), await states()]).toEqual([['WARNING', 'RESOLVED'], ['resolved']]);
  });

  test('an alert manager that had told it already, and only says its end, ends it', async () => {
    await says('grafana', 'firing');
    await says('rules', 'resolved');
    expect(await states()).toEqual(['resolved']);
  });

  test.each(['Paused', 'RuleDeleted'])(
    'Grafana calls it resolved because its rule is %s: nobody is told, since it fires still',
    async (grafana_state_reason) => {
      await says('grafana', 'firing');
      await says('rules', 'firing');
      await says('grafana', 'resolved', { grafana_state_reason });
      expect([told(), await states()]).toEqual([['WARNING'], ['firing']]);
      await says('rules', 'resolved');
      expect(await states()).toEqual(['resolved']);
    },
  );

  test('who has acknowledged it is left in peace, and reminders come as ever to who has not', async () => {
    await says('rules', 'firing');
    deps.clock.ms += 239 * minute;
    await says('grafana', 'firing');
    expect(told()).toEqual(['WARNING', 'REMINDER']);
    await acknowledge(deps, (await openAlerts(deps))[0]!.id, { actor: 'ann', reason: 'on it' });
    await says('rules', 'firing');
    expect(await states()).toEqual(['acknowledged']);
  });
});

test('from one set a later beginning is another alert, before and after a change', async () => {
  await says('rules', 'firing');
  await says('rules', 'firing', {}, 10 * minute);
  expect(await states()).toHaveLength(2);
  await says('rules', 'resolved', {}, 10 * minute);
  await says('grafana', 'firing', {}, 20 * minute);
  await pause();
  expect((await states()).filter((state) => state === 'firing')).toHaveLength(1);
});

test('an end whose rule was only changed is an end: the rule says anew what fires', async () => {
  await says('grafana', 'firing');
  await says('grafana', 'resolved', { grafana_state_reason: 'Updated' });
  await says('grafana', 'firing', {}, minute);
  expect([...(await states())].sort()).toEqual(['firing', 'resolved']);
});

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RenderedAlerting } from '#shared/grafana/alerting.ts';
import { FakeGrafana, FakeWorkspace } from '#shared/grafana/grafana.testing.ts';
import type { JsonObject } from '#shared/json.ts';
import { createGrafanaHandler } from './handler.ts';

const folder = new URL('../../observability/dashboards/json/', import.meta.url);
const dashboards = readdirSync(folder).map(
  (file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as JsonObject,
);

const alerting = JSON.parse(
  readFileSync(new URL('../../observability/grafana-rules/json/tidemark.json', import.meta.url), 'utf8'),
) as RenderedAlerting;

const answers: Record<string, unknown>[] = [];
let cloudFormation: Server;
beforeAll(async () => {
  cloudFormation = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    answers.push(JSON.parse(text));
    response.end();
  });
  await new Promise<void>((listening) => cloudFormation.listen(0, '127.0.0.1', listening));
});
afterAll(() => void cloudFormation.close());

let grafana: FakeGrafana;
let workspace: FakeWorkspace;
let clock: number;
let logged: string[];
beforeEach(async () => {
  answers.length = 0;
  clock = 0;
  logged = [];
  grafana = new FakeGrafana();
  await grafana.start();
  workspace = new FakeWorkspace(grafana);
});
afterEach(() => grafana.stop());

const properties = {
  WorkspaceId: 'g-1234567890',
  PrometheusUrl: 'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/',
  Region: 'eu-west-1',
  ConsoleUrl: 'https://ml.example.com',
  RunbooksUrl: 'https://wiki.example.com/runbooks',
  Alerting: 'amp',
  TopicArn: 'arn:aws:sns:eu-west-1:111122223333:tidemark-dev-alarms',
  WatchdogTopicArn: 'arn:aws:sns:eu-west-1:111122223333:tidemark-dev-watchdog',
};

let requests = 0;
async function deploy(RequestType: 'Create' | 'Update' | 'Delete', more: object = {}, rendered = alerting) {
  const handler = createGrafanaHandler(
    { now: () => clock, log: (_, message) => void logged.push(message) },
    {
      workspaceOf: () => workspace,
      dashboards,
      alerting: rendered,
      wait: async (ms) => {
        clock += ms;
      },
    },
  );
  await handler({
    RequestType,
    ResponseURL: `http://127.0.0.1:${(cloudFormation.address() as AddressInfo).port}/answer`,
    StackId: 'stack',
    RequestId: `request-${++requests}`,
    LogicalResourceId: 'Dashboards',
    ResourceProperties: { ...properties, ...more },
  } as unknown as CloudFormationCustomResourceEvent);
  return answers.at(-1)!;
}

const stored = () =>
  JSON.stringify([grafana.datasources, grafana.folders, grafana.dashboards].map((map) => [...map])) +
  grafana.alerting.stored;

describe('the dashboards of a deployment', () => {
  it('are put into a folder, over a data source that signs with the role of the workspace', async () => {
    expect(await deploy('Create')).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'grafana-dashboards',
      Data: { dashboards: 3 },
    });
    expect(grafana.datasources.get('tidemark-prometheus')).toMatchObject({
      type: 'prometheus',
      url: properties.PrometheusUrl,
      jsonData: { sigV4Auth: true, sigV4AuthType: 'ec2_iam_role', sigV4Region: 'eu-west-1' },
    });
    expect([...grafana.folders.keys()]).toEqual(['tidemark']);
    expect([...grafana.dashboards.keys()].sort()).toEqual([
      'tidemark-fleet',
      'tidemark-model',
      'tidemark-operations',
    ]);
  });

  it('lead to the pages of this deployment, and to runbooks where those are on the web', async () => {
    await deploy('Create');
    const model = JSON.stringify(grafana.dashboards.get('tidemark-model'));
    expect(model).toContain('"query":"https://ml.example.com"');
    expect(model).not.toContain('127.0.0.1');
    expect(model).toContain('"url":"https://wiki.example.com/runbooks/psi-critical.md"');
    await deploy('Update', { RunbooksUrl: 'docs/runbooks' });
    expect(JSON.stringify(grafana.dashboards.get('tidemark-model'))).not.toContain('"title":"Runbook"');
  });

  it('are made over the data source for Managed Prometheus where the workspace has it', async () => {
    grafana.plugins.add('grafana-amazonprometheus-datasource');
    await deploy('Create');
    expect(grafana.datasources.get('tidemark-prometheus')?.type).toBe('grafana-amazonprometheus-datasource');
    for (const dashboard of grafana.dashboards.values())
      expect(JSON.stringify(dashboard)).not.toMatch(/"(type|query)":"prometheus"/);
  });

  it('are the same after a second time', async () => {
    await deploy('Create');
    const once = stored();
    expect(await deploy('Update')).toMatchObject({ Status: 'SUCCESS' });
    expect(stored()).toBe(once);
    expect(workspace.accounts).toHaveLength(1);
  });

  it('leave no token behind, and none lives longer than ten minutes', async () => {
    await deploy('Create');
    grafana.faults.push(403);
    expect(await deploy('Update')).toMatchObject({ Status: 'FAILED' });
    expect(workspace.made.map(({ secondsToLive }) => secondsToLive)).toEqual([600, 600]);
    expect([...grafana.tokens]).toEqual([]);
  });

  it('are there although a token cannot be deleted, which is said', async () => {
    workspace.deleteToken = async () => {
      throw new Error('throttled');
    };
    expect(await deploy('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(logged).toEqual([expect.stringContaining('a token of Grafana was not deleted')]);
  });
});

describe('a workspace that is not ready', () => {
  it('is waited for', async () => {
    workspace.statuses.push('CREATING', 'UPDATING');
    expect(await deploy('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(clock).toBe(10_000);
  });

  it('ends the deployment with its status after four minutes, and at once when it failed', async () => {
    workspace.statuses.push(...Array.from({ length: 100 }, () => 'CREATING'));
    expect(await deploy('Create')).toMatchObject({
      Status: 'FAILED',
      Reason: 'the Grafana workspace is still CREATING: want ACTIVE',
    });
    expect(clock).toBeLessThan(240_000);
    workspace.statuses.splice(0, 100, 'CREATION_FAILED');
    expect(await deploy('Create')).toMatchObject({
      Reason: 'the Grafana workspace is CREATION_FAILED: want ACTIVE',
    });
    expect(workspace.made).toEqual([]);
  });
});

describe('a Grafana that fails', () => {
  it('is asked again after a 502, 503 or 429, and after an answer that got lost', async () => {
    grafana.faults.push(502, 503, 429);
    grafana.lostAnswers = 4;
    expect(await deploy('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect([grafana.datasources.size, grafana.folders.size, grafana.dashboards.size]).toEqual([1, 1, 3]);
  });

  it('is asked once when it refuses, and the deployment ends with what it said', async () => {
    grafana.folders.set('tidemark', {});
    dashboards.push({ ...dashboards[0]!, uid: 'bad', title: '' });
    const answer = await deploy('Create');
    dashboards.pop();
    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: 'grafana answers 400 to POST /api/dashboards/db: Dashboard title cannot be empty',
    });
    expect(grafana.asked.filter((one) => one === 'POST /api/dashboards/db')).toHaveLength(4);
  });

  it('is given up in time for the answer, which does not show the token', async () => {
    grafana.faults.push(...Array.from({ length: 100 }, () => 503));
    const { Status, Reason } = await deploy('Create');
    expect([Status, Reason]).toEqual(['FAILED', expect.stringMatching(/in time; last: 503 unavailable$/)]);
    expect(clock).toBeLessThanOrEqual(240_000);
    expect(JSON.stringify(answers) + JSON.stringify(logged)).not.toContain('glsa_');
  });

  it('refuses another data source of the same name, which is somebody else’s', async () => {
    grafana.datasources.set('theirs', { uid: 'theirs', name: 'Tidemark metrics' });
    expect(await deploy('Create')).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('Data source not found'),
    });
    expect([...grafana.datasources.keys()]).toEqual(['theirs']);
  });
});

describe('a deployment with a property that is not one', () => {
  it('ends with the property', async () => {
    expect(await deploy('Create', { ConsoleUrl: 'nowhere' })).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('ConsoleUrl'),
    });
  });
});

describe('a deployment that goes', () => {
  it('takes its dashboards, folder and data source with it', async () => {
    await deploy('Create');
    expect(await deploy('Delete')).toMatchObject({ Status: 'SUCCESS' });
    expect([grafana.datasources.size, grafana.folders.size, grafana.dashboards.size]).toEqual([0, 0, 0]);
  });

  it('leaves what people put into the folder', async () => {
    await deploy('Create');
    grafana.dashboards.set('ours', { uid: 'ours', folderUid: 'tidemark' });
    await deploy('Delete');
    expect([[...grafana.dashboards.keys()], grafana.folders.size]).toEqual([['ours'], 1]);
  });

  it('goes although the workspace is gone, or does not answer within a minute', async () => {
    workspace.describe = async () => {
      throw new Error('workspace not found');
    };
    expect(await deploy('Delete')).toMatchObject({ Status: 'SUCCESS' });
    workspace = new FakeWorkspace(grafana);
    grafana.faults.push(...Array.from({ length: 100 }, () => 503));
    expect(await deploy('Delete')).toMatchObject({ Status: 'SUCCESS' });
    expect(clock).toBeLessThan(60_000);
    expect(logged).toHaveLength(2);
  });
});

const rules = () => [...grafana.alerting.rules.values()];
const wanted = alerting.groups.flatMap(({ rules: inGroup }) => inGroup.map(({ uid }) => uid));

describe('the alerts of a deployment', () => {
  it('are all there, paused while Managed Prometheus tells people', async () => {
    await deploy('Create');
    expect(rules().map(({ uid }) => uid)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(20);
    expect(new Set(rules().map(({ isPaused }) => isPaused))).toEqual(new Set([true]));
  });

  it('are paused and started by the knob, there and back', async () => {
    await deploy('Create');
    const once = stored();
    await deploy('Update', { Alerting: 'grafana' });
    expect(new Set(rules().map(({ isPaused }) => isPaused))).toEqual(new Set([false]));
    await deploy('Update', { Alerting: 'amp' });
    expect(stored()).toBe(once);
  });

  it('go to the topics of the deployment: those for people to one, the dead-man’s switch to the other', async () => {
    await deploy('Create');
    const topicOf = (name: string) => {
      const settings = rules().find(({ title }) => title === name)!.notification_settings as JsonObject;
      const point = [...grafana.alerting.contactPoints.values()].find(
        (one) => one.name === settings.receiver,
      )!;
      return (point.settings as JsonObject).topic_arn;
    };
    expect(topicOf('PsiCritical')).toBe(properties.TopicArn);
    expect(topicOf('PsiWarning')).toBe(properties.TopicArn);
    expect(topicOf('Watchdog')).toBe(properties.WatchdogTopicArn);
  });

  it('are sent in the words of our template, with the fields the workspace knows', async () => {
    await deploy('Create');
    const settings = () => grafana.alerting.contactPoints.get('tidemark-alerts')!.settings;
    const subject = '{{ template "tidemark.subject" . }}';
    const message = '{{ template "tidemark.message" . }}';
    const { TopicArn } = properties;
    expect(settings()).toEqual({ topic_arn: TopicArn, sigv4: { region: 'eu-west-1' }, subject, message });
    for (const name of ['tidemark.subject', 'tidemark.message'])
      expect(grafana.alerting.templates.get('tidemark')!.template).toContain(`{{ define "${name}" }}`);
    grafana.alerting.snsField = 'topic';
    await deploy('Update');
    expect(settings()).toEqual({
      topic: TopicArn,
      authProvider: 'default',
      messageFormat: 'text',
      subject,
      body: message,
    });
  });

  it('lead to the pages of this deployment', async () => {
    await deploy('Create');
    const { annotations } = rules().find(({ title }) => title === 'PsiCritical')!;
    expect(annotations).toMatchObject({
      console_url: 'https://ml.example.com/console/models/{{ $labels.model }}',
      runbook_url: 'https://wiki.example.com/runbooks/psi-critical.md',
    });
    expect(grafana.alerting.stored).not.toMatch(/<(console|runbooks)>/);
  });

  it('that are no more are taken away, as are groups; rules of people stay', async () => {
    await deploy('Create');
    const theirs = { uid: 'theirs', title: 'Theirs', folderUID: 'tidemark', ruleGroup: 'theirs' };
    const elsewhere = { uid: 'tidemark-not-here', title: 'Other', folderUID: 'other', ruleGroup: 'x' };
    for (const rule of [theirs, elsewhere]) grafana.alerting.rules.set(rule.uid, rule);
    const [first, ...others] = alerting.groups;
    const fewer = { ...alerting, groups: [{ ...first!, rules: first!.rules.slice(1) }, ...others.slice(1)] };
    expect(await deploy('Update', {}, fewer)).toMatchObject({ Status: 'SUCCESS' });
    const left = fewer.groups.flatMap(({ rules: inGroup }) => inGroup.map(({ uid }) => uid));
    expect(
      rules()
        .map(({ uid }) => uid)
        .sort(),
    ).toEqual([...left, 'theirs', 'tidemark-not-here'].sort());
  });

  it('survive answers that got lost', async () => {
    grafana.losesFirstAnswers = true;
    expect(await deploy('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect([rules().length, grafana.alerting.contactPoints.size]).toEqual([wanted.length, 2]);
  });

  it('end the deployment with what Grafana says of a rule it does not take', async () => {
    const [first] = alerting.groups;
    const bad = { ...first!.rules[0]!, uid: `tidemark-${'x'.repeat(32)}` };
    const answer = await deploy('Create', {}, { ...alerting, groups: [{ ...first!, rules: [bad] }] });
    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/^grafana answers 400 to PUT .*: invalid alert rule: uid tidemark-x/),
    });
  });
});

describe.each([403, 404] as const)('a workspace that answers %i for alerts', (status) => {
  beforeEach(() => {
    grafana.alerting.isOff = status;
  });

  it('gets its dashboards all the same, and a warning is logged, while Managed Prometheus tells people', async () => {
    expect(await deploy('Create')).toMatchObject({ Status: 'SUCCESS' });
    expect(grafana.dashboards.size).toBe(3);
    expect(logged).toEqual([expect.stringContaining(`grafana answers ${status}`)]);
  });

  it('ends the deployment where it was to tell people, with what to do', async () => {
    expect(await deploy('Create', { Alerting: 'grafana' })).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('nobody would be told: deploy with alerting amp'),
    });
  });

  it('does not hold up a deployment that goes', async () => {
    await deploy('Create');
    expect(await deploy('Delete')).toMatchObject({ Status: 'SUCCESS' });
    expect([grafana.folders.size, grafana.dashboards.size]).toEqual([0, 0]);
  });
});

describe('alerts of a deployment that goes', () => {
  it('go with it: rules, contact points and template', async () => {
    await deploy('Create', { Alerting: 'grafana' });
    await deploy('Delete');
    expect(grafana.alerting.stored).toBe(JSON.stringify([[], [], [], [...grafana.alerting.intervals]]));
    expect(grafana.folders.size).toBe(0);
    expect(logged).toEqual([]);
  });

  it('leave what people put into the folder, and the contact point they use with its template', async () => {
    await deploy('Create');
    const settings = { receiver: 'Tidemark' };
    const theirs = { uid: 'theirs', folderUID: 'tidemark', notification_settings: settings };
    grafana.alerting.rules.set('theirs', theirs);
    await deploy('Delete');
    expect(rules().map(({ uid }) => uid)).toEqual(['theirs']);
    expect([...grafana.alerting.contactPoints.keys()]).toEqual(['tidemark-alerts']);
    expect([grafana.alerting.templates.size, grafana.folders.size]).toEqual([1, 1]);
    expect(logged).toEqual([]);
  });
});

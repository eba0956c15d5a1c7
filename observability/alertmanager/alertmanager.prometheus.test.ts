/** Routes, inhibition and the message of a topic on a real Alertmanager. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { canaryModel } from '#shared/canary/names.ts';
import { readAlertmanager } from '#shared/notify/alertmanager-message.ts';
import { readTopicMessage } from '#shared/notify/topic-message.ts';
import { missingTool, runTool } from '../alerts/tools.testing.ts';
import { managedAlertmanager } from './managed.ts';
import { messageTemplate } from './message-template.ts';

const config = fileURLToPath(new URL('./alertmanager.yml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tidemark-alertmanager-'));
/** As Debian names it. */
const program = 'prometheus-alertmanager';
const stops: (() => void)[] = [];
afterAll(() => {
  for (const stop of stops) stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come within 20 s');
}

/** Free for the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @returns its URL, once it answers */
async function startAlertmanager(name: string, file: string): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    program,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, name)}`,
      `--web.listen-address=${new URL(url).host}`,
      '--cluster.listen-address=',
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    },
  );
  let said = '';
  let ended: string | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.once('error', () => {
    ended = missingTool(program);
  });
  child.once('exit', (code) => {
    ended ??= `alertmanager ended with ${code}:\n${said}`;
  });
  stops.push(() => child.kill());
  const answer = await until(async () => {
    if (ended !== undefined) return ended;
    return (await fetch(`${url}/-/ready`)).ok ? url : undefined;
  });
  if (answer !== url) throw new Error(answer);
  return url;
}

interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function post(url: string, alerts: readonly PostedAlert[]): Promise<void> {
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}

const labels = (alertname: string, severity: string, category: string, model = 'stones') => ({
  alertname,
  severity,
  category,
  env: 'prod',
  model,
});

describe('routes', () => {
  test('are accepted by amtool', () => {
    expect(runTool('amtool', ['check-config', config])).toContain('SUCCESS');
  });

  test.each([
    ['critical', 'critical'],
    ['warning', 'warning'],
    ['none', 'watchdog'],
    ['critical', 'critical', 'stones'],
    ['critical', 'canary', canaryModel],
    ['warning', 'canary', canaryModel],
  ])('lead an alert of severity %s to %s: %s', (severity, receiver, model = 'no model') => {
    const args = [
      'config',
      'routes',
      'test',
      `--config.file=${config}`,
      `severity=${severity}`,
      'alertname=X',
      `model=${model}`,
    ];
    expect(runTool('amtool', args).split('\n')[0]).toBe(receiver);
  });
});

/** Of so many alerts, once each was looked at. */
async function statesOf(url: string, count: number): Promise<string[]> {
  const states = await until(async () => {
    const answer = (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
      labels: Record<string, string>;
      status: { state: string };
    }[];
    return answer.length === count && answer.every(({ status }) => status.state !== 'unprocessed')
      ? answer.map(
          ({ labels: { alertname, model, env }, status }) => `${alertname} ${model} ${env} ${status.state}`,
        )
      : undefined;
  });
  return states.sort();
}

test('warnings wait under a critical alert of the same model, but not those of other models or about our own work', async () => {
  const url = await startAlertmanager('inhibit', config);
  await post(url, [
    { labels: labels('PsiCritical', 'critical', 'drift') },
    { labels: labels('PsiWarning', 'warning', 'drift') },
    { labels: labels('LatencyP99High', 'warning', 'serving') },
    { labels: labels('RetrainFailed', 'warning', 'pipeline') },
    { labels: labels('ErrorRateHigh', 'critical', 'serving') },
    { labels: labels('PsiWarning', 'warning', 'drift', 'other') },
    { labels: { ...labels('PsiWarning', 'warning', 'drift'), env: 'dev' } },
  ]);
  expect(await statesOf(url, 7)).toEqual([
    'ErrorRateHigh stones prod active',
    'LatencyP99High stones prod suppressed',
    'PsiCritical stones prod active',
    'PsiWarning other prod active',
    'PsiWarning stones dev active',
    'PsiWarning stones prod suppressed',
    'RetrainFailed stones prod active',
  ]);
});

/** @returns where the configuration for it is, and what was published */
async function startTopic() {
  const sent: URLSearchParams[] = [];
  const sns = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    sent.push(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
    response.end(
      '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
    );
  }).listen(0, '127.0.0.1');
  stops.push(() => sns.close());
  await new Promise((resolve) => sns.once('listening', resolve));
  const config = onThisComputer(topicArn, `http://127.0.0.1:${(sns.address() as AddressInfo).port}`);
  return { config, sent };
}

const topicArn = 'arn:aws:sns:eu-west-1:111122223333:tidemark-prod-alarms';

/** What the function that tells people makes of it. */
const noticesOf = (message: URLSearchParams) =>
  readTopicMessage({ MessageId: '1', Message: message.get('Message')!, Timestamp: '' }, 0);

test('errors wait while batches of the same model are paused, and the pause itself never waits', async () => {
  const url = await startAlertmanager('paused', config);
  await post(url, [
    { labels: labels('BatchPaused', 'warning', 'pipeline') },
    { labels: labels('ErrorRateHigh', 'critical', 'serving') },
    { labels: labels('NoModelLoaded', 'critical', 'serving') },
    { labels: labels('ErrorRateHigh', 'critical', 'serving', 'other') },
  ]);
  expect(await statesOf(url, 4)).toEqual([
    'BatchPaused stones prod active',
    'ErrorRateHigh other prod active',
    'ErrorRateHigh stones prod suppressed',
    'NoModelLoaded stones prod active',
  ]);
});

test('a topic gets the JSON of a webhook, whatever is in an annotation, and a short subject', async () => {
  const { config, sent } = await startTopic();
  const url = await startAlertmanager('topic', config);
  const odd = 'a "quoted"\nline \\ — größer';
  await post(url, [
    { labels: labels('PsiCritical', 'critical', 'drift'), annotations: { summary: odd, impact: 'x' } },
  ]);
  const [message] = await until(async () => (sent.length > 0 ? sent : undefined));
  expect(message!.get('TopicArn')).toBe(topicArn);
  expect(message!.get('Subject')).toBe('firing: PsiCritical of stones');
  expect(JSON.parse(message!.get('Message')!)).toMatchObject({
    version: '4',
    status: 'firing',
    receiver: 'critical',
    groupLabels: { alertname: 'PsiCritical', env: 'prod', model: 'stones' },
    commonLabels: { severity: 'critical' },
    alerts: [
      {
        status: 'firing',
        labels: labels('PsiCritical', 'critical', 'drift'),
        annotations: { summary: odd, impact: 'x' },
        startsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/),
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ],
  });
});

test('whatever is in the labels it groups by, the message is JSON that our reader reads to the letter, under a subject of printable ASCII', async () => {
  const { config, sent } = await startTopic();
  const url = await startAlertmanager('odd', config);
  const names = [
    'a "quoted" name',
    'two\nlines\r\n\tand a tab',
    'back\\slash \\" \\n',
    'größer — 石',
    '{{ .Status }}',
  ];
  const controls = 'bell \u0007 escape \u001b delete \u007f';
  await post(url, [
    ...names.map((name) => ({ labels: labels('PsiCritical', 'critical', 'drift', name) })),
    { labels: labels('PsiCritical', 'critical', 'drift', controls) },
    { labels: labels('a "name"\nof two lines', 'critical', 'drift', 'stones') },
  ]);
  const messages = await until(async () => (sent.length === names.length + 2 ? sent : undefined));
  const toldAs = new Map<string, URLSearchParams>();
  for (const message of messages) {
    expect(message.get('Subject')).toMatch(/^firing: [ -~]{1,40} of [ -~]{1,40}$/);
    const { notices, refused } = noticesOf(message);
    expect(refused).toEqual([]);
    expect(notices).toHaveLength(1);
    const { alertname, model } = notices[0]!.labels;
    toldAs.set(`${alertname}/${model}`, message);
  }
  for (const name of names) {
    const message = JSON.parse(toldAs.get(`PsiCritical/${name.replace(/[\r\t]/g, ' ')}`)!.get('Message')!);
    expect(message.groupKey).toBe(`PsiCritical/prod/${name}`);
    const read = readAlertmanager(message);
    expect(read).toMatchObject({ refused: [], notices: [{ severity: 'critical', labels: { env: 'prod' } }] });
    expect(message.alerts[0].labels.model).toBe(name);
  }
  expect(toldAs.has('PsiCritical/bell   escape   delete  ')).toBe(true);
  expect(toldAs.has('a "name"\nof two lines/stones')).toBe(true);
});

/** The managed definition as an Alertmanager of one's own reads it: templates in a file, SNS at an address, no waiting. */
function onThisComputer(topicArn: string, snsUrl: string): string {
  const definition = managedAlertmanager({
    region: 'eu-west-1',
    topicArn,
    watchdogTopicArn: `${topicArn}-w`,
  });
  const inner = definition
    .slice(definition.indexOf('alertmanager_config: |\n') + 23)
    .replaceAll(/^ {2}/gm, '');
  const template = join(folder, 'tidemark.tmpl');
  writeFileSync(template, messageTemplate);
  const file = join(folder, 'managed.yml');
  writeFileSync(
    file,
    inner
      .replace('- "tidemark"', `- ${JSON.stringify(template)}`)
      .replaceAll('- topic_arn', `- api_url: ${snsUrl}\n        topic_arn`)
      .replaceAll(/group_wait: "\d+s"/g, 'group_wait: "0s"'),
  );
  return file;
}

test('the example of a managed definition holds an Alertmanager configuration', () => {
  const definition = readFileSync(new URL('./managed-example.yml', import.meta.url), 'utf8');
  const file = join(folder, 'example.yml');
  // PagerDuty's key as a secret, and templates by name, only the managed service understands
  const inner = definition
    .slice(definition.indexOf('alertmanager_config: |\n') + 23)
    .replaceAll(/^ {2}/gm, '')
    .replace(/routing_key:\n(?: {10,}.*\n)+/, 'routing_key: key\n')
    .replace('- "tidemark"', `- ${JSON.stringify(join(folder, 'tidemark.tmpl'))}`);
  writeFileSync(join(folder, 'tidemark.tmpl'), messageTemplate);
  writeFileSync(file, inner);
  expect(runTool('amtool', ['check-config', file])).toContain('SUCCESS');
});

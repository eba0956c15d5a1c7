/** `tidemark replay --stage local`: what this deployment gave up on is handed back by the command as a user runs it. */
import { randomUUID } from 'node:crypto';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import {
  deadLettersName,
  failedBatchesPrefix,
  functionName,
  logGroupName,
  replayedPrefix,
} from '#shared/api/names.ts';
import { createDynamoTable } from '#shared/aws/dynamodb-table.ts';
import { createS3Objects } from '#shared/aws/s3-objects.ts';
import { createStepFunctionsPipelines } from '#shared/aws/step-functions-pipelines.ts';
import { readArchive } from '#shared/capture/archive.ts';
import { createModel } from '#shared/registry/registry.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { eventOf, predictionRecord } from '#shared/testing/stream.ts';
import { until } from './api.ts';
import { cloudClients, emulatorOptions } from './clients.ts';
import { withBrokenFunction } from './faults.ts';
import { tidemark } from './tidemark.ts';

const stage = 'local';
const endpoints = inject('endpoints');
const { url, machineArnPrefix } = endpoints;
const clients = cloudClients(url);
const queues = new SQSClient(emulatorOptions(url));
const logs = new CloudWatchLogsClient(emulatorOptions(url));
const pipelines = createStepFunctionsPipelines({ client: clients.states, machineArnPrefix });
const { bucket, predictions: predictionsTable, state: stateTable } = endpoints;
const objects = createS3Objects({ client: clients.s3, bucket });
const predictions = createDynamoTable({ client: clients.dynamo, tableName: predictionsTable });
const state = createDynamoTable({ client: clients.dynamo, tableName: stateTable });

const model = 'given-up';
const features = { weight: 1, depth: 60, colour: 'blue' };
const rowOf = (id: string): LabelledRow => ({ id, at: Date.now(), features, label: 3 });

beforeAll(async () => {
  await createModel({ state }, { ...smallRecord(), name: model });
});

interface Counts {
  readonly replayed: number;
  readonly already_there: number;
  readonly skipped: number;
  readonly failed: readonly { readonly where: string; readonly reason: string }[];
  readonly unreadable: readonly { readonly where: string; readonly reason: string }[];
}

async function replay(source: 'spool' | 'stream' | 'dead-letters', ...words: readonly string[]) {
  const { code, stdout } = await tidemark(
    'replay',
    ...['--stage', stage, `--${source}`, '--endpoint-url', url, '--json', ...words],
  );
  return { code, ...(JSON.parse(stdout)[source.replace('-', '_')] as Counts) };
}

async function queueUrl(part: 'monitoring' | 'retrain'): Promise<string> {
  const QueueName = deadLettersName(stage, part);
  return (await queues.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl!;
}

async function lettersIn(part: 'monitoring' | 'retrain'): Promise<number> {
  const { Attributes } = await queues.send(
    new GetQueueAttributesCommand({
      QueueUrl: await queueUrl(part),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
}

describe('dead letters', () => {
  test('an event the monitor kept failing on is kept with its payload, handed to it again once it works, and deleted', async () => {
    const event = {
      source: 'tidemark',
      'detail-type': 'WindowsDue',
      detail: { model, windows: [] },
    };
    await withBrokenFunction(endpoints, 'monitor', async () => {
      await fetch(`${url}/2015-03-31/functions/${functionName(stage, 'monitor')}/invocations`, {
        method: 'POST',
        headers: { 'x-amz-invocation-type': 'Event' },
        body: JSON.stringify(event),
      });
      // others' windows may fall due meanwhile
      expect(await until(async () => (await lettersIn('monitoring')) >= 1, 60_000)).toBe(true);
      const { code, replayed, failed } = await replay('dead-letters');
      expect([code, replayed]).toEqual([1, 0]);
      expect(failed).toContainEqual({
        where: expect.stringContaining('monitoring-dead-letters'),
        reason: expect.stringMatching(/^monitor: ./),
      });
    });
    const looked = await replay('dead-letters', '--dry-run');
    expect(looked).toMatchObject({ code: 0, failed: [], unreadable: [] });
    expect(looked.replayed).toBeGreaterThanOrEqual(1);
    expect(await lettersIn('monitoring')).toBe(looked.replayed);
    expect(await replay('dead-letters')).toMatchObject({ ...looked });
    expect(await lettersIn('monitoring')).toBe(0);
    expect(await replay('dead-letters')).toMatchObject({ code: 0, replayed: 0 });
  });

  test('an event that could not start a run starts it once; one that nobody can read stays and stops nothing', async () => {
    const id = randomUUID();
    const QueueUrl = await queueUrl('retrain');
    const drift = {
      id,
      source: 'tidemark',
      'detail-type': 'DriftConfirmed',
      detail: { model, trigger: 'DriftConfirmed', actor: 'monitor', reason: 'told again' },
    };
    await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
    for (let copy = 0; copy < 2; copy++)
      await queues.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: JSON.stringify(drift),
          MessageAttributes: {
            TARGET_ARN: { DataType: 'String', StringValue: `${machineArnPrefix}retrain` },
          },
        }),
      );
    const told = await replay('dead-letters');
    expect([told.code, told.replayed + told.already_there, told.unreadable.length]).toEqual([1, 2, 1]);
    const started = (await pipelines.list('retrain')).filter((one) => one.id.endsWith(`replay-${id}`));
    expect(started.map(({ input }) => input)).toEqual([drift.detail]);
    expect(await lettersIn('retrain')).toBe(1);
  });
});

describe('the stream', () => {
  test('a filed batch is archived by capture as if it had come then, noted, and not handed back twice', async () => {
    const now = Date.now();
    const event = eventOf(
      ['b1', 'b2'].map((id, at) => predictionRecord(model, 'v1', rowOf(id), now + at, now)),
    );
    const key = `${failedBatchesPrefix}${randomUUID()}/shardId-0001/2026/11/21/2026-11-21T10.00.00-${randomUUID()}`;
    const broken = `${key}-broken`;
    await objects.put(key, Buffer.from(JSON.stringify({ version: '1.0', payload: JSON.stringify(event) })));
    await objects.put(broken, Buffer.from('no batch'));
    const archived = async () => {
      const ids: string[] = [];
      for await (const file of readArchive({ objects }, model, now - 3_600_000, now + 3_600_000))
        ids.push(...file.rows.map(({ id }) => id));
      return ids.sort();
    };
    expect(await replay('stream', '--dry-run')).toMatchObject({ replayed: 1 });
    expect(await archived()).toEqual([]);
    for (const [replayed, already_there] of [
      [1, 0],
      [0, 1],
    ]) {
      expect(await replay('stream')).toMatchObject({
        code: 1,
        replayed,
        already_there,
        failed: [],
        unreadable: [{ where: broken }],
      });
      expect(await archived()).toEqual(['b1', 'b2']);
    }
    expect((await objects.list(replayedPrefix)).map((one) => one.key)).toEqual([replayedPrefix + key]);
  });
});

describe('the spool', () => {
  test('a prediction that a log holds instead of the table is put there and captured once', async () => {
    const group = { logGroupName: logGroupName(stage, 'predict') };
    const stream = { ...group, logStreamName: randomUUID() };
    await logs.send(new CreateLogGroupCommand(group)).catch((error: unknown) => {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    });
    await logs.send(new CreateLogStreamCommand(stream));
    const spooled = (id: string, expiresAt: number) => ({
      tidemark_spool: {
        pk: `${model}#${id}`,
        sk: 'prediction',
        value: JSON.parse(
          predictionRecord(model, 'v1', rowOf(id), 1, 1000).dynamodb!.NewImage!.data!.S!,
        ) as object,
        expiresAt,
      },
    });
    const inAnHour = Math.floor(Date.now() / 1000) + 3600;
    const timestamp = Date.now() - 60_000;
    const logEvents = [
      { timestamp, message: '{"level":"INFO","message":"something else"}' },
      { timestamp, message: JSON.stringify(spooled('s1', inAnHour)) },
      { timestamp, message: JSON.stringify(spooled('s2', 1)) },
    ];
    await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
    expect(await replay('spool', '--since', '1h')).toMatchObject({
      code: 0,
      replayed: 1,
      skipped: 1,
      failed: [],
    });
    expect(await replay('spool', '--since', '1h')).toMatchObject({ code: 0, replayed: 0, already_there: 1 });
    expect(await predictions.get({ pk: `${model}#s1`, sk: 'prediction' })).toMatchObject({
      expiresAt: inAnHour,
    });
    const archived = async () => {
      for await (const file of readArchive({ objects }, model, 0, Date.now() + 3_600_000))
        if (file.rows.some(({ id }) => id === 's1')) return true;
      return false;
    };
    expect(await until(archived, 30_000)).toBe(true);
  });
});

test('a stage that was not deployed there is said so, and the exit is 2', async () => {
  const words = ['--stage', 'dev', '--stream', '--endpoint-url', url];
  const { code, stderr } = await tidemark('replay', ...words);
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is no stack tidemark-dev-data')]);
});

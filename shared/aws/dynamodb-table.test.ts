import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONTRACT_START_MS, describeTable } from '../ports/table.contract.ts';
import { createDynamoTable } from './dynamodb-table.ts';
import { UnreadableItemError } from './stored-item.ts';

const server = dynalite({ createTableMs: 0 });
let tables = 0;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

function openClient(): DynamoDBClient {
  const { port } = server.address() as AddressInfo;
  return new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}

async function waitUntilActive(client: DynamoDBClient, tableName: string): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  if (Table?.TableStatus !== 'ACTIVE') await waitUntilActive(client, tableName);
}

async function openTable() {
  const client = openClient();
  const tableName = `table-${tables++}`;
  let nowMs = CONTRACT_START_MS;
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    }),
  );
  await waitUntilActive(client, tableName);
  return {
    client,
    tableName,
    table: createDynamoTable({ client, tableName, now: () => nowMs }),
    advance(ms: number) {
      nowMs += ms;
    },
    async close() {
      client.destroy();
    },
  };
}

describeTable('the DynamoDB table', openTable);

describe('a write whose reply was lost and which the SDK sends again', () => {
  /** The first attempt of the next write arrives, its answer does not; the SDK's own retry does the rest. */
  function loseNextReply(client: DynamoDBClient): { readonly attempts: () => number } {
    let attempts = 0;
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName !== 'PutItemCommand') return await next(args);
        const isFirst = attempts++ === 0;
        const output = await next(args);
        if (isFirst) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return output;
      },
      { step: 'deserialize', priority: 'high', name: 'loseReply' },
    );
    return { attempts: () => attempts };
  }
  const key = { pk: 'p', sk: 's' };

  test('putIfAbsent finds its own token and answers that it stored', async () => {
    const { client, table, close } = await openTable();
    const lost = loseNextReply(client);
    const item = { ...key, value: 'mine', revision: 1 };
    expect(await table.putIfAbsent(key, 'mine')).toEqual({ stored: true, item });
    expect(lost.attempts()).toBe(2);
    expect(await table.get(key)).toEqual(item);
    await close();
  });

  test('putIfRevision counts once', async () => {
    const { client, table, close } = await openTable();
    await table.putIfAbsent(key, 1);
    const lost = loseNextReply(client);
    const item = { ...key, value: 2, revision: 2 };
    expect(await table.putIfRevision(key, 2, 1)).toEqual({ stored: true, item });
    expect(lost.attempts()).toBe(2);
    expect(await table.get(key)).toEqual(item);
    await close();
  });

  test('an equal value of another writer is still another writer’s', async () => {
    const { table, close } = await openTable();
    await table.putIfAbsent(key, 'same');
    expect(await table.putIfAbsent(key, 'same')).toMatchObject({ stored: false });
    await close();
  });
});

test('an item that nobody of ours wrote is an error that names the attribute', async () => {
  const { client, table, tableName, close } = await openTable();
  const Item = { pk: { S: 'p' }, sk: { S: 's' }, rev: { S: '1' } };
  await client.send(new PutItemCommand({ TableName: tableName, Item }));
  await expect(table.get({ pk: 'p', sk: 's' })).rejects.toThrow(UnreadableItemError);
  await expect(table.query('p')).rejects.toThrow('attribute rev is {"S":"1"}');
  await close();
});

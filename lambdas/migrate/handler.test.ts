import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { createMigrateHandler } from './handler.ts';

const answers: { type: string | undefined; body: Record<string, unknown> }[] = [];
/** Status codes CloudFormation answers with, in turn; 200 after them. */
const statuses: number[] = [];
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      answers.push({ type: request.headers['content-type'], body: JSON.parse(text) });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(() => void server.close());
beforeEach(() => {
  answers.length = 0;
  statuses.length = 0;
});

const event = (RequestType: 'Create' | 'Update' | 'Delete') =>
  ({
    RequestType,
    ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'StoredSchema',
    ResourceProperties: {},
  }) as unknown as CloudFormationCustomResourceEvent;

describe('the migration of a deployment', () => {
  it('answers with the versions, and with an empty content type, as the URL is signed', async () => {
    await createMigrateHandler(memoryDeps())(event('Create'));
    expect(answers).toEqual([
      {
        type: '',
        body: {
          PhysicalResourceId: 'stored-schema',
          StackId: 'stack',
          RequestId: 'request',
          LogicalResourceId: 'StoredSchema',
          Status: 'SUCCESS',
          Data: { from: 1, to: 1 },
        },
      },
    ]);
  });

  it('ends the deployment with the reason when the data cannot be migrated, instead of leaving it waiting', async () => {
    const refuse = async () => {
      throw new Error('the stored data are of schema 3');
    };
    await createMigrateHandler(memoryDeps(), refuse)(event('Update'));
    expect(answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: 'the stored data are of schema 3' });
  });

  it('changes nothing when its stack goes: the data stay', async () => {
    const deps = memoryDeps();
    await createMigrateHandler(deps, async () => {
      throw new Error('must not run');
    })(event('Delete'));
    expect(answers[0]?.body).toMatchObject({ Status: 'SUCCESS' });
  });

  it('answers again when CloudFormation does not take it, three times at most', async () => {
    statuses.push(503, 503);
    await createMigrateHandler(memoryDeps())(event('Create'));
    expect(answers).toHaveLength(3);
    statuses.push(503, 503, 503);
    await expect(createMigrateHandler(memoryDeps())(event('Create'))).rejects.toThrow('503');
    expect(answers).toHaveLength(6);
  });
});

import { type FilterLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { type InvokeCommand, TooManyRequestsException } from '@aws-sdk/client-lambda';
import { GetQueueUrlCommand, QueueDoesNotExist, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { invokerOf } from './aws-invoke.ts';
import { spoolLinesOf } from './aws-logs.ts';
import { deadLetterQueues } from './aws-queues.ts';

interface Sent {
  readonly constructor: unknown;
  readonly input: object;
}

/** A client of any service that answers as the test says, and what it was sent. */
function clientOf(answer: (command: Sent) => unknown) {
  const sent: Sent[] = [];
  const send = async (command: Sent) => {
    sent.push(command);
    const answered = answer(command);
    if (answered instanceof Error) throw answered;
    return answered;
  };
  return { sent, client: { send } as never };
}

const fault = { message: 'no', $metadata: {} };

describe('an invocation', () => {
  const invoked = (answer: unknown) => invokerOf(clientOf(() => answer).client, 'dev')('capture', { a: 1 });
  const bytes = (text: string) => Buffer.from(text);

  test('is of the stage’s function, with the payload, and waited for', async () => {
    const { client, sent } = clientOf(() => ({}));
    expect(await invokerOf(client, 'dev')('capture', { a: 1 })).toEqual({ ok: true });
    const { FunctionName, Payload, InvocationType } = (sent[0] as InvokeCommand).input;
    expect([FunctionName, String(Payload), InvocationType]).toEqual([
      'tidemark-dev-capture',
      '{"a":1}',
      undefined,
    ]);
  });

  test.each([
    ['{"errorType": "ZodError", "errorMessage": "bad", "stackTrace": []}', 'ZodError: bad'],
    ['{"errorMessage": "Task timed out"}', 'Task timed out'],
    ['null', 'Unhandled'],
    ['', 'Unhandled'],
    ['not JSON', 'Unhandled'],
  ])('of a function that fails with %s says why', async (text, reason) =>
    expect(await invoked({ FunctionError: 'Unhandled', Payload: bytes(text) })).toEqual({
      ok: false,
      reason,
    }),
  );

  test('that Lambda refuses is a failure; one that never reached it throws', async () => {
    expect(await invoked(new TooManyRequestsException(fault))).toEqual({
      ok: false,
      reason: 'TooManyRequestsException: no',
    });
    await expect(invoked(new Error('the network is away'))).rejects.toThrow('the network is away');
  });
});

describe('logs', () => {
  test('are read page after page, of each function that writes predictions; one that never ran has none', async () => {
    const { client, sent } = clientOf(({ input }) => {
      const { logGroupName, nextToken } = input as FilterLogEventsCommand['input'];
      if (logGroupName !== '/aws/lambda/tidemark-dev-predict') return new ResourceNotFoundException(fault);
      const event = (message: string) => ({ message, timestamp: 0, logStreamName: 'a' });
      return nextToken === undefined
        ? { events: [event('one')], nextToken: 'more' }
        : { events: [event('two')] };
    });
    const lines = [];
    for await (const line of spoolLinesOf(client, 'dev')(5, 9)) lines.push(line);
    expect(lines.map(({ message }) => message)).toEqual(['one', 'two']);
    expect(lines[0]!.where).toBe('/aws/lambda/tidemark-dev-predict a 1970-01-01T00:00:00.000Z');
    expect(new Set(sent.map(({ input }) => (input as FilterLogEventsCommand['input']).logGroupName))).toEqual(
      new Set(['predict', 'feedback', 'canary'].map((name) => `/aws/lambda/tidemark-dev-${name}`)),
    );
    for (const { input } of sent) expect(input).toMatchObject({ startTime: 5, endTime: 9 });
  });
});

describe('queues', () => {
  test('are those the stage has; a message is hidden for longer than any function runs, and has its attributes', async () => {
    const { client, sent } = clientOf((command) => {
      if (command instanceof GetQueueUrlCommand) {
        const { QueueName } = command.input;
        return QueueName === 'tidemark-dev-serving-dead-letters'
          ? new QueueDoesNotExist(fault)
          : { QueueUrl: `https://${QueueName}` };
      }
      const MessageAttributes = { TARGET_ARN: { DataType: 'String', StringValue: 'arn' } };
      return { Messages: [{ MessageId: 'm1', ReceiptHandle: 'r1', Body: '{}', MessageAttributes }] };
    });
    const queues = await deadLetterQueues(client, 'dev');
    expect(queues.map(({ name }) => name)).toEqual([
      'tidemark-dev-monitoring-dead-letters',
      'tidemark-dev-retrain-dead-letters',
    ]);
    const message = await queues[0]!.receive();
    expect(message).toEqual({ id: 'm1', receipt: 'r1', body: '{}', attributes: { TARGET_ARN: 'arn' } });
    const received = sent.find((command) => command instanceof ReceiveMessageCommand);
    const { VisibilityTimeout, MaxNumberOfMessages } = received!.input as ReceiveMessageCommand['input'];
    expect([VisibilityTimeout, MaxNumberOfMessages]).toEqual([960, 1]);
    await queues[1]!.delete(message!);
    await queues[0]!.release(message!);
    expect(sent.slice(-2).map(({ input }) => input)).toEqual([
      { QueueUrl: 'https://tidemark-dev-retrain-dead-letters', ReceiptHandle: 'r1' },
      { QueueUrl: 'https://tidemark-dev-monitoring-dead-letters', ReceiptHandle: 'r1', VisibilityTimeout: 0 },
    ]);
  });

  test('that have nothing answer with nothing', async () => {
    const { client } = clientOf((command) =>
      command instanceof GetQueueUrlCommand ? { QueueUrl: 'u' } : {},
    );
    const [queue] = await deadLetterQueues(client, 'dev');
    expect(await queue!.receive()).toBeUndefined();
  });
});

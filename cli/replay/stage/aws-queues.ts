/** The dead-letter queues of a stage, one message at a time. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { deadLettersName, type StackPart } from '#shared/api/names.ts';
import { functions } from '#shared/api/surface.ts';
import type { Queue, Received } from './ports.ts';

const parts: readonly StackPart[] = ['monitoring', 'retrain', 'serving'];

/** Longer than any function may take, so that no other reader is given a message that is being handled. */
const hiddenSeconds = 60 + Math.max(...Object.values(functions).map(({ timeoutSeconds }) => timeoutSeconds));
/** Short polls ask only some of the servers, and may miss the one that has the message. */
const waitSeconds = 2;

type Client = Pick<SQSClient, 'send'>;

/** Those that exist: which there are is a choice of the stage. */
export async function deadLetterQueues(client: Client, stage: string): Promise<readonly Queue[]> {
  const queues: Queue[] = [];
  for (const part of parts) {
    const name = deadLettersName(stage, part);
    const url = await urlOf(client, name);
    if (url !== undefined) queues.push(new SqsQueue(client, name, url));
  }
  return queues;
}

async function urlOf(client: Client, name: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return undefined;
    throw error;
  }
}

class SqsQueue implements Queue {
  readonly name: string;
  private readonly client: Client;
  private readonly url: string;

  constructor(client: Client, name: string, url: string) {
    this.client = client;
    this.name = name;
    this.url = url;
  }

  async receive(): Promise<Received | undefined> {
    const { Messages } = await this.client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: 1,
        VisibilityTimeout: hiddenSeconds,
        WaitTimeSeconds: waitSeconds,
        MessageAttributeNames: ['All'],
      }),
    );
    const message = Messages?.[0];
    if (!message) return undefined;
    const attributes = Object.entries(message.MessageAttributes ?? {}).flatMap(([name, { StringValue }]) =>
      StringValue === undefined ? [] : [[name, StringValue] as const],
    );
    return {
      id: message.MessageId!,
      receipt: message.ReceiptHandle!,
      body: message.Body ?? '',
      attributes: Object.fromEntries(attributes),
    };
  }

  async delete({ receipt }: Received): Promise<void> {
    await this.client.send(new DeleteMessageCommand({ QueueUrl: this.url, ReceiptHandle: receipt }));
  }

  async release({ receipt }: Received): Promise<void> {
    await this.client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: this.url,
        ReceiptHandle: receipt,
        VisibilityTimeout: 0,
      }),
    );
  }
}

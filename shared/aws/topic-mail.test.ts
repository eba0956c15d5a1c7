import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '../notify/receiver.testing.ts';
import { createSignature } from './signature.ts';
import { createTopicMail, regionOf } from './topic-mail.ts';

const topicArn = 'arn:aws:sns:eu-west-1:111122223333:tidemark-dev-mail';
const credentials = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-key-of-the-role' });
let service: Receiver;
beforeAll(async () => {
  service = await startReceiver();
});
afterAll(() => service.close());
beforeEach(() => {
  service.got.length = 0;
  service.answers = [{ status: 200 }];
});

const send = (message: { subject: string; text: string }) =>
  createTopicMail({
    topicArn,
    sign: createSignature({ service: 'sns', region: regionOf(topicArn), credentials }),
    limits: { timeoutMs: 5000, budgetMs: 8000, tries: 2, backoffMs: 1 },
    now: () => Date.UTC(2026, 10, 21, 12),
    endpoint: service.url,
  })(message);

test('a message is published to the topic as it is, signed for SNS in the region of the topic', async () => {
  expect(await send({ subject: '[dev] CRITICAL A', text: 'a & b = ü\nline two' })).toEqual({ kind: 'sent' });
  const { headers, text } = service.got[0]!;
  expect(Object.fromEntries(new URLSearchParams(text))).toEqual({
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: topicArn,
    Subject: '[dev] CRITICAL A',
    Message: 'a & b = ü\nline two',
  });
  expect(headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261121\/eu-west-1\/sns\/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$/,
  );
});

test('a refusal is an answer with the reason, and throttling is tried again', async () => {
  service.answers = [{ status: 403, text: 'AuthorizationError' }];
  expect(await send({ subject: 's', text: 't' })).toMatchObject({
    kind: 'failed',
    reason: 'the receiver answers 403: AuthorizationError',
  });
  service.answers = [{ status: 429 }, { status: 200 }];
  expect(await send({ subject: 's', text: 't' })).toEqual({ kind: 'sent' });
  expect(service.got).toHaveLength(3);
});

import { describe, expect, test } from 'vitest';
import { readLetter } from './letter.ts';

const lambdaArn = (name: string) => `arn:aws:lambda:eu-west-1:111122223333:function:${name}`;
const machineArn = (name: string) => `arn:aws:states:eu-west-1:111122223333:stateMachine:${name}`;
const event = (type: string, detail: object = {}, more: object = {}) => ({
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  source: 'tidemark',
  'detail-type': type,
  detail,
  ...more,
});
const read = (body: unknown, attributes: Readonly<Record<string, string>> = {}) =>
  readLetter('dev', {
    id: 'm1',
    attributes,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const failed = (name: string, requestPayload: unknown) => ({
  version: '1.0',
  requestContext: { functionArn: lambdaArn(name), condition: 'RetriesExhausted', approximateInvokeCount: 3 },
  requestPayload,
  responseContext: { statusCode: 200, functionError: 'Unhandled' },
});

describe('what a function kept failing on', () => {
  const due = event('WindowsDue', { model: 'm', windows: [] });
  test.each(['tidemark-dev-monitor', 'tidemark-dev-monitor:$LATEST', 'tidemark-dev-monitor:live'])(
    'is for %s again, with the payload as it was',
    (name) => expect(read(failed(name, due))).toEqual({ kind: 'invoke', fn: 'monitor', payload: due }),
  );

  test.each(['tidemark-prod-monitor', 'tidemark-dev-nobody', 'other-function', 'tidemark-dev-migrate'])(
    'is never for %s, which is none of the stage that is run',
    (name) => expect(read(failed(name, due))).toMatchObject({ kind: 'unreadable' }),
  );

  test('a tick is outdated: the next has done its work', () =>
    expect(
      read(failed('tidemark-dev-tick', event('Scheduled Event', {}, { source: 'aws.events' }))),
    ).toMatchObject({ kind: 'outdated' }));

  test('a batch of the stream that is only pointed at cannot be handed back', () =>
    expect(
      read({ requestContext: { functionArn: lambdaArn('tidemark-dev-capture') }, DDBStreamBatchInfo: {} }),
    ).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('points at records') }));
});

describe('what the alarm topic could not deliver', () => {
  const told = (stage: string) => ({
    Type: 'Notification',
    TopicArn: `arn:aws:sns:eu-west-1:111122223333:tidemark-${stage}-alarms`,
    Message: '{"alerts": []}',
  });

  test('is for notify, in its envelope, and never of another stage', () => {
    expect(read(told('dev'))).toEqual({ kind: 'invoke', fn: 'notify', payload: told('dev') });
    expect(read(told('prod'))).toMatchObject({ kind: 'unreadable' });
  });
});

describe('what a rule could not deliver', () => {
  const drift = event('DriftConfirmed', { model: 'm', trigger: 'DriftConfirmed' });
  const started = {
    kind: 'start',
    machine: 'retrain',
    name: 'replay-6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    input: drift.detail,
  };

  test('goes to the target of its attributes: a function is given the event', () =>
    expect(read(event('WindowsDue'), { TARGET_ARN: lambdaArn('tidemark-dev-trial') })).toMatchObject({
      kind: 'invoke',
      fn: 'trial',
      payload: event('WindowsDue'),
    }));

  test('goes to the target of its attributes: a state machine is given the detail, under a name of the event', () =>
    expect(read(drift, { TARGET_ARN: machineArn('tidemark-dev-retrain') })).toEqual(started));

  test('without attributes goes to whom the rules tell', () => {
    expect(read(drift)).toEqual(started);
    expect(read(event('VersionUploaded'))).toMatchObject({ kind: 'invoke', fn: 'trial' });
    const ended = event(
      'Step Functions Execution Status Change',
      { stateMachineArn: machineArn('tidemark-dev-retrain'), status: 'FAILED' },
      { source: 'aws.states' },
    );
    expect(read(ended)).toEqual({ kind: 'invoke', fn: 'retrain-release', payload: ended });
  });

  test('a state machine’s input that was cut out of its event already is the input', () =>
    expect(read(drift.detail, { TARGET_ARN: machineArn('tidemark-dev-retrain') })).toEqual({
      ...started,
      name: 'replay-m1',
    }));

  test('the name of an execution is one that Step Functions takes', () =>
    expect(read({ ...drift, id: `a/b ${'x'.repeat(100)}` })).toMatchObject({
      name: expect.stringMatching(/^replay-a-b-x{69}$/),
    }));

  test.each([
    ['a machine of another stage', drift, { TARGET_ARN: machineArn('tidemark-prod-retrain') }],
    ['a target that is neither', drift, { TARGET_ARN: 'arn:aws:sqs:eu-west-1:111122223333:queue' }],
    ['an event nobody hears of', event('Nothing'), {}],
    ['an event of another source', event('WindowsDue', {}, { source: 'someone' }), {}],
    [
      'an end of another state machine',
      event('Step Functions Execution Status Change', {}, { source: 'aws.states' }),
      {},
    ],
    ['a text', 'not JSON', {}],
    ['a list', '[]', {}],
    ['nothing', '', {}],
  ] as const)('%s is unreadable', (_, body, attributes) =>
    expect(read(body, attributes)).toMatchObject({ kind: 'unreadable', reason: expect.any(String) }),
  );
});

/** The Step Functions and EventBridge adapters against MiniStack: an event reaches a rule, the rule starts a machine. */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateStateMachineCommand } from '@aws-sdk/client-sfn';
import { beforeAll, expect, inject, test } from 'vitest';
import { createEventBridgeEvents } from '#shared/aws/eventbridge-events.ts';
import { createStepFunctionsPipelines } from '#shared/aws/step-functions-pipelines.ts';
import { cloudClients } from './clients.ts';
import { account, region } from './deploy.ts';

const { url, bus } = inject('endpoints');
const { states, events: bridge } = cloudClients(url);
const machineArnPrefix = `arn:aws:states:${region}:${account}:stateMachine:contract-`;
const roleArn = `arn:aws:iam::${account}:role/any`;
const pipelines = createStepFunctionsPipelines({ client: states, machineArnPrefix });
const events = createEventBridgeEvents({ client: bridge, busName: bus, source: 'contract' });

async function createMachine(name: string, definition: object): Promise<string> {
  const { stateMachineArn } = await states.send(
    new CreateStateMachineCommand({
      name: `contract-${name}`,
      roleArn,
      definition: JSON.stringify(definition),
    }),
  );
  return stateMachineArn!;
}

async function ended(id: string) {
  await expect
    .poll(async () => (await pipelines.describe(id))?.status, { timeout: 10_000 })
    .not.toBe('RUNNING');
  return (await pipelines.describe(id))!;
}

let echo: string;
beforeAll(async () => {
  echo = await createMachine('echo', {
    StartAt: 'First',
    States: { First: { Type: 'Pass', Next: 'Second' }, Second: { Type: 'Pass', End: true } },
  });
  await createMachine('failing', {
    StartAt: 'Give up',
    States: { 'Give up': { Type: 'Fail', Error: 'Unfit', Cause: 'too few rows' } },
  });
  await createMachine('waiting', {
    StartAt: 'Wait',
    States: { Wait: { Type: 'Wait', Seconds: 3, End: true } },
  });
});

test('a started execution is described with its input, output and stages', async () => {
  const { id, started } = await pipelines.start('echo', 'one', { model: 'churn' });
  expect(started).toBe(true);
  const execution = await ended(id);
  expect(execution).toMatchObject({
    id,
    machine: 'echo',
    status: 'SUCCEEDED',
    input: { model: 'churn' },
    output: { model: 'churn' },
  });
  expect(execution.stages.map(({ name, status }) => [name, status])).toEqual([
    ['First', 'succeeded'],
    ['Second', 'succeeded'],
  ]);
});

test('the same name again, of an execution that has ended, starts nothing', async () => {
  const first = await pipelines.start('echo', 'twice', { at: 1 });
  await ended(first.id);
  expect(await pipelines.start('echo', 'twice', { at: 1 })).toEqual({ id: first.id, started: false });
});

test('the same name again, of an execution that runs, is one execution', async () => {
  const first = await pipelines.start('waiting', 'twice', { at: 1 });
  const second = await pipelines.start('waiting', 'twice', { at: 1 });
  expect(second.id).toBe(first.id);
  expect((await pipelines.list('waiting')).map(({ id }) => id)).toEqual([first.id]);
});

test('a failed execution says what it failed with', async () => {
  const { id } = await pipelines.start('failing', 'one', {});
  expect(await ended(id)).toMatchObject({
    status: 'FAILED',
    error: { name: 'Unfit', cause: 'too few rows' },
  });
});

test('an unknown execution is none', async () => {
  expect(
    await pipelines.describe(`${machineArnPrefix.replace(':stateMachine:', ':execution:')}echo:nope`),
  ).toBe(undefined);
});

test('an event starts the machine of the rule that matches it, with its detail for input, and no other', async () => {
  await bridge.send(
    new PutRuleCommand({
      Name: 'contract',
      EventBusName: bus,
      EventPattern: JSON.stringify({ source: ['contract'], 'detail-type': ['Wanted'] }),
    }),
  );
  await bridge.send(
    new PutTargetsCommand({
      Rule: 'contract',
      EventBusName: bus,
      Targets: [{ Id: '1', Arn: echo, RoleArn: roleArn, InputPath: '$.detail' }],
    }),
  );
  const inputs = async () => (await pipelines.list('echo')).map(({ input }) => JSON.stringify(input));
  await events.publish({ type: 'Unwanted', detail: { model: 'other' } });
  await events.publish({ type: 'Wanted', detail: { model: 'bus' } });
  await expect.poll(inputs, { timeout: 10_000 }).toContain('{"model":"bus"}');
  expect(await inputs()).not.toContain('{"model":"other"}');
});

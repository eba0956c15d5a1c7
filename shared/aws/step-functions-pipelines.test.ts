import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { TaskNotWaitingError } from '../ports/errors.ts';
import { createStepFunctionsPipelines } from './step-functions-pipelines.ts';

const NOW = 1_700_000_000_000;
const MACHINES = 'arn:aws:states:eu-west-1:111122223333:stateMachine:tidemark-';
const EXECUTIONS = 'arn:aws:states:eu-west-1:111122223333:execution:tidemark-';
const $metadata = {};

/** Answers each command by its class; `sent` keeps what was asked. */
function open(answer: (command: unknown) => object) {
  const sent: { readonly input: object }[] = [];
  const client = {
    send: async (command: { readonly input: object }) => {
      sent.push(command);
      return answer(command);
    },
  } as unknown as SFNClient;
  const pipelines = createStepFunctionsPipelines({ client, machineArnPrefix: MACHINES, now: () => NOW });
  return { sent, pipelines };
}

function description(id: string, more: object = {}): object {
  return {
    executionArn: id,
    stateMachineArn: `${MACHINES}retrain`,
    status: 'RUNNING',
    startDate: new Date(NOW),
    input: '{"model":"churn"}',
    ...more,
  };
}

describe('start', () => {
  test('starts the machine of that name with its input', async () => {
    const id = `${EXECUTIONS}retrain:churn-1`;
    const { sent, pipelines } = open(() => ({ executionArn: id, startDate: new Date(NOW + 300) }));
    expect(await pipelines.start('retrain', 'churn-1', { model: 'churn' })).toEqual({ id, started: true });
    expect(sent[0]).toBeInstanceOf(StartExecutionCommand);
    expect(sent[0]!.input).toEqual({
      stateMachineArn: `${MACHINES}retrain`,
      name: 'churn-1',
      input: '{"model":"churn"}',
    });
  });

  test('of a running execution answers that one: Step Functions repeats its first answer', async () => {
    const id = `${EXECUTIONS}retrain:churn-1`;
    const { pipelines } = open(() => ({ executionArn: id, startDate: new Date(NOW - 60_000) }));
    expect(await pipelines.start('retrain', 'churn-1', {})).toEqual({ id, started: false });
  });

  test('of a closed execution answers that one: Step Functions says ExecutionAlreadyExists', async () => {
    const { pipelines } = open(() => {
      throw new ExecutionAlreadyExists({ $metadata, message: 'exists' });
    });
    const id = `${EXECUTIONS}retrain:churn-1`;
    expect(await pipelines.start('retrain', 'churn-1', {})).toEqual({ id, started: false });
  });
});

describe('describe', () => {
  test('joins the description with the stages of the whole history, page by page', async () => {
    const id = `${EXECUTIONS}retrain:churn-1`;
    const at = (ms: number) => new Date(NOW + ms);
    const pages = [
      {
        events: [
          { id: 1, previousEventId: 0, type: 'ExecutionStarted', timestamp: at(0) },
          {
            id: 2,
            previousEventId: 1,
            type: 'TaskStateEntered',
            timestamp: at(1),
            stateEnteredEventDetails: { name: 'A' },
          },
        ],
        nextToken: 'more',
      },
      {
        events: [
          {
            id: 3,
            previousEventId: 2,
            type: 'TaskStateExited',
            timestamp: at(5),
            stateExitedEventDetails: { name: 'A' },
          },
        ],
      },
    ];
    const { sent, pipelines } = open((command) => {
      if (command instanceof GetExecutionHistoryCommand) return pages[command.input.nextToken ? 1 : 0]!;
      return description(id, { status: 'SUCCEEDED', stopDate: at(6), output: '{"auc":0.9}' });
    });
    expect(await pipelines.describe(id)).toEqual({
      id,
      machine: 'retrain',
      status: 'SUCCEEDED',
      startedAt: NOW,
      endedAt: NOW + 6,
      input: { model: 'churn' },
      output: { auc: 0.9 },
      stages: [{ name: 'A', status: 'succeeded', startedAt: NOW + 1, endedAt: NOW + 5 }],
    });
    expect(sent).toHaveLength(3);
  });

  test('says what a failed execution failed with', async () => {
    const id = `${EXECUTIONS}retrain:churn-1`;
    const failure = { status: 'FAILED', stopDate: new Date(NOW), error: 'Unfit', cause: 'too few rows' };
    const { pipelines } = open((command) =>
      command instanceof DescribeExecutionCommand ? description(id, failure) : { events: [] },
    );
    expect(await pipelines.describe(id)).toMatchObject({
      status: 'FAILED',
      error: { name: 'Unfit', cause: 'too few rows' },
    });
  });

  test('answers nothing for an unknown id, and does not even ask about another deployment’s', async () => {
    const { sent, pipelines } = open(() => {
      throw new ExecutionDoesNotExist({ $metadata, message: 'none' });
    });
    expect(await pipelines.describe(`${EXECUTIONS}retrain:nope`)).toBeUndefined();
    expect(sent).toHaveLength(1);
    expect(
      await pipelines.describe('arn:aws:states:eu-west-1:111122223333:execution:other:x'),
    ).toBeUndefined();
    expect(await pipelines.describe('nonsense')).toBeUndefined();
    expect(sent).toHaveLength(1);
  });
});

test('list describes the newest executions up to the limit, across pages', async () => {
  const ids = ['c', 'b', 'a'].map((name) => `${EXECUTIONS}retrain:${name}`);
  const { sent, pipelines } = open((command) => {
    if (command instanceof ListExecutionsCommand) {
      const from = command.input.nextToken ? 2 : 0;
      const executions = ids.slice(from, from + 2).map((executionArn) => ({ executionArn }));
      return from === 0 ? { executions, nextToken: 'more' } : { executions };
    }
    return description((command as DescribeExecutionCommand).input.executionArn!);
  });
  expect((await pipelines.list('retrain')).map((execution) => execution.id)).toEqual(ids);
  expect((await pipelines.list('retrain', 2)).map((execution) => execution.id)).toEqual(ids.slice(0, 2));
  const first = sent.find((command) => command instanceof ListExecutionsCommand)!;
  expect(first.input).toMatchObject({ stateMachineArn: `${MACHINES}retrain` });
});

describe('signal', () => {
  test('answers the waiting task with its output or its failure', async () => {
    const { sent, pipelines } = open(() => ({}));
    await pipelines.signal('token', { ok: true, output: { approved: true } });
    await pipelines.signal('token', { ok: false, error: 'Rejected', cause: 'x'.repeat(40_000) });
    expect(sent[0]).toBeInstanceOf(SendTaskSuccessCommand);
    expect(sent[0]!.input).toEqual({ taskToken: 'token', output: '{"approved":true}' });
    expect(sent[1]).toBeInstanceOf(SendTaskFailureCommand);
    expect(sent[1]!.input).toEqual({ taskToken: 'token', error: 'Rejected', cause: 'x'.repeat(32_768) });
  });

  test('of a task that waits no more is a named error', async () => {
    const { pipelines } = open(() => {
      throw new TaskTimedOut({ $metadata, message: 'gone' });
    });
    await expect(pipelines.signal('token', { ok: true, output: null })).rejects.toThrow(TaskNotWaitingError);
  });
});

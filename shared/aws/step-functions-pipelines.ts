/** Pipelines on Step Functions: starts, shows and answers the retrain state machine on AWS. */
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  InvalidArn,
  InvalidToken,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { Json } from '../json.ts';
import { TaskNotWaitingError } from '../ports/errors.ts';
import type { Execution, ExecutionStatus, Pipelines, StageRecord } from '../ports/pipelines.ts';
import { readStages } from './execution-stages.ts';

export interface StepFunctionsPipelinesOptions {
  readonly client: SFNClient;
  /** What stands before a machine's name: `arn:aws:states:{region}:{account}:stateMachine:` and the stage's prefix, if any. */
  readonly machineArnPrefix: string;
  /** Unix milliseconds; `Date.now` unless told. */
  readonly now?: () => number;
}

const DEFAULT_LIST_LIMIT = 20;
/** How far the service's clock may lag behind ours before a fresh start looks like an old one. */
const CLOCK_TOLERANCE_MS = 2000;

/**
 * The {@link Pipelines} of the AWS and local-cloud deployments; an execution's id is its ARN, as in `$$.Execution.Id`.
 * Step Functions answers a repeated start of a *running* execution like the first one, so `started` is read off the start date:
 * two starts within two seconds of each other may both claim it. There is one execution in any case.
 *
 * @example
 * const pipelines = createStepFunctionsPipelines({
 *   client: new SFNClient({}),
 *   machineArnPrefix: 'arn:aws:states:eu-west-1:111122223333:stateMachine:tidemark-',
 * });
 * await pipelines.start('retrain', 'churn-2026-01-05', { model: 'churn' }); // {id: 'arn:…', started: true}
 */
export function createStepFunctionsPipelines(options: StepFunctionsPipelinesOptions): Pipelines {
  return new StepFunctionsPipelines(options);
}

class StepFunctionsPipelines implements Pipelines {
  private readonly client: SFNClient;
  private readonly machinePrefix: string;
  private readonly executionPrefix: string;
  private readonly now: () => number;

  constructor({ client, machineArnPrefix, now = Date.now }: StepFunctionsPipelinesOptions) {
    this.client = client;
    this.machinePrefix = machineArnPrefix;
    this.executionPrefix = machineArnPrefix.replace(':stateMachine:', ':execution:');
    this.now = now;
  }

  async start(machine: string, name: string, input: Json) {
    const askedAt = this.now();
    try {
      const { executionArn, startDate } = await this.client.send(
        new StartExecutionCommand({
          stateMachineArn: this.machinePrefix + machine,
          name,
          input: JSON.stringify(input),
        }),
      );
      return { id: executionArn!, started: startDate!.getTime() >= askedAt - CLOCK_TOLERANCE_MS };
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
      return { id: `${this.executionPrefix}${machine}:${name}`, started: false };
    }
  }

  async describe(id: string): Promise<Execution | undefined> {
    if (!id.startsWith(this.executionPrefix)) return undefined;
    try {
      const description = await this.client.send(new DescribeExecutionCommand({ executionArn: id }));
      const history = await this.history(id);
      return this.toExecution(description, readStages(history, description.stopDate?.getTime()));
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist || error instanceof InvalidArn) return undefined;
      throw error;
    }
  }

  async list(machine: string, limit = DEFAULT_LIST_LIMIT): Promise<readonly Execution[]> {
    const ids = await this.newestIds(this.machinePrefix + machine, limit);
    return await Promise.all(
      ids.map(async (executionArn) =>
        this.toExecution(await this.client.send(new DescribeExecutionCommand({ executionArn })), []),
      ),
    );
  }

  async signal(token: string, outcome: Parameters<Pipelines['signal']>[1]): Promise<void> {
    const command = outcome.ok
      ? new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(outcome.output) })
      : new SendTaskFailureCommand({
          taskToken: token,
          error: outcome.error.slice(0, 256),
          cause: outcome.cause.slice(0, 32_768),
        });
    try {
      await this.client.send(command as SendTaskSuccessCommand);
    } catch (cause) {
      const isGone =
        cause instanceof TaskTimedOut || cause instanceof TaskDoesNotExist || cause instanceof InvalidToken;
      if (!isGone) throw cause;
      throw new TaskNotWaitingError(`no task waits for token ${token.slice(0, 40)}…: ${cause.name}`, {
        cause,
      });
    }
  }

  private async history(executionArn: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page: { events?: HistoryEvent[] | undefined; nextToken?: string | undefined } =
        await this.client.send(
          new GetExecutionHistoryCommand({
            executionArn,
            maxResults: 1000,
            includeExecutionData: false,
            ...(nextToken ? { nextToken } : {}),
          }),
        );
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    return events;
  }

  private async newestIds(stateMachineArn: string, limit: number): Promise<string[]> {
    const ids: string[] = [];
    let nextToken: string | undefined;
    do {
      const page: {
        executions?: { executionArn?: string | undefined }[] | undefined;
        nextToken?: string | undefined;
      } = await this.client.send(
        new ListExecutionsCommand({
          stateMachineArn,
          maxResults: Math.min(limit - ids.length, 1000),
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      for (const { executionArn } of page.executions ?? []) ids.push(executionArn!);
      nextToken = page.nextToken;
    } while (nextToken && ids.length < limit);
    return ids;
  }

  private toExecution(from: DescribeExecutionCommandOutput, stages: readonly StageRecord[]): Execution {
    const { output, stopDate, error, cause } = from;
    return {
      id: from.executionArn!,
      machine: from.stateMachineArn!.slice(this.machinePrefix.length),
      status: statusOf(from),
      startedAt: from.startDate!.getTime(),
      ...(stopDate ? { endedAt: stopDate.getTime() } : {}),
      input: JSON.parse(from.input ?? '{}') as Json,
      ...(output ? { output: JSON.parse(output) as Json } : {}),
      ...(error === undefined && cause === undefined
        ? {}
        : { error: { name: error ?? '', cause: cause ?? '' } }),
      stages,
    };
  }
}

/** A redrive that is about to run counts as running. */
function statusOf({ status }: DescribeExecutionCommandOutput): ExecutionStatus {
  return status === undefined || status === 'PENDING_REDRIVE' ? 'RUNNING' : status;
}

/** What a deployment calls its stacks, functions and queues: made by `cdk`, found by `tidemark replay --stage`. */
import type { FunctionName, MachineName } from './surface.ts';

/** `tidemark-dev-data` */
export const stackName = (stage: string, part: string) => `tidemark-${stage}-${part}`;
/** Without a name: the prefix all of them have. */
export const functionName = (stage: string, name: FunctionName | '') => `tidemark-${stage}-${name}`;
/** Without a name: the prefix all of them have. */
export const machineName = (stage: string, name: MachineName | '') => `tidemark-${stage}-${name}`;

/** The stacks that run something. */
export type StackPart = 'serving' | 'monitoring' | 'retrain';

export const deadLettersName = (stage: string, part: StackPart) => stackName(stage, `${part}-dead-letters`);

/** CloudWatch's, of a function. */
export const logGroupName = (stage: string, name: FunctionName) => `/aws/lambda/${functionName(stage, name)}`;

/**
 * Object prefix under which Lambda itself files the stream batches it gave up on. Lambda chooses it; it cannot be configured.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export const failedBatchesPrefix = 'aws/lambda/';

/** The key that what is about a person is tokenised with: a secret under the stage's prefix, a file of a data directory. */
export const piiKeyName = 'pii-key';

/** Header of every answer: the id by which its user can ask about it, and its log lines are found. */
export const requestIdHeader = 'tidemark-request-id';

/** Before the key of a filed batch: the note that it was handed back. */
export const replayedPrefix = 'replayed/';

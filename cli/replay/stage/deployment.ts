/** A deployed stage, found by the outputs of its data stack, with the caller's own credentials. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { machineName, stackName } from '#shared/api/names.ts';
import { createDynamoTable } from '#shared/aws/dynamodb-table.ts';
import { createS3Objects } from '#shared/aws/s3-objects.ts';
import { createStepFunctionsPipelines } from '#shared/aws/step-functions-pipelines.ts';
import { invokerOf } from './aws-invoke.ts';
import { spoolLinesOf } from './aws-logs.ts';
import { deadLetterQueues } from './aws-queues.ts';
import type { Deployment } from './ports.ts';

/** The deployment cannot be found or may not be used; the message says what to do. */
class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
}

export interface DeploymentOptions {
  readonly stage: string;
  /** That of the environment or the profile, unless told. */
  readonly region?: string;
  /** An emulator on this computer. */
  readonly endpointUrl?: string;
}

/**
 * Throws {@link DeploymentError}. The account and partition are those of the stack.
 *
 * @example (await openDeployment({ stage: 'dev', region: 'eu-west-1' })).deadLetters()
 */
export async function openDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { stage } = options;
  const config = clientConfig(options);
  const { id, outputs } = await findDataStack(new CloudFormationClient(config), options);
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value === undefined)
      throw new DeploymentError(
        `stack ${stackName(stage, 'data')} has no output ${name}: was Tidemark deployed there`,
      );
    return value;
  };
  const dynamo = new DynamoDBClient(config);
  const table = (name: string) => createDynamoTable({ client: dynamo, tableName: output(name) });
  const [, partition, , region, account] = id.split(':');
  return {
    stage,
    predictions: table('PredictionsTable'),
    state: table('StateTable'),
    objects: createS3Objects({
      client: new S3Client({ ...config, forcePathStyle: options.endpointUrl !== undefined }),
      bucket: output('Bucket'),
    }),
    pipelines: createStepFunctionsPipelines({
      client: new SFNClient(config),
      machineArnPrefix: `arn:${partition}:states:${region}:${account}:stateMachine:${machineName(stage, '')}`,
    }),
    invoke: invokerOf(new LambdaClient(config), stage),
    deadLetters: () => deadLetterQueues(new SQSClient(config), stage),
    spoolLines: spoolLinesOf(new CloudWatchLogsClient(config), stage),
  };
}

/** An emulator gets neither the credentials nor the region of the caller. */
function clientConfig({ region, endpointUrl }: DeploymentOptions) {
  const requestHandler = { connectionTimeout: 5000 };
  if (endpointUrl !== undefined)
    return {
      requestHandler,
      endpoint: endpointUrl,
      region: region ?? 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
  const named = region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  return { requestHandler, ...(named === undefined ? {} : { region: named }) };
}

async function findDataStack(client: CloudFormationClient, options: DeploymentOptions) {
  const name = stackName(options.stage, 'data');
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    const stack = Stacks?.[0];
    if (!stack?.StackId) throw new DeploymentError(`there is no stack ${name}`);
    const outputs = new Map((stack.Outputs ?? []).map((one) => [one.OutputKey!, one.OutputValue!]));
    return { id: stack.StackId, outputs };
  } catch (error) {
    if (error instanceof DeploymentError) throw error;
    throw new DeploymentError(await reasonFor(error as Error, client, options), { cause: error });
  }
}

async function reasonFor(
  error: Error & { readonly code?: string },
  client: CloudFormationClient,
  { stage, endpointUrl }: DeploymentOptions,
): Promise<string> {
  const { name, message } = error;
  if (/region is missing/i.test(message)) return 'no region is known: give --region, or set AWS_REGION';
  if (name === 'CredentialsProviderError')
    return `no AWS credentials were found (${message}): sign in, for instance with aws sso login, or set AWS_PROFILE`;
  const place = endpointUrl ?? (await client.config.region());
  if (/does not exist/.test(message))
    return `there is no stack ${stackName(stage, 'data')} in ${place}: was stage ${stage} deployed there; --stage and --region say where to look`;
  if (/ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch/.test(name))
    return `AWS does not take the credentials: ${message}`;
  if (/AccessDenied/.test(name)) return `these credentials may not be used for it: ${message}`;
  if (error.code !== undefined || name === 'TimeoutError')
    return `CloudFormation does not answer in ${place}: ${message || error.code}`;
  return `stack ${stackName(stage, 'data')} cannot be read: ${name}: ${message}`;
}

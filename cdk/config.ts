// Every knob of a deployment, per stage. `cdk deploy -c stage=prod` picks the column; nothing else differs between stages.
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Auth, FunctionName } from '#shared/api/surface.ts';

export const stageNames = ['local', 'dev', 'prod'] as const;
export type StageName = (typeof stageNames)[number];

const architectures = ['x86_64', 'arm64'] as const;
export type ArchitectureName = (typeof architectures)[number];

export interface StageConfig {
  readonly stage: StageName;

  /** Length of one granule of stream time, in milliseconds. Changing it restarts every window series. @default 300000 */
  readonly granuleMs: number;
  /** How long a granule stays open after its end for stragglers of the stream, in milliseconds. @default the functions' own, 120000 */
  readonly granuleGraceMs?: number;
  /** How old a warm predictor's view of the champion may get, in milliseconds. @default the functions' own, 30000 */
  readonly pointerTtlMs?: number;

  /** Least severe line that reaches CloudWatch. A prediction that could not be stored is a `warn` line: keep at least that. @default 'info' */
  readonly logLevel: 'debug' | 'info' | 'warn';
  /** How long CloudWatch keeps the logs of functions, API and state machine. @default one month */
  readonly logRetention: RetentionDays;

  /** CPU of every function. `arm64` costs a fifth less; `x86_64` runs in every emulator. `-c architecture=` overrides. @default 'x86_64' */
  readonly architecture: ArchitectureName;
  /** Memory in MB of a function, where the one in `surface.ts` does not fit; 3008 is the most a new account grants. @default {} */
  readonly memoryMb: Readonly<Partial<Record<FunctionName, number>>>;

  /** How each kind of route is authorised: SigV4 (`iam`) or not at all (`none`). @default 'iam', routes marked `open` 'none' */
  readonly auth: Readonly<Record<Auth, 'iam' | 'none'>>;
  /** Client and operator routes also want an API key, so that each caller has limits of its own. Keys are issued outside the template. @default false */
  readonly requireApiKey: boolean;
  /** Requests per second, and the burst above it, per method and (with keys) per caller. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /** Sets the account-wide role API Gateway logs with; one stack per account and region is enough. @default true */
  readonly apiAccountRole: boolean;

  /** What happens to tables and bucket when the stack goes. @default 'retain' */
  readonly removal: 'retain' | 'destroy';
  /** On removal, deletes every object first (a CloudFormation custom resource); without it a bucket in use survives `cdk destroy`. @default false */
  readonly emptyBucketOnDestroy: boolean;
  /** Refuses `cdk destroy` on the stack that holds the data. @default true */
  readonly terminationProtection: boolean;
  /** A second bucket that records who touched the first. @default true */
  readonly bucketAccessLogs: boolean;
  /** Days until an object expires, by key prefix; a prefix that is not here never expires. */
  readonly retentionDays: Readonly<Record<string, number>>;

  readonly training: {
    /**
     * Image of the training container in ECR, for snapshots too large for a function; without one they are trained in the
     * function all the same. `-c trainingImage=` sets it. @default none
     */
    readonly image?: string;
    /** SageMaker's name of the machine. @default 'ml.m5.2xlarge' */
    readonly instanceType: string;
  };

  /**
   * Puts the function that reads SQL sources into a VPC, where the database is; no other function ever is. Its subnets need a
   * way to S3, DynamoDB and Secrets Manager (endpoints or NAT). `-c ingestSubnets=… -c ingestSecurityGroups=…`, comma-separated. @default none
   */
  readonly ingestNetwork?: {
    readonly subnetIds: readonly string[];
    readonly securityGroupIds: readonly string[];
  };

  readonly capture: {
    /** Seconds a batch waits to fill up to 1000 records. @default 60 */
    readonly windowSeconds: number;
    /** Tries again this often; the shard waits meanwhile. @default 10 */
    readonly retryAttempts: number;
    /** Gives up on records older than this; the stream itself keeps 24. @default 6 */
    readonly maxRecordAgeHours: number;
    /** Where a batch goes that never succeeded: `s3` keeps the records, `sqs` only a pointer. @default 's3' */
    readonly onFailure: 's3' | 'sqs';
  };
}

/**
 * Object prefix under which Lambda itself files the stream batches it gave up on. Lambda chooses it; it cannot be configured.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export const failedBatchesPrefix = 'aws/lambda/';

const prod: StageConfig = {
  stage: 'prod',
  granuleMs: 300_000,
  logLevel: 'info',
  logRetention: RetentionDays.ONE_MONTH,
  architecture: 'x86_64',
  memoryMb: {},
  auth: { client: 'iam', operator: 'iam', browser: 'iam', open: 'none' },
  requireApiKey: false,
  throttle: { rate: 200, burst: 400 },
  apiAccountRole: true,
  removal: 'retain',
  emptyBucketOnDestroy: false,
  terminationProtection: true,
  bucketAccessLogs: true,
  retentionDays: {
    'archive/': 400,
    'partials/': 14,
    'granules/': 400,
    'reports/': 730,
    'runs/': 180,
    'uploads/': 7,
    'quarantine/': 90,
    'failures/': 90,
    [failedBatchesPrefix]: 90,
  },
  training: { instanceType: 'ml.m5.2xlarge' },
  capture: { windowSeconds: 60, retryAttempts: 10, maxRecordAgeHours: 6, onFailure: 's3' },
};

const dev: StageConfig = {
  ...prod,
  stage: 'dev',
  logLevel: 'debug',
  logRetention: RetentionDays.ONE_WEEK,
  throttle: { rate: 50, burst: 100 },
  removal: 'destroy',
  emptyBucketOnDestroy: true,
  terminationProtection: false,
  retentionDays: {
    'archive/': 90,
    'partials/': 7,
    'granules/': 90,
    'reports/': 90,
    'runs/': 30,
    'uploads/': 7,
    'quarantine/': 30,
    'failures/': 30,
    [failedBatchesPrefix]: 30,
  },
};

/** For an emulator on this computer: no IAM (it has no callers to tell apart), no custom resources, and no waiting. */
const local: StageConfig = {
  ...dev,
  stage: 'local',
  granuleMs: 2000,
  granuleGraceMs: 4000,
  pointerTtlMs: 1000,
  architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  auth: { client: 'none', operator: 'none', browser: 'none', open: 'none' },
  apiAccountRole: false,
  emptyBucketOnDestroy: false,
  bucketAccessLogs: false,
  capture: { windowSeconds: 1, retryAttempts: 3, maxRecordAgeHours: 1, onFailure: 'sqs' },
};

const stages: Readonly<Record<StageName, StageConfig>> = { local, dev, prod };

export class UnknownContextValueError extends Error {
  override readonly name = 'UnknownContextValueError';
}

function oneOf<T extends string>(key: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined)
    throw new UnknownContextValueError(
      `unknown ${key} ${JSON.stringify(value)}: want ${allowed.join(', ')} (cdk … -c ${key}=${allowed[0]})`,
    );
  return found;
}

function ingestNetwork(context: (key: string) => unknown): StageConfig['ingestNetwork'] {
  const list = (key: string, pattern: RegExp): readonly string[] => {
    const names = String(context(key) ?? '')
      .split(',')
      .filter((name) => name !== '');
    const wrong = names.find((name) => !pattern.test(name));
    if (wrong !== undefined)
      throw new UnknownContextValueError(
        `unknown ${key} ${JSON.stringify(wrong)}: want ${pattern.source}, comma-separated`,
      );
    return names;
  };
  const subnetIds = list('ingestSubnets', /^subnet-[0-9a-f]{8,17}$/);
  const securityGroupIds = list('ingestSecurityGroups', /^sg-[0-9a-f]{8,17}$/);
  if (subnetIds.length > 0 !== securityGroupIds.length > 0)
    throw new UnknownContextValueError('ingestSubnets and ingestSecurityGroups are wanted together');
  return subnetIds.length > 0 ? { subnetIds, securityGroupIds } : undefined;
}

/**
 * The configuration the context asks for: `stage` (dev unless told), `architecture` and `trainingImage` (the stage's unless told).
 *
 * @param context reads one key of the CDK context
 * @throws {UnknownContextValueError} for a value that is not allowed
 * @example stageConfig((key) => (key === 'stage' ? 'prod' : undefined)).removal // 'retain'
 */
export function stageConfig(context: (key: string) => unknown): StageConfig {
  const config = stages[oneOf('stage', context('stage') ?? 'dev', stageNames)];
  const architecture = oneOf('architecture', context('architecture') ?? config.architecture, architectures);
  const image = context('trainingImage');
  if (image !== undefined && typeof image !== 'string')
    throw new UnknownContextValueError(
      `unknown trainingImage ${JSON.stringify(image)}: want the name of an image`,
    );
  const network = ingestNetwork(context);
  return {
    ...config,
    ...(network ? { ingestNetwork: network } : {}),
    architecture,
    training: { ...config.training, ...(image === undefined ? {} : { image }) },
  };
}

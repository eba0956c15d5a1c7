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

  /**
   * Whether X-Ray records requests: `active` samples those that come in, `passThrough` records only what a caller already
   * traces, which the API does not hand on. Where little is asked, tracing is a third of the bill. @default 'active' in prod, else 'passThrough'
   */
  readonly tracing: 'active' | 'passThrough';
  /** CloudWatch figures of each API method beside those of the whole API: about five more metrics a method in use, charged each. @default true in prod */
  readonly detailedApiMetrics: boolean;

  /**
   * Alarms on what runs, all to one topic: `essential` watches what is shared (tick, stream, dead letters, retrain runs, API), `all`
   * also each function's errors, throttles and duration. Every alarm is charged by the month. @default 'all' in prod, 'essential' in dev, 'none' locally
   */
  readonly alarms: 'none' | 'essential' | 'all';
  /** Who gets the alarms by mail, after confirming; without one, subscribe to the topic yourself. `-c alarmEmail=` sets it. @default none */
  readonly alarmEmail?: string;
  /**
   * What the account may cost in a month; the topic hears of 80 %, of 100 %, and of a forecast above it. It counts the whole account: a
   * share by tag needs a cost allocation tag that only the payer can switch on. `-c monthlyBudgetUsd=` sets it. @default none
   */
  readonly monthlyBudgetUsd?: number;

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

  /**
   * Under whose key tables, bucket, queues, logs and the alarm topic lie: `customer` makes one in the account, which rotates and is
   * kept with the data, so that leave to read a table alone opens nothing; `managed` leaves them under keys of AWS. @default 'customer' in prod, else 'managed'
   */
  readonly encryption: 'customer' | 'managed';
  /** What happens to tables, bucket and key when the stack goes. @default 'retain' */
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
  tracing: 'active',
  detailedApiMetrics: true,
  alarms: 'all',
  architecture: 'x86_64',
  memoryMb: {},
  auth: { client: 'iam', operator: 'iam', browser: 'iam', open: 'none' },
  requireApiKey: false,
  throttle: { rate: 200, burst: 400 },
  apiAccountRole: true,
  encryption: 'customer',
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
  tracing: 'passThrough',
  detailedApiMetrics: false,
  alarms: 'essential',
  throttle: { rate: 50, burst: 100 },
  encryption: 'managed',
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

/** For an emulator on this computer: no IAM (it has no callers to tell apart), no custom resources, no alarms, and no waiting. */
const local: StageConfig = {
  ...dev,
  stage: 'local',
  granuleMs: 2000,
  granuleGraceMs: 6000,
  pointerTtlMs: 1000,
  alarms: 'none',
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

/** An emulator sends no mail and no bill: asking for either is a mistake about the stage. */
function refuseLocally(key: string, { stage }: StageConfig): void {
  if (stage === 'local')
    throw new UnknownContextValueError(`${key} is given for stage local: want stage dev or prod`);
}

function alarmEmail(value: unknown, config: StageConfig): string | undefined {
  if (value === undefined) return config.alarmEmail;
  refuseLocally('alarmEmail', config);
  if (typeof value !== 'string' || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))
    throw new UnknownContextValueError(
      `unknown alarmEmail ${JSON.stringify(value)}: want one address, name@example.com`,
    );
  return value;
}

function monthlyBudgetUsd(value: unknown, config: StageConfig): number | undefined {
  if (value === undefined) return config.monthlyBudgetUsd;
  refuseLocally('monthlyBudgetUsd', config);
  const usd = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof usd !== 'number' || !Number.isFinite(usd) || usd < 1)
    throw new UnknownContextValueError(
      `unknown monthlyBudgetUsd ${JSON.stringify(value)}: want a number of dollars, at least 1`,
    );
  return usd;
}

/**
 * The configuration the context asks for: `stage` (dev unless told); `architecture`, `trainingImage`, `ingestSubnets` with
 * `ingestSecurityGroups`, `alarmEmail` and `monthlyBudgetUsd` (the stage's unless told).
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
  const email = alarmEmail(context('alarmEmail'), config);
  const budget = monthlyBudgetUsd(context('monthlyBudgetUsd'), config);
  return {
    ...config,
    ...(network ? { ingestNetwork: network } : {}),
    ...(email === undefined ? {} : { alarmEmail: email }),
    ...(budget === undefined ? {} : { monthlyBudgetUsd: budget }),
    architecture,
    training: { ...config.training, ...(image === undefined ? {} : { image }) },
  };
}

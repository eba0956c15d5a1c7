// Every knob of a deployment, per stage. `cdk deploy -c stage=prod` picks the column; nothing else differs between stages.
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { failedBatchesPrefix, replayedPrefix } from '#shared/api/names.ts';
import type { Auth, FunctionName } from '#shared/api/surface.ts';
import type { AlertsKnob } from './alerts-config.ts';
import type { Concurrency } from './concurrency.ts';
import type { AlertingName, GrafanaSignIn } from './grafana-config.ts';
import type { OidcKnob } from './oidc-config.ts';
import type { TagMap } from './tags.ts';

export const stageNames = ['local', 'dev', 'prod'] as const;
export type StageName = (typeof stageNames)[number];

export const architectures = ['x86_64', 'arm64'] as const;
export type ArchitectureName = (typeof architectures)[number];

export const fronts = ['rest', 'http'] as const;
export const tracings = ['active', 'passThrough'] as const;
export const rollouts = ['none', 'allAtOnce', 'canary', 'linear'] as const;

export interface StageConfig {
  readonly stage: StageName;

  /** Length of one granule of stream time, in milliseconds. Changing it restarts every window series. @default 300000 */
  readonly granuleMs: number;
  /** How long a granule stays open after its end for stragglers of the stream, in milliseconds. @default the functions' own, 90000 */
  readonly granuleGraceMs?: number;
  /** How old a warm predictor's view of the champion may get, in milliseconds. @default the functions' own, 30000 */
  readonly pointerTtlMs?: number;

  /** Least severe line that reaches CloudWatch. A prediction that could not be stored is a `warn` line: keep at least that. @default 'info' */
  readonly logLevel: 'debug' | 'info' | 'warn';
  /** How long CloudWatch keeps the logs of functions, API and state machine. @default one month */
  readonly logRetention: RetentionDays;

  /**
   * Whether X-Ray records requests: `active` samples those that come in, `passThrough` records only what a caller already
   * traces, which the API does not hand on. Where little is asked, tracing is a third of the bill. `-c tracing=` overrides.
   * @default 'active' in prod, else 'passThrough'
   */
  readonly tracing: (typeof tracings)[number];
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

  /**
   * Where metrics are sent every minute: `amp` makes a workspace of Managed Prometheus, charged by the sample ($0.15 a month and model of 50
   * features); `none` leaves them to whoever scrapes `/metrics`. `-c prometheus=` overrides. @default 'amp'; 'none' locally
   */
  readonly prometheus: 'none' | 'amp';
  /**
   * Another receiver of remote write than AMP, with `prometheus: 'none'`; what it asks for lies in the secrets
   * `tidemark/<stage>/remote-write-bearer-token` or `…/remote-write-basic-auth`. `-c remoteWriteUrl=` sets it. @default none
   */
  readonly remoteWriteUrl?: string;
  /**
   * Injects a drift into a model of Tidemark's own every day, and tells people when the alert about it did not arrive: about $1 a
   * month with all alarms. `-c canary=true` overrides. @default true in prod with Managed Prometheus, else false
   */
  readonly canary: boolean;
  /** Where links in alerts lead, and PagerDuty without our function; `-c alerts=` sets it, as JSON. @default links of `tidemark console` */
  readonly alerts?: AlertsKnob;

  /**
   * A Managed Grafana workspace over the stage's metrics, charged by active user. `-c grafana=identityCenter`, or `-c grafana=saml
   * -c grafanaSamlMetadata=https://… -c grafanaSamlAdmins=a,b` (and `-c grafanaSamlRole=`, the attribute, 'role' unless told). Without an
   * Identity Center in the organisation the former cannot be deployed. @default none
   */
  readonly grafana?: GrafanaSignIn;
  /**
   * Who tells people of alerts: the alert manager of Managed Prometheus, or Managed Grafana, which needs `grafana`. The other set is there
   * and silent, so that nobody is paged twice. `-c alerting=` overrides. @default 'amp'
   */
  readonly alerting: AlertingName;

  /** CPU of every function. `arm64` costs a fifth less; `x86_64` runs in every emulator. `-c architecture=` overrides. @default 'x86_64' */
  readonly architecture: ArchitectureName;
  /** Memory in MB of a function, where the one in `surface.ts` does not fit; 3008 is the most a new account grants. @default {} */
  readonly memoryMb: Readonly<Partial<Record<FunctionName, number>>>;

  /**
   * What stands before the functions: `rest` checks bodies before a function is paid for, knows API keys and traces; `http` costs 71 %
   * less a request and does none of these. Switching gives the API another address. `-c front=` overrides. @default 'rest'
   */
  readonly front: (typeof fronts)[number];
  /**
   * How new code of the functions with `canary` in surface.ts takes over: `canary` gives it a tenth of the calls for 5 minutes, `linear` a
   * tenth more each minute, and both give all of them back to the old code when an alarm goes off; `allAtOnce` moves the alias at once;
   * `none` makes no alias. `-c rollout=` overrides, as for a fix that cannot wait.
   * @default 'canary' in prod; 'allAtOnce' in dev, where a deployment is to be seen at once; 'none' locally, where there is no CodeDeploy
   */
  readonly rollout: (typeof rollouts)[number];
  /**
   * Instances kept warm, by function with `canary`: no cold starts up to that many calls at once, paid for by the hour whether called or
   * not. `-c provisionedConcurrency='{"predict":2}'` overrides. @default {}
   */
  readonly provisionedConcurrency: Concurrency;
  /**
   * The most instances of a function, set aside for it alone. A new account has too few in all to set any aside, so it
   * refuses any. `-c reservedConcurrency='{"predict":50}'` overrides. @default {}
   */
  readonly reservedConcurrency: Concurrency;

  /** How each kind of route is authorised: SigV4 (`iam`) or not at all (`none`). @default 'iam', routes marked `open` 'none' */
  readonly auth: Readonly<Record<Auth, 'iam' | 'none'>> & {
    /** Browser routes are for people who sign in with this provider, instead; `-c oidc=` sets it, as JSON. @default none */
    readonly oidc?: OidcKnob;
  };
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
  /**
   * A deployment brings stored items to the form its functions read, and is refused over those of a newer Tidemark (a CloudFormation custom
   * resource). @default true; false locally, where every deployment is to an empty cloud
   */
  readonly migrateStored: boolean;
  /** Tags of every resource beside `project` and `stage`. `-c tags='{"cost-center":"4711"}'` overrides. @default {} */
  readonly tags: TagMap;
  /**
   * A key in Secrets Manager with which features marked `pii` are tokenised ($0.40 a month); without it a model that has some is refused.
   * It is kept with the data. `-c pii=true` overrides. @default true in prod, else false
   */
  readonly pii: boolean;
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

const prod: StageConfig = {
  stage: 'prod',
  granuleMs: 300_000,
  logLevel: 'info',
  logRetention: RetentionDays.ONE_MONTH,
  tracing: 'active',
  detailedApiMetrics: true,
  alarms: 'all',
  prometheus: 'amp',
  canary: true,
  alerting: 'amp',
  architecture: 'x86_64',
  memoryMb: {},
  front: 'rest',
  rollout: 'canary',
  provisionedConcurrency: {},
  reservedConcurrency: {},
  tags: {},
  auth: { client: 'iam', operator: 'iam', browser: 'iam', open: 'none' },
  requireApiKey: false,
  throttle: { rate: 200, burst: 400 },
  apiAccountRole: true,
  encryption: 'customer',
  pii: true,
  migrateStored: true,
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
    // As long as what they are about.
    [replayedPrefix]: 90,
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
  canary: false,
  rollout: 'allAtOnce',
  throttle: { rate: 50, burst: 100 },
  encryption: 'managed',
  pii: false,
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
    [replayedPrefix]: 30,
  },
};

/** For an emulator on this computer: no IAM (it has no callers to tell apart), no custom resources, no alarms, no CodeDeploy, and no waiting. */
const local: StageConfig = {
  ...dev,
  stage: 'local',
  granuleMs: 2000,
  granuleGraceMs: 6000,
  pointerTtlMs: 1000,
  alarms: 'none',
  prometheus: 'none',
  rollout: 'none',
  architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  auth: { client: 'none', operator: 'none', browser: 'none', open: 'none' },
  apiAccountRole: false,
  migrateStored: false,
  emptyBucketOnDestroy: false,
  bucketAccessLogs: false,
  capture: { windowSeconds: 1, retryAttempts: 3, maxRecordAgeHours: 1, onFailure: 'sqs' },
};

export const stages: Readonly<Record<StageName, StageConfig>> = { local, dev, prod };

// What is watched, as data: one entry per alarm, each saying in words what it means and what to do first.
import {
  type FunctionName,
  type FunctionSpec,
  functions,
  type MachineName,
  machines,
  schedules,
  subscriptions,
} from '#shared/api/surface.ts';
import { canaryMissedAlarm } from '#shared/canary/names.ts';
import { type TelemetryName, telemetryNamespace } from '#shared/telemetry/telemetry.ts';
import type { StageConfig } from '../config.ts';
import {
  apiName,
  constructId,
  deadLettersName,
  functionName,
  logGroupName,
  machineName,
  type StackPart,
} from '../names.ts';

/** A dimension's value that holds an ARN is completed where the alarm is made: `machine` stands for the ARN of a state machine. */
interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string | { readonly machine: string }>>;
  readonly statistic: 'Average' | 'Maximum' | 'Sum';
}

export interface AlarmSpec {
  /** The construct's id; changing it replaces the alarm. */
  readonly id: string;
  /** After `tidemark-<stage>-`. */
  readonly name: string;
  /** What it means, and the first step. */
  readonly description: string;
  readonly metric: Metric;
  readonly minutes: number;
  /** So many of the last so many periods. */
  readonly of: readonly [breaching: number, periods: number];
  readonly when: '>' | '<';
  readonly threshold: number;
  /** What a period without data counts as: `ignore` keeps the alarm as it was. */
  readonly missing: 'breaching' | 'notBreaching' | 'ignore';
}

/** Of its timeout, above which a function is about to be ended. */
const DURATION_SHARE = 0.8;
/** An API that fails more often than this is not one that meets a bad request now and then. */
const API_ERROR_SHARE = 0.01;
/** The capture waits a minute for a batch; ten minutes are no longer waiting. */
const ITERATOR_AGE_MINUTES = 10;
/** Ticks come every minute: that many missed in a row are no hiccup. */
const SILENCE_MINUTES = 10;

/** A day, the six hours in which a drift that could not be injected may be repeated, and two of slack. */
const CANARY_HOURS = 32;

/** All alarms of a stage: none, what is shared, or that and each function. */
export function alarmList(config: StageConfig): readonly AlarmSpec[] {
  if (config.alarms === 'none') return [];
  const shared = [
    ...schedules
      .filter(({ everyMinutes }) => everyMinutes < SILENCE_MINUTES)
      .map(({ handler }) => silence(config, handler)),
    ...(config.canary ? [canaryUnnoticed(config)] : []),
    iteratorAge(config),
    undelivered(config, 'capture', ' unless the stream still has it (24 h)'),
    ...deadLetters(config),
    ...(Object.keys(machines) as MachineName[]).flatMap((name) => executions(config, name)),
    ...(config.front === 'rest' ? [restApiErrors(config)] : []),
  ];
  if (config.alarms === 'essential') return shared;
  return [
    ...shared,
    ...[...asynchronous].filter((name) => isWatched(config, name)).map((name) => undelivered(config, name)),
    ...losses(config),
    ...(Object.keys(functions) as FunctionName[])
      .filter((name) => isWatched(config, name))
      .flatMap((name) => functionAlarms(config, name)),
  ];
}

/** Not what a deployment runs, which sees for itself how it ends, nor what is not there: the guard of no door, a canary that is off. */
function isWatched({ auth, canary }: StageConfig, name: FunctionName): boolean {
  if ((functions[name] as FunctionSpec).onDeploy) return false;
  if (name === 'canary') return canary;
  return name !== 'authorize' || auth.oidc !== undefined;
}

const once = { minutes: 5, of: [1, 1], when: '>', threshold: 0, missing: 'notBreaching' } as const;

function ofFunction(
  { stage }: StageConfig,
  name: FunctionName,
  metric: string,
  statistic: Metric['statistic'],
): Metric {
  const dimensions = { FunctionName: functionName(stage, name) };
  return { namespace: 'AWS/Lambda', name: metric, dimensions, statistic };
}

const logsOf = ({ stage }: StageConfig, name: FunctionName) => logGroupName(stage, name);

const capitalised = (word: string) => word[0]!.toUpperCase() + word.slice(1);

/** Without calls there is no data, and nothing wrong. */
function functionAlarms(config: StageConfig, name: FunctionName): readonly AlarmSpec[] {
  const id = constructId(name);
  const { timeoutSeconds } = functions[name];
  const errors: AlarmSpec = {
    ...once,
    id: `${id}Errors`,
    name: `${name}-errors`,
    description: `${name} threw, ran out of memory or out of time in the last 5 minutes. First: the error lines of ${logsOf(config, name)}.`,
    metric: ofFunction(config, name, 'Errors', 'Sum'),
  };
  return [
    // To say that a session is over, an authorizer must throw; where it fails, the API answers 5xx.
    ...(name === 'authorize' ? [] : [errors]),
    {
      ...once,
      id: `${id}Throttles`,
      name: `${name}-throttles`,
      description: `Lambda refused to start ${name}: the account's concurrency is used up. First: which function uses it (ConcurrentExecutions), then ask for more under Service Quotas or lower the API's throttle.`,
      metric: ofFunction(config, name, 'Throttles', 'Sum'),
    },
    {
      ...once,
      id: `${id}Duration`,
      name: `${name}-duration`,
      description: `${name} took more than ${DURATION_SHARE * 100} % of its ${timeoutSeconds} s; at the end of them it is cut off. First: what was large (the REPORT lines of ${logsOf(config, name)}), then memoryMb in cdk/config.ts.`,
      metric: ofFunction(config, name, 'Duration', 'Maximum'),
      threshold: Math.round(timeoutSeconds * 1000 * DURATION_SHARE),
    },
  ];
}

const meanwhile: Readonly<Partial<Record<FunctionName, string>>> = {
  tick: 'no window is closed or judged, and no drift is seen',
  publish: 'metrics stand still, and alerts on models with them',
  notify: 'nobody is told of alerts on models by Slack, PagerDuty or webhook',
};

/** No data is the finding: a function that does not run writes none. */
function silence(config: StageConfig, name: FunctionName): AlarmSpec {
  return {
    id: `${constructId(name)}Silence`,
    name: `${name}-silence`,
    description: `${name} has not run for ${SILENCE_MINUTES} minutes: ${meanwhile[name] ?? 'what it does is not done'}. First: is its EventBridge rule enabled, then the alarms on its errors and throttles.`,
    metric: ofFunction(config, name, 'Invocations', 'Sum'),
    minutes: SILENCE_MINUTES,
    of: [1, 1],
    when: '<',
    threshold: 1,
    missing: 'breaching',
  };
}

/**
 * The proof of the day did not come: whichever part is broken, it is not CloudWatch. A drift is noticed about two hours after its day
 * begins, and one that could not be injected at once up to six hours later; periods are whole hours.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html up to seven days of periods of an hour
 */
function canaryUnnoticed({ stage }: StageConfig): AlarmSpec {
  return {
    id: 'CanaryMissed',
    name: canaryMissedAlarm,
    description: `CRITICAL: no injected drift was noticed for ${CANARY_HOURS} hours: drift of real models may go unnoticed, or nobody be told of it. First: docs/runbooks/canary-missed.md, and the error lines of ${logGroupName(stage, 'canary')}.`,
    metric: {
      namespace: telemetryNamespace,
      name: 'CanaryNoticed' satisfies TelemetryName,
      dimensions: { environment: stage },
      statistic: 'Sum',
    },
    minutes: 60,
    of: [CANARY_HOURS, CANARY_HOURS],
    when: '<',
    threshold: 1,
    missing: 'breaching',
  };
}

/** Without predictions the stream has no data, and nothing wrong. */
function iteratorAge(config: StageConfig): AlarmSpec {
  return {
    id: 'CaptureIteratorAge',
    name: 'capture-iterator-age',
    description: `The capture is more than ${ITERATOR_AGE_MINUTES} minutes behind the predictions: windows close without them, and records older than ${config.capture.maxRecordAgeHours} h are given up. First: the error lines of ${logsOf(config, 'capture')}.`,
    metric: ofFunction(config, 'capture', 'IteratorAge', 'Maximum'),
    minutes: 5,
    of: [2, 3],
    when: '>',
    threshold: ITERATOR_AGE_MINUTES * 60_000,
    missing: 'notBreaching',
  };
}

/** A queue nobody touches for hours may fall silent with letters in it: the alarm stays as it was until the queue says it is empty. */
function deadLetters(config: StageConfig): readonly AlarmSpec[] {
  const parts: readonly StackPart[] = [
    'monitoring',
    'retrain',
    // Otherwise Lambda leaves the batches in the bucket.
    ...(config.capture.onFailure === 'sqs' ? (['serving'] as const) : []),
  ];
  return parts.map((part) => ({
    ...once,
    id: `${capitalised(part)}DeadLetters`,
    name: `${part}-dead-letters`,
    description: `An event of the ${part} stack could not be delivered or handled, after all tries; it is kept 14 days. First: read the message in the queue, which names the function or rule and the error; once that is mended, npx tidemark replay --stage ${config.stage} --dead-letters.`,
    metric: {
      namespace: 'AWS/SQS',
      name: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: deadLettersName(config.stage, part) },
      statistic: 'Maximum',
    },
    missing: 'ignore',
  }));
}

/** Invoked by rules, which do not wait for them. */
const asynchronous: ReadonlySet<FunctionName> = new Set([
  ...schedules.map(({ handler }) => handler),
  ...subscriptions.flatMap((one) => ('handler' in one ? [one.handler] : [])),
  ...Object.values(machines).map(({ onFailure }) => onFailure),
]);

/** Of our own telemetry what nothing else tells of: the other losses are alerts on metrics. Without a loss there is no data. */
function losses(config: StageConfig): readonly AlarmSpec[] {
  const ofOurs = (name: TelemetryName): Metric => ({
    namespace: telemetryNamespace,
    name,
    dimensions: { environment: config.stage },
    statistic: 'Sum',
  });
  return [
    {
      ...once,
      id: 'UnloggedPredictions',
      name: 'unlogged-predictions',
      description: `Predictions were answered that the table refused to log; they are in the spool, and in no window. First: the warnings of ${logsOf(config, 'predict')}; once the table takes writes, npx tidemark replay --stage ${config.stage} --spool.`,
      metric: ofOurs('UnloggedPredictions'),
    },
    {
      ...once,
      id: 'QuarantinedRecords',
      name: 'quarantined-records',
      description: `Records of the stream could not be read and were put aside under quarantine/ in the bucket: they are in no window. First: the error lines of ${logsOf(config, 'capture')}, which name the object; it says of each record what is wrong with it.`,
      metric: ofOurs('QuarantinedRecords'),
    },
  ];
}

/** The last net has a hole: what was given up is not even kept. A right, a key or the place itself is missing, or the record is too large. */
function undelivered(config: StageConfig, name: FunctionName, unless = ''): AlarmSpec {
  return {
    ...once,
    id: `${constructId(name)}Undelivered`,
    name: `${name}-undelivered`,
    description: `CRITICAL: what ${name} gave up could not be kept either, and is lost${unless}. First: the on-failure destination of ${functionName(config.stage, name)}, whether it exists and the function's role may write to it.`,
    metric: ofFunction(config, name, 'DestinationDeliveryFailures', 'Sum'),
  };
}

/**
 * A batch of the stream was filed in the bucket: its rows are in no window and no training set until they are handed back. The metric
 * knows the mapping by its id alone, so the alarm is made where the mapping is.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
 */
export function givenUpBatches({ stage }: StageConfig, mappingId: string): AlarmSpec {
  return {
    ...once,
    id: 'GivenUp',
    name: 'capture-given-up',
    description: `Records of the stream were filed under aws/lambda/ in the bucket, after all tries of capture: they are kept, and in no window. First: the error lines of ${logGroupName(stage, 'capture')}; once it works, npx tidemark replay --stage ${stage} --stream.`,
    metric: {
      namespace: 'AWS/Lambda',
      name: 'OnFailureDestinationDeliveredEventCount',
      dimensions: { EventSourceMappingUUID: mappingId },
      statistic: 'Sum',
    },
  };
}

/** Two alarms and no sum of both: metric mathematics is charged by the metric, and no emulator has it. */
function executions(config: StageConfig, name: MachineName): readonly AlarmSpec[] {
  const machine = machineName(config.stage, name);
  const ended = (id: string, how: string, metric: string, description: string): AlarmSpec => ({
    ...once,
    id: `${capitalised(name)}${id}`,
    name: `${name}-${how}`,
    description,
    metric: {
      namespace: 'AWS/States',
      name: metric,
      dimensions: { StateMachineArn: { machine } },
      statistic: 'Sum',
    },
  });
  return [
    ended(
      'Failed',
      'failed',
      'ExecutionsFailed',
      `A run of ${machine} failed: the model serves on as it was. First: the run's failed step, by GET /models/{model}/runs or in the console of Step Functions.`,
    ),
    ended(
      'TimedOut',
      'timed-out',
      'ExecutionsTimedOut',
      `A run of ${machine} was still going after ${Math.floor(machines[name].timeoutSeconds / 86_400)} days, longer than any approval is waited for, and was ended: the model serves on as it was. First: the step it was in, in the console of Step Functions.`,
    ),
  ];
}

/** The mean of a metric that is 0 or 1 for each request is a share. */
function restApiErrors({ stage }: StageConfig): AlarmSpec {
  return {
    id: 'ApiErrors',
    name: 'api-5xx',
    description: `More than ${API_ERROR_SHARE * 100} % of the API's answers were 5xx, in 2 of the last 3 periods of 5 minutes; /ready answers 503 while no model serves. First: GET /ready, then the access log for the route and status.`,
    metric: {
      namespace: 'AWS/ApiGateway',
      name: '5XXError',
      dimensions: { ApiName: apiName(stage), Stage: stage },
      statistic: 'Average',
    },
    minutes: 5,
    of: [2, 3],
    when: '>',
    threshold: API_ERROR_SHARE,
    missing: 'notBreaching',
  };
}

/**
 * The same of an HTTP API, whose metrics have another name and know it by its id alone: not in the list, made where the API is. The alarm
 * has a name of its own, as both exist for the length of a switch.
 */
export function httpApiErrors(config: StageConfig, apiId: string): AlarmSpec {
  const spec = restApiErrors(config);
  return {
    ...spec,
    name: 'http-api-5xx',
    metric: { ...spec.metric, name: '5xx', dimensions: { ApiId: apiId } },
  };
}

// From what is deployed and what it has to do in a month to quantities with a price: pure, one formula per line of the bill.
import { telemetry } from '#shared/telemetry/telemetry.ts';
import { assumed } from './assumptions.ts';
import { type Flow, flowOf } from './flow.ts';
import { type Inventory, MONTH_SECONDS } from './inventory.ts';
import type { PriceName } from './prices.ts';
import type { Workload } from './workload.ts';

export const components = [
  'API Gateway',
  'Lambda',
  'DynamoDB',
  'S3',
  'Step Functions',
  'CloudWatch',
  'Managed Prometheus',
  'EventBridge',
  'KMS and secrets',
  'X-Ray',
  'data transfer',
] as const;
export type Component = (typeof components)[number];

export interface Charge {
  readonly component: Component;
  readonly what: string;
  readonly price: PriceName;
  readonly quantity: number;
}

/** What stands before the functions. */
export const fronts = ['rest', 'http', 'function-url'] as const;
export type Front = (typeof fronts)[number];

const GB = 1e9;
const DAYS = MONTH_SECONDS / 86_400;

/**
 * Everything a month is billed for.
 *
 * @param inventory what is deployed, from `takeInventory`
 * @param work predictions ≥ 0, models ≥ 1
 * @param front what stands before the functions, the deployed one unless told; another one shows what a switch would save
 */
export function chargesOf(
  inventory: Inventory,
  work: Workload,
  front: Front = inventory.api.front,
): readonly Charge[] {
  const flow = flowOf(inventory, work);
  return [
    ...apiCharges(flow, front),
    ...lambdaCharges(inventory, work, flow),
    ...provisionedCharges(inventory),
    ...tableCharges(inventory, work, flow),
    ...objectCharges(inventory, work, flow),
    ...metricCharges(inventory, flow),
    ...otherCharges(inventory, flow, front),
  ].filter(({ quantity }) => quantity > 0);
}

function apiCharges({ requests, labelRequests }: Flow, front: Front): Charge[] {
  const total = requests + labelRequests;
  const out: Charge = {
    component: 'data transfer',
    what: 'answers to the internet',
    price: 'dataOut',
    quantity: (total * assumed.answerBytes) / GB,
  };
  if (front === 'function-url') return [out];
  const price = front === 'rest' ? 'apiGatewayRest' : 'apiGatewayHttp';
  return [{ component: 'API Gateway', what: `${front.toUpperCase()} requests`, price, quantity: total }, out];
}

/** Invocations and seconds by function. */
function workOf(inventory: Inventory, work: Workload, flow: Flow): Record<string, [number, number]> {
  const { rowsPerRequest, predictMs } = work;
  const { watched, requests, labelRequests, captures, pairs, granules, windows, runs } = flow;
  const ticks = inventory.schedules.tick ?? 0;
  const partials = pairs;
  const tickMs =
    ticks * (assumed.tickMs + watched * assumed.tickModelMs) +
    granules * assumed.rollUpMs +
    partials * assumed.rollUpPartialMs;
  const rowMs = predictMs + (rowsPerRequest - 1) * assumed.predictRowMs;
  return {
    predict: [requests, (requests * rowMs) / 1000],
    feedback: [labelRequests, (labelRequests * assumed.feedbackMs) / 1000],
    capture: [captures, (captures * assumed.captureMs + pairs * assumed.capturePairMs) / 1000],
    tick: [ticks, tickMs / 1000],
    monitor: [windows, (windows * assumed.monitorMs) / 1000],
    ...Object.fromEntries(
      Object.entries(assumed.retrainSeconds).map(([name, seconds]) => [name, [runs, runs * seconds]]),
    ),
    ...Object.fromEntries(
      Object.entries(inventory.schedules)
        .filter(([name]) => name !== 'tick')
        .map(([name, times]) => [name, [times, (times * assumed.otherScheduledMs) / 1000]]),
    ),
  };
}

/** Billed whether called or not. That calls of kept instances cost less by the second is left out. */
function provisionedCharges({ functions }: Inventory): Charge[] {
  return Object.entries(functions).map(([name, { provisioned = 0, memoryMb, isArm }]) => ({
    component: 'Lambda',
    what: `${provisioned} × ${name} kept warm`,
    price: isArm ? 'lambdaProvisionedArm' : 'lambdaProvisionedX86',
    quantity: (provisioned * memoryMb * MONTH_SECONDS) / 1024,
  }));
}

function lambdaCharges(inventory: Inventory, work: Workload, flow: Flow): Charge[] {
  return Object.entries(workOf(inventory, work, flow)).flatMap(([name, [times, seconds]]): Charge[] => {
    const settings = inventory.functions[name];
    if (!settings) return [];
    const { memoryMb, isArm } = settings;
    return [
      { component: 'Lambda', what: `${name} requests`, price: 'lambdaRequest', quantity: times },
      {
        component: 'Lambda',
        what: `${name} at ${memoryMb} MB`,
        price: isArm ? 'lambdaGbSecondArm' : 'lambdaGbSecondX86',
        quantity: (seconds * memoryMb) / 1024,
      },
    ];
  });
}

function tableCharges(inventory: Inventory, work: Workload, flow: Flow): Charge[] {
  const { predictions, models, predictMs } = work;
  const ticks = inventory.schedules.tick ?? 0;
  const granuleTurns = (flow.watched * MONTH_SECONDS * 1000) / inventory.granuleMs;
  const unitsPerItem = Math.ceil(assumed.itemBytes / 1024);
  // a warm process asks only while it is asked
  const processes = Math.max(1, ((flow.requests / MONTH_SECONDS) * predictMs * assumed.peakFactor) / 1000);
  const lookUps = Math.min(flow.requests, (models * processes * MONTH_SECONDS) / assumed.pointerSeconds);
  const stored = ((predictions + flow.labels) * Math.min(1, assumed.logDays / DAYS) * assumed.itemBytes) / GB;
  const charges: Charge[] = [
    {
      what: 'predictions and labels',
      price: 'dynamoWrite',
      quantity: (predictions + flow.labels) * unitsPerItem,
    },
    {
      what: 'cursors, granules, windows, runs',
      price: 'dynamoWrite',
      quantity:
        granuleTurns * assumed.granuleWrites +
        flow.granules * assumed.rollUpWrites +
        flow.windows * assumed.windowWrites +
        flow.runs * assumed.runWrites,
    },
    {
      what: 'reads of the tick',
      price: 'dynamoRead',
      quantity:
        ticks * (assumed.tickReads + flow.watched * assumed.tickModelReads) +
        flow.granules * assumed.rollUpReads,
    },
    {
      what: 'other reads',
      price: 'dynamoRead',
      quantity:
        lookUps * 2 +
        flow.labels +
        flow.pairs * assumed.captureReads +
        flow.windows * assumed.windowReads +
        flow.runs * assumed.runReads,
    },
    { what: `storage, ${assumed.logDays} days`, price: 'dynamoStorage', quantity: stored },
    { what: 'point-in-time recovery', price: 'dynamoBackup', quantity: inventory.hasBackups ? stored : 0 },
  ].map((charge) => ({ ...charge, component: 'DynamoDB' }) as Charge);
  return charges;
}

interface ObjectRequests {
  readonly puts: number;
  readonly lists: number;
  readonly gets: number;
}

function objectRequests(inventory: Inventory, flow: Flow): ObjectRequests {
  const ticks = inventory.schedules.tick ?? 0;
  return {
    puts:
      flow.pairs * assumed.capturePuts +
      flow.granules +
      flow.windows * assumed.windowPuts +
      flow.runs * assumed.runPuts,
    lists: ticks * flow.watched * assumed.tickModelLists + flow.granules * assumed.rollUpLists,
    // a partial is read once, by the tick
    gets:
      flow.pairs * (assumed.captureGets + 1) +
      flow.windows * assumed.windowGets +
      flow.runs * assumed.runGets,
  };
}

function objectCharges(inventory: Inventory, work: Workload, flow: Flow): Charge[] {
  const { puts, lists, gets } = objectRequests(inventory, flow);
  // a prefix without an expiry is counted for two years
  const months = (prefix: string) => (inventory.expiryDays[prefix] ?? 730) / DAYS;
  const bytes =
    (work.predictions + flow.labels) * assumed.archiveRowBytes * months('archive/') +
    flow.pairs * assumed.partialBytes * months('partials/') +
    flow.granules * assumed.granuleBytes * months('granules/') +
    flow.windows * assumed.reportBytes * months('reports/') +
    flow.runs * assumed.runBytes * months('runs/') +
    work.models * assumed.modelBytes * (1 + work.retrains * 12);
  const logBytes = inventory.hasBucketLogs ? (puts + lists + gets) * assumed.bucketLogBytes * (90 / DAYS) : 0;
  const charges: Omit<Charge, 'component'>[] = [
    { what: 'puts of archive, partials, granules, reports', price: 's3Put', quantity: puts },
    { what: 'lists of the tick', price: 's3Put', quantity: lists },
    { what: 'gets', price: 's3Get', quantity: gets },
    { what: 'storage, when as full as it gets', price: 's3Storage', quantity: bytes / GB },
    { what: 'storage of the bucket’s access log', price: 's3Storage', quantity: logBytes / GB },
    {
      what: 'requests of its key',
      price: 'kmsRequest',
      quantity: (puts + gets) * inventory.kmsPerObjectRequest,
    },
  ];
  return charges.map((charge) => ({
    ...charge,
    component: charge.price === 'kmsRequest' ? 'KMS and secrets' : 'S3',
  }));
}

/** Samples sent or recorded in a month, by how often each series is; what changes with a window is also sent with each. */
function samplesOf({ watched, windows }: Flow): number {
  const minutes = MONTH_SECONDS / 60;
  const { modelSeries, deploymentSeries, recordedSeries, deploymentRecorded } = assumed;
  const perMinute = (series: { readonly minute: number; readonly fourMinutes: number }) =>
    series.minute + series.fourMinutes / 4;
  return (
    minutes * (perMinute(deploymentSeries) + deploymentRecorded) +
    watched * minutes * (perMinute(modelSeries) + modelSeries.change / 30 + perMinute(recordedSeries)) +
    windows * modelSeries.change
  );
}

function metricCharges({ hasMetrics = false, schedules }: Inventory, flow: Flow): Charge[] {
  if (!hasMetrics) return [];
  const samples = samplesOf(flow);
  const times = schedules.publish ?? 0;
  return [
    {
      component: 'Managed Prometheus',
      what: 'samples, sent and recorded',
      price: 'ampSample',
      quantity: samples,
    },
    {
      component: 'Managed Prometheus',
      what: 'storage, 150 days',
      price: 'ampStorage',
      quantity: (samples * assumed.sampleBytes * (150 / DAYS)) / GB,
    },
    {
      component: 'DynamoDB',
      what: 'reads of the publisher',
      price: 'dynamoRead',
      quantity: times * (assumed.publishReads + flow.watched * assumed.publishModelReads),
    },
    {
      component: 'DynamoDB',
      what: 'writes of the publisher',
      price: 'dynamoWrite',
      quantity: times * assumed.publishWrites,
    },
  ];
}

function otherCharges(inventory: Inventory, flow: Flow, front: Front): Charge[] {
  const { api } = inventory;
  const requests = flow.requests + flow.labelRequests;
  const scheduled = Object.values(inventory.schedules).reduce((sum, times) => sum + times, 0);
  const methods = (flow.requests > 0 ? 1 : 0) + (flow.labelRequests > 0 ? 1 : 0);
  const accessLog = api.hasAccessLogs && front !== 'function-url' ? requests * assumed.accessLogBytes : 0;
  const logs = (accessLog + flow.runs * assumed.runLogBytes) / GB;
  const transitions = flow.runs * inventory.states;
  return [
    { component: 'Step Functions', what: 'transitions', price: 'stepTransition', quantity: transitions },
    { component: 'CloudWatch', what: 'logs written', price: 'logsIngest', quantity: logs },
    {
      component: 'CloudWatch',
      what: `logs kept ${api.logRetentionDays} days`,
      price: 'logsStorage',
      quantity: (logs * api.logRetentionDays) / DAYS,
    },
    {
      component: 'CloudWatch',
      what: 'detailed metrics of the methods in use',
      price: 'metric',
      quantity: front !== 'function-url' && api.hasDetailedMetrics ? methods * assumed.metricsPerMethod : 0,
    },
    {
      component: 'CloudWatch',
      what: 'metrics of the stream in use',
      price: 'metric',
      quantity: inventory.feed.hasEventMetrics && requests > 0 ? assumed.metricsPerFeed : 0,
    },
    {
      component: 'CloudWatch',
      what: 'metrics of our own',
      price: 'metric',
      quantity: ownMetrics(inventory, flow),
    },
    { component: 'CloudWatch', what: 'alarms', price: 'alarm', quantity: inventory.alarms },
    { component: 'EventBridge', what: 'schedules', price: 'eventScheduled', quantity: scheduled },
    {
      component: 'EventBridge',
      what: 'own events',
      price: 'eventCustom',
      quantity: flow.windows * 2 + flow.runs,
    },
    {
      component: 'KMS and secrets',
      what: 'customer keys',
      price: 'kmsKey',
      quantity: inventory.customerKeys,
    },
    {
      component: 'KMS and secrets',
      what: 'requests of the tables’ keys',
      price: 'kmsRequest',
      quantity: (inventory.kmsTables * MONTH_SECONDS) / assumed.keyLookupSeconds,
    },
    { component: 'KMS and secrets', what: 'secrets', price: 'secret', quantity: inventory.secrets },
    {
      component: 'X-Ray',
      what: 'traces',
      price: 'xrayTrace',
      quantity: tracesOf(inventory, flow, scheduled, requests),
    },
  ];
}

/**
 * A metric costs by the hour in which it is emitted: that of the canary once a day, of cold starts at most in each hour somebody asks.
 * Those of losses are left out: a month has none, and each hour with one costs 0.0004 USD.
 */
function ownMetrics({ schedules }: Inventory, { requests }: Flow): number {
  const hours = MONTH_SECONDS / 3600;
  const emitted = { loss: 0, daily: schedules.canary ? DAYS : 0, coldStart: Math.min(requests, hours) };
  return Object.values(telemetry).reduce((sum, { when }) => sum + emitted[when], 0) / hours;
}

/**
 * The first of each second, and a twentieth of the others: below one request a second that is every request.
 */
function tracesOf(inventory: Inventory, flow: Flow, scheduled: number, requests: number): number {
  const isTraced = inventory.api.isTraced || Object.values(inventory.functions).some((one) => one.isTraced);
  if (!isTraced) return 0;
  const roots = requests + scheduled + flow.captures + flow.windows + flow.runs;
  return Math.min(roots, MONTH_SECONDS) + Math.max(0, roots - MONTH_SECONDS) * assumed.tracedShare;
}

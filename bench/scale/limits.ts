/** What is asked of each part at the busiest moment of a day, against what it grants, and what to change where that is too little. */
import { functions } from '#shared/api/surface.ts';
import { assumed } from '../../cdk/cost/assumptions.ts';
import { onLambda } from './meter.ts';
import type { Simulated } from './simulate.ts';

export interface Limit {
  readonly what: string;
  readonly asked: number;
  readonly granted: number;
  readonly unit: string;
  readonly remedy: string;
}

/**
 * Quotas of a Region as AWS grants them unasked: API Gateway 10,000 requests a second and account; Lambda 1,000 executions at once and
 * ten invocations a second for each of them (a new account may have fewer); an on-demand table 40,000 writes a second. All can be raised.
 */
const quotas = {
  gatewayPerSecond: 10_000,
  executions: 1000,
  invocationsPerExecution: 10,
  tableWrites: 40_000,
};

export function limitsOf({ perDay, labelShare, rollUps, day, rebuild, judged }: Simulated): readonly Limit[] {
  const peak = (perDay / 86_400) * assumed.peakFactor;
  const busiest = rollUps.busiest;
  const rows = Math.max(...day.recordsPerGranule);
  const asked = peak * (1 + labelShare / assumed.labelsPerRequest);
  const perRebuiltRow = rebuild.grewBytes / rebuild.rows;
  return [
    {
      what: 'API Gateway requests',
      asked,
      granted: quotas.gatewayPerSecond,
      unit: 'a second',
      remedy: 'batches of 100 rows; a higher quota; a function URL, which has none of its own',
    },
    {
      what: 'Lambda invocations of predict',
      asked: peak,
      granted: quotas.executions * quotas.invocationsPerExecution,
      unit: 'a second',
      remedy: 'batches of 100 rows; a higher quota of executions',
    },
    {
      what: 'predict at once',
      asked: (peak * assumed.predictMs) / 1000,
      granted: quotas.executions,
      unit: 'executions',
      remedy: 'a higher quota; provisioned concurrency only takes the cold starts',
    },
    {
      what: 'writes to the prediction table',
      asked: peak * (1 + labelShare),
      granted: quotas.tableWrites,
      unit: 'a second',
      remedy: 'a higher quota; warm throughput before a launch, as a new table takes 4,000',
    },
    {
      what: 'capture of the busiest shard',
      asked: day.busiestShard,
      granted: 1,
      unit: 'of its time',
      remedy: 'nothing: a shard brings 1,000 records a second at most',
    },
    {
      what: 'roll-up of the busiest granule',
      asked: onLambda(busiest, functions.tick.memoryMb),
      granted: functions.tick.timeoutSeconds,
      unit: 's',
      remedy: '`granuleMs` 60000; `memoryMb.tick` 1769, a whole CPU',
    },
    {
      what: 'memory of that roll-up',
      asked: busiest.grewBytes / 2 ** 20,
      granted: functions.tick.memoryMb,
      unit: 'MB',
      remedy: '`memoryMb.tick`; `granuleMs` 60000',
    },
    {
      what: 'memory to rebuild that granule',
      asked: (rows * perRebuiltRow) / 2 ** 20,
      granted: functions.tick.memoryMb,
      unit: 'MB',
      remedy:
        '`granuleMs` 60000 and `memoryMb.tick` 3008; only a feed that is read again under other batches asks for it',
    },
    {
      what: 'monitor of a day',
      asked: onLambda(judged, functions.monitor.memoryMb),
      granted: functions.monitor.timeoutSeconds,
      unit: 's',
      remedy: 'nothing: granules of a day are as many at any volume',
    },
  ];
}

/** Predictions a day at which a limit that grows with them is reached. */
export const reachedAt = (perDay: number, { asked, granted }: Limit): number => (perDay * granted) / asked;

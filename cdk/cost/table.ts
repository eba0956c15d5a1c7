// The report as a person reads it.

import { assumed } from './assumptions.ts';
import type { BilledLine } from './bill.ts';
import type { CostReport } from './report.ts';
import { components } from './usage.ts';

const usd = (value: number) => value.toFixed(2).padStart(10);
const whole = (value: number) => Math.round(value).toLocaleString('en-US');
/** Two digits: the figures behind it are not better. */
const rough = (value: number | null) =>
  value === null
    ? 'never up to 10,000,000,000'
    : value <= 1000
      ? 'at any volume'
      : whole(Number(value.toPrecision(2)));

/** Lines below a cent are added up. */
function linesOf(lines: readonly BilledLine[]): string[] {
  const shown = lines.filter((line) => line.usd >= 0.005);
  const rest = lines.filter((line) => line.usd < 0.005);
  const sum = rest.reduce((total, line) => total + line.usd, 0);
  return [
    ...shown.map(({ what, quantity, usd: cost }) => {
      const amount = quantity < 100 ? quantity.toPrecision(2) : whole(quantity);
      return `${usd(cost)}    ${what} (${amount})`;
    }),
    ...(rest.length > 0 && sum > 0 ? [`${usd(sum)}    below a cent each (${rest.length})`] : []),
  ];
}

/** Plain text of at most about 120 columns. */
export function costTable(report: CostReport): string {
  const { workload: work, prices, endpoint } = report;
  const detail = components.flatMap((component) => {
    const lines = report.lines.filter((line) => line.component === component);
    if (lines.length === 0) return [];
    return [`${usd(report.by_component[component])}  ${component}`, ...linesOf(lines)];
  });
  return [
    `stage ${report.stage}: ${whole(work.predictions)} predictions a month; models: ${whole(work.models)}, rows a request: ${work.rowsPerRequest}, labels a prediction: ${work.labelShare}`,
    `${prices.region} list prices of ${prices.date} in USD a month, ${prices.free_tier ? 'after' : 'without'} always-free allowances`,
    '',
    ...detail,
    `${usd(report.total_usd)}  total`,
    '',
    'One model that nobody asks (idle):',
    ...linesOf(report.idle.lines),
    `${usd(report.idle.total_usd)}  total`,
    '',
    'The same month with one thing changed:',
    ...report.switches.map(({ what, total_usd }) => `${usd(total_usd)}  ${what}`),
    '',
    'SageMaker endpoint of the same throughput (it answers; it logs, watches and retrains nothing):',
    ...[endpoint.one, endpoint.two].map(
      ({ usd: cost, machines, machine }, place) =>
        `${usd(cost)}  ${machines} × ${machine}${place === 0 ? ', at least one machine' : ', at least two, in two zones'}`,
    ),
    '',
    'An endpoint costs less from this many predictions a month on:',
    '  front          one machine      two machines     two ml.m5.large or more',
    ...report.break_even.map(
      ({ front, one_machine, two_machines, two_m5_large }) =>
        `  ${front.padEnd(14)} ${rough(one_machine).padEnd(16)} ${rough(two_machines).padEnd(16)} ${rough(two_m5_large)}`,
    ),
    `  API Gateway is over half of the bill from this many on: ${rough(report.api_gateway_dominates_from)}`,
    '',
    `Assumed: predict ${work.predictMs} ms, ${assumed.itemBytes} bytes an item, ${assumed.minShards} stream shards, traffic even over the month, peaks of ${assumed.peakFactor} × its mean,`,
    'sampling by X-Ray’s default rule, durations that no account has confirmed (cdk/cost/assumptions.ts has them all).',
    ...report.unconfirmed.map(
      ({ what, note }) => `Price not confirmed: ${what}${note === null ? '' : ` (${note})`}`,
    ),
    ...Object.entries(report.unpriced).map(
      ([type, count]) => `Not priced: ${count} × ${type}: add its cost by hand`,
    ),
    '',
  ].join('\n');
}

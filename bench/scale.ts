/** What grows with the traffic: the real capture, tick and monitor under the arrivals of a million to a billion predictions a day. */
import { functions } from '#shared/api/surface.ts';
import { billOf } from '../cdk/cost/bill.ts';
import { flowOf } from '../cdk/cost/flow.ts';
import { type Inventory, MONTH_SECONDS, takeInventory } from '../cdk/cost/inventory.ts';
import { type PriceFile, readPrices } from '../cdk/cost/prices.ts';
import { sinkCosts } from '../cdk/cost/sink.ts';
import { synthesise } from '../cdk/cost/synth.ts';
import { chargesOf, components, type fronts } from '../cdk/cost/usage.ts';
import type { Workload } from '../cdk/cost/workload.ts';
import type { BenchResult, WideTable } from './page.ts';
import { latencyMs } from './scale/counted-deps.ts';
import { type Limit, limitsOf, reachedAt } from './scale/limits.ts';
import { onLambda } from './scale/meter.ts';
import { type Simulated, simulate } from './scale/simulate.ts';

const volumes = [1e6, 1e8, 1e9];
const labelShare = 0.2;
const daysPerMonth = MONTH_SECONDS / 86_400;

export async function run(quick: boolean): Promise<BenchResult> {
  const inventory = takeInventory(synthesise({ stage: 'dev' }), 'dev');
  const prices = readPrices();
  const simulated: Simulated[] = [];
  for (const perDay of volumes) {
    process.stderr.write(`scale: ${label(perDay)} …\n`);
    const { batchSize, windowSeconds } = inventory.feed;
    const fullBatches = quick ? 5 : 100;
    const { granuleMs } = inventory;
    simulated.push(await simulate({ perDay, labelShare, granuleMs, batchSize, windowSeconds, fullBatches }));
  }
  return {
    name: 'Growing: 10⁶, 10⁸ and 10⁹ predictions a day of one model with 10 features',
    rows: [],
    tables: [
      flowTable(simulated),
      limitTable(simulated),
      costTable(inventory, prices, simulated),
      sinkTable(inventory, prices),
    ],
  };
}

const label = (perDay: number) => `10${{ 6: '⁶', 8: '⁸', 9: '⁹' }[Math.log10(perDay)]} a day`;
const whole = (value: number) => Math.round(value).toLocaleString('en');
const megabytes = (bytes: number) => `${Math.max(0, bytes / 2 ** 20).toFixed(0)} MB`;
const short = (value: number) => (value >= 100 ? whole(value) : String(Number(value.toPrecision(2))));

function flowTable(simulated: readonly Simulated[]): WideTable {
  const row = (what: string, of: (one: Simulated) => string) => [what, ...simulated.map(of)];
  const granules = (one: Simulated) => one.day.partialsPerGranule.length;
  const perDay = (one: Simulated) => one.day.partials;
  return {
    title: 'What one day brings, and what the functions of the feed make of it',
    note: [
      `Arrivals: a daily curve and four bursts of ten minutes, highest 3 × the mean; ${labelShare * 100} % of predictions get a label, each looked up`,
      'in the table; shards of 1,000 writes a second at the peak, at least 4; batches of 1,000 records, 6 MB or 60 s; granules of 5 minutes.',
      'Four shards of a day are simulated and stand for all. Capture is given 100 batches of the usual size; of a granule with more, the other',
      'partials are those again with hashes of other rows. Every partial of the mean and of the busiest granule is rolled up, a day of mean',
      `granules is judged. Stores are in memory and as slow as assumed of AWS (table ${latencyMs.table} ms, object ${latencyMs.get} ms, page of a list ${latencyMs.list} ms).`,
      '“On Lambda” adds to the measured time what its CPU part takes longer at the function’s share of a CPU (memory ÷ 1,769 MB).',
    ].join(' '),
    header: ['', ...simulated.map(({ perDay }) => label(perDay))],
    rows: [
      row('predictions a second, mean / highest', (one) =>
        [1, 3].map((factor) => whole((factor * one.perDay) / 86_400)).join(' / '),
      ),
      row('stream shards', (one) => whole(one.shards)),
      row('records a batch', (one) => whole(one.captured.records / one.captured.batches)),
      row('batches a day', (one) => whole(one.day.batches)),
      row('partials a day', (one) => whole(perDay(one))),
      row(
        'partials merged, mean / busiest granule',
        (one) => `${whole(one.rollUps.mean.partials)} / ${whole(one.rollUps.busiest.partials)}`,
      ),
      row('rows of the busiest granule', (one) => whole(Math.max(...one.day.recordsPerGranule))),
      row(
        'capture: CPU for 1,000 records',
        (one) => `${((1e6 * one.captured.cpuSeconds) / one.captured.records).toFixed(0)} ms`,
      ),
      row(
        'capture: time of a batch on Lambda',
        (one) =>
          `${((1000 * onLambda(one.captured, functions.capture.memoryMb)) / one.captured.batches).toFixed(0)} ms`,
      ),
      row('capture: running at once, busiest hour', (one) => short(one.day.mostAtOnce)),
      row('capture: table reads / object reads / writes, a batch', (one) =>
        [one.captured.counts.tableReads, one.captured.counts.gets, one.captured.counts.puts]
          .map((count) => short(count / one.captured.batches))
          .join(' / '),
      ),
      row('objects written a day by capture and tick', (one) => whole(2 * perDay(one) + granules(one))),
      row('objects read a day by capture and tick', (one) => whole(2 * perDay(one))),
      row('roll-up on Lambda, mean / busiest granule', (one) =>
        [one.rollUps.mean, one.rollUps.busiest]
          .map((rolled) => `${onLambda(rolled, functions.tick.memoryMb).toFixed(1)} s`)
          .join(' / '),
      ),
      row(
        'roll-up of the busiest: CPU / memory it adds',
        (one) =>
          `${one.rollUps.busiest.cpuSeconds.toFixed(1)} s / ${megabytes(one.rollUps.busiest.grewBytes)}`,
      ),
      row(
        'roll-up of the busiest: waiting if it read one partial at a time',
        (one) => `${((one.rollUps.busiest.counts.gets * latencyMs.get) / 1000).toFixed(0)} s`,
      ),
      row(
        'roll-up: table reads / writes',
        (one) => `${one.rollUps.mean.counts.tableReads} / ${one.rollUps.mean.counts.tableWrites}`,
      ),
      row(
        'monitor of a daily window: on Lambda / memory it adds',
        (one) =>
          `${onLambda(one.judged, functions.monitor.memoryMb).toFixed(1)} s / ${megabytes(one.judged.grewBytes)}`,
      ),
      row('from arrival to captured, p50 / p99 / most', (one) =>
        [one.day.lag.p50, one.day.lag.p99, one.day.lag.most].map((lag) => `${lag.toFixed(1)} s`).join(' / '),
      ),
      row('from arrival to a closed granule, least / most', closedAfter),
    ],
  };
}

/** The end of the granule, 90 seconds of grace, the next tick within a minute, and the roll-up. */
function closedAfter({ granuleMs, rollUps }: Simulated): string {
  const graceSeconds = 90;
  const tickSeconds = 60;
  const rollUp = onLambda(rollUps.busiest, functions.tick.memoryMb);
  return [graceSeconds + rollUp, granuleMs / 1000 + graceSeconds + tickSeconds + rollUp]
    .map((seconds) => `${(seconds / 60).toFixed(1)} min`)
    .join(' / ');
}

function limitTable(simulated: readonly Simulated[]): WideTable {
  const all = simulated.map((one) => ({ one, limits: limitsOf(one) }));
  const last = all.at(-1)!;
  const used = ({ asked, granted }: Limit) => asked / granted;
  return {
    title: 'Limits, and which is hit first',
    note: 'Asked at the highest second, or by the busiest granule, of a day of single predictions; granted by AWS without asking for more, or by the settings as they are. **Bold** is too little.',
    header: [
      'limit',
      'granted',
      ...simulated.map(({ perDay }) => label(perDay)),
      'reached at, predictions a day',
      'then',
    ],
    rows: [
      ...last.limits.map((limit, at) => [
        limit.what,
        `${whole(limit.granted)} ${limit.unit}`,
        ...all.map(({ limits }) => {
          const text = short(limits[at]!.asked);
          return used(limits[at]!) > 1 ? `**${text}**` : text;
        }),
        limit.remedy.startsWith('nothing')
          ? 'never'
          : whole(Number(reachedAt(last.one.perDay, limit).toPrecision(2))),
        limit.remedy,
      ]),
      [
        'first of these',
        '',
        ...all.map(({ limits }) => {
          const first = limits.toSorted((a, b) => used(b) - used(a))[0]!;
          return used(first) > 1
            ? first.what
            : `none; nearest: ${first.what}, ${Math.round(100 * used(first))} %`;
        }),
        '',
        '',
      ],
    ],
  };
}

const workOf = (perDay: number): Workload => ({
  predictions: perDay * daysPerMonth,
  models: 1,
  rowsPerRequest: 1,
  labelShare,
  retrains: 1,
  predictMs: 15,
});

function costTable(inventory: Inventory, prices: PriceFile, simulated: readonly Simulated[]): WideTable {
  const bill = (work: Workload, front?: (typeof fronts)[number]) =>
    billOf(chargesOf(inventory, work, front), prices, false);
  const row = (what: string, of: (perDay: number) => number) => [
    what,
    ...volumes.map((perDay) => whole(of(perDay))),
  ];
  return {
    title: 'USD a month',
    note: `The calculator’s (\`npm run cost\`), stage dev, list prices of ${prices.date} in ${prices.region}, without free allowances; single predictions but for the last row.`,
    header: ['', ...volumes.map(label)],
    rows: [
      ...components
        .filter((component) => bill(workOf(1e9)).byComponent[component] >= 1)
        .map((component) => row(component, (perDay) => bill(workOf(perDay)).byComponent[component])),
      row('**total behind a REST API**', (perDay) => bill(workOf(perDay)).usd),
      row('behind an HTTP API', (perDay) => bill(workOf(perDay), 'http').usd),
      row('behind a function URL', (perDay) => bill(workOf(perDay), 'function-url').usd),
      row('REST, 100 rows a request', (perDay) => bill({ ...workOf(perDay), rowsPerRequest: 100 }).usd),
      [
        'partials a month, simulated ÷ the calculator’s',
        ...simulated.map(({ perDay, day }) =>
          ((day.partials * daysPerMonth) / flowOf(inventory, workOf(perDay)).pairs).toFixed(2),
        ),
      ],
    ],
  };
}

function sinkTable(inventory: Inventory, prices: PriceFile): WideTable {
  const costs = volumes.map((perDay) => sinkCosts(inventory, workOf(perDay), prices));
  return {
    title: 'The log: table and stream, or Firehose',
    note: 'USD a month of logging and capture alone. Firehose would know no request id: no 409, no exactly-once, no label joined at capture (docs/decisions/0036).',
    header: ['', ...volumes.map(label)],
    rows: [
      ['table, its stream and capture', ...costs.map(({ table }) => whole(table))],
      ['Firehose to objects and capture of these', ...costs.map(({ firehose }) => whole(firehose))],
    ],
  };
}

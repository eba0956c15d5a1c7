/** Benchmark: from the end of a window that has drifted to the page, through the real programs at their default settings, in real time. */
import { type AlertChain, startLaptop, startScheduled } from './alert-latency-chain.ts';
import { type Measured, measureWindows } from './alert-latency-windows.ts';
import type { BenchResult, WideTable } from './page.ts';

/** No divisor or multiple of a minute, so that windows end everywhere in it. */
const windowMs = 51_000;
const windows = 7;
/** What {@link startScheduled} leaves out: the wait for stragglers of the stream, which is the same for each window. */
const graceSeconds = 90;

/**
 * Two chains side by side: as on a laptop, and on the schedules of AWS. Takes a quarter of an hour at most.
 *
 * @throws MissingProgramError naming what is not on the PATH
 */
export async function run(quick: boolean): Promise<BenchResult> {
  const count = quick ? 1 : windows;
  const [laptop, scheduled] = await Promise.all([
    measured(startLaptop, count),
    measured(startScheduled, count),
  ]);
  return {
    name: 'From the end of a window that has drifted to its page (PsiCritical)',
    rows: [
      ['laptop: `tidemark start --prometheus`, min / median / max', spread(laptop)],
      ['schedules of AWS, min / median / max', spread(scheduled)],
      [
        `the same and the ${graceSeconds} s for stragglers, which this host's feed does not need`,
        spread(scheduled, graceSeconds),
      ],
    ],
    tables: [
      table(
        'Laptop: each window',
        'Ticks of a second, a scrape every 15 s, rules every minute, the shipped Alertmanager configuration. Seconds; the columns add up.',
        laptop,
      ),
      table(
        'Schedules of AWS: each window',
        'Tick and publication every minute, a publication at once or with the next minute when a window is judged, remote write, rules every minute. Seconds, without the wait for stragglers and without the ways between services of AWS. Where in the minute schedules and rules fall is decided when the programs start: a run shows one alignment, docs/observability.md the range of all.',
        scheduled,
      ),
    ],
  };
}

async function measured(
  start: (windowMs: number) => Promise<AlertChain>,
  count: number,
): Promise<readonly Measured[]> {
  const chain = await start(windowMs);
  try {
    return await measureWindows(chain, windowMs, count);
  } finally {
    await chain.stop();
  }
}

const steps: readonly [keyof Measured, string][] = [
  ['judged', 'judged'],
  ['known', 'in Prometheus'],
  ['firing', 'the rule fires'],
  ['told', 'at Alertmanager'],
  ['paged', 'at the pager'],
];

function table(title: string, note: string, all: readonly Measured[]): WideTable {
  const parts = all.map((one) =>
    steps.map(([step], at) => one[step] - (at === 0 ? 0 : one[steps[at - 1]![0]])),
  );
  const cells = (values: readonly number[]) => values.map((value) => value.toFixed(1));
  const total = all.map(({ paged }) => paged);
  const line = (name: string, of: (values: readonly number[]) => number) => [
    name,
    ...cells([...steps.map((_, at) => of(parts.map((part) => part[at]!))), of(total)]),
  ];
  return {
    title,
    note,
    header: ['window', ...steps.map(([, name]) => name), 'together'],
    rows: [
      ...all.map(({ endsAt, paged }, at) => [
        `ends at second ${((endsAt / 1000) % 60).toFixed(0)}`,
        ...cells([...parts[at]!, paged]),
      ]),
      line('median', median),
      line('max', (values) => Math.max(...values)),
    ],
  };
}

function spread(all: readonly Measured[], more = 0): string {
  const seconds = all.map(({ paged }) => paged + more);
  const figures = [Math.min(...seconds), median(seconds), Math.max(...seconds)];
  return `${figures.map((value) => `${value.toFixed(0)} s`).join(' / ')} (${all.length} windows)`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

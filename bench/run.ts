/** `npm run bench [name …] [--quick]`: runs the benchmarks one after another and replaces their sections of docs/benchmarks.md. */
import { run as alerts } from './alert-latency.ts';
import { run as asset } from './asset.ts';
import { harmlessTable, modelTable, nullTable, peersTable, powerTable, primaryTable } from './calibration.ts';
import { run as compare } from './compare.ts';
import { run as demo } from './demo.ts';
import { run as explain } from './explain.ts';
import { run as gbdt } from './gbdt.ts';
import { MissingProgramError } from './missing-program.ts';
import { type BenchResult, toMarkdown, writeSection } from './page.ts';
import { run as parity } from './parity.ts';
import { run as profile } from './profile.ts';
import { run as publish } from './publish.ts';
import { run as report } from './report.ts';
import { run as scale } from './scale.ts';
import { run as serving } from './serving.ts';
import type { BenchTable } from './table.ts';

interface Benchmark {
  readonly goal: string;
  /** `quick`: a twentieth of the repetitions, for development; nothing is written then. */
  readonly run: (quick: boolean) => BenchResult | Promise<BenchResult>;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  profile: {
    goal: '≥ 30 M values/s on one core; memory independent of rows; a 20,000-row window ≤ 4 kB and a 100-row partial ≤ 300 B per numeric feature, deflated; 200 features judged in < 50 ms',
    run: profile,
  },
  compare: { goal: '≥ 5 × faster than Evidently (10 × wanted) in ≤ 1/5 of its memory', run: compare },
  'calibration-null': {
    goal: '4–6 % at a nominal 5 %, lower only where counts are discrete',
    run: nullTable,
  },
  'calibration-model': {
    goal: '≤ 1 episode a month and ≤ 0.5 % of time in alarm, without drift',
    run: modelTable,
  },
  'calibration-power': {
    goal: '0.25 σ at 1000 shown 95 %, 0.5 σ at 1000 and 0.8 σ at 100 warned of 95 %, 0 → 5 % missing at 2000 found 95 %, 0.01 σ at 1 M never; one outlier leaves ≥ 0.9 of the PSI',
    run: powerTable,
  },
  'calibration-harmless': {
    goal: 'carat never critical when prices of the same stones are asked again',
    run: harmlessTable,
  },
  'calibration-primary': {
    goal: 'the last column is the product: within a few points of the best in every row',
    run: primaryTable,
  },
  'calibration-peers': { goal: 'none: for comparison with the tables above', run: peersTable },
  gbdt: {
    goal: '≤ 1.5 × HistGradientBoosting on diamonds, RMSE ≤ its; 1 M × 20 with 2 threads ≤ 4 × in < 500 MB; accuracy within 1 point',
    run: gbdt,
  },
  parity: {
    goal: 'branch-exact; numbers within 1e-5, probabilities within 1e-6, 0 labels differ, on ≥ 10,000 rows',
    run: parity,
  },
  explain: {
    goal: 'permutations ≤ 15 ms, TreeSHAP ≤ 5 ms, load ≤ 60 ms',
    run: explain,
  },
  serving: { goal: '≥ 2,000 predictions/s; p99 < 50 ms at half that', run: serving },
  publish: {
    goal: 'publish 5,000 series < 500 ms and < 128 MB; /metrics of 50 models × 50 features < 300 ms',
    run: publish,
  },
  alerts: { goal: 'a page within 180 s of the end of the window', run: alerts },
  report: { goal: 'page < 1 MB and < 200 ms to render', run: report },
  asset: {
    goal: 'onnx asset ≤ 20 MB, every other ≤ 2 MB, zipped; cold import and session of predict < 300 ms',
    run: assetTable,
  },
  scale: {
    goal: 'none but to show what grows; a roll-up must fit the 120 s of a tick',
    run: scale,
  },
  demo: { goal: 'diamonds ≤ 120 s, host < 300 MB, cold clone to the last line ≤ 5 min', run: demo },
};

/** A name stands for itself and for all that begin with it and a dash: `calibration` for its six parts. */
export async function main(args: readonly string[]): Promise<void> {
  const quick = args.includes('--quick');
  const names = args.filter((argument) => argument !== '--quick');
  const all = Object.keys(benchmarks);
  const isMeant = (name: string, one: string) => one === name || one.startsWith(`${name}-`);
  const unknown = names.find((name) => !all.some((one) => isMeant(name, one)));
  if (unknown !== undefined)
    throw new Error(`there is no benchmark "${unknown}"; there are ${all.join(', ')}`);
  const chosen = Object.entries(benchmarks).filter(
    ([one]) => names.length === 0 || names.some((name) => isMeant(name, one)),
  );
  for (const [name, { goal, run }] of chosen) {
    process.stderr.write(`bench: ${name} …\n`);
    try {
      const section = toMarkdown(await run(quick), goal);
      process.stdout.write(`${section}\n\n`);
      if (!quick) writeSection(name, section, all);
    } catch (error) {
      if (!(error instanceof MissingProgramError)) throw error;
      // its section stays as it was, and the others are measured all the same
      process.stderr.write(`bench: ${name} was not measured: ${error.message}\n`);
      process.exitCode = 1;
    }
  }
}

function assetTable(quick: boolean): BenchTable {
  const { onnxZipBytes, largestOther, others, architecture, coldStart } = asset('x86_64', quick ? 3 : 21);
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MB`;
  const cold: BenchTable['rows'] = coldStart
    ? [
        [
          `import of predict and session of a model of 10 features, median of ${coldStart.processes} new processes`,
          `${coldStart.importMs.toFixed(0)} + ${coldStart.sessionMs.toFixed(0)} ms; together ${coldStart.totalMs.toFixed(0)} ms, of CPU ${coldStart.cpuMs.toFixed(0)} ms, slowest ${coldStart.slowestMs.toFixed(0)} ms`,
        ],
      ]
    : [];
  return {
    name: `Lambda assets, ${architecture}, zip level 9`,
    rows: [
      ['onnx (shared by predict, parity, evaluate)', megabytes(onnxZipBytes)],
      [`largest of ${others.length} others (${largestOther.name})`, megabytes(largestOther.zipBytes)],
      ...cold,
    ],
  };
}

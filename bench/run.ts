/** `npm run bench [name …]`: runs the benchmarks one after another; without names it also rewrites docs/benchmarks.md. */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { run as asset } from './asset.ts';
import { run as demo } from './demo.ts';
import { run as gbdt } from './gbdt.ts';
import { run as profile } from './profile.ts';
import { run as serving } from './serving.ts';
import type { BenchTable } from './table.ts';

interface Benchmark {
  readonly goal: string;
  readonly run: () => BenchTable | Promise<BenchTable>;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  profile: { goal: '≥ 10 M values/s on one core', run: profileTable },
  gbdt: {
    goal: '≤ 2 × scikit-learn HistGradientBoosting (one thread) in the same run, RMSE within 1 %',
    run: gbdt,
  },
  serving: { goal: '≥ 2,000 predictions/s; p99 < 50 ms at half that', run: serving },
  asset: { goal: 'onnx asset ≤ 20 MB, every other ≤ 2 MB, zipped', run: assetTable },
  demo: { goal: 'diamonds ≤ 120 s, host < 300 MB, cold clone to the last line ≤ 5 min', run: demo },
};

export async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !(name in benchmarks));
  if (unknown !== undefined)
    throw new Error(`there is no benchmark "${unknown}"; there are ${Object.keys(benchmarks).join(', ')}`);
  const chosen = Object.entries(benchmarks).filter(([name]) => names.length === 0 || names.includes(name));
  const sections: string[] = [];
  for (const [name, { goal, run }] of chosen) {
    process.stderr.write(`bench: ${name} …\n`);
    const section = toMarkdown(await run(), goal);
    process.stdout.write(`${section}\n`);
    sections.push(section);
  }
  if (names.length === 0) writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), page(sections));
}

function profileTable(): BenchTable {
  const { valuesPerSecond, rows, features, encodedBytesPerFeature } = profile();
  return {
    name: `profile ${rows.toLocaleString('en')} rows × ${features} numeric features, one core`,
    rows: [
      ['values per second', `${(valuesPerSecond / 1e6).toFixed(0)} M`],
      ['encoded profile', `${encodedBytesPerFeature} bytes per feature`],
    ],
  };
}

function assetTable(): BenchTable {
  const { onnxZipBytes, largestOther, architecture } = asset();
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MB`;
  return {
    name: `Lambda assets, ${architecture}, zip level 9`,
    rows: [
      ['onnx (shared by predict, parity, evaluate)', megabytes(onnxZipBytes)],
      [`largest other (${largestOther.name})`, megabytes(largestOther.zipBytes)],
    ],
  };
}

function toMarkdown({ name, rows }: BenchTable, goal: string): string {
  const lines = rows.map(([what, measured]) => `| ${what} | ${measured} |`);
  return `## ${name}\n\nGoal: ${goal}.\n\n| what | measured |\n|---|---|\n${lines.join('\n')}\n`;
}

function page(sections: readonly string[]): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, Node ${process.versions.node}`;
  return `# Benchmarks\n\nMade by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}. The machine was shared; ratios are of one run.\nscikit-learn is compared where \`python3\` can import it.\n\n${sections.join('\n')}`;
}

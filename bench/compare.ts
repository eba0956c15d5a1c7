/** Measures one comparison of two large CSV files, wall time and peak memory, beside Evidently's on the same files. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeDriftCsv } from './compare-csv.ts';
import { measureProcess, type ProcessFigures } from './measure-process.ts';
import { peerPython } from './peers/python.ts';
import type { BenchTable } from './table.ts';

const NUMERIC = 45;
const CATEGORICAL = 5;
/** Standard deviations by which every tenth numeric column of the second file is moved. */
const SHIFT = 0.5;

const cli = fileURLToPath(new URL('../cli/tidemark.mjs', import.meta.url));
const peerScript = fileURLToPath(new URL('peers/evidently_compare.py', import.meta.url));

/** `BENCH_ROWS` rows per file, 1 M without it; the files are deleted afterwards. */
export async function run(): Promise<BenchTable> {
  const rows = Number(process.env.BENCH_ROWS ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-compare-'));
  const files = [join(folder, 'reference.csv'), join(folder, 'current.csv')] as const;
  try {
    let bytes = 0;
    for (const [at, file] of files.entries())
      bytes += writeDriftCsv(file, {
        rows,
        numeric: NUMERIC,
        categorical: CATEGORICAL,
        shift: at * SHIFT,
        seed: at + 1,
      });
    const ours = await measureProcess(process.execPath, [cli, 'compare', ...files, '--json']);
    const python = await peerPython('evidently');
    const theirs = python === undefined ? undefined : await measureProcess(python, [peerScript, ...files]);
    return {
      name: `compare two CSV files of ${rows.toLocaleString('en')} rows × ${NUMERIC + CATEGORICAL} columns, ${(bytes / 1e6).toFixed(0)} MB together`,
      rows: [
        ['tidemark compare', describe(ours)],
        ['pandas.read_csv and Evidently DataDriftPreset', theirs ? describe(theirs) : 'not installed here'],
        ...(theirs && ours.exitCode !== null && theirs.exitCode === 0 ? ratios(ours, theirs) : []),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Exit codes 0 and 1 are answers (no drift, drift); anything else is a failure to compare. */
function describe({ seconds, cpuSeconds, peakBytes, exitCode, stderr }: ProcessFigures): string {
  if (exitCode !== 0 && exitCode !== 1)
    return `failed with exit code ${exitCode}: ${stderr.trim().split('\n').at(-1)?.slice(0, 120)}`;
  const memory = peakBytes === undefined ? 'memory not told here' : `${(peakBytes / 1e6).toFixed(0)} MB peak`;
  const cpu = cpuSeconds === undefined ? '' : ` (${cpuSeconds.toFixed(1)} s of CPU)`;
  return `${seconds.toFixed(1)} s${cpu}, ${memory}`;
}

function ratios(ours: ProcessFigures, theirs: ProcessFigures): BenchTable['rows'] {
  if (ours.exitCode !== 0 && ours.exitCode !== 1) return [];
  const rows: [string, string][] = [
    ['time: Evidently ÷ tidemark', `${(theirs.seconds / ours.seconds).toFixed(1)} ×`],
  ];
  if (ours.cpuSeconds && theirs.cpuSeconds)
    rows.push(['CPU time: Evidently ÷ tidemark', `${(theirs.cpuSeconds / ours.cpuSeconds).toFixed(1)} ×`]);
  if (ours.peakBytes && theirs.peakBytes)
    rows.push(['memory: Evidently ÷ tidemark', `${(theirs.peakBytes / ours.peakBytes).toFixed(1)} ×`]);
  return rows;
}

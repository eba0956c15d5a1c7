/** Measures the Lambda assets as they would be uploaded: their sizes, and a cold start of predict in new processes. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchitectureName } from '../cdk/config.ts';
import { allAssets, bundle } from '../cdk/constructs/bundle.ts';
import { zipBytes } from '../cdk/constructs/zip-bytes.ts';
import { trainScaleModel } from './scale/model.ts';

export interface AssetBenchmark {
  readonly architecture: ArchitectureName;
  readonly onnxZipBytes: number;
  readonly largestOther: { readonly name: string; readonly zipBytes: number };
  /** Of each asset without onnxruntime. */
  readonly others: readonly { readonly name: string; readonly zipBytes: number }[];
  /** Medians of new processes on the asset of predict, when asked for. */
  readonly coldStart?: ColdStart;
  /** Wall time of all bundles together. */
  readonly bundleMs: number;
}

/** Milliseconds, from a process that runs to a model that could answer. */
interface ColdStart {
  readonly processes: number;
  readonly importMs: number;
  readonly sessionMs: number;
  readonly totalMs: number;
  /** Of a CPU, for both: what a busy machine hardly stretches. */
  readonly cpuMs: number;
  readonly slowestMs: number;
}

/**
 * Bundles every function to a temporary folder and counts what a zip of level 9 would hold.
 *
 * @param processes started to measure a cold start; none unless told. They run code of this machine's kind only.
 */
export function run(architecture: ArchitectureName = 'x86_64', processes = 0): AssetBenchmark {
  const root = mkdtempSync(join(tmpdir(), 'tidemark-assets-'));
  try {
    const started = performance.now();
    const assets = allAssets().map((asset) => {
      const folder = join(root, asset.functions[0]!);
      bundle(asset, folder, architecture);
      return { ...asset, name: asset.functions[0]!, folder };
    });
    const bundleMs = Math.round(performance.now() - started);
    const sized = assets.map((asset) => ({ ...asset, zipBytes: zipBytes(asset.folder, 9) }));
    const others = sized.filter((asset) => !asset.onnx).sort((a, b) => b.zipBytes - a.zipBytes);
    const { name, zipBytes: largest } = others[0]!;
    const withOnnx = sized.find((asset) => asset.onnx)!;
    return {
      architecture,
      onnxZipBytes: withOnnx.zipBytes,
      largestOther: { name, zipBytes: largest },
      others: others.map(({ name, zipBytes }) => ({ name, zipBytes })),
      bundleMs,
      ...(processes > 0 ? { coldStart: coldStart(withOnnx.folder, root, processes) } : {}),
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The options of the session are those of `openSession`. */
const coldScript = `
const started = performance.now();
const cpu = process.cpuUsage();
const [asset, model] = process.argv.slice(1);
await import(asset + '/predict.mjs');
const imported = performance.now();
const { createRequire } = await import('node:module');
const { InferenceSession } = createRequire(asset + '/predict.mjs')('onnxruntime-node');
await InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 4,
});
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify([imported - started, performance.now() - imported, (user + system) / 1000]));
process.exit();
`;

function coldStart(asset: string, folder: string, processes: number): ColdStart {
  const model = join(folder, 'model.onnx');
  writeFileSync(model, trainScaleModel().onnx);
  const measured = Array.from({ length: processes }, () => {
    const args = ['--enable-source-maps', '--input-type=module', '-e', coldScript, asset, model];
    const printed = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    return JSON.parse(printed) as [number, number, number];
  });
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  const totals = measured.map(([imported, opened]) => imported + opened);
  return {
    processes,
    importMs: median(measured.map(([imported]) => imported)),
    sessionMs: median(measured.map(([, opened]) => opened)),
    totalMs: median(totals),
    cpuMs: median(measured.map(([, , cpu]) => cpu)),
    slowestMs: Math.max(...totals),
  };
}

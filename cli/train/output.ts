/** The folder that `tidemark train` writes. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '#shared/registry/model.ts';
import { checkOutput, writeOutput } from '../output-file.ts';
import { UsageError } from '../usage.ts';

const names = ['model.onnx', 'metrics.json', 'manifest.json'];

/** Said before long work; an earlier model is not lost without a word. Throws {@link UsageError}. */
export function checkOut(out: string, force: boolean): void {
  const there = statSync(out, { throwIfNoEntry: false });
  if (there && !there.isDirectory()) throw new UsageError(`--out ${out} is a file: a folder is expected`);
  const taken = there && readdirSync(out).find((name) => names.includes(name));
  if (taken !== undefined && !force)
    throw new UsageError(`--out ${out} already has a ${taken}; --force overwrites it`);
  try {
    mkdirSync(out, { recursive: true });
    for (const name of names) checkOutput(join(out, name));
  } catch (error) {
    throw new UsageError(`--out ${out} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

/** The manifest last: a folder that has one is whole. */
export function writeFiles(
  out: string,
  onnx: Uint8Array,
  metrics: Readonly<Record<string, unknown>>,
  manifest: Manifest,
): void {
  rmSync(join(out, 'manifest.json'), { force: true });
  writeOutput(join(out, 'model.onnx'), onnx);
  writeOutput(join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  writeOutput(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

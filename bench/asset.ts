/** Measures the Lambda assets as they would be uploaded: the one with onnxruntime, and the largest of the others. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { ArchitectureName } from '../cdk/config.ts';
import { allAssets, bundle } from '../cdk/constructs/bundle.ts';

export interface AssetBenchmark {
  readonly architecture: ArchitectureName;
  readonly onnxZipBytes: number;
  readonly largestOther: { readonly name: string; readonly zipBytes: number };
  /** Wall time of all bundles together. */
  readonly bundleMs: number;
}

/** Bundles every function to a temporary folder and counts what a zip of level 9 would hold. */
export function run(architecture: ArchitectureName = 'x86_64'): AssetBenchmark {
  const root = mkdtempSync(join(tmpdir(), 'tidemark-assets-'));
  try {
    const started = performance.now();
    const assets = allAssets().map((asset) => {
      const folder = join(root, asset.functions[0]!);
      bundle(asset, folder, architecture);
      return { ...asset, name: asset.functions[0]!, folder };
    });
    const bundleMs = Math.round(performance.now() - started);
    const sized = assets.map((asset) => ({ ...asset, zipBytes: zipBytes(asset.folder) }));
    const others = sized.filter((asset) => !asset.onnx).sort((a, b) => b.zipBytes - a.zipBytes);
    const { name, zipBytes: largest } = others[0]!;
    return {
      architecture,
      onnxZipBytes: sized.find((asset) => asset.onnx)!.zipBytes,
      largestOther: { name, zipBytes: largest },
      bundleMs,
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

// Sizes of the records around the data in a zip without extra fields (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16); each carries the name.
const localHeader = 30;
const centralHeader = 46;
const endOfDirectory = 22;

function zipBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ name: relative(folder, file), data: readFileSync(file) }))
    .reduce(
      (sum, { name, data }) =>
        sum + deflateRawSync(data, { level: 9 }).length + localHeader + centralHeader + 2 * name.length,
      endOfDirectory,
    );
}

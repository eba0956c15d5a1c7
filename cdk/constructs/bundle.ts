// From `lambdas/<folder>/lambda.ts` to the files of a Lambda asset: esbuild here, no Docker, same bytes every time.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync, type OutputFile } from 'esbuild';
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import type { ArchitectureName } from '../config.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

const specs: Readonly<Record<FunctionName, FunctionSpec>> = functions;

export interface Asset {
  /** Functions whose code it carries: all that need onnxruntime share one, every other has its own. */
  readonly functions: readonly FunctionName[];
  readonly onnx: boolean;
}

/** The asset that carries `name`. */
export function assetOf(name: FunctionName): Asset {
  const onnx = specs[name].onnx === true;
  const all = Object.keys(specs) as FunctionName[];
  return { onnx, functions: onnx ? all.filter((other) => specs[other].onnx === true) : [name] };
}

/** Every asset, once. */
export function allAssets(): readonly Asset[] {
  const names = Object.keys(specs) as FunctionName[];
  return names.map(assetOf).filter((asset, index) => asset.functions[0] === names[index]);
}

/** `module.export` as Lambda wants it. */
export const handlerOf = (name: FunctionName) => `${name}.handler`;

// Some dependencies are CommonJS inside and call require() for Node's own modules, which an ES module does not have.
const requireBanner =
  "import { createRequire as createRequireForBundle } from 'node:module';const require = createRequireForBundle(import.meta.url);";

/**
 * Writes the files of `asset` to `outDir`: a `<function>.mjs` and its source map per function, and for the onnx asset the
 * chunks they share and the one platform of onnxruntime it runs on.
 *
 * A function with an asset of its own is a single file, so that a worker thread can be started from it (`import.meta.url`).
 *
 * @param root the project's folder; another one only in tests
 */
export function bundle(
  asset: Asset,
  outDir: string,
  architecture: ArchitectureName,
  root: string = projectRoot,
): void {
  mkdirSync(outDir, { recursive: true });
  const files = asset.onnx ? build(asset, root) : filesOf(asset.functions, root);
  for (const file of files) writeFileSync(join(outDir, basename(file.path)), file.contents);
  if (asset.onnx) copyOnnxRuntime(join(outDir, 'node_modules'), architecture);
}

const built = new Map<string, readonly OutputFile[]>();

/** All functions without onnxruntime are built together, once a process and root: one by one would read what they share twenty times. */
function filesOf(names: readonly FunctionName[], root: string): readonly OutputFile[] {
  const all = allAssets().filter(({ onnx }) => !onnx);
  const files =
    built.get(root) ?? build({ onnx: false, functions: all.flatMap((one) => one.functions) }, root);
  built.set(root, files);
  const wanted = names.flatMap((name) => [`${name}.mjs`, `${name}.mjs.map`]);
  return files.filter(({ path }) => wanted.includes(basename(path)));
}

function build(asset: Asset, root: string): readonly OutputFile[] {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      asset.functions.map((name) => [name, `lambdas/${specs[name].folder}/lambda.ts`]),
    ),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    splitting: asset.onnx,
    chunkNames: 'shared-[hash]',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    banner: { js: requireBanner },
    external: asset.onnx ? ['onnxruntime-node'] : [],
    sourcemap: true,
    sourcesContent: false,
    outExtension: { '.js': '.mjs' },
    // Written by us: the paths in a source map are relative to the output, which must not depend on where CDK puts it.
    outdir: join(root, 'cdk.out'),
    write: false,
    logLevel: 'warning',
  });
  return outputFiles;
}

const isCode = (file: string) => file.endsWith('.js') || file === 'package.json';

/** onnxruntime-node is 288 MB for all platforms; Lambda takes 250. Linux on one CPU is 25 to 45 MB. */
function copyOnnxRuntime(nodeModules: string, architecture: ArchitectureName): void {
  const require = createRequire(import.meta.url);
  const runtime = dirname(require.resolve('onnxruntime-node/package.json'));
  // Its package.json is not exported; the entry that CommonJS gets is <package>/dist/cjs/index.js.
  const common = join(
    dirname(createRequire(join(runtime, 'package.json')).resolve('onnxruntime-common')),
    '../..',
  );
  const native = join('bin/napi-v6/linux', architecture === 'arm64' ? 'arm64' : 'x64');
  const copy = (from: string, to: string, folder: string, wanted: (file: string) => boolean) => {
    mkdirSync(join(to, folder), { recursive: true });
    for (const file of readdirSync(join(from, folder)).filter(wanted))
      cpSync(join(from, folder, file), join(to, folder, file));
  };
  const toRuntime = join(nodeModules, 'onnxruntime-node');
  copy(runtime, toRuntime, '.', (file) => file === 'package.json');
  copy(runtime, toRuntime, 'dist', isCode);
  copy(
    runtime,
    toRuntime,
    native,
    (file) => file === 'libonnxruntime.so.1' || file === 'onnxruntime_binding.node',
  );
  const toCommon = join(nodeModules, 'onnxruntime-common');
  copy(common, toCommon, '.', (file) => file === 'package.json');
  copy(common, toCommon, 'dist/cjs', isCode);
}

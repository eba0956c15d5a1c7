// What goes into an asset: one file per function, one platform of onnxruntime, and the same bytes wherever it is built.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import { temporaryFolder } from '../testing.ts';
import { allAssets, assetOf, bundle, handlerOf, projectRoot } from './bundle.ts';

const specs = Object.entries(functions) as [FunctionName, FunctionSpec][];

/** A project like this one, whose functions only say what they can reach. */
function projectOfStubs(): string {
  const root = temporaryFolder('stubs');
  cpSync(join(projectRoot, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  for (const [name, { folder: lambda, onnx }] of specs) {
    mkdirSync(join(root, 'lambdas', lambda), { recursive: true });
    const imports = onnx
      ? "import { InferenceSession } from 'onnxruntime-node';"
      : "import { S3Client as InferenceSession } from '@aws-sdk/client-s3';";
    const handler = `export const handler = async () => ({ name: '${name}', reached: typeof InferenceSession });`;
    writeFileSync(join(root, 'lambdas', lambda, 'lambda.ts'), `${imports}\n${handler}\n`);
  }
  return root;
}

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

let stubs: string;
beforeAll(() => {
  stubs = projectOfStubs();
});

describe('assets', () => {
  it('are one for all functions with onnxruntime, and one for each of the others', () => {
    const [withOnnx, ...more] = allAssets().filter((asset) => asset.onnx);
    expect(more).toEqual([]);
    expect(withOnnx?.functions).toEqual(specs.filter(([, spec]) => spec.onnx).map(([name]) => name));
    const all = allAssets().flatMap((asset) => asset.functions);
    expect([...all].sort()).toEqual(specs.map(([name]) => name).sort());
  });
});

describe('bundle()', () => {
  it('writes one self-contained module and its source map, which holds no sources', async () => {
    const out = temporaryFolder('tick');
    bundle(assetOf('tick'), out, 'x86_64', stubs);
    expect(filesIn(out)).toEqual(['tick.mjs', 'tick.mjs.map']);
    expect(handlerOf('tick')).toBe('tick.handler');
    expect(JSON.parse(readFileSync(join(out, 'tick.mjs.map'), 'utf8'))).not.toHaveProperty('sourcesContent');
    const { handler } = (await import(pathToFileURL(join(out, 'tick.mjs')).href)) as {
      handler: () => Promise<unknown>;
    };
    expect(await handler()).toEqual({ name: 'tick', reached: 'function' });
  });

  it('adds onnxruntime for one CPU and none of its other 288 MB', () => {
    for (const [architecture, cpu] of [
      ['x86_64', 'x64'],
      ['arm64', 'arm64'],
    ] as const) {
      const out = temporaryFolder('onnx');
      bundle(assetOf('predict'), out, architecture, stubs);
      const files = filesIn(out);
      expect(files.filter((file) => file.includes('/bin/'))).toEqual([
        `node_modules/onnxruntime-node/bin/napi-v6/linux/${cpu}/libonnxruntime.so.1`,
        `node_modules/onnxruntime-node/bin/napi-v6/linux/${cpu}/onnxruntime_binding.node`,
      ]);
      expect(files).toEqual(
        expect.arrayContaining(
          assetOf('predict').functions.flatMap((name) => [`${name}.mjs`, `${name}.mjs.map`]),
        ),
      );
      const shipped = files.filter((file) => file.startsWith('node_modules/'));
      expect(shipped.filter((file) => /\.d\.ts$|\.map$|\/script\//.test(file))).toEqual([]);
    }
  });

  it('refuses a function that needs onnxruntime and does not say so', () => {
    const root = projectOfStubs();
    const source = "import 'onnxruntime-node'; export const handler = () => undefined;";
    writeFileSync(join(root, 'lambdas/tick/lambda.ts'), source);
    expect(() => bundle(assetOf('tick'), temporaryFolder('tick'), 'x86_64', root)).toThrow();
  });

  it.each(['predict', 'tick'] as const)(
    'gives the bytes of %s again wherever the output goes, and when built by another process',
    async (name) => {
      const outs = [temporaryFolder('a'), join(temporaryFolder('elsewhere'), 'much/deeper')] as const;
      bundle(assetOf(name), outs[0], 'x86_64', stubs);
      // without what this one has built already
      vi.resetModules();
      const another = await import('./bundle.ts');
      expect(another.bundle).not.toBe(bundle);
      another.bundle(assetOf(name), outs[1], 'x86_64', stubs);
      const [first, second] = outs.map((out) => filesIn(out).map((file) => [file, sha256(join(out, file))]));
      expect(second).toEqual(first);
    },
  );
});

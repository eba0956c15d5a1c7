// The app as a whole: no rule finding in any stage, the same output every time, and nothing imported but the surface.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FunctionName, functions } from '#shared/api/surface.ts';
import { stageNames } from './config.ts';
import { allAssets, projectRoot } from './constructs/bundle.ts';
import { zipBytes } from './constructs/zip-bytes.ts';
import { functionsIn } from './names.ts';
import { appOf, synthAgain, synthStage } from './testing.ts';

interface CfnFunction {
  readonly Properties?: { readonly Code?: { readonly S3Key?: string } };
}

/** The one thing that a stage has only when it is asked for, and that has code. */
const withGrafana = { grafana: 'identityCenter' };

describe('Tidemark app', () => {
  it.each(stageNames)('has no finding of the AwsSolutions rules in stage %s', (stage) => {
    const { app } = synthStage(stage);
    expect(new AwsSolutionsChecks(app).validateScope(app)).toEqual({ success: true, violations: [] });
  });

  it.each([
    ['dev', withGrafana],
    ['prod', { ...withGrafana, alerting: 'grafana' }],
  ] as const)('has none with Grafana either, in stage %s with %o', (stage, context) => {
    const { app } = synthStage(stage, context);
    expect(new AwsSolutionsChecks(app).validateScope(app)).toEqual({ success: true, violations: [] });
  });

  it('does not synthesise at all with a finding', () => {
    const [app, { data }] = appOf('dev', { 'aws:cdk:bundling-stacks': [] });
    new Queue(data, 'Naked');
    expect(() => app.synth()).toThrow('AwsSolutions-SQS4');
  });

  it('has every function of the surface in exactly one stack', () => {
    const parts = ['data', 'serving', 'monitoring', 'retrain', 'observability'] as const;
    const placed = parts.flatMap((part) => functionsIn(part));
    expect([...placed].sort()).toEqual((Object.keys(functions) as FunctionName[]).sort());
    const { data, working, observability } = synthStage('dev', { ...withGrafana, canary: 'true' });
    const made = [data, ...working, observability!]
      .flatMap((stack) => Object.values(stack.findResources('AWS::Lambda::Function')))
      // CDK's own, which empties a bucket, has no name.
      .flatMap(({ Properties }) => Properties.FunctionName ?? []);
    expect(made.sort()).toEqual(placed.map((name) => `tidemark-dev-${name}`).sort());
  });

  it('needs no account, no region and no lookup', () => {
    const { stacks } = synthStage('prod');
    for (const stack of Object.values(stacks)) {
      expect(stack.environment).toBe('aws://unknown-account/unknown-region');
    }
  });

  it('gives the same templates for the same input', () => {
    const [first, second] = [synthStage('prod'), synthAgain('prod')];
    for (const part of ['data', 'monitoring', 'serving', 'retrain'] as const)
      expect(second[part].toJSON()).toEqual(first[part].toJSON());
  });

  describe('assets', () => {
    const bundled = () => {
      const { stacks, directory } = appOf('prod', withGrafana)[0].synth();
      const keys = stacks.flatMap(({ template }) => {
        const functions = Object.values(template.Resources as Record<string, CfnFunction>);
        return functions.flatMap(({ Properties }) => Properties?.Code?.S3Key ?? []);
      });
      return { directory, keys };
    };
    let first: ReturnType<typeof bundled>;
    beforeAll(() => {
      first = bundled();
    });

    it('are the same from the same sources, wherever the output goes', () => {
      expect(bundled().keys).toEqual(first.keys);
      expect(new Set(first.keys).size).toBe(allAssets().length);
    });

    it('are at most 20 MB with onnxruntime and 2 MB without, zipped, for every function', () => {
      const folders = [...new Set(first.keys)].map((key) =>
        join(first.directory, `asset.${parse(key).name}`),
      );
      expect(folders).toHaveLength(allAssets().length);
      const heavy = folders.filter((folder) => existsSync(join(folder, 'node_modules/onnxruntime-node')));
      expect(heavy).toHaveLength(1);
      for (const folder of folders)
        expect(zipBytes(folder, 6), readdirSync(folder).join()).toBeLessThanOrEqual(
          (heavy.includes(folder) ? 20 : 2) * 2 ** 20,
        );
    });
  });

  it('takes types and constants from the API surface, and nothing else from the product', () => {
    const sources = readdirSync(join(projectRoot, 'cdk'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(projectRoot, 'cdk', file), 'utf8'));
    const imported = sources.flatMap((source) =>
      [...source.matchAll(/^(?:import|export)[^;]*? from '(#[^']+)';/gms)].map((match) => match[1]),
    );
    expect([...new Set(imported)].sort()).toEqual([
      '#shared/api/names.ts',
      '#shared/api/surface.ts',
      '#shared/canary/names.ts',
      '#shared/telemetry/telemetry.ts',
    ]);
    for (const [file, allowed] of [
      ['surface', []],
      ['names', ["import type { FunctionName, MachineName } from './surface.ts';"]],
    ] as const)
      expect(
        readFileSync(join(projectRoot, `shared/api/${file}.ts`), 'utf8').match(/^import .*$/gm) ?? [],
      ).toEqual(allowed);
  });
});

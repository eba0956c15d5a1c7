// The app as a whole: no rule finding in any stage, the same output every time, and nothing imported but the surface.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { type FunctionName, functions } from '#shared/api/surface.ts';
import { stageNames } from './config.ts';
import { allAssets, projectRoot } from './constructs/bundle.ts';
import { functionsIn } from './names.ts';
import { appOf, synthStage } from './testing.ts';

interface CfnFunction {
  readonly Properties?: { readonly Code?: { readonly S3Key?: string } };
}

describe('Tidemark app', () => {
  it.each(stageNames)('has no finding of the AwsSolutions rules in stage %s', (stage) => {
    const { app } = synthStage(stage);
    expect(new AwsSolutionsChecks(app).validateScope(app)).toEqual({ success: true, violations: [] });
  });

  it('does not synthesise at all with a finding', () => {
    const [app, { data }] = appOf('dev', { 'aws:cdk:bundling-stacks': [] });
    new Queue(data, 'Naked');
    expect(() => app.synth()).toThrow('AwsSolutions-SQS4');
  });

  it('has every function of the surface in exactly one stack', () => {
    const placed = (['serving', 'monitoring', 'retrain'] as const).flatMap((part) => functionsIn(part));
    expect([...placed].sort()).toEqual((Object.keys(functions) as FunctionName[]).sort());
    const { working } = synthStage('dev');
    const made = working.flatMap((stack) => Object.values(stack.findResources('AWS::Lambda::Function')));
    expect(made.map(({ Properties }) => Properties.FunctionName).sort()).toEqual(
      placed.map((name) => `tidemark-dev-${name}`).sort(),
    );
  });

  it('needs no account, no region and no lookup', () => {
    const { stacks } = synthStage('prod');
    for (const stack of Object.values(stacks)) {
      expect(stack.environment).toBe('aws://unknown-account/unknown-region');
    }
  });

  it('gives the same templates for the same input', () => {
    const [first, second] = [synthStage('prod'), synthStage('prod')];
    for (const part of ['data', 'monitoring', 'serving', 'retrain'] as const)
      expect(second[part].toJSON()).toEqual(first[part].toJSON());
  });

  it('bundles the same assets from the same sources, wherever the output goes', () => {
    const assetsOf = () => {
      const { stacks } = appOf('prod')[0].synth();
      return stacks.flatMap(({ template }) => {
        const functions = Object.values(template.Resources as Record<string, CfnFunction>);
        return functions.flatMap(({ Properties }) => Properties?.Code?.S3Key ?? []);
      });
    };
    const first = assetsOf();
    expect(assetsOf()).toEqual(first);
    expect(new Set(first).size).toBe(allAssets().length);
  });

  it('takes types and constants from the API surface, and nothing else from the product', () => {
    const sources = readdirSync(join(projectRoot, 'cdk'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(projectRoot, 'cdk', file), 'utf8'));
    const imported = sources.flatMap((source) =>
      [...source.matchAll(/^(?:import|export)[^;]*? from '(#[^']+)';/gms)].map((match) => match[1]),
    );
    expect(new Set(imported)).toEqual(new Set(['#shared/api/surface.ts']));
    const surface = readFileSync(join(projectRoot, 'shared/api/surface.ts'), 'utf8');
    expect(surface).not.toMatch(/^import /m);
  });
});

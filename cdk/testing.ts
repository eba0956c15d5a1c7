// Test helper: a stage synthesised as `cdk synth` would, without bundling any code.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { StageName } from './config.ts';
import { projectRoot } from './constructs/bundle.ts';
import { stageConfig } from './stage-config.ts';
import { buildTidemark, type Tidemark } from './tidemark.ts';

export interface SynthesisedStage {
  readonly app: App;
  readonly stacks: Tidemark;
  readonly data: Template;
  readonly monitoring: Template;
  readonly serving: Template;
  readonly retrain: Template;
  /** Where the stage has alarms, a budget or Managed Prometheus. */
  readonly observability?: Template;
  /** All but the data stack: those with functions. */
  readonly working: readonly Template[];
}

/** An empty folder, in the one of the whole run: test-setup.ts removes that. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `tidemark-${name}-`));
}

/** The app of `stage`, with the context of `cdk.json` and an output folder of its own. */
export function appOf(stage: StageName, context: Readonly<Record<string, unknown>> = {}): [App, Tidemark] {
  const cdkJson = JSON.parse(readFileSync(join(projectRoot, 'cdk.json'), 'utf8')) as { context: object };
  const app = new App({
    context: { ...cdkJson.context, stage, ...context },
    outdir: temporaryFolder(stage),
  });
  return [
    app,
    buildTidemark(
      app,
      stageConfig((key) => app.node.tryGetContext(key)),
    ),
  ];
}

const synthesised = new Map<string, SynthesisedStage>();

/** As {@link synthAgain}, once for all test files of a process: it takes seconds. What it answers is to be read only. */
export function synthStage(
  stage: StageName,
  context: Readonly<Record<string, unknown>> = {},
): SynthesisedStage {
  const key = JSON.stringify([stage, context]);
  const found = synthesised.get(key) ?? synthAgain(stage, context);
  synthesised.set(key, found);
  return found;
}

/** A rule finding throws. */
export function synthAgain(
  stage: StageName,
  context: Readonly<Record<string, unknown>> = {},
): SynthesisedStage {
  const [app, stacks] = appOf(stage, { ...context, 'aws:cdk:bundling-stacks': [] });
  const [data, monitoring, serving, retrain] = [
    Template.fromStack(stacks.data),
    Template.fromStack(stacks.monitoring),
    Template.fromStack(stacks.serving),
    Template.fromStack(stacks.retrain),
  ] as const;
  return {
    app,
    stacks,
    data,
    monitoring,
    serving,
    retrain,
    ...(stacks.observability && { observability: Template.fromStack(stacks.observability) }),
    working: [monitoring, serving, retrain],
  };
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

/**
 * What the role with this logical id may do: one line per action and resource, `s3:GetObject ObjectsBucket.Arn/models/*`.
 * References lose their stack and hash.
 */
export function permissionsOf(template: Template, roleId: string): string[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter((policy) =>
    (policy.Properties.Roles as { Ref: string }[]).some((role) => role.Ref === roleId),
  );
  return policies
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[])
    .flatMap((statement) =>
      listOf(statement.Action).flatMap((action) =>
        listOf(statement.Resource).map((resource) => `${action} ${readable(resource)}`),
      ),
    )
    .sort();
}

/** An ARN or a part of one as text: references lose their stack and hash. */
export function readable(resource: unknown): string {
  return flattenCfnReference(resource)
    .replace(/[\w-]+:ExportsOutput(?:FnGetAtt|Ref)(\w+?)[0-9A-F]{8}(Arn|StreamArn)[0-9A-F]{8}/, '$1.$2')
    .replace(/<(\w+?)[0-9A-F]{8}\.Arn>/, '$1.Arn');
}

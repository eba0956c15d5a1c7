// The templates of a stage, synthesised in this process and without bundling any code: seconds, and nothing is deployed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { projectRoot } from '../constructs/bundle.ts';
import { stageConfig } from '../stage-config.ts';
import { buildTidemark } from '../tidemark.ts';

/**
 * @param context as after `cdk -c`: `stage`, `architecture` …
 * @returns one template per stack
 */
export function synthesise(context: Readonly<Record<string, string>>): readonly unknown[] {
  const cdkJson = JSON.parse(readFileSync(join(projectRoot, 'cdk.json'), 'utf8')) as { context: object };
  const outdir = mkdtempSync(join(tmpdir(), 'tidemark-cost-'));
  try {
    const app = new App({
      context: { ...cdkJson.context, ...context, 'aws:cdk:bundling-stacks': [] },
      outdir,
    });
    buildTidemark(
      app,
      stageConfig((key) => app.node.tryGetContext(key)),
    );
    return app.synth().stacks.map(({ template }) => template as unknown);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

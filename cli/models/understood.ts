/** What was understood of a model and its baseline, said before anything is sent. */
import type { ServingPlan } from '#shared/onnx/foreign.ts';
import type { ModelDescription } from '#shared/onnx/read-model.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import type { BaselineFile } from './baseline-file.ts';
import { type Context, rangeOf, say, shortList } from './print.ts';
import type { RegisterOptions } from './register-options.ts';
import type { Task } from './target.ts';

export interface Understood {
  readonly schema: ModelSchema;
  readonly task: Task;
  readonly baseline: BaselineFile;
  readonly options: RegisterOptions;
  readonly graph: ModelDescription;
  readonly rows: BaselineFile['rows'];
  readonly plan: ServingPlan;
}

/** Columns → inputs, outputs, classes, rows, and what was assumed. */
export function tellUnderstood(
  context: Context,
  { options, graph, schema, task, baseline, rows, plan }: Understood,
): void {
  const { serving, notes } = plan;
  const labelled = rows.filter(({ label }) => label !== undefined).length;
  const opsets = graph.opsets.map(({ domain, version }) => `${domain || 'ai.onnx'} ${version}`).join(', ');
  say(context, `model     ${options.onnx}: ${graph.producer || 'unknown producer'}, ${opsets}`);
  say(
    context,
    `task      ${task}${schema.target.classes ? `, classes ${shortList(schema.target.classes)}` : ''}`,
  );
  if (serving.matrix)
    say(
      context,
      `input     "${serving.matrix.input}" takes ${serving.matrix.columns.length} columns, in this order`,
    );
  for (const feature of schema.features.slice(0, 30)) {
    const input = serving.inputs?.[feature.name];
    const to = input === undefined || input === feature.name ? '' : ` → input "${input}"`;
    say(context, `  ${feature.name}: ${feature.kind} ${rangeOf(feature)}${to}`.trimEnd());
  }
  if (schema.features.length > 30) say(context, `  … and ${schema.features.length - 30} more`);
  const label = serving.label === undefined ? '' : `, label "${serving.label}"`;
  const activation = serving.activation === 'none' ? '' : `, ${serving.activation} applied`;
  say(context, `output    "${serving.scores}"${label}${activation}`);
  const truth = labelled === 0 ? 'no labels' : `${labelled} with "${options.target}"`;
  say(context, `baseline  ${options.baseline}: ${rows.length} rows, ${truth}`);
  for (const note of [...baseline.notes, ...notes]) say(context, `note: ${note}`);
}

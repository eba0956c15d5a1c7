/** What was understood of a model and its baseline, said before anything is sent. */
import type { ServingPlan } from '#shared/onnx/foreign.ts';
import type { ModelDescription } from '#shared/onnx/read-model.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import type { BaselineFile } from './baseline-file.ts';
import type { ImageBaseline } from './image-baseline.ts';
import { type Context, rangeOf, say, shortList } from './print.ts';
import type { ImageOptions, RowOptions } from './register-options.ts';

interface Understood {
  readonly schema: ModelSchema;
  readonly task: string;
  readonly graph: ModelDescription;
  readonly plan: ServingPlan;
}

interface UnderstoodRows extends Understood {
  readonly options: RowOptions;
  readonly baseline: BaselineFile;
  readonly rows: BaselineFile['rows'];
}

/** Columns → inputs, outputs, classes, rows, and what was assumed. */
export function tellRows(context: Context, understood: UnderstoodRows): void {
  const { options, schema, baseline, rows, plan } = understood;
  const { serving } = plan;
  tellModel(context, options.onnx, understood);
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
  tellOutput(context, plan);
  const labelled = rows.filter(({ label }) => label !== undefined).length;
  const truth = labelled === 0 ? 'no labels' : `${labelled} with "${options.target}"`;
  say(context, `baseline  ${options.baseline}: ${rows.length} rows, ${truth}`);
  for (const note of [...baseline.notes, ...plan.notes]) say(context, `note: ${note}`);
}

interface UnderstoodImages extends Understood {
  readonly options: ImageOptions;
  readonly baseline: ImageBaseline;
  /** What was assumed of an image. */
  readonly notes: readonly string[];
}

/** What the graph takes of an image, outputs, classes, images, and what was assumed. */
export function tellImages(context: Context, understood: UnderstoodImages): void {
  const { options, schema, graph, baseline, plan } = understood;
  tellModel(context, options.onnx, understood);
  for (const feature of schema.features)
    if (feature.image) say(context, `input     "${graph.inputs[0]?.name}" takes ${rangeOf(feature)}`);
  tellOutput(context, plan);
  const components = schema.features.find(({ image }) => image)?.image?.embedding;
  if (plan.serving.embedding !== undefined && components !== undefined)
    say(context, `embedding "${plan.serving.embedding}": ${components} components are monitored`);
  const { images, labelled } = baseline;
  const truth = labelled === 0 ? 'no labels' : `${labelled} with "${schema.target.name}"`;
  say(context, `baseline  ${options.images.folder}: ${images} images, ${truth}`);
  for (const note of [...understood.notes, ...baseline.notes, ...plan.notes]) say(context, `note: ${note}`);
}

function tellModel(context: Context, file: string, { graph, task, schema }: Understood): void {
  const opsets = graph.opsets.map(({ domain, version }) => `${domain || 'ai.onnx'} ${version}`).join(', ');
  say(context, `model     ${file}: ${graph.producer || 'unknown producer'}, ${opsets}`);
  say(
    context,
    `task      ${task}${schema.target.classes ? `, classes ${shortList(schema.target.classes)}` : ''}`,
  );
}

function tellOutput(context: Context, { serving }: ServingPlan): void {
  const label = serving.label === undefined ? '' : `, label "${serving.label}"`;
  const activation = serving.activation === 'none' ? '' : `, ${serving.activation} applied`;
  say(context, `output    "${serving.scores}"${label}${activation}`);
}

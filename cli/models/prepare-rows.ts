/** A model of rows and its baseline: what of them is sent, and what was understood. */
import { encodeRows } from '#shared/capture/archive.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { planServing } from '#shared/onnx/foreign.ts';
import { type ModelDescription, readModel } from '#shared/onnx/read-model.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { MAX_BASELINE_BYTES, type ServingHints } from '#shared/registry/upload.ts';
import { type ModelSchema, piiFeatures } from '#shared/schema/feature-schema.ts';
import { UsageError } from '../usage.ts';
import { type BaselineFile, readKnownBaseline, readNewBaseline } from './baseline-file.ts';
import type { Context, ServedModel } from './print.ts';
import { hintsOf, type RowOptions } from './register-options.ts';
import { labelsOf, type Task, targetOf, taskOf } from './target.ts';
import { tellRows } from './understood.ts';

/** What is sent of a model beside its file. */
export interface Prepared {
  readonly schema: ModelSchema;
  readonly task: ModelRecord['task'];
  /** Packed. */
  readonly baseline: Uint8Array;
  readonly hints: ServingHints;
  /** Notes that the trial need not repeat. */
  readonly told: readonly string[];
}

/** Throws {@link UsageError}, {@link InvalidDataError} or OnnxModelError. */
export async function prepareRows(
  context: Context,
  options: RowOptions,
  onnx: Uint8Array,
  known: ServedModel | undefined,
): Promise<Prepared> {
  const graph = readModel(onnx);
  const { schema, task, baseline } = known ? await againstKnown(known, options) : await asNew(options, graph);
  const hints = hintsOf(options);
  const plan = planServing(onnx, { schema, ...hints });
  const rows = withLabels(baseline, schema, options.target);
  tellRows(context, { options, graph, schema, task, baseline, rows, plan });
  const packed = await encodeRows(rows);
  if (packed.length > MAX_BASELINE_BYTES)
    throw new InvalidDataError(
      `the baseline's rows have ${packed.length} bytes packed; at most ${MAX_BASELINE_BYTES} are taken: give fewer of them`,
    );
  return { schema, task, baseline: packed, hints, told: plan.notes };
}

interface Described {
  readonly schema: ModelSchema;
  readonly task: Task;
  readonly baseline: BaselineFile;
}

async function againstKnown(known: ServedModel, options: RowOptions): Promise<Described> {
  const { schema, task, name } = known;
  if (task === 'image-classification')
    throw new InvalidDataError(`model "${name}" takes images: give --images DIR and --labels FILE`);
  const { classes } = schema.target;
  if (options.task !== undefined && options.task !== task)
    throw new UsageError(`--task ${options.task}: model "${name}" is a ${task}`);
  if (options.classes && options.classes.join() !== classes?.join())
    throw new UsageError(
      `--classes ${options.classes.join()}: model "${name}" has ${classes?.join() ?? 'none'}`,
    );
  if (options.target !== undefined && options.target !== schema.target.name)
    throw new UsageError(`--target ${options.target}: that of model "${name}" is ${schema.target.name}`);
  const unmarked = options.pii.find((name) => !piiFeatures(schema).includes(name));
  if (unmarked !== undefined)
    throw new UsageError(
      `--pii ${unmarked}: model "${name}" is registered without it, and a schema never changes`,
    );
  const { file, target } = { file: options.baseline, target: options.target };
  return { schema, task, baseline: await readKnownBaseline({ file, target }, schema) };
}

async function asNew(options: RowOptions, graph: ModelDescription): Promise<Described> {
  const { baseline: file, target, exclude, pii } = options;
  const baseline = await readNewBaseline({ file, target, exclude, pii }, graph);
  const task = options.task ?? taskOf(graph, options);
  const schema = {
    features: baseline.features,
    target: targetOf({ task, graph, baseline, target, classes: options.classes }),
  };
  return { schema, task, baseline };
}

function withLabels(
  { rows, labels }: BaselineFile,
  schema: ModelSchema,
  target: string | undefined,
): BaselineFile['rows'] {
  if (!labels || target === undefined) return rows;
  const known = labelsOf(schema, target, labels);
  return rows.map((row, at) => {
    const label = known[at];
    return label === undefined || label === null ? row : { ...row, label };
  });
}

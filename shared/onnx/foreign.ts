/** From an ONNX file that was made elsewhere to how it is served; what cannot be served is refused by name. */

import { type ModelSchema, modelColumns, piiFeatures } from '#shared/schema/feature-schema.ts';
import { planForeignInputs, planTensorInput } from './foreign-inputs.ts';
import { planForeignOutputs, type WantedOutputs } from './foreign-outputs.ts';
import { type ModelParts, takeApart } from './foreign-parts.ts';
import { checkTrees } from './foreign-trees.ts';
import { OnnxModelError } from './model-error.ts';
import { describeParts, type ModelDescription } from './read-model.ts';
import type { Serving } from './serving.ts';
import { stripZipMap } from './strip-zipmap.ts';

export interface WantedServing {
  readonly schema: ModelSchema;
  /** What makes probabilities of the scores; needed where the graph ends in raw ones. */
  readonly activation?: Serving['activation'] | undefined;
  /** Names of outputs, where the graph leaves open which is which. */
  readonly outputs?: WantedOutputs['outputs'];
  /** Rows are tensors of these sizes, such as `[3, 224, 224]`, instead of the schema's columns. */
  readonly rowShape?: readonly number[] | undefined;
}

export interface ServingPlan {
  /** The file to keep and load: without ZipMap. */
  readonly onnx: Uint8Array;
  readonly serving: Serving;
  /** In the order of the answers' probabilities: the schema's, where it has them; absent for a regression. */
  readonly classes?: readonly string[];
  /** Of `onnx`, with the classes that a ZipMap named. */
  readonly description: ModelDescription;
  /** What was assumed, in sentences for the person who registers the model. */
  readonly notes: readonly string[];
}

/** Newest versions that the pinned ONNX Runtime loads. */
export const NEWEST = { ir: 13, '': 26, 'ai.onnx.ml': 5 } as const;
/** Of operators that come with ONNX Runtime. */
const DOMAINS: ReadonlySet<string> = new Set([
  '',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview.training',
  'com.microsoft',
]);

/**
 * Plans how a foreign model is fed and read. The graph is not run: a trial run on real rows has to follow.
 *
 * @param bytes - the model file, of anyone: skl2onnx, onnxmltools, `torch.onnx.export`
 * @param wanted - the schema of its rows, and what the graph does not say
 * @throws OnnxModelError naming the operator, tensor, input, output or column that is to blame
 * @example
 * const { onnx, serving } = planServing(await readFile('iris.onnx'), { schema });
 * serving; // { matrix: { input: 'float_input', columns: ['sepal_length', …] }, scores: 'probabilities', … }
 */
export function planServing(bytes: Uint8Array, wanted: WantedServing): ServingPlan {
  const original = takeApart(bytes);
  checkLoadable(original);
  checkTrees(original.graph);
  const { classLabels } = describeParts(original);
  const onnx = stripZipMap(bytes);
  const parts = onnx === bytes ? original : takeApart(onnx);
  const description = { ...describeParts(parts), ...(classLabels !== undefined && { classLabels }) };
  assertNotGiven(description, wanted.schema);
  const fed = wanted.rowShape
    ? planTensorInput(description, wanted.rowShape)
    : planForeignInputs(description, modelColumns(wanted.schema));
  const read = planForeignOutputs(description, parts.graph, {
    classes: wanted.schema.target.classes,
    activation: wanted.activation,
    outputs: wanted.outputs,
  });
  const { notes: inputNotes, ...inputs } = fed;
  const stripped = onnx === bytes ? [] : ['the ZipMap was taken off: scores are a tensor'];
  return {
    onnx,
    serving: { ...inputs, ...read.serving },
    ...(read.classes !== undefined && { classes: read.classes }),
    description,
    notes: [...stripped, ...inputNotes, ...read.notes],
  };
}

/** What is about a person is in no column: a graph that takes it cannot be served. */
function assertNotGiven({ inputs }: ModelDescription, schema: ModelSchema): void {
  const hidden = new Set(piiFeatures(schema));
  const taken = inputs.find(({ name }) => hidden.has(name));
  if (taken !== undefined)
    throw new OnnxModelError(
      `input "${taken.name}" is a pii feature of the schema, and no model is given one: train without it, or leave the mark out`,
    );
}

function checkLoadable({ irVersion, opsets, operators, functions, externalData }: ModelParts): void {
  const [outside] = externalData;
  if (outside !== undefined)
    throw new OnnxModelError(
      `tensor "${outside}" has its values in another file, as have ${externalData.length - 1} more: save the model as one file, without external data`,
    );
  if (irVersion > NEWEST.ir)
    throw new OnnxModelError(
      `ir version ${irVersion} is newer than onnxruntime knows, which is at most ${NEWEST.ir}`,
    );
  for (const { domain, version } of opsets) {
    const newest =
      domain === 'ai.onnx.ml'
        ? NEWEST[domain]
        : domain === '' || domain === 'ai.onnx'
          ? NEWEST['']
          : Number.POSITIVE_INFINITY;
    if (version > newest)
      throw new OnnxModelError(
        `opset ${version} of ${domain || 'ai.onnx'} is newer than onnxruntime knows, which is at most ${newest}`,
      );
  }
  const unknown = operators.find(
    ({ domain, operator }) => !DOMAINS.has(domain) && !functions.has(`${domain}:${operator}`),
  );
  if (unknown !== undefined)
    throw new OnnxModelError(
      `operator "${unknown.operator}" of domain "${unknown.domain}" is not known to onnxruntime`,
    );
}

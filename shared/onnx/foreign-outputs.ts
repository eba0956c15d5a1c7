/** Which outputs of a graph that was made elsewhere are the prediction, and what makes probabilities of them. */

import { type Ending, endingOf } from './foreign-ending.ts';
import type { GraphParts } from './foreign-parts.ts';
import { OnnxModelError } from './model-error.ts';
import type { ModelDescription, ValueDescription } from './read-model.ts';
import type { Serving } from './serving.ts';

export interface WantedOutputs {
  /** Of the schema; absent for a regression, or when the graph is to name them. */
  readonly classes?: readonly string[] | undefined;
  readonly activation?: Serving['activation'] | undefined;
  readonly outputs?:
    | {
        readonly scores?: string | undefined;
        readonly label?: string | undefined;
        readonly embedding?: string | undefined;
      }
    | undefined;
}

interface ReadOutputs {
  readonly serving: Omit<Serving, 'matrix' | 'inputs' | 'fixed_rows'>;
  /** The schema's, in its order; else the graph's. */
  readonly classes?: readonly string[];
  readonly notes: readonly string[];
}

const SCORE_TYPES = ['float', 'double'];
const LABEL_TYPES = ['int64', 'int32', 'string'];

/**
 * Plans the outputs: the label by its type, the scores by their type and shape, the classes by the graph's own names.
 *
 * @throws OnnxModelError naming the output at fault, and what to declare where the graph leaves it open
 */
export function planForeignOutputs(
  { outputs, classLabels }: ModelDescription,
  graph: GraphParts,
  wanted: WantedOutputs,
): ReadOutputs {
  const embedding = declared(outputs, 'embedding', wanted.outputs?.embedding, SCORE_TYPES);
  const scores =
    declared(outputs, 'scores', wanted.outputs?.scores, SCORE_TYPES) ?? soleScores(outputs, embedding);
  const label = declared(outputs, 'label', wanted.outputs?.label, LABEL_TYPES) ?? soleLabel(outputs);
  const width = widthOf(scores);
  const isClasses =
    wanted.classes !== undefined || (classLabels !== undefined && (label !== undefined || width !== 1));
  const embedded = embedding === undefined ? {} : { embedding: embedding.name };
  if (!isClasses) {
    checkRegression(scores, width, wanted);
    return { serving: { scores: scores.name, activation: 'none', ...embedded }, notes: [] };
  }
  const { classes, order, notes } = planClasses(wanted.classes, classLabels);
  checkWidth(scores, width, classes);
  const ending = endingOf(graph, scores.name);
  const { activation, note } = planActivation(wanted, scores, width, ending, label !== undefined);
  const serving = {
    scores: scores.name,
    ...(label !== undefined && { label: label.name }),
    classes_count: classes.length,
    ...(order !== undefined && { class_order: order }),
    activation,
    ...embedded,
  };
  return { serving, classes, notes: [...notes, ...(note === undefined ? [] : [note])] };
}

function declared(
  outputs: readonly ValueDescription[],
  role: 'scores' | 'label' | 'embedding',
  name: string | undefined,
  types: readonly string[],
): ValueDescription | undefined {
  if (name === undefined) return undefined;
  const output = outputs.find((one) => one.name === name);
  if (output === undefined)
    throw new OnnxModelError(`outputs.${role} is "${name}": the graph has ${listed(outputs)}`);
  if (!types.includes(output.type))
    throw new OnnxModelError(
      `outputs.${role} is "${name}", of type ${output.type}: must be one of ${types.join(', ')}`,
    );
  return output;
}

function soleScores(
  outputs: readonly ValueDescription[],
  embedding: ValueDescription | undefined,
): ValueDescription {
  const found = outputs.filter(
    (one) => SCORE_TYPES.includes(one.type) && one !== embedding && (one.shape?.length ?? 1) <= 2,
  );
  const [scores, ...others] = found;
  if (scores === undefined)
    throw new OnnxModelError(
      `no output can be the scores: must be float or double [N] or [N, K], the graph has ${listed(outputs)}`,
    );
  if (others.length > 0)
    throw new OnnxModelError(
      `several outputs can be the scores, ${listed(found)}: declare one as outputs.scores`,
    );
  return scores;
}

/** Whole numbers and text that are one per row. */
function soleLabel(outputs: readonly ValueDescription[]): ValueDescription | undefined {
  const found = outputs.filter(
    ({ type, shape }) =>
      LABEL_TYPES.includes(type) && (shape === undefined || shape.length === 1 || isColumn(shape)),
  );
  if (found.length > 1)
    throw new OnnxModelError(
      `several outputs can be the label, ${listed(found)}: declare one as outputs.label`,
    );
  return found[0];
}

function isColumn(shape: readonly (number | string)[]): boolean {
  return shape.length === 2 && (shape[1] === 1 || typeof shape[1] === 'string');
}

/** Scores per row; undefined where the graph does not say. */
function widthOf(scores: ValueDescription): number | undefined {
  const { name, shape } = scores;
  if (shape === undefined) return undefined;
  if (shape.length === 0 || shape.length > 2)
    throw new OnnxModelError(`output "${name}" has ${shape.length} dimensions: scores are [N] or [N, K]`);
  const width = shape.length === 1 ? 1 : shape[1];
  return typeof width === 'number' ? width : undefined;
}

function checkRegression(scores: ValueDescription, width: number | undefined, wanted: WantedOutputs): void {
  if (width !== undefined && width !== 1)
    throw new OnnxModelError(
      `output "${scores.name}" has ${width} values per row: a regression has one, and a classification needs the classes in its schema`,
    );
  if (wanted.activation !== undefined && wanted.activation !== 'none')
    throw new OnnxModelError(
      `activation ${wanted.activation} makes probabilities of scores: the schema's target has no classes`,
    );
}

function planClasses(
  wanted: readonly string[] | undefined,
  labels: readonly string[] | undefined,
): {
  readonly classes: readonly string[];
  /** Of each class, where the graph has its score. */
  readonly order?: number[];
  readonly notes: readonly string[];
} {
  if (labels === undefined) {
    const classes = wanted ?? [];
    return {
      classes,
      notes: [`the graph does not name its classes; scores are taken in the order ${quoted(classes)}`],
    };
  }
  if (wanted === undefined)
    return { classes: labels, notes: [`classes are those that the graph names: ${quoted(labels)}`] };
  const spelled = new Map(wanted.map((name) => [numbersText(name), name]));
  const stranger = labels.find((label) => !spelled.has(numbersText(label)));
  const named = new Set(labels.map(numbersText));
  const absent = wanted.find((name) => !named.has(numbersText(name)));
  if (stranger !== undefined || absent !== undefined || labels.length !== wanted.length)
    throw new OnnxModelError(`the graph's classes are ${quoted(labels)}: the schema has ${quoted(wanted)}`);
  const position = new Map(labels.map((label, at) => [numbersText(label), at]));
  const order = wanted.map((name) => position.get(numbersText(name))!);
  if (order.every((from, at) => from === at)) return { classes: wanted, notes: [] };
  return {
    classes: wanted,
    order,
    notes: [`the graph has its classes in the order ${quoted(labels)}; answers have them in the schema's`],
  };
}

function checkWidth(scores: ValueDescription, width: number | undefined, classes: readonly string[]): void {
  if (width === undefined || width === classes.length || (width === 1 && classes.length === 2)) return;
  throw new OnnxModelError(
    `output "${scores.name}" has ${width} scores per row: there are ${classes.length} classes, ${quoted(classes)}`,
  );
}

function planActivation(
  { activation }: WantedOutputs,
  scores: ValueDescription,
  width: number | undefined,
  { kind, operator }: Ending,
  hasLabel: boolean,
): { readonly activation: Serving['activation']; readonly note?: string } {
  const from = `output "${scores.name}" comes from ${operator}`;
  if (activation === undefined) {
    if (kind === 'probabilities')
      return { activation: 'none', note: `${from}: its scores are taken as probabilities` };
    if (hasLabel && kind !== 'raw')
      return { activation: 'none', note: `${from}, beside a label: its scores are taken as probabilities` };
    throw new OnnxModelError(
      `${from}, which may be raw scores: declare the activation as softmax, sigmoid or none`,
    );
  }
  if (activation !== 'none' && kind === 'probabilities')
    throw new OnnxModelError(`${from}, which makes probabilities already: the activation must be none`);
  if (activation === 'softmax' && width === 1)
    throw new OnnxModelError(`output "${scores.name}" has one score per row: its activation is sigmoid`);
  if (activation === 'sigmoid' && width !== undefined && width > 1)
    throw new OnnxModelError(
      `output "${scores.name}" has ${width} scores per row: their activation is softmax, as classes exclude each other`,
    );
  return { activation };
}

/** `1` and `1.0` are one number. */
function numbersText(text: string): string {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? String(Number(text)) : text;
}

function quoted(names: readonly string[]): string {
  const some = names.slice(0, 20).map((name) => `"${name}"`);
  return some.join(', ') + (names.length > 20 ? `, … (${names.length})` : '');
}

function listed(outputs: readonly ValueDescription[]): string {
  return (
    outputs.map(({ name, type, shape }) => `"${name}" (${type} [${shape?.join(', ') ?? '…'}])`).join(', ') ||
    'none'
  );
}

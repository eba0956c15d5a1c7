/** What a foreign model answers: its task, the names of its classes in the order of its scores, and the truth in their terms. */
import { InvalidDataError } from '#shared/errors.ts';
import type { ModelDescription } from '#shared/onnx/read-model.ts';
import type { ServingHints } from '#shared/registry/upload.ts';
import { isNumericText } from '#shared/schema/cells.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import { maxLabelLength } from '#shared/schema/rows.ts';
import type { BaselineFile } from './baseline-file.ts';

export type Task = 'classification' | 'regression';

type Graph = Pick<ModelDescription, 'outputs' | 'classLabels'>;

/** A graph that names classes, has a label, several scores a row or an activation classifies; else it is a regression. */
export function taskOf(
  { classLabels, outputs }: Graph,
  hints: {
    readonly classes?: readonly string[] | undefined;
    readonly activation?: ServingHints['activation'];
  },
): Task {
  const hasLabel = outputs.some(({ type }) => ['string', 'int64', 'int32'].includes(type));
  const isWide = outputs.some(
    ({ type, shape }) => type === 'float' && typeof shape?.[1] === 'number' && shape[1] > 1,
  );
  const isActivated = hints.activation === 'softmax' || hints.activation === 'sigmoid';
  return classLabels || hints.classes || hasLabel || isWide || isActivated ? 'classification' : 'regression';
}

/** Throws {@link InvalidDataError} when nothing names the classes. */
export function targetOf(given: {
  readonly task: Task;
  readonly graph: Graph;
  readonly baseline: Pick<BaselineFile, 'labels'>;
  readonly target?: string | undefined;
  readonly classes?: readonly string[] | undefined;
}): ModelSchema['target'] {
  const { task, graph, baseline, target } = given;
  const name = target ?? 'target';
  if (task === 'regression') return { name };
  const classes = given.classes ?? graph.classLabels ?? (baseline.labels && distinct(name, baseline.labels));
  if (!classes)
    throw new InvalidDataError(
      'the graph does not name its classes: give them with --classes A,B,C in the order of the scores, or a --target that has them',
    );
  return { name, classes };
}

/** In the order that LabelEncoder of scikit-learn gives them: sorted, numbers by value. */
function distinct(name: string, labels: readonly (string | null)[]): readonly string[] {
  const texts = labels.filter((text) => text !== null);
  const isNumeric = texts.every(isNumericText);
  const seen = new Set(isNumeric ? texts.map((text) => String(Number(text))) : texts);
  if (seen.size < 2 || seen.size > 1000)
    throw new InvalidDataError(
      `the target "${name}" has ${seen.size} distinct values: 2 to 1000 classes are expected`,
    );
  const long = [...seen].find((text) => text.length > maxLabelLength);
  if (long !== undefined)
    throw new InvalidDataError(`the target "${name}" has a value of ${long.length} characters: not a class`);
  return [...seen].sort(isNumeric ? (one, other) => Number(one) - Number(other) : undefined);
}

/** Throws {@link InvalidDataError} for a value that is none of the model's. */
export function labelsOf(
  { target: { classes } }: ModelSchema,
  name: string,
  labels: readonly (string | null)[],
): readonly (string | number | null)[] {
  const isNumeric = classes?.every(isNumericText) ?? true;
  return labels.map((text, row) => {
    if (text === null || classes?.includes(text)) return text;
    if (!isNumericText(text) && isNumeric)
      throw new InvalidDataError(
        `row ${row + 1}: the target "${name}" is ${JSON.stringify(text)}; ${classes ? `one of ${classes.slice(0, 20).join(', ')}` : 'a number'} is expected`,
      );
    if (!classes) return Number(text);
    const label = isNumeric ? String(Number(text)) : text;
    if (classes.includes(label)) return label;
    throw new InvalidDataError(
      `row ${row + 1}: the target "${name}" is ${JSON.stringify(text)}, none of the classes ${classes.slice(0, 20).join(', ')}`,
    );
  });
}

/** Which column goes where in a graph that was made elsewhere: by name and metadata, never by luck. */

import { OnnxModelError } from './model-error.ts';
import type { ModelDescription, ValueDescription } from './read-model.ts';
import type { Serving } from './serving.ts';

/** A column of the model's schema. */
interface Column {
  readonly name: string;
  readonly kind: 'numeric' | 'categorical';
}

type FedInputs = Pick<Serving, 'matrix' | 'inputs' | 'fixed_rows'> & { readonly notes: readonly string[] };

const NUMERIC = ['float', 'double', 'int64', 'int32', 'bool'];
const MAX_RANK = 4;
/** Metadata that names the columns of a matrix, as a JSON list or between commas. */
const COLUMN_KEYS = ['feature_names', 'columns'];
/** What tools call columns that nobody named: `f0`, `x1`, `Column_2`. */
const GENERIC_NAME = /^(f|x|column_?|feature_?)\d+$/i;

type Sized = ValueDescription & { readonly shape: readonly (number | string)[] };

/**
 * Plans the inputs of a graph whose rows are columns.
 *
 * @throws OnnxModelError naming the input or column that has no counterpart or another type
 */
export function planForeignInputs(description: ModelDescription, columns: readonly Column[]): FedInputs {
  const inputs = description.inputs.map(checked);
  const [first] = inputs;
  if (first === undefined) throw new OnnxModelError('the graph has no inputs: it cannot depend on a row');
  const fixed = fixedRows(inputs);
  if (inputs.length === 1 && !isNamed(first, columns))
    return { ...planMatrix(first, columns, description.metadata), ...fixed };
  return { ...planColumns(inputs, columns), ...fixed };
}

/**
 * Checks that a graph has one float input for rows that are tensors, such as images.
 *
 * @param rowShape - sizes of one row, such as `[3, 224, 224]`
 * @throws OnnxModelError naming the input that takes something else
 */
export function planTensorInput(description: ModelDescription, rowShape: readonly number[]): FedInputs {
  const inputs = description.inputs.map(checked);
  const [input] = inputs;
  if (input === undefined || inputs.length > 1)
    throw new OnnxModelError(
      `the graph has inputs ${inputs.map(shown).join(', ') || 'none'}: must be one for rows of shape [${rowShape.join(', ')}]`,
    );
  const sizes = input.shape.slice(1);
  const fits =
    sizes.length === rowShape.length &&
    sizes.every((size, at) => typeof size === 'string' || size === rowShape[at]);
  if (input.type !== 'float' || !fits)
    throw new OnnxModelError(`input ${shown(input)} does not take float [N, ${rowShape.join(', ')}]`);
  return { ...fixedRows(inputs), notes: [] };
}

function checked(input: ValueDescription): Sized {
  const { name, type, shape, isTensor } = input;
  if (!isTensor || !(NUMERIC.includes(type) || type === 'string'))
    throw new OnnxModelError(
      `input "${name}" is of type ${type}: must be one of ${[...NUMERIC, 'string'].join(', ')}`,
    );
  if (shape === undefined)
    throw new OnnxModelError(
      `input "${name}" has a dynamic rank: export the model with the shape of its input, such as [N, 4]`,
    );
  if (shape.length === 0)
    throw new OnnxModelError(`input "${name}" is a single value: its first dimension must be the rows`);
  if (shape.length > MAX_RANK)
    throw new OnnxModelError(
      `input "${name}" has ${shape.length} dimensions: must be at most ${MAX_RANK}, the first of them the rows`,
    );
  return { name, type, shape, isTensor };
}

function fixedRows(inputs: readonly Sized[]): Pick<Serving, 'fixed_rows'> {
  const sizes = new Set(inputs.map(({ shape }) => shape[0]).filter((size) => typeof size === 'number'));
  const [size, ...others] = sizes;
  if (others.length > 0)
    throw new OnnxModelError(
      `inputs take different numbers of rows at a time: ${inputs.map(shown).join(', ')}`,
    );
  return size === undefined ? {} : { fixed_rows: size };
}

/** One input that is called as the only column is. */
function isNamed({ name, shape }: Sized, columns: readonly Column[]): boolean {
  return columns.length === 1 && columns[0]!.name === name && shape.slice(1).every((size) => size === 1);
}

function planMatrix(
  input: Sized,
  columns: readonly Column[],
  metadata: ModelDescription['metadata'],
): FedInputs {
  const sizes = input.shape.slice(1);
  const unknown = sizes.filter((size) => typeof size === 'string').length;
  const width = sizes.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1);
  if (unknown > 1 || (unknown === 1 && width !== 1))
    throw new OnnxModelError(`input ${shown(input)} does not say how wide a row is`);
  if (unknown === 0 && width !== columns.length)
    throw new OnnxModelError(
      `input ${shown(input)} takes ${width} values per row: the schema has ${columns.length} columns, ${listed(columns)}`,
    );
  for (const column of columns) checkType(input, column);
  const { names, note } = namedOrder(columns, metadata);
  const notes = [
    note ?? `columns go into input "${input.name}" in the order of the schema: ${listed(columns)}`,
    ...(unknown === 1
      ? [`input "${input.name}" does not say how wide a row is; ${columns.length} is assumed`]
      : []),
  ];
  return { matrix: { input: input.name, columns: names }, notes };
}

function namedOrder(
  columns: readonly Column[],
  metadata: ModelDescription['metadata'],
): { readonly names: readonly string[]; readonly note?: string } {
  const names = columns.map(({ name }) => name);
  const key = COLUMN_KEYS.find((one) => Object.hasOwn(metadata, one));
  const listing = key === undefined ? undefined : parseNames(metadata[key]!);
  if (key === undefined || listing === undefined) return { names };
  const isGeneric = listing.every((name) => GENERIC_NAME.test(name) && !names.includes(name));
  if (isGeneric) return { names };
  const counterpart = matchNames(listing, names);
  const stranger = listing.find((name) => !counterpart.has(name));
  const fault =
    listing.length !== names.length
      ? `${listing.length} columns: the schema has ${names.length}, ${listed(columns)}`
      : stranger !== undefined
        ? `a column "${stranger}": the schema has ${listed(columns)}`
        : undefined;
  if (fault !== undefined) throw new OnnxModelError(`the graph's metadata "${key}" names ${fault}`);
  return {
    names: listing.map((name) => counterpart.get(name)!),
    note: `the order of the columns is that of the graph's metadata "${key}"`,
  };
}

function parseNames(text: string): readonly string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((name) => typeof name === 'string') ? parsed : undefined;
  } catch {
    return text.includes(',') ? text.split(',').map((name) => name.trim()) : undefined;
  }
}

function planColumns(inputs: readonly Sized[], columns: readonly Column[]): FedInputs {
  const wide = inputs.find(({ shape }) =>
    shape.slice(1).some((size) => typeof size === 'number' && size !== 1),
  );
  if (wide !== undefined)
    throw new OnnxModelError(
      `input ${shown(wide)} is one of ${inputs.length}: must take one value per row, of the column of its name`,
    );
  const columnNames = columns.map(({ name }) => name);
  const counterpart = matchNames(
    inputs.map(({ name }) => name),
    columnNames,
  );
  const missing = inputs.find(({ name }) => !counterpart.has(name));
  if (missing !== undefined)
    throw new OnnxModelError(`input "${missing.name}" has no column: must be one of ${listed(columns)}`);
  const used = new Set(counterpart.values());
  const extra = columns.find(({ name }) => !used.has(name));
  if (extra !== undefined)
    throw new OnnxModelError(
      `column "${extra.name}" has no input: the graph has ${inputs.map(shown).join(', ')}; leave the column out`,
    );
  const columnOf = new Map(columns.map((column) => [column.name, column]));
  for (const input of inputs) checkType(input, columnOf.get(counterpart.get(input.name)!)!);
  const notes = inputs
    .filter(({ name }) => counterpart.get(name) !== name)
    .map(
      ({ name }) =>
        `input "${name}" is fed column "${counterpart.get(name)}", whose name differs in punctuation`,
    );
  return { inputs: Object.fromEntries(inputs.map(({ name }) => [counterpart.get(name)!, name])), notes };
}

/**
 * Finds each name's counterpart: the same name, else the only one that differs from it in nothing but characters that
 * identifiers cannot hold, among those that are not taken.
 */
function matchNames(names: readonly string[], counterparts: readonly string[]): Map<string, string> {
  const known = new Set(counterparts);
  const found = new Map(names.filter((name) => known.has(name)).map((name) => [name, name]));
  const [left, free] = [
    byLetters(names.filter((name) => !found.has(name))),
    byLetters(counterparts.filter((name) => !found.has(name))),
  ];
  for (const [key, [name, ...alike]] of left) {
    const [only, ...more] = free.get(key) ?? [];
    if (name !== undefined && only !== undefined && alike.length + more.length === 0) found.set(name, only);
  }
  return found;
}

/** Names that are the same but for spaces and punctuation. */
function byLetters(names: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = name.replace(/[^\p{L}\p{N}]/gu, '_');
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return groups;
}

function checkType({ name, type }: Sized, column: Column): void {
  const kind = type === 'string' ? 'categorical' : 'numeric';
  if (column.kind === kind) return;
  const remedy =
    column.kind === 'categorical'
      ? '; export the model with its encoding of categories inside the graph'
      : '';
  throw new OnnxModelError(
    `column "${column.name}" is ${column.kind}: input "${name}" is of type ${type} and takes ${kind} columns${remedy}`,
  );
}

function shown({ name, type, shape }: Sized): string {
  return `"${name}" (${type} [${shape.join(', ')}])`;
}

function listed(columns: readonly Column[]): string {
  const names = columns.slice(0, 20).map(({ name }) => `"${name}"`);
  return names.join(', ') + (columns.length > 20 ? `, … (${columns.length})` : '');
}

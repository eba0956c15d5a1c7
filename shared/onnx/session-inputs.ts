/** From columns to the tensors a model's inputs expect, checked by name and type before ONNX Runtime sees them. */

import { Tensor } from 'onnxruntime-node';
import type { Column, Columns } from '#shared/schema/columns.ts';
import { OnnxModelError, OnnxRowError } from './model-error.ts';
import type { Serving } from './serving.ts';
import type { OnnxTensorInfo } from './session.ts';

/** Columns matched to inputs; makes the tensors of some rows at a time. */
export interface InputBinding {
  /** The model takes exactly so many rows at once. */
  readonly fixedRows: number | undefined;
  /** How many rows are run at once where any number can be; absent, the session decides. */
  readonly chunkRows?: number;
  /** Tensors of `fedRows` rows: those from `start` to `end`, then the last of them again. */
  readonly feeds: (start: number, end: number, fedRows: number) => Record<string, Tensor>;
}

type Cell = number | string | null;

const TYPES = ['float', 'double', 'int64', 'int32', 'string', 'bool'] as const;
type InputType = (typeof TYPES)[number];

/** Beyond these a value would become another one without a word. */
const WHOLE: Partial<Record<InputType, Range>> & { readonly int64: Range } = {
  int64: { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER },
  int32: { least: -(2 ** 31), most: 2 ** 31 - 1 },
  bool: { least: 0, most: 1 },
};
interface Range {
  readonly least: number;
  readonly most: number;
}

interface Input {
  readonly name: string;
  readonly type: InputType;
  /** The dimensions after the first, which is the rows. */
  readonly rowShape: readonly (number | string)[];
  readonly fixedRows: number | undefined;
}

/**
 * Prepares a model's inputs; the result checks and binds columns.
 *
 * @throws OnnxModelError for an element type that columns cannot hold
 */
export function planInputs(infos: readonly OnnxTensorInfo[]): (data: Columns) => InputBinding {
  const inputs = infos.map(toInput);
  const [first] = inputs;
  const fixedRows = first?.fixedRows;
  if (first !== undefined && inputs.length === 1 && !isSingleColumn(first))
    return (data) => ({ fixedRows, feeds: bindMatrix(first, data) });
  return (data) => ({ fixedRows, feeds: bindByName(inputs, data) });
}

/**
 * Prepares a model's inputs as its serving plan says; columns are found by name, whatever their order.
 *
 * @throws OnnxModelError when the graph has not the inputs of the plan
 */
export function planServedInputs(
  infos: readonly OnnxTensorInfo[],
  { matrix, inputs: inputOf, fixed_rows }: Serving,
): (data: Columns) => InputBinding {
  if (matrix === undefined && inputOf === undefined) return planInputs(infos);
  const columnOf = new Map(Object.entries(inputOf ?? {}).map(([column, input]) => [input, column]));
  const inputs = infos.map(toInput);
  const stray = matrix
    ? inputs.find(({ name }) => name !== matrix.input)
    : inputs.find(({ name }) => !columnOf.has(name));
  const absent = (matrix ? [matrix.input] : [...columnOf.keys()]).find(
    (name) => !inputs.some((input) => input.name === name),
  );
  if (stray !== undefined || absent !== undefined)
    throw new OnnxModelError(
      `the serving plan does not fit the model: ${stray ? `nothing is fed to input "${stray.name}"` : `there is no input "${absent}"`}`,
    );
  const names = matrix?.columns ?? inputs.map(({ name }) => columnOf.get(name)!);
  const fixedRows = fixed_rows ?? inputs[0]?.fixedRows;
  return (data) => {
    const columns = arrange(data, names);
    const [first] = inputs;
    const feeds =
      matrix !== undefined && first !== undefined
        ? bindMatrix(first, { rows: data.rows, columns })
        : bindColumns(inputs, columns);
    return { fixedRows, feeds };
  };
}

/** The columns of these names, in this order. */
function arrange(data: Columns, names: readonly string[]): readonly Column[] {
  const isArranged =
    data.columns.length === names.length && data.columns.every(({ name }, at) => name === names[at]);
  if (isArranged) return data.columns;
  const columnOf = new Map(data.columns.map((column) => [column.name, column]));
  const arranged = names.map((name) => {
    const column = columnOf.get(name);
    if (column === undefined)
      throw new OnnxModelError(`there is no column "${name}": found ${namesOf(data)}`);
    return column;
  });
  const extra = data.columns.find(({ name }) => !names.includes(name));
  if (extra !== undefined) throw new OnnxModelError(`column "${extra.name}" has no input`);
  return arranged;
}

function toInput({ name, type, shape }: OnnxTensorInfo): Input {
  const known = TYPES.find((one) => one === type);
  if (known === undefined)
    throw new OnnxModelError(`input "${name}" is of type ${type}: must be one of ${TYPES.join(', ')}`);
  const [rows, ...rowShape] = shape;
  return { name, type: known, rowShape, fixedRows: typeof rows === 'number' && rows > 0 ? rows : undefined };
}

function isSingleColumn({ rowShape }: Input): boolean {
  return rowShape.every((size) => size === 1);
}

function bindByName(inputs: readonly Input[], data: Columns): InputBinding['feeds'] {
  const columns = inputs.map((input) => {
    const column = data.columns.find(({ name }) => name === input.name);
    if (column === undefined)
      throw new OnnxModelError(
        `input "${input.name}" has no column: expected ${input.type}, found columns ${namesOf(data)}`,
      );
    if (!isSingleColumn(input))
      throw new OnnxModelError(
        `input "${input.name}" has shape [N, ${input.rowShape}]: must be one value per row where there are several inputs`,
      );
    return column;
  });
  refuseOthers(inputs, data);
  return bindColumns(inputs, columns);
}

function bindColumns(inputs: readonly Input[], columns: readonly Column[]): InputBinding['feeds'] {
  for (let at = 0; at < inputs.length; at++) checkType(inputs[at]!, columns[at]!);
  return (start, end, fedRows) => {
    // Without a prototype even a column named "__proto__" is an ordinary key.
    const feeds: Record<string, Tensor> = Object.create(null);
    for (let at = 0; at < inputs.length; at++) {
      const input = inputs[at]!;
      const shape = [fedRows, ...input.rowShape.map(() => 1)];
      feeds[input.name] = toTensor(input, [columns[at]!], start, end, shape);
    }
    return feeds;
  };
}

function refuseOthers(inputs: readonly Input[], data: Columns): void {
  if (data.columns.length === inputs.length) return;
  const extra = data.columns.find(({ name }) => !inputs.some((input) => input.name === name));
  throw new OnnxModelError(
    `column "${extra?.name ?? 'named twice'}" has no input: the model has ${inputs.map(({ name }) => `"${name}"`).join(', ')}`,
  );
}

/** One input for all columns: a row is laid out in the order of the columns. */
function bindMatrix(input: Input, data: Columns): InputBinding['feeds'] {
  const width = data.columns.length;
  const shape = input.rowShape.map((size) => (typeof size === 'number' && size > 0 ? size : width));
  const expected = shape.reduce((product, size) => product * size, 1);
  if (expected !== width)
    throw new OnnxModelError(
      `input "${input.name}" takes ${expected} values per row: found ${width} columns ${namesOf(data)}`,
    );
  for (const column of data.columns) checkType(input, column);
  return (start, end, fedRows) => ({
    [input.name]: toTensor(input, data.columns, start, end, [fedRows, ...shape]),
  });
}

function checkType(input: Input, column: Column): void {
  const expected = input.type === 'string' ? 'categorical' : 'numeric';
  if (column.kind !== expected)
    throw new OnnxModelError(
      `input "${input.name}" is of type ${input.type}: expected a ${expected} column, found "${column.name}", which is ${column.kind}`,
    );
}

function toTensor(
  input: Input,
  columns: readonly Column[],
  start: number,
  end: number,
  shape: readonly number[],
): Tensor {
  const count = shape[0]! * columns.length;
  const fill = <Value, Into extends { [at: number]: Value; readonly length: number }>(
    into: Into,
    convert: (cell: Cell) => Value,
  ) => gather(columns, start, end, into, convert);
  switch (input.type) {
    case 'float': {
      const values = columns[0]!.values;
      const isReady = columns.length === 1 && values instanceof Float32Array && end - start === count;
      return new Tensor(
        'float32',
        isReady ? values.subarray(start, end) : fill(new Float32Array(count), Number),
        shape,
      );
    }
    case 'double':
      return new Tensor('float64', fill(new Float64Array(count), Number), shape);
    case 'int64':
      return new Tensor(
        'int64',
        fill(new BigInt64Array(count), (cell) => BigInt(whole(input, columns, cell))),
        shape,
      );
    case 'int32':
      return new Tensor(
        'int32',
        fill(new Int32Array(count), (cell) => whole(input, columns, cell)),
        shape,
      );
    case 'bool':
      return new Tensor(
        'bool',
        fill(new Uint8Array(count), (cell) => whole(input, columns, cell)),
        shape,
      );
    case 'string':
      return new Tensor(
        'string',
        fill(new Array<string>(count), (cell) => String(cell ?? '')),
        shape,
      );
  }
}

/** Fills `into` row by row; what is left over repeats the last row. */
function gather<Value, Into extends { [at: number]: Value; readonly length: number }>(
  columns: readonly Column[],
  start: number,
  end: number,
  into: Into,
  convert: (cell: Cell) => Value,
): Into {
  const width = columns.length;
  for (let at = 0; at < width; at++) {
    const { values } = columns[at]!;
    for (let row = start; row < end; row++) into[(row - start) * width + at] = convert(values[row]!);
  }
  for (let at = (end - start) * width; at < into.length; at++) into[at] = into[at - width]!;
  return into;
}

function whole(input: Input, columns: readonly Column[], cell: Cell): number {
  const { least, most } = WHOLE[input.type] ?? WHOLE.int64;
  if (typeof cell === 'number' && Number.isInteger(cell) && cell >= least && cell <= most) return cell;
  if (cell === null || Number.isNaN(cell))
    throw new OnnxRowError(
      `input "${input.name}" is of type ${input.type}, which has no missing value: a row has none for ${missingIn(columns)}`,
    );
  throw new OnnxRowError(
    `input "${input.name}" is of type ${input.type}: ${cell} is not a whole number${Number.isInteger(cell) ? ` from ${least} to ${most}` : ''}`,
  );
}

/** The first column with a missing value: a matrix may be wide. */
function missingIn(columns: readonly Column[]): string {
  const isMissing = (cell: Cell) => cell === null || Number.isNaN(cell);
  return `"${columns.find(({ values }) => values.some(isMissing))?.name}"`;
}

function namesOf(data: Columns): string {
  return data.columns.map(({ name }) => `"${name}"`).join(', ') || 'none';
}

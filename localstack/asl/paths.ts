/** JSONPath reference paths of a state machine: parsed at load, read and written at run time. */
import type { Json, JsonObject } from '#shared/json.ts';
import { runtimeError, StateError, UnsupportedSyntaxError } from './errors.ts';

/** `$.a['b'][0]` (the state's data) or `$$.State.Name` (the context object). */
export interface Path {
  readonly text: string;
  readonly root: '$' | '$$';
  readonly steps: readonly (string | number)[];
}

/** What expressions of a state read. */
export interface Scope {
  readonly input: Json;
  readonly context: JsonObject;
  readonly random: () => number;
}

const SUPPORTED = "$, $.a.b, $['a'], $.a[0] and $$.<context field>";
const STEP = /\.([\p{L}\p{N}_-]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/uy;

/** The context fields every engine that runs the file provides, as the paths that may be read. */
const CONTEXT_FIELDS = [
  '$$.Execution.Id',
  '$$.Execution.Name',
  '$$.Execution.Input',
  '$$.Execution.StartTime',
  '$$.State.Name',
  '$$.State.EnteredTime',
  '$$.State.RetryCount',
  '$$.StateMachine.Id',
  '$$.StateMachine.Name',
  '$$.Task.Token',
  '$$.Map.Item.Index',
  '$$.Map.Item.Value',
];
/** These hold data, so a path may go on below them. */
const CONTEXT_DATA = ['$$.Execution.Input', '$$.Map.Item.Value'];

/** Whether the value is a JSON object (not an array, not null). */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a reference path. Wildcards, filters, slices, negative indices, recursive descent and functions are refused.
 *
 * @throws UnsupportedSyntaxError naming the path.
 * @example parsePath("$.a['b c'][0]").steps // ['a', 'b c', 0]
 */
export function parsePath(text: string): Path {
  const root = text.startsWith('$$') ? '$$' : '$';
  if (!text.startsWith(root)) throw unsupported(text);
  const steps: (string | number)[] = [];
  STEP.lastIndex = root.length;
  let at = root.length;
  while (at < text.length) {
    const match = STEP.exec(text);
    if (match === null) throw unsupported(text);
    steps.push(stepOf(match));
    at = STEP.lastIndex;
  }
  const path: Path = { text, root, steps };
  if (root === '$$') checkContextPath(path);
  return path;
}

function stepOf(match: RegExpExecArray): string | number {
  const [, name, index, single, double] = match;
  if (index !== undefined) return Number(index);
  return name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1');
}

function unsupported(text: string): UnsupportedSyntaxError {
  return new UnsupportedSyntaxError(`path "${text}" (supported: ${SUPPORTED})`);
}

function checkContextPath(path: Path): void {
  const covers = (field: string): boolean => {
    const steps = field.split('.').slice(1);
    const isPrefix = steps.every((step, i) => path.steps[i] === step);
    return isPrefix && (path.steps.length === steps.length || CONTEXT_DATA.includes(field));
  };
  if (CONTEXT_FIELDS.some(covers)) return;
  throw new UnsupportedSyntaxError(`context path "${path.text}" (supported: ${CONTEXT_FIELDS.join(', ')})`);
}

/** The value at the path; undefined where there is none. */
export function readPath(path: Path, scope: Pick<Scope, 'input' | 'context'>): Json | undefined {
  let value: Json | undefined = path.root === '$' ? scope.input : scope.context;
  for (const step of path.steps) {
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** The value at the path. @throws StateError `States.Runtime` where there is none, as Step Functions does. */
export function requirePath(path: Path, scope: Pick<Scope, 'input' | 'context'>): Json {
  const value = readPath(path, scope);
  if (value === undefined) throw runtimeError(`no value at path "${path.text}"`);
  return value;
}

/**
 * Parses a ResultPath: `$` or object fields below it (Step Functions writes no array elements and no context).
 *
 * @returns the field names; empty for `$`.
 */
export function parseResultPath(text: string): readonly string[] {
  const path = parsePath(text);
  const fields = path.steps.filter((step) => typeof step === 'string');
  if (path.root === '$$' || fields.length < path.steps.length) {
    throw new UnsupportedSyntaxError(`ResultPath "${text}" (supported: null, $, $.a.b and $['a'])`);
  }
  return fields;
}

/**
 * The input with the result written at the fields; the result itself for no fields.
 *
 * @throws StateError `States.ResultPathMatchFailure` if something on the way is not an object.
 * @example writeResult({ a: 1 }, ['b', 'c'], 2) // { a: 1, b: { c: 2 } }
 */
export function writeResult(input: Json, fields: readonly string[], result: Json): Json {
  const [field, ...rest] = fields;
  if (field === undefined) return result;
  if (!isJsonObject(input)) {
    throw new StateError(
      'States.ResultPathMatchFailure',
      `field "${field}" cannot be written into ${describe(input)}`,
    );
  }
  const inner = Object.hasOwn(input, field) ? (input[field] ?? null) : {};
  return { ...input, [field]: writeResult(inner, rest, result) };
}

function describe(value: Json): string {
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : `a ${typeof value}`;
}

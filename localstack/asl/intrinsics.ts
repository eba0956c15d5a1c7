/**
 * The intrinsic functions (`States.…`) of payload templates, one registry entry each.
 * Semantics: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
 */
import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '#shared/json.ts';
import { runtimeError, UnsupportedSyntaxError } from './errors.ts';
import { isJsonObject, type Scope } from './paths.ts';

/** An evaluated argument; `pieces` if it is a string literal (see States.Format). */
export interface Argument {
  readonly value: Json;
  readonly pieces?: readonly string[];
}

interface Intrinsic {
  /** Fewest and most arguments, checked at load. */
  readonly arity: readonly [number, number];
  /** Refuses literal arguments at load; an argument only known at run time is undefined. */
  readonly check?: (args: readonly (Argument | undefined)[]) => void;
  readonly run: (args: readonly Argument[], scope: Scope) => Json;
}

const MAX_TEXT_CHARACTERS = 10_000;
const MAX_RANGE_ITEMS = 1000;
const ALGORITHMS = ['MD5', 'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];

export const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  'States.Format': { arity: [1, Number.POSITIVE_INFINITY], check: checkFormat, run: format },
  'States.StringToJson': { arity: [1, 1], run: (args) => parseJson(text(args, 0, 'StringToJson')) },
  'States.JsonToString': { arity: [1, 1], run: ([arg]) => JSON.stringify(arg!.value) },
  'States.Array': {
    arity: [0, Number.POSITIVE_INFINITY],
    run: (args) => args.map((arg) => arg.value),
  },
  'States.ArrayPartition': { arity: [2, 2], run: arrayPartition },
  'States.ArrayContains': {
    arity: [2, 2],
    run: (args) => list(args, 'ArrayContains').some((item) => isDeepStrictEqual(item, args[1]!.value)),
  },
  'States.ArrayRange': { arity: [3, 3], run: arrayRange },
  'States.ArrayGetItem': { arity: [2, 2], run: arrayGetItem },
  'States.ArrayLength': { arity: [1, 1], run: (args) => list(args, 'ArrayLength').length },
  'States.ArrayUnique': { arity: [1, 1], run: arrayUnique },
  'States.Base64Encode': {
    arity: [1, 1],
    run: (args) => Buffer.from(shortText(args, 'Base64Encode')).toString('base64'),
  },
  'States.Base64Decode': {
    arity: [1, 1],
    run: (args) => Buffer.from(shortText(args, 'Base64Decode'), 'base64').toString(),
  },
  'States.Hash': { arity: [2, 2], run: hash },
  'States.JsonMerge': { arity: [3, 3], check: ([, , deep]) => checkShallow(deep), run: jsonMerge },
  'States.MathAdd': {
    arity: [2, 2],
    run: (args) => integer(args, 0, 'MathAdd') + integer(args, 1, 'MathAdd'),
  },
  'States.MathRandom': { arity: [2, 2], run: mathRandom },
  'States.StringSplit': { arity: [2, 2], run: stringSplit },
  'States.UUID': { arity: [0, 0], run: () => randomUUID() },
};

function checkFormat([template, ...values]: readonly (Argument | undefined)[]): void {
  if (template === undefined) return;
  const expected = template.pieces === undefined ? undefined : template.pieces.length - 1;
  if (expected === values.length) return;
  throw new UnsupportedSyntaxError(
    `States.Format of ${JSON.stringify(template.value)} with ${values.length} values (it has ${expected ?? 'no'} {})`,
  );
}

function format([template, ...values]: readonly Argument[]): Json {
  const source = template!.value;
  if (typeof source !== 'string') throw refused('Format', 'a string first', source);
  const pieces = template!.pieces ?? source.split('{}');
  if (pieces.length - 1 !== values.length) {
    throw runtimeError(
      `States.Format has ${pieces.length - 1} {} but ${values.length} values in "${source}"`,
    );
  }
  return pieces.map((piece, i) => (i === 0 ? piece : show(values[i - 1]!.value) + piece)).join('');
}

/** Objects and arrays print as Step Functions prints them: `{a=1, b=[x, y]}`. */
function show(value: Json): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}=${show(inner ?? null)}`)
    .join(', ')}}`;
}

function parseJson(source: string): Json {
  try {
    return JSON.parse(source) as Json;
  } catch {
    throw runtimeError(`States.StringToJson needs JSON text, not "${source.slice(0, 80)}"`);
  }
}

function arrayPartition(args: readonly Argument[]): Json {
  const items = list(args, 'ArrayPartition');
  const size = integer(args, 1, 'ArrayPartition');
  if (size < 1) throw refused('ArrayPartition', 'a chunk size of at least 1', size);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

function arrayRange(args: readonly Argument[]): Json {
  const [first, last, step] = [0, 1, 2].map((i) => integer(args, i, 'ArrayRange')) as [
    number,
    number,
    number,
  ];
  if (step === 0) throw refused('ArrayRange', 'a step other than 0', step);
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > MAX_RANGE_ITEMS) throw refused('ArrayRange', `at most ${MAX_RANGE_ITEMS} items`, length);
  return Array.from({ length }, (_, i) => first + i * step);
}

function arrayGetItem(args: readonly Argument[]): Json {
  const items = list(args, 'ArrayGetItem');
  const index = integer(args, 1, 'ArrayGetItem');
  const item = items[index];
  if (item === undefined) throw refused('ArrayGetItem', `an index from 0 to ${items.length - 1}`, index);
  return item;
}

function arrayUnique(args: readonly Argument[]): Json {
  const unique: Json[] = [];
  for (const item of list(args, 'ArrayUnique')) {
    if (!unique.some((seen) => isDeepStrictEqual(seen, item))) unique.push(item);
  }
  return unique;
}

function hash(args: readonly Argument[]): Json {
  const algorithm = text(args, 1, 'Hash');
  if (!ALGORITHMS.includes(algorithm)) throw refused('Hash', ALGORITHMS.join(', '), algorithm);
  return createHash(algorithm.replace('-', '').toLowerCase()).update(shortText(args, 'Hash')).digest('hex');
}

function checkShallow(deep: Argument | undefined): void {
  if (deep === undefined || deep.value === false) return;
  throw new UnsupportedSyntaxError(
    `States.JsonMerge with ${JSON.stringify(deep.value)} third (only false: shallow)`,
  );
}

function jsonMerge(args: readonly Argument[]): Json {
  const [left, right, deep] = args.map((arg) => arg.value) as [Json, Json, Json];
  if (deep !== false) throw refused('JsonMerge', 'false third (a shallow merge)', deep);
  return { ...object(left, 'JsonMerge'), ...object(right, 'JsonMerge') };
}

/** The first number inclusive, the second exclusive. A seed is refused: no other engine would draw the same. */
function mathRandom(args: readonly Argument[], scope: Scope): Json {
  const first = integer(args, 0, 'MathRandom');
  const end = integer(args, 1, 'MathRandom');
  if (end <= first) throw refused('MathRandom', `an end above ${first}`, end);
  return first + Math.floor(scope.random() * (end - first));
}

/** Splits at each character of the second argument; Step Functions leaves empty parts out. */
function stringSplit(args: readonly Argument[]): Json {
  const delimiters = new Set(text(args, 1, 'StringSplit'));
  const parts = [''];
  for (const character of text(args, 0, 'StringSplit')) {
    if (delimiters.has(character)) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.filter((part) => part !== '');
}

function text(args: readonly Argument[], index: number, name: string): string {
  const value = args[index]!.value;
  if (typeof value !== 'string') throw refused(name, 'a string', value);
  return value;
}

function shortText(args: readonly Argument[], name: string): string {
  const value = text(args, 0, name);
  if (value.length <= MAX_TEXT_CHARACTERS) return value;
  throw refused(name, `at most ${MAX_TEXT_CHARACTERS} characters`, value.length);
}

function list(args: readonly Argument[], name: string): readonly Json[] {
  const value = args[0]!.value;
  if (!Array.isArray(value)) throw refused(name, 'an array', value);
  return value as readonly Json[];
}

function object(value: Json, name: string): JsonObject {
  if (!isJsonObject(value)) throw refused(name, 'an object', value);
  return value;
}

/** Step Functions rounds to the nearest integer. */
function integer(args: readonly Argument[], index: number, name: string): number {
  const value = args[index]!.value;
  if (typeof value !== 'number') throw refused(name, 'a number', value);
  return Math.round(value);
}

function refused(name: string, allowed: string, value: Json) {
  return runtimeError(`States.${name} needs ${allowed}, not ${JSON.stringify(value).slice(0, 80)}`);
}

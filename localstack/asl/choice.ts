/** Rules of a Choice state: every comparison operator with its …Path form, type tests, And / Or / Not. */
import type { Json, JsonObject } from '#shared/json.ts';
import { UnsupportedSyntaxError } from './errors.ts';
import type { PathParser } from './expressions.ts';
import { isJsonObject, type Path, parsePath, readPath, requirePath, type Scope } from './paths.ts';
import { parseTimestamp } from './timestamps.ts';

export type Rule =
  | { readonly kind: 'all' | 'any'; readonly rules: readonly Rule[] }
  | { readonly kind: 'not'; readonly rule: Rule }
  | { readonly kind: 'test'; readonly test: string; readonly variable: Path; readonly expected: boolean }
  | {
      readonly kind: 'compare';
      readonly operator: string;
      readonly variable: Path;
      readonly operand: { readonly value: Json } | { readonly path: Path };
    };

type Comparable = string | number | boolean;

/** Brings a value into the family's comparable form; undefined if it is of another type. */
const FAMILIES: Readonly<Record<string, (value: Json) => Comparable | undefined>> = {
  String: (value) => (typeof value === 'string' ? value : undefined),
  Numeric: (value) => (typeof value === 'number' ? value : undefined),
  Boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  Timestamp: (value) => (typeof value === 'string' ? parseTimestamp(value) : undefined),
};

const RELATIONS: Readonly<Record<string, (left: Comparable, right: Comparable) => boolean>> = {
  Equals: (left, right) => left === right,
  LessThan: (left, right) => left < right,
  GreaterThan: (left, right) => left > right,
  LessThanEquals: (left, right) => left <= right,
  GreaterThanEquals: (left, right) => left >= right,
};

const TESTS: Readonly<Record<string, (value: Json | undefined) => boolean>> = {
  IsPresent: (value) => value !== undefined,
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: (value) => typeof value === 'number',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => typeof value === 'string' && parseTimestamp(value) !== undefined,
};

interface Operator {
  readonly family: string;
  readonly relation: string;
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  Object.keys(FAMILIES).flatMap((family) =>
    Object.keys(RELATIONS)
      .filter((relation) => family !== 'Boolean' || relation === 'Equals')
      .map((relation): [string, Operator] => [family + relation, { family, relation }]),
  ),
);

const STRING_MATCHES = 'StringMatches';

/** All operators a rule may use, for messages and tests. */
export const CHOICE_OPERATORS: readonly string[] = [
  ...['And', 'Or', 'Not'],
  ...Object.keys(TESTS),
  STRING_MATCHES,
  ...[...OPERATORS.keys()].flatMap((operator) => [operator, `${operator}Path`]),
];

/**
 * Parses one choice rule, without its `Next` and `Comment`.
 *
 * @throws UnsupportedSyntaxError naming an unknown operator, a missing Variable or a value of the wrong type.
 */
export function parseRule(raw: Json, toPath: PathParser = parsePath): Rule {
  if (!isJsonObject(raw)) throw new UnsupportedSyntaxError(`choice rule ${JSON.stringify(raw)}`);
  const { Variable, ...rest } = raw;
  const [operator, ...others] = Object.keys(rest);
  if (operator === undefined || others.length > 0) {
    throw new UnsupportedSyntaxError(
      `choice rule with ${operator ? `${operator} and ${others.join(', ')}` : 'no operator'}`,
    );
  }
  const operand = rest[operator] ?? null;
  if (operator === 'And' || operator === 'Or') {
    return { kind: operator === 'And' ? 'all' : 'any', rules: parseRules(operator, operand, toPath) };
  }
  if (operator === 'Not') return { kind: 'not', rule: parseRule(operand, toPath) };
  if (!CHOICE_OPERATORS.includes(operator)) {
    throw new UnsupportedSyntaxError(
      `choice operator ${operator} (supported: ${CHOICE_OPERATORS.join(', ')})`,
    );
  }
  if (typeof Variable !== 'string')
    throw new UnsupportedSyntaxError(`choice operator ${operator} without a Variable`);
  return parseComparison(operator, toPath(Variable), operand, toPath);
}

function parseRules(operator: string, operand: Json, toPath: PathParser): Rule[] {
  if (!Array.isArray(operand) || operand.length === 0) {
    throw new UnsupportedSyntaxError(`choice operator ${operator} without a list of rules`);
  }
  return operand.map((rule: Json) => parseRule(rule, toPath));
}

function parseComparison(operator: string, variable: Path, operand: Json, toPath: PathParser): Rule {
  const mismatch = new UnsupportedSyntaxError(`choice operator ${operator} with ${JSON.stringify(operand)}`);
  if (Object.hasOwn(TESTS, operator)) {
    if (typeof operand !== 'boolean') throw mismatch;
    return { kind: 'test', test: operator, variable, expected: operand };
  }
  if (operator.endsWith('Path')) {
    if (typeof operand !== 'string') throw mismatch;
    return { kind: 'compare', operator: operator.slice(0, -4), variable, operand: { path: toPath(operand) } };
  }
  if (operator === STRING_MATCHES) {
    if (typeof operand !== 'string') throw mismatch;
    globPieces(operand);
  } else if (FAMILIES[OPERATORS.get(operator)!.family]!(operand) === undefined) throw mismatch;
  return { kind: 'compare', operator, variable, operand: { value: operand } };
}

/**
 * Whether the rule holds. A comparison of values of other types than the operator's is false, not an error.
 *
 * @throws StateError `States.Runtime` if a path has no value and the rule is not IsPresent.
 */
export function ruleHolds(rule: Rule, scope: Pick<Scope, 'input' | 'context'>): boolean {
  switch (rule.kind) {
    case 'all':
      return rule.rules.every((inner) => ruleHolds(inner, scope));
    case 'any':
      return rule.rules.some((inner) => ruleHolds(inner, scope));
    case 'not':
      return !ruleHolds(rule.rule, scope);
    case 'test': {
      const value =
        rule.test === 'IsPresent' ? readPath(rule.variable, scope) : requirePath(rule.variable, scope);
      return TESTS[rule.test]!(value) === rule.expected;
    }
    case 'compare': {
      const value = requirePath(rule.variable, scope);
      const operand = 'path' in rule.operand ? requirePath(rule.operand.path, scope) : rule.operand.value;
      return compare(rule.operator, value, operand);
    }
  }
}

function compare(name: string, value: Json, operand: Json): boolean {
  if (name === STRING_MATCHES) return typeof value === 'string' && globMatches(value, operand as string);
  const operator = OPERATORS.get(name)!;
  const family = FAMILIES[operator.family]!;
  const [left, right] = [family(value), family(operand)];
  return left !== undefined && right !== undefined && RELATIONS[operator.relation]!(left, right);
}

/** The literal texts between the `*` of a StringMatches pattern; `\*` and `\\` stand for themselves. */
function globPieces(pattern: string): string[] {
  const pieces = [''];
  for (const part of pattern.match(/\\.?|[^\\]/gsu) ?? []) {
    if (part === '*') pieces.push('');
    else if (part === '\\*' || part === '\\\\') pieces[pieces.length - 1] += part.charAt(1);
    else if (part.startsWith('\\'))
      throw new UnsupportedSyntaxError(`StringMatches pattern "${pattern}" (escape "${part}")`);
    else pieces[pieces.length - 1] += part;
  }
  return pieces;
}

function globMatches(value: string, pattern: string): boolean {
  const pieces = globPieces(pattern);
  const first = pieces[0]!;
  if (pieces.length === 1) return value === first;
  const last = pieces.at(-1)!;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last))
    return false;
  let at = first.length;
  const end = value.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** The rule's own fields: what is left without those that belong to the state. */
export function ruleFields(raw: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => key !== 'Next' && key !== 'Comment'));
}

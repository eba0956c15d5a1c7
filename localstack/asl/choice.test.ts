import { describe, expect, it } from 'vitest';
import type { Json } from '#shared/json.ts';
import { CHOICE_OPERATORS, parseRule, ruleHolds } from './choice.ts';
import { UnsupportedSyntaxError } from './errors.ts';

const input: Json = {
  text: 'm',
  same: 'm',
  after: 'n',
  n: 5,
  five: 5,
  six: 6,
  yes: true,
  alsoYes: true,
  no: false,
  none: null,
  noon: '2024-08-18T12:00:00Z',
  noonElsewhere: '2024-08-18T14:00:00+02:00',
  later: '2024-08-18T12:00:00.5Z',
  list: [],
};
const context = { State: { Name: 'Here' } };
const holds = (rule: Json, data: Json = input) => ruleHolds(parseRule(rule), { input: data, context });

/** Family: variable, an equal value, a greater one; each as a literal and as a path. */
const FAMILIES: [string, string, Json, Json, string, string][] = [
  ['String', '$.text', 'm', 'n', '$.same', '$.after'],
  ['Numeric', '$.n', 5, 6, '$.five', '$.six'],
  [
    'Timestamp',
    '$.noon',
    '2024-08-18T14:00:00+02:00',
    '2024-08-18T12:00:00.5Z',
    '$.noonElsewhere',
    '$.later',
  ],
];
/** Relation: what it says of (x, an equal one), (x, a greater one). */
const RELATIONS: [string, boolean, boolean][] = [
  ['Equals', true, false],
  ['LessThan', false, true],
  ['GreaterThan', false, false],
  ['LessThanEquals', true, true],
  ['GreaterThanEquals', true, false],
];

const comparisons = FAMILIES.flatMap(([family, variable, equal, greater, equalPath, greaterPath]) =>
  RELATIONS.flatMap(([relation, ofEqual, ofGreater]): [string, string, Json, boolean][] => [
    [family + relation, variable, equal, ofEqual],
    [family + relation, variable, greater, ofGreater],
    [`${family}${relation}Path`, variable, equalPath, ofEqual],
    [`${family}${relation}Path`, variable, greaterPath, ofGreater],
    [family + relation, '$.list', equal, false],
    [`${family}${relation}Path`, variable, '$.list', false],
  ]),
);

const others: [string, string, Json, boolean][] = [
  ['NumericGreaterThan', '$.six', 5, true],
  ['NumericGreaterThan', '$.n', 5, false],
  ['StringEquals', '$.n', '5', false],
  ['BooleanEquals', '$.yes', true, true],
  ['BooleanEquals', '$.yes', false, false],
  ['BooleanEquals', '$.text', true, false],
  ['BooleanEqualsPath', '$.yes', '$.alsoYes', true],
  ['BooleanEqualsPath', '$.yes', '$.no', false],
  ['StringEquals', '$$.State.Name', 'Here', true],
  ['IsPresent', '$.text', true, true],
  ['IsPresent', '$.none', true, true],
  ['IsPresent', '$.missing', true, false],
  ['IsPresent', '$.missing', false, true],
  ['IsNull', '$.none', true, true],
  ['IsNull', '$.text', true, false],
  ['IsNull', '$.text', false, true],
  ['IsString', '$.text', true, true],
  ['IsString', '$.n', true, false],
  ['IsNumeric', '$.n', true, true],
  ['IsNumeric', '$.text', true, false],
  ['IsBoolean', '$.no', true, true],
  ['IsBoolean', '$.none', true, false],
  ['IsTimestamp', '$.noon', true, true],
  ['IsTimestamp', '$.text', true, false],
  ['IsTimestamp', '$.n', false, true],
];

describe('comparison operators', () => {
  it.each([...comparisons, ...others])('%s of %s with %j is %s', (operator, Variable, operand, expected) => {
    expect(holds({ Variable, [operator]: operand })).toBe(expected);
  });

  it('every operator of the language is in the table above, or below', () => {
    const tested = new Set([...comparisons, ...others].map(([operator]) => operator));
    const left = CHOICE_OPERATORS.filter((operator) => !tested.has(operator));
    expect(left).toEqual(['And', 'Or', 'Not', 'StringMatches']);
    expect(CHOICE_OPERATORS).toHaveLength(3 + 6 + 1 + 2 * 16);
  });

  it.each([
    ['*', '', true],
    ['log-*.txt', 'log-1.txt', true],
    ['log-*.txt', 'log-.txt', true],
    ['log-*.txt', 'log-1.txt ', false],
    ['*a*b*', 'xaxbx', true],
    ['*a*b*', 'xbxax', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['plain', 'plain', true],
    ['plain', 'plain.', false],
    ['1\\*2', '1*2', true],
    ['1\\*2', '1x2', false],
    ['a\\\\*', 'a\\b', true],
    ['a.c', 'abc', false],
    ['a*c', 'a\nc', true],
  ])('StringMatches %j on %j is %s', (pattern, value, expected) => {
    expect(holds({ Variable: '$.v', StringMatches: pattern }, { v: value })).toBe(expected);
  });

  it('a pattern of many wildcards is decided at once', () => {
    const rule = { Variable: '$.v', StringMatches: `${'*a'.repeat(30)}*b` };
    expect(holds(rule, { v: 'a'.repeat(20_000) })).toBe(false);
  });
});

describe('And, Or, Not', () => {
  const isText = { Variable: '$.text', StringEquals: 'm' };
  const isOther = { Variable: '$.text', StringEquals: 'x' };

  it.each<[Json, boolean]>([
    [{ And: [isText, isText] }, true],
    [{ And: [isText, isOther] }, false],
    [{ Or: [isOther, isText] }, true],
    [{ Or: [isOther, isOther] }, false],
    [{ Not: isOther }, true],
    [{ Not: { And: [isText, { Or: [isOther, isText] }] } }, false],
  ])('%j is %s', (rule, expected) => {
    expect(holds(rule)).toBe(expected);
  });

  it('stop at the first that decides, so IsPresent guards what follows', () => {
    const value = { Variable: '$.missing', NumericEquals: 1 };
    expect(holds({ And: [{ Variable: '$.missing', IsPresent: true }, value] })).toBe(false);
    expect(holds({ Or: [{ Variable: '$.missing', IsPresent: false }, value] })).toBe(true);
  });
});

describe('a path without a value', () => {
  it.each([
    ...['IsNull', 'IsString', 'IsNumeric', 'IsBoolean', 'IsTimestamp'].map((test) => ({ [test]: false })),
    { StringEquals: 'a' },
    { StringMatches: '*' },
    { NumericLessThan: 1 },
  ])('is States.Runtime with %j', (comparison) => {
    expect(() => holds({ Variable: '$.missing', ...comparison })).toThrow(
      'States.Runtime: no value at path "$.missing"',
    );
  });

  it('is States.Runtime on the right side too', () => {
    expect(() => holds({ Variable: '$.n', NumericEqualsPath: '$.missing' })).toThrow('"$.missing"');
  });
});

describe('rules that are refused by name', () => {
  it.each<[Json, string]>([
    [{ Variable: '$.a', StringContains: 'x' }, 'StringContains'],
    [{ Variable: '$.a', BooleanLessThan: true }, 'BooleanLessThan'],
    [{ Variable: '$.a', StringMatchesPath: '$.b' }, 'StringMatchesPath'],
    [{ Variable: '$.a', IsNullPath: '$.b' }, 'IsNullPath'],
    [{ Variable: '$.a', NumericEquals: '1' }, 'NumericEquals with "1"'],
    [{ Variable: '$.a', StringEquals: 1 }, 'StringEquals with 1'],
    [{ Variable: '$.a', BooleanEquals: 'true' }, 'BooleanEquals with "true"'],
    [
      { Variable: '$.a', TimestampEquals: '2024-02-30T00:00:00Z' },
      'TimestampEquals with "2024-02-30T00:00:00Z"',
    ],
    [{ Variable: '$.a', TimestampEquals: '2024-08-18 00:00:00' }, 'TimestampEquals'],
    [{ Variable: '$.a', IsPresent: 'yes' }, 'IsPresent with "yes"'],
    [{ Variable: '$.a', StringMatches: 'a\\b' }, 'escape "\\b"'],
    [{ Variable: '$.a', StringMatches: 'a\\' }, 'StringMatches pattern'],
    [{ Variable: '$.a', StringEqualsPath: 7 }, 'StringEqualsPath with 7'],
    [{ StringEquals: 'a' }, 'StringEquals without a Variable'],
    [{ Variable: '$.a' }, 'no operator'],
    [{ Variable: '$.a', IsNull: true, IsPresent: true }, 'IsNull and IsPresent'],
    [{ And: [] }, 'And without a list of rules'],
    [{ Variable: '$..a', IsNull: true }, '$..a'],
    [{ Condition: '{% true %}' }, 'Condition'],
    ['text', 'choice rule "text"'],
  ])('%j', (rule, named) => {
    expect(() => parseRule(rule)).toThrow(UnsupportedSyntaxError);
    expect(() => parseRule(rule)).toThrow(named);
  });
});

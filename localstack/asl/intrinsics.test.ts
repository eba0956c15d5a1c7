import { describe, expect, it } from 'vitest';
import type { Json } from '#shared/json.ts';
import { StateError, UnsupportedSyntaxError } from './errors.ts';
import { evaluate, parseExpression } from './expressions.ts';
import { fillTemplate, parseTemplate } from './template.ts';

const input: Json = {
  name: 'Arnav',
  template: 'Hello, {} {}',
  items: [1, 2, 3, 4, 5],
  people: [{ a: 1 }, { a: 2 }],
  left: { a: { x: 1 }, b: 1 },
  right: { a: { y: 2 }, c: 3 },
  text: '{"n":1}',
  'odd, (key)': 'odd',
  none: null,
};
const context = { State: { Name: 'Here' } };
const scope = { input, context, random: () => 0.75 };
const value = (text: string) => evaluate(parseExpression(text), scope);

describe('intrinsic functions', () => {
  // The examples of docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html, and their edges.
  it.each<[string, Json]>([
    ["States.Format('Hello, my name is {}.', $.name)", 'Hello, my name is Arnav.'],
    ['States.Format($.template, $.name, 7)', 'Hello, Arnav 7'],
    ["States.Format('{}{}{}', true, null, 1.5)", 'truenull1.5'],
    ["States.Format('{}', $.left)", '{a={x=1}, b=1}'],
    ["States.Format('{}', $.items)", '[1, 2, 3, 4, 5]'],
    ["States.Format('\\{\\} {}', 'it\\'s')", "{} it's"],
    ["States.Format('a\\\\b')", 'a\\b'],
    ["States.Format('{}', 'keeps {} as data')", 'keeps {} as data'],
    ["States.Format('{}', $$.State.Name)", 'Here'],
    ["States.Format('{}', $['odd, (key)'])", 'odd'],
    ['States.StringToJson($.text)', { n: 1 }],
    ['States.StringToJson(\'[1,"a"]\')', [1, 'a']],
    ['States.JsonToString($.left)', '{"a":{"x":1},"b":1}'],
    ['States.JsonToString($.name)', '"Arnav"'],
    ['States.Array()', []],
    ["States.Array('a', 1, true, null, $.people[0].a)", ['a', 1, true, null, 1]],
    ['States.Array( 1 ,2 )', [1, 2]],
    ["States.Array('{}')", ['{}']],
    ['States.ArrayPartition($.items, 4)', [[1, 2, 3, 4], [5]]],
    ['States.ArrayPartition($.items, 5)', [[1, 2, 3, 4, 5]]],
    ['States.ArrayContains($.items, 5)', true],
    ['States.ArrayContains($.items, 6)', false],
    ['States.ArrayContains($.people, $.people[1])', true],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(9, 1, -4)', [9, 5, 1]],
    ['States.ArrayRange(5, 1, 1)', []],
    ['States.ArrayGetItem($.items, 4)', 5],
    ['States.ArrayLength($.items)', 5],
    ['States.ArrayUnique(States.Array(1, 2, 1, $.left, $.left))', [1, 2, input.left as Json]],
    ["States.Base64Encode('Data to encode')", 'RGF0YSB0byBlbmNvZGU='],
    ["States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", 'Data to encode'],
    ["States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ["States.Hash('', 'MD5')", 'd41d8cd98f00b204e9800998ecf8427e'],
    ['States.JsonMerge($.left, $.right, false)', { a: { y: 2 }, b: 1, c: 3 }],
    ['States.MathAdd(111, -1)', 110],
    ['States.MathAdd(1.6, 1)', 3],
    ['States.MathRandom(1, 5)', 4],
    ["States.StringSplit('1,2,3,4,5', ',')", ['1', '2', '3', '4', '5']],
    ["States.StringSplit('This.is+a,test=string', '.+,=')", ['This', 'is', 'a', 'test', 'string']],
    ["States.StringSplit('a,,b', ',')", ['a', 'b']],
    ["States.ArrayGetItem(States.StringSplit('a/b', '/'), States.MathAdd(0, 1))", 'b'],
    ["States.Format('{}-{}', States.Format('{}', 'x'), 'y')", 'x-y'],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it('States.UUID is a new version 4 UUID each time', () => {
    expect(value('States.UUID()')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(value('States.UUID()')).not.toBe(value('States.UUID()'));
  });

  it.each([
    ['States.Format($.items)', 'a string first'],
    ["States.Format($.template, 'one')", '2 {} but 1 values'],
    ["States.StringToJson('{')", 'JSON text'],
    ['States.StringToJson($.items)', 'a string'],
    ['States.ArrayPartition($.items, 0)', 'at least 1'],
    ['States.ArrayPartition($.name, 1)', 'an array'],
    ['States.ArrayRange(1, 2, 0)', 'a step other than 0'],
    ['States.ArrayRange(1, 2, 0.4)', 'a step other than 0'],
    ['States.ArrayRange(0, 1000, 1)', 'at most 1000 items, not 1001'],
    ['States.ArrayGetItem($.items, 5)', 'an index from 0 to 4, not 5'],
    ['States.ArrayGetItem($.items, -1)', 'an index from 0 to 4, not -1'],
    ["States.Hash('a', 'SHA-3')", 'MD5, SHA-1'],
    ["States.MathAdd('1', 1)", 'a number'],
    ['States.MathRandom(5, 5)', 'an end above 5'],
    ['States.JsonMerge($.left, $.items, false)', 'an object'],
    ['States.JsonMerge($.left, $.right, $.name)', 'false third'],
    ['States.ArrayLength($.missing)', 'no value at path "$.missing"'],
  ])('%s fails with States.Runtime', (text, problem) => {
    expect(() => value(text)).toThrow(StateError);
    expect(() => value(text)).toThrow('States.Runtime');
    expect(() => value(text)).toThrow(problem);
  });

  it('text limits hold on both sides', () => {
    const long = (characters: number) => ({ ...scope, input: { text: 'x'.repeat(characters) } });
    for (const text of ['States.Base64Encode($.text)', "States.Hash($.text, 'MD5')"]) {
      expect(() => evaluate(parseExpression(text), long(10_000))).not.toThrow();
      expect(() => evaluate(parseExpression(text), long(10_001))).toThrow(
        'at most 10000 characters, not 10001',
      );
    }
    expect(value('States.ArrayRange(1, 1000, 1)')).toHaveLength(1000);
  });

  it.each([
    ['States.Reverse($.a)', 'States.Reverse'],
    ['States.toString($.a)', 'States.toString'],
    ['States.MathRandom(1, 2, 3)', 'States.MathRandom with 3 arguments'],
    ['States.UUID(1)', 'States.UUID with 1 arguments'],
    ['States.Format()', 'States.Format with 0 arguments'],
    ["States.Format('{}')", 'with 0 values'],
    ["States.Format('\\{}', 1)", 'with 1 values'],
    ['States.JsonMerge($.a, $.b, true)', 'States.JsonMerge with true third'],
    ["States.Format('a\\nb')", 'escape "\\n"'],
    ['States.Array($.a[*])', '$.a[*]'],
    ['States.Array(a)', 'at "a)"'],
    ['States.Array(1', 'at "1"'],
    ['States.Array(1) x', 'at " x"'],
    ["States.Array('open)", 'at "\'open)"'],
    ['States.Array(1,)', 'at ")"'],
    ['plain text', 'plain text'],
  ])('%s is refused by name', (text, named) => {
    expect(() => parseExpression(text)).toThrow(UnsupportedSyntaxError);
    expect(() => parseExpression(text)).toThrow(named);
  });

  it('takes ten functions in one field and no eleventh', () => {
    const nested = (calls: number) =>
      `${'States.Array('.repeat(calls - 1)}States.UUID()${')'.repeat(calls - 1)}`;
    expect(() => parseExpression(nested(10))).not.toThrow();
    expect(() => parseExpression(nested(11))).toThrow('more than 10 intrinsic functions');
  });
});

describe('payload templates', () => {
  it('fills fields that end in .$ at any depth and leaves the rest', () => {
    const template = parseTemplate({
      'who.$': '$.name',
      fixed: { 'first.$': '$.items[0]', dollar: '$.name' },
      list: [{ 'n.$': 'States.MathAdd(1, 1)' }, 'plain', null],
      'nothing.$': '$.none',
    });
    expect(fillTemplate(template, scope)).toEqual({
      who: 'Arnav',
      fixed: { first: 1, dollar: '$.name' },
      list: [{ n: 2 }, 'plain', null],
      nothing: null,
    });
  });

  it('refuses a field that stands twice, and a .$ field that is no string', () => {
    expect(() => parseTemplate({ a: 1, 'a.$': '$.a' })).toThrow('field "a" given twice');
    expect(() => parseTemplate({ 'a.$': 1 })).toThrow('field "a.$" with 1');
  });
});

import { describe, expect, it } from 'vitest';
import { UnsupportedSyntaxError } from './errors.ts';
import { parsePath, parseResultPath, readPath, requirePath, writeResult } from './paths.ts';

const data = { a: { b: [10, { c: null }] }, 'x y': 1, "it's": 2, 'Grün-1': 3 };
const context = { Execution: { Input: { model: 'iris' } }, State: { Name: 'Now' } };

describe('parsePath and readPath', () => {
  it.each([
    ['$', data],
    ['$.a.b', data.a.b],
    ['$.a.b[0]', 10],
    ['$.a.b[1].c', null],
    ["$['x y']", 1],
    ['$["x y"]', 1],
    ["$['it\\'s']", 2],
    ['$.Grün-1', 3],
    ["$['a']['b'][0]", 10],
    ['$$.State.Name', 'Now'],
    ['$$.Execution.Input.model', 'iris'],
    ['$.missing', undefined],
    ['$.a.b[2]', undefined],
    ['$.a[0]', undefined],
    ['$.a.b.length', undefined],
    ['$.a.toString', undefined],
    ["$['x y'].deeper", undefined],
  ])('%s reads what stands there', (text, expected) => {
    expect(readPath(parsePath(text), { input: data, context })).toEqual(expected);
  });

  it.each([
    'a',
    '',
    '$.',
    '$a',
    '$..a',
    '$.*',
    '$.a[*]',
    '$.a[-1]',
    '$.a[0:2]',
    '$.a[?(@.b)]',
    '$.a[0,1]',
    '$.a.length()',
    '$[a]',
    '$$',
    '$$.Execution',
    '$$.Execution.RoleArn',
    '$$.State.Name.more',
    '$$.Unknown',
  ])('%s is refused by name', (text) => {
    expect(() => parsePath(text)).toThrow(UnsupportedSyntaxError);
    expect(() => parsePath(text)).toThrow(`"${text}"`);
  });

  it('a required path without a value is States.Runtime', () => {
    expect(() => requirePath(parsePath('$.missing'), { input: data, context })).toThrow(
      'States.Runtime: no value at path "$.missing"',
    );
  });
});

describe('writeResult', () => {
  it.each([
    [{ a: 1 }, '$', 2, 2],
    [{ a: 1 }, '$.a', 2, { a: 2 }],
    [{ a: 1 }, '$.b.c', 2, { a: 1, b: { c: 2 } }],
    [{ a: { x: 1 } }, "$.a['y z']", [1], { a: { x: 1, 'y z': [1] } }],
    [{}, '$.a', null, { a: null }],
  ])('%j at %s takes %j', (input, path, result, expected) => {
    expect(writeResult(input, parseResultPath(path), result)).toEqual(expected);
  });

  it('leaves the input as it was', () => {
    const input = { a: { b: 1 } };
    writeResult(input, ['a', 'c'], 2);
    expect(input).toEqual({ a: { b: 1 } });
  });

  it.each([
    [[1], '$.a'],
    ['text', '$.a'],
    [{ a: 1 }, '$.a.b'],
    [{ a: null }, '$.a.b'],
    [{ a: [] }, '$.a.b'],
  ])('%j has no place for %s', (input, path) => {
    expect(() => writeResult(input, parseResultPath(path), 1)).toThrow('States.ResultPathMatchFailure');
  });

  it('a field named __proto__ is data', () => {
    const written = writeResult({}, ['__proto__'], { polluted: true });
    expect(JSON.stringify(written)).toBe('{"__proto__":{"polluted":true}}');
    expect((written as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each(['$.a[0]', '$$.State.Name', '$.a[*]'])('ResultPath %s is refused by name', (path) => {
    expect(() => parseResultPath(path)).toThrow(`"${path}"`);
  });
});

import { describe, expect, test } from 'vitest';
import { toYaml } from './yaml.ts';

describe('toYaml', () => {
  test('writes maps, lists, and lists of maps as blocks', () => {
    const text = toYaml({ groups: [{ name: 'a', rules: ['x', 1, true] }, { name: 'b' }], last: { deep: 0 } });
    expect(text).toBe(
      'groups:\n  - name: "a"\n    rules:\n      - "x"\n      - 1\n      - true\n  - name: "b"\nlast:\n  deep: 0\n',
    );
  });

  test('quotes text that YAML would read as something else', () => {
    expect(toYaml({ a: 'no', b: '1', c: 'x: y # z', d: 'tab\t"q"', e: '' })).toBe(
      'a: "no"\nb: "1"\nc: "x: y # z"\nd: "tab\\t\\"q\\""\ne: ""\n',
    );
  });

  test('uses single quotes where they save escapes, and only there', () => {
    expect(toYaml({ a: 'm{le="2"}', b: `it's "both"`, c: 'back\\slash "q"' })).toBe(
      'a: \'m{le="2"}\'\nb: "it\'s \\"both\\""\nc: "back\\\\slash \\"q\\""\n',
    );
  });

  test('writes lines as a literal block where it keeps every character, quoted elsewhere', () => {
    expect(toYaml({ a: 'one\n\n  two\n' })).toBe('a: |\n  one\n\n    two\n');
    for (const text of ['no end', ' indented\n', 'two ends\n\n', 'one\ntwo', 'bell\u0007\n', '\nfirst\n'])
      expect(toYaml({ a: text })).toBe(`a: ${JSON.stringify(text)}\n`);
  });

  test('leaves out what is undefined, and shows what is empty', () => {
    expect(toYaml({ a: undefined, b: [], c: {}, d: [{}] })).toBe('b: []\nc: {}\nd:\n  - {}\n');
  });

  test('refuses a key that is no word', () => {
    expect(() => toYaml({ 'a: b': 1 })).toThrow('"a: b" is no key: want a word');
  });
});

import { describe, expect, test } from 'vitest';
import { parseCsv } from './csv.ts';

describe('parseCsv', () => {
  test('reads quotes, a byte-order mark, CRLF and line breaks inside quotes, and knows each row’s line', () => {
    const table = parseCsv('\uFEFFa,"b c"\r\n1,"x, y"\r\n2,"two\r\nlines"\r\n3,z\r\n');
    expect(table.header).toEqual(['a', 'b c']);
    expect(table.rows).toEqual([
      ['1', 'x, y'],
      ['2', 'two\r\nlines'],
      ['3', 'z'],
    ]);
    expect(table.lines[0]).toBe(2);
  });

  test.each([
    ['an empty file', '', 'the file is empty'],
    ['a header alone', 'a,b\n', 'no data rows'],
    ['one column', 'a\n1\n', 'line 1: one column ("a")'],
    ['no header', '5.1,3.5,setosa\n4.9,3.0,setosa\n', 'line 1: no header: "5.1"'],
    ['duplicate names', 'a,b,a\n1,2,3\n', 'line 1: two columns are named "a"'],
    [
      'a control character in a name',
      'a,b\u0000c\n1,2\n',
      'line 1: column name "b\\u0000c" has a control character',
    ],
    ['an unnamed column', 'a,,c\n1,2,3\n', 'line 1: column 2 has no name'],
    ['a row with a cell too few', 'a,b\n1,2\n3\n', 'line 3: 1 cells, the header has 2'],
    ['a row with a cell too many', 'a,b\n1,2\n3,4,5\n', 'line 3: 3 cells, the header has 2'],
    ['an unclosed quote', 'a,b\n1,"2\n', 'line'],
  ])('refuses %s with the line and the reason', (_, text, message) => {
    expect(() => parseCsv(text)).toThrow(message);
  });
});

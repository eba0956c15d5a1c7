import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCsv } from '#shared/schema/csv.ts';
import { keptCsv } from './kept-csv.ts';

describe('a table that nobody changed is written as it was read', () => {
  test.each([
    ['plain', 'a,b\n1,x\n2,y\n'],
    ['quoted', '"a","b"\n"1","say ""x"""\n2,"y, z"\n'],
    ['with blanks around cells', 'a, b \n 1 ,x\n2, y\n'],
    ['with Windows line ends', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['with old Macintosh line ends', 'a,b\r1,x\r2,y\r'],
    ['without a last line end', 'a,b\n1,x\n2,y'],
    ['with a byte order mark', '\uFEFFa,b\n1,x\n'],
    ['with a byte order mark and quotes', '\uFEFF"a","b"\n1,x\n'],
    ['with a line end inside a cell', 'a,b\n1,"x\ny"\n2,z\n'],
    ['with empty cells', 'a,b\n,""\n2,\n'],
    ['with numbers in many forms', 'a,b\n1.50,+1e3\n.5,007\n'],
  ])('%s', (_, text) => {
    expect(keptCsv(text, parseCsv(text))).toBe(text);
  });

  const cell = fc
    .array(fc.constantFrom('a', '1', ' ', ',', '"', '\n', '.', 'é'), { maxLength: 6 })
    .map((signs) => signs.join(''));
  const written = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  test('for any cells', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), (rows) => {
        const text = `x,y,z\n${rows.map((cells) => cells.map(written).join(',')).join('\n')}\n`;
        expect(keptCsv(text, parseCsv(text))).toBe(text);
      }),
    );
  });

  test('for any cells, all but the changed one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), cell, (rows, now) => {
        const text = `x,y,z\n${rows.map((cells) => cells.map(written).join(',')).join('\n')}\n`;
        const table = parseCsv(text);
        const changed = { ...table, rows: [table.rows[0]!.with(1, now.trim()), ...table.rows.slice(1)] };
        expect(parseCsv(keptCsv(text, changed)).rows).toEqual(changed.rows);
      }),
    );
  });
});

describe('a changed cell', () => {
  const text = '"a", b\n"x", 1.50\n"y",2\n';
  const table = parseCsv(text);

  test('is quoted where it was, and its neighbours stay to the blank', () => {
    const changed = { ...table, rows: [['z', '1.50'], table.rows[1]!] };
    expect(keptCsv(text, changed)).toBe('"a", b\n"z", 1.50\n"y",2\n');
  });

  test('is quoted where it must be', () => {
    const changed = { ...table, rows: [table.rows[0]!, ['y', '2,5']] };
    expect(keptCsv(text, changed)).toBe('"a", b\n"x", 1.50\n"y","2,5"\n');
  });

  test('that is empty has no quotes', () => {
    expect(keptCsv(text, { ...table, rows: [['', '1.50'], table.rows[1]!] })).toBe('"a", b\n, 1.50\n"y",2\n');
  });
});

test('empty lines go, repeated and reordered rows are written as they stood', () => {
  const text = 'a,b\n"1",x\n\n2,"y"';
  const table = parseCsv(text);
  const order = [1, 0, 1];
  const changed = {
    header: table.header,
    rows: order.map((row) => table.rows[row]!),
    lines: order.map((row) => table.lines[row]!),
  };
  expect(keptCsv(text, changed)).toBe('a,b\n2,"y"\n"1",x\n2,"y"');
});

test('renamed, dropped and added columns leave the other cells as they stood', () => {
  const text = '"a","b","c"\n"1", x,3.0\n';
  const { lines } = parseCsv(text);
  const changed = { header: ['a_v2', 'c', 'd'], rows: [['1', '3.0', '9']], lines };
  expect(keptCsv(text, changed, { a_v2: 'a' })).toBe('"a_v2","c",d\n"1",3.0,9\n');
});

test('a row that no line of the file holds is a fault of the program', () => {
  expect(() => keptCsv('a,b\n1,2\n', { header: ['a', 'b'], rows: [['1', '2']], lines: [7] })).toThrow(
    'no row of the file ends on line 7',
  );
});

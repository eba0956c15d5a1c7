/** Numbers in the formats of other countries, and what only looks like them. */
import { describe, expect, it } from 'vitest';
import { foreignNumbers } from './number-formats.ts';

const comma = 'numbers with a decimal comma: write 12.34';
const groups = 'numbers with thousands separators: write 1234.5';

describe('cells', () => {
  it.each([
    [['12,34', '-0,5', ',25', '1,5e3'], comma],
    [['12,34', '7', '1.234,56', '1 234,5'], comma],
    [['1,234.5', '99', '1,234,567'], groups],
    [["1'234'567", '-12 345.6', '1 000'], groups],
    [['1,234', '12,345'], 'numbers with a decimal comma, or with thousands separators: write 1234.5'],
    [['0,123', '12,345'], comma],
  ])('%j are numbers in another format', (cells, reason) => {
    expect(foreignNumbers(cells, 0.95)).toBe(reason);
  });

  it.each([
    [['1.5', '2', '-3e4']],
    [['1,2,3', '4,5,6']],
    [['12,34 EUR', '5,00 EUR']],
    [['1,23x', 'x1,23']],
    [['a', 'b']],
    [['2024-01-01', '12:30']],
    [[]],
  ])('%j are not', (cells) => {
    expect(foreignNumbers(cells, 0.95)).toBeUndefined();
  });

  it('are told from the least share of numbers on, and not below it', () => {
    const cells = (words: number) =>
      Array.from({ length: 100 }, (_, at) => (at < words ? 'word' : `${at},5`));
    expect(foreignNumbers(cells(5), 0.95)).toBe(comma);
    expect(foreignNumbers(cells(6), 0.95)).toBeUndefined();
  });
});

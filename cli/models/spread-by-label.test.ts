import { describe, expect, test } from 'vitest';
import { spreadByLabel } from './spread-by-label.ts';

const images = (labels: string, bytes = 10) => [...labels].map((label, at) => ({ label, bytes, at }));
const chosen = (labels: string, most: number, bytes: number) =>
  spreadByLabel(images(labels), { most, bytes }).map(({ at }) => at);

describe('spreadByLabel', () => {
  test('takes all within both limits, to the byte', () => {
    expect(chosen('abab', 4, 40)).toEqual([0, 1, 2, 3]);
    expect(chosen('abab', 3, 40)).toHaveLength(3);
    expect(chosen('abab', 4, 39)).toHaveLength(3);
  });

  test('keeps the shares of the labels, whatever the order of the table, and spreads over each', () => {
    const labels = `${'a'.repeat(60)}${'bc'.repeat(20)}`;
    const found = spreadByLabel(images(labels), { most: 10, bytes: 1e9 });
    const count = (label: string) => found.filter((one) => one.label === label).length;
    expect([count('a'), count('b'), count('c')]).toEqual([6, 2, 2]);
    expect(found.filter(({ label }) => label === 'a').map(({ at }) => at)).toEqual([5, 15, 25, 35, 45, 55]);
    expect(found.map(({ at }) => at)).toEqual(
      found.map(({ at }) => at).toSorted((one, other) => one - other),
    );
  });

  test('of files that do not fit one by one takes none', () => {
    expect(chosen('ab', 2, 9)).toEqual([]);
  });
});

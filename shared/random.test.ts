import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { normal, seededRandom, seedFrom, shuffledIndices } from './random.ts';

const draws = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
};

describe('seededRandom', () => {
  // mulberry32 of seed 1, as the golden file's Python generator draws it
  const first = [
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522, 0.9810509674716741, 0.9683778982143849,
  ];

  test('is mulberry32', () => {
    expect(draws(1, 5)).toEqual(first);
  });

  const golden = new URL('../../shared/golden/golden.json', import.meta.url);
  test.runIf(existsSync(golden))('draws what the golden file draws', () => {
    const { generators } = JSON.parse(readFileSync(golden, 'utf8')) as {
      generators: { check_seed1_first5: number[] };
    };
    expect(draws(1, 5)).toEqual(generators.check_seed1_first5);
  });

  test('a seed is a sequence: the same again, another for another, 32 bits of it', () => {
    expect(draws(7, 100)).toEqual(draws(7, 100));
    expect(draws(7, 5)).not.toEqual(draws(8, 5));
    expect(draws(2 ** 32 + 7, 5)).toEqual(draws(7, 5));
  });

  test('is uniform on [0, 1): the mean of 100,000 draws is within four standard errors of ½, and each tenth is even', () => {
    const all = draws(3, 100_000);
    expect(all.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * all.length));
    const tenths = new Array<number>(10).fill(0);
    for (const value of all) tenths[Math.floor(10 * value)]! += 1;
    const chiSquare = tenths.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // upper 0.1 % of χ² with 9 degrees of freedom
    expect(chiSquare).toBeLessThan(27.88);
  });
});

test('normal has mean 0, variance 1 and a fourth moment of 3', () => {
  const random = seededRandom(4);
  const all = Array.from({ length: 100_000 }, () => normal(random));
  const moment = (power: number) => all.reduce((sum, value) => sum + value ** power, 0) / all.length;
  expect(Math.abs(moment(1))).toBeLessThan(0.013);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.13);
});

test('seedFrom sends near texts far apart, into 32 bits', () => {
  const seeds = Array.from({ length: 10_000 }, (_, at) => seedFrom(`run-${at}`));
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
  expect(new Set(seeds).size).toBe(10_000);
  expect(Math.abs(seedFrom('run-1') - seedFrom('run-2'))).toBeGreaterThan(2 ** 16);
});

describe('shuffledIndices', () => {
  test('holds every index once', () => {
    for (const length of [0, 1, 2, 100])
      expect([...shuffledIndices(length, seededRandom(5))].sort((a, b) => a - b)).toEqual(
        Array.from({ length }, (_, at) => at),
      );
  });

  test('every permutation of three is as likely: χ² over 60,000 shuffles', () => {
    const random = seededRandom(6);
    const counts = new Map<string, number>();
    for (let at = 0; at < 60_000; at++) {
      const key = shuffledIndices(3, random).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // upper 0.1 % of χ² with 5 degrees of freedom
    expect(chiSquare).toBeLessThan(20.52);
  });
});

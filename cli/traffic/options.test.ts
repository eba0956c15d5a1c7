import { describe, expect, test } from 'vitest';
import { readTrafficOptions } from './options.ts';

const read = (...args: string[]) => readTrafficOptions(args, {});
const needed = ['--rate', '10', '--duration', '1s'];

describe('readTrafficOptions', () => {
  test.each([
    ['0.1', 0.1],
    ['200/s', 200],
    ['10000', 10_000],
  ])('--rate %s is %d per second', (text, rate) => {
    expect(read('--rate', text, '--duration', '1s').ratePerSecond).toBe(rate);
  });

  test.each(['0', '0.09', '10000.1', '-5', '10/m', 'fast', '1e3'])('--rate %s is refused', (text) => {
    expect(() => read(`--rate=${text}`, '--duration', '1s')).toThrow(`--rate ${text} is not allowed`);
  });

  test.each([
    ['30', 30_000],
    ['250ms', 250],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['3600s', 3_600_000],
  ])('--duration %s is %d ms', (text, ms) => {
    expect(read('--rate', '1', '--duration', text).durationMs).toBe(ms);
  });

  test.each(['0', '3601s', '61m', '2h', 'long', '1d'])('--duration %s is refused', (text) => {
    expect(() => read('--rate', '1', '--duration', text)).toThrow(`--duration ${text} is not allowed`);
  });

  test.each([
    'http://127.0.0.1:8000',
    'http://127.8.9.1',
    'http://localhost:9',
    'http://[::1]:8000',
    'http://2130706433/',
  ])('%s is this machine', (url) => {
    expect(read(...needed, '--url', url).url.hostname).toMatch(/^(127\.|localhost|\[::1\])/);
  });

  test.each([
    'https://example.com',
    'http://10.0.0.1:8000',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://127.0.0.1@example.com',
    'http://0.0.0.0:8000',
  ])('%s is not, and is loaded by its owner only', (url) => {
    expect(() => read(...needed, '--url', url)).toThrow('is not on this machine');
    expect(read(...needed, '--url', url, '--i-own-this-endpoint').url.href).toBe(new URL(url).href);
    expect(() => readTrafficOptions(needed, { TIDEMARK_URL: url })).toThrow('is not on this machine');
  });

  test.each([
    [['--duration', '1s'], '--rate is needed'],
    [['--rate', '1'], '--duration is needed'],
    [[...needed, '--labels'], '--labels needs --data'],
    [[...needed, '--data', 'x.csv', '--target', 'price'], '--target is the label'],
    [[...needed, '--batch', '1001'], '--batch 1001'],
    [[...needed, '--concurrency', '0'], '--concurrency 0'],
    [[...needed, '--url', 'ftp://127.0.0.1'], '--url ftp://127.0.0.1'],
    [[...needed, 'rows.csv'], '"rows.csv"'],
  ])('%j is refused in words', (args, words) => {
    expect(() => readTrafficOptions(args, {})).toThrow(words);
  });
});

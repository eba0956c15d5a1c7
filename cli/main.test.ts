import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from './main.ts';
import { gemsCsv } from './sample/gems.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-cli-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

/** Commands that end before anything is started run in this process. */
async function run(...args: string[]) {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  const code = await main(args);
  vi.restoreAllMocks();
  return { code, ...printed };
}

describe('tidemark', () => {
  test('without a command says how it is used and exits 2', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(2);
    expect(stdout).toMatch(/^usage: tidemark COMMAND/);
    for (const command of ['start', 'demo', 'compare', 'inject', 'suggest'])
      expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
  });

  test('start on a data directory that another host has says which process that is and exits 1', async () => {
    await writeFile(join(dir, 'host.lock'), `${process.ppid}\n`);
    const { code, stderr } = await run('start', '--data-dir', dir, '--no-sample', '--port', '0');
    expect(code).toBe(1);
    expect(stderr).toBe(
      `tidemark start: data directory ${dir} is in use by process ${process.ppid}: stop that process or choose another directory; if it is no tidemark host, remove ${join(dir, 'host.lock')}\n`,
    );
  });

  test('with an unknown command names it on stderr and exits 2', async () => {
    const { code, stdout, stderr } = await run('dmeo');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('there is no command "dmeo"');
  });

  test.each(['--help', '-h', 'help'])('%s exits 0', async (word) => {
    expect(await run(word)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('usage') });
  });

  test.each([
    ['start', ['--data-dir', '--json']],
    ['demo', ['--data-dir', '--json']],
    [
      'compare',
      ['target', 'prediction', 'segment', 'exclude', 'config', 'constraints', 'html', 'json', 'fail-on'].map(
        (word) => `--${word} `,
      ),
    ],
    ['inject', ['--data', '--out', '--preset', '--column', '--intensity', '--seed']],
    ['suggest', ['--out', '--force', '--exclude', '"physical": true', '--constraints FILE']],
  ])('%s --help describes its options and exits 0', async (command, options) => {
    const { code, stdout, stderr } = await run(command, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^usage: tidemark ${command}`));
    for (const option of options) expect(stdout).toContain(option);
  });

  test.each([
    [['start', '--prot', '1'], '--prot'],
    [['start', 'here'], 'here'],
    [['start', '--port', 'http'], '--port http'],
    [['start', '--port', '65536'], '--port 65536'],
    [['start', '--port', ''], '--port'],
    [['start', '--rate', '0'], '--rate 0'],
    [['start', '--granule-ms', '1.5'], '--granule-ms 1.5'],
    [['start', '--port'], '--port'],
    [['start', '--data-dir', ''], '--data-dir needs'],
    [['demo', '--data-dir', ''], '--data-dir needs'],
    [['demo', '--dirft', 'none'], '--dirft'],
    [['demo', '--drift', 'sideways'], '--drift sideways'],
    [['demo', '--drift-size', '0'], '--drift-size 0'],
    [['demo', '--drift-size', 'NaN'], '--drift-size NaN'],
    [['demo', '--seed', '-1'], '--seed'],
    [['demo', '--seed', '1e3'], '--seed 1e3'],
    [['demo', '--target', 'price'], '--data'],
    [['demo', '--data', 'rows.csv'], '--target'],
    [['demo', '--data', '/no/such/rows.csv', '--target', 'price'], '/no/such/rows.csv'],
    [['compare', 'one.csv'], '1 files were named'],
    [['compare', 'one.csv', 'two.csv', 'three.csv'], '3 files were named'],
    [['compare', 'one.csv', 'two.csv', '--fail-on', 'stable'], '--fail-on stable'],
    [['compare', 'one.csv', 'two.csv', '--config', '/no/such.json'], '--config /no/such.json'],
    [['compare', 'one.csv', 'two.csv', '--segmet', 'a'], '--segmet'],
    [['compare', 'one.csv', 'two.csv', '--html', 'two.csv'], '--html two.csv would overwrite two.csv'],
    [['compare', 'one.csv', 'two.csv', '--html', './two.csv'], '--html ./two.csv would overwrite two.csv'],
    [['compare', 'one.csv', 'two.csv', '--html', ''], '--html needs'],
    [['compare', 'one.csv', 'two.csv', '--html', '.'], '--html . is a folder'],
    [
      ['compare', 'one.csv', 'two.csv', '--html', '/no/such/r.html'],
      '/no/such/r.html: there is no such folder',
    ],
    [['inject', 'sideways', '--data', 'one.csv', '--out', 'two.csv'], 'sideways'],
    [['suggest'], '0 files were named'],
    [['suggest', 'one.csv', 'two.csv'], '2 files were named'],
    [['suggest', 'one.csv', '--out', ''], '--out needs'],
  ])('%j exits 2 and says which word is wrong', async (args, word) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(word);
    expect(stderr).toContain(`see: tidemark ${args[0]} --help`);
  });
});

describe('tidemark demo on a file that cannot carry it', () => {
  /** Rows `0 … count − 1` under the header. */
  function csv(header: string, count: number, row: (at: number) => string): string {
    return `${[header, ...Array.from({ length: count }, (_, at) => row(at))].join('\n')}\n`;
  }

  const gems = gemsCsv(400, 1).split('\n');
  const cases: readonly [string, string, string, readonly string[]][] = [
    ['that is empty', '', 'price', ['empty']],
    ['that has a header only', 'a,price\n', 'price', ['no data rows']],
    ['without a header', csv('1.5,2,3', 200, (at) => `${at},2,3`), 'price', ['line 1', '"1.5"']],
    ['of one column', csv('price', 200, (at) => `${at}`), 'price', ['line 1', 'one column ("price")']],
    [
      'with two columns of one name',
      csv('a,a,price', 200, (at) => `${at % 7},2,${at}`),
      'price',
      ['line 1', '"a"'],
    ],
    ['without the target', csv('a,b', 200, (at) => `${at % 7},2`), 'price', ['"price"', 'a, b']],
    [
      'with a constant target',
      csv('a,price', 200, (at) => `${at % 7},5`),
      'price',
      ['"price"', 'constant (5)'],
    ],
    [
      'with a row that is too short',
      csv('a,b,price', 200, (at) => (at === 41 ? '1,2' : `${at % 7},2,${at}`)),
      'price',
      ['line 43', '2 cells'],
    ],
    [
      'with an open quote',
      csv('a,b,price', 200, (at) => (at === 41 ? '"1,2,3' : `${at % 7},2,${at}`)),
      'price',
      ['opening quote'],
    ],
    [
      'with a word among numbers',
      csv('a,b,price', 200, (at) => `${at === 9 ? 'many' : at % 7},2,${at}`),
      'price',
      ['line 11', '"a"', '"many"'],
    ],
    [
      'with a word among the numbers of the target',
      csv('a,b,price', 200, (at) => `${at % 7},2,${at === 9 ? 'dear' : at}`),
      'price',
      ['line 11', '"price"', '"dear"'],
    ],
    [
      'with a number in the target that no 32-bit float holds',
      csv('a,b,price', 200, (at) => `${at % 7},2,${at === 9 ? '-4e38' : at}`),
      'price',
      ['line 11', '"price"', '-4e+38'],
    ],
    [
      'with a cell longer than a request may send',
      csv('a,b,price', 200, (at) => `${at % 7},${at === 9 ? 'x'.repeat(1025) : 'y'},${at}`),
      'price',
      ['line 11', '"b"', '1025 characters'],
    ],
    [
      'with a label longer than feedback may send',
      csv('a,b,kind', 200, (at) => `${at},2,${at % 2 ? 'x'.repeat(257) : 'y'}`),
      'kind',
      ['line 3', '"kind"', '257 characters', '256'],
    ],
    [
      'with a control character in a name',
      csv('a,b\u0007,price', 200, (at) => `${at % 7},2,${at}`),
      'price',
      ['line 1', '"b\\u0007"'],
    ],
    ['of 119 rows', gems.slice(0, 120).join('\n'), 'price', ['119 usable rows', '120']],
    [
      'with one class of 20 rows',
      csv('a,kind', 200, (at) => `${at % 7},${at < 181 ? 'common' : 'rare'}`),
      'kind',
      ['"kind"', 'two classes of 20', 'rare 19'],
    ],
    [
      'whose rows are all equal but for the label',
      csv('a,b,kind', 200, (at) => `1,2,${at % 2 === 0 ? 'odd' : 'even'}`),
      'kind',
      ['2 distinct rows among 200; at least 120 are needed'],
    ],
    [
      'with no feature that varies',
      csv('a,b,price', 200, (at) => `1,x,${at + 0.5}`),
      'price',
      ['no numeric, text or date feature varies'],
    ],
  ];

  test.each(cases)(
    '%s exits 2, says what is wrong and leaves nothing behind',
    async (_, text, target, words) => {
      const file = join(dir, 'rows.csv');
      const dataDir = join(dir, 'kept');
      await writeFile(file, text);
      const { code, stdout, stderr } = await run(
        ...['demo', '--data', file, '--target', target, '--data-dir', dataDir, '--json'],
      );
      expect(code, stderr).toBe(2);
      expect(stdout).toBe('');
      for (const word of words) expect(stderr).toContain(word);
      expect(existsSync(dataDir)).toBe(false);
    },
  );

  test('excluding a column that is not there exits 2', async () => {
    const file = join(dir, 'rows.csv');
    await writeFile(file, gemsCsv(200, 1));
    const { code, stderr } = await run('demo', '--data', file, '--target', 'price', '--exclude', 'wieght');
    expect(code).toBe(2);
    expect(stderr).toContain('"wieght"');
  });

  test('a time column that holds no time exits 2 and names the line', async () => {
    const file = join(dir, 'rows.csv');
    const dataDir = join(dir, 'kept');
    await writeFile(file, gemsCsv(200, 1));
    const words = ['--data', file, '--target', 'price', '--time', 'colour', '--data-dir', dataDir];
    const { code, stderr } = await run('demo', ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(/line \d+: --time colour has "/);
    expect(existsSync(dataDir)).toBe(false);
  });

  test('a data folder that is not empty is refused and left as it is', async () => {
    await writeFile(join(dir, 'mine.txt'), 'mine');
    const { code, stderr } = await run('demo', '--data-dir', dir);
    expect(code).toBe(2);
    expect(stderr).toContain('is not empty');
    expect(existsSync(join(dir, 'mine.txt'))).toBe(true);
  });
});

import { link, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseCsv } from '#shared/schema/csv.ts';
import { expectedInWords } from '../localstack/inject/expected.ts';
import { presets } from '../localstack/inject/presets.ts';
import { injectors } from '../localstack/inject/registry.ts';
import { main } from './main.ts';
import { makePipe, readPipe } from './pipe.testing.ts';

let dir: string;
let data: string;

/** Quotes, blanks and numbers as people write them; a date, a number, a text and two targets. */
const csv = `"sold_at", carat,"cut",price,kind\r\n${Array.from({ length: 120 }, (_, row) => {
  const day = String(1 + (row % 28)).padStart(2, '0');
  const carat = ((row * 37) % 50) / 10 + 0.1;
  return `2026-01-${day}T10:00, ${carat.toFixed(2)},"${['Good', 'Fair, used', 'Ideal'][row % 3]}",${500 * carat + row},${row % 4 ? 'a' : 'b'}`;
}).join('\r\n')}\r\n`;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-inject-'));
  data = join(dir, 'in.csv');
  await writeFile(data, csv);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

async function run(...args: string[]) {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  const code = await main(['inject', ...args]);
  vi.restoreAllMocks();
  return { code, ...printed };
}

/** The bytes written. */
async function written(name: string, ...args: string[]): Promise<string> {
  const out = join(dir, name);
  expect(await run(...args, '--data', data, '--out', out)).toMatchObject({ code: 0, stderr: '' });
  return readFile(out, 'utf8');
}

/** The cells of a line as they stand, quotes included. */
const rawCells = (line: string) => line.match(/("[^"]*"|[^,]*)(,|$)/g)!.map((cell) => cell.replace(/,$/, ''));

const kinds = [
  'covariate',
  'label --target kind',
  'concept --target kind',
  'missing',
  'schema',
  'categorical',
  'temporal',
];

describe.each(kinds)('%s', (words) => {
  const args = words.split(' ');

  test('writes the same bytes for the same seed, and leaves its input', async () => {
    const first = await written('one.csv', ...args, '--seed', '5');
    expect(await written('two.csv', ...args, '--seed', '5')).toBe(first);
    expect(first).not.toBe(csv);
    expect(await readFile(data, 'utf8')).toBe(csv);
    expect(parseCsv(first).rows.length).toBeGreaterThan(0);
  });

  test('writes other bytes for some other seed', async () => {
    const files = new Set<string>();
    for (let seed = 0; seed < 6; seed++) files.add(await written('out.csv', ...args, '--seed', String(seed)));
    expect(files.size).toBeGreaterThan(1);
  });

  test('of intensity 0 writes its input, byte for byte', async () => {
    expect(await written('out.csv', ...args, '--intensity', '0')).toBe(csv);
  });
});

test('every byte of an untouched column stays, and the order of columns and rows', async () => {
  const lines = (await written('out.csv', 'covariate', '--column', 'carat', '--fraction', '0.5')).split(
    '\r\n',
  );
  const before = csv.split('\r\n');
  expect([lines.pop(), before.pop()]).toEqual(['', '']);
  expect(lines).toHaveLength(before.length);
  expect(lines[0]).toBe(before[0]);
  let changed = 0;
  lines.forEach((line, at) => {
    const [was, is] = [rawCells(before[at]!), rawCells(line)];
    if (was[1] !== is[1]) changed++;
    expect(is.with(1, '')).toEqual(was.with(1, ''));
  });
  expect(changed).toBe(60);
});

test('a preset runs by name', async () => {
  const file = await written('out.csv', '--preset', 'diamonds-heavier');
  const [before, after] = [parseCsv(csv), parseCsv(file)];
  after.rows.forEach((cells, row) => {
    const factor = Number(cells[1]) / Number(before.rows[row]![1]);
    expect(factor).toBeGreaterThanOrEqual(1.6 - 1e-9);
    expect(factor).toBeLessThanOrEqual(2 + 1e-9);
    expect(cells.with(1, '')).toEqual(before.rows[row]!.with(1, ''));
  });
});

describe('what was done', () => {
  test('is said in words: the change, its size, the seed and the file', async () => {
    const out = join(dir, 'out.csv');
    const { stdout } = await run(
      'missing',
      '--data',
      data,
      '--out',
      out,
      '--column',
      'cut',
      '--intensity',
      '0.25',
    );
    expect(stdout).toBe(
      `missing: 25 % of cut become empty (30 cells)\nexpected: the quality finding missing_rate_jump\nseed 1; 120 rows in ${out}\n`,
    );
  });

  test('is one JSON object with --json', async () => {
    const out = join(dir, 'out.csv');
    const { stdout } = await run(
      'schema',
      '--data',
      data,
      '--out',
      out,
      '--column',
      'cut',
      '--seed',
      '9',
      '--json',
    );
    expect(JSON.parse(stdout)).toEqual({
      injected: 'schema',
      description: 'cut is dropped',
      columns: ['cut'],
      expects: ['column_absent'],
      rows: { read: 120, written: 120 },
      seed: 9,
      data,
      out,
    });
  });

  test('goes to stderr where stdout is the file', async () => {
    const file = await written('out.csv', 'missing');
    const { code, stdout, stderr } = await run('missing', '--data', data, '--out', '-');
    expect([code, stdout]).toEqual([0, file]);
    expect(stderr).toMatch(
      /^missing: 30 % of .* become empty \(36 cells\)\nexpected: .*\nseed 1; 120 rows in stdout\n$/,
    );
  });
});

describe('what detectors must answer', () => {
  const expected = async (...args: string[]) => {
    const out = join(dir, 'out.csv');
    const [json, words] = [
      await run(...args, '--data', data, '--out', out, '--json'),
      await run(...args, '--data', data, '--out', out),
    ];
    return [JSON.parse(json.stdout).expects, /^expected: (.*)$/m.exec(words.stdout)?.[1]];
  };

  test('is of the mode, as the injector declares it: two responses or one', async () => {
    expect(await expected('missing', '--mode', 'high', '--column', 'carat')).toEqual([
      ['missing_rate_jump', 'drift'],
      'the quality finding missing_rate_jump; drift of what was changed',
    ]);
    expect(await expected('covariate')).toEqual([['drift'], 'drift of what was changed']);
    expect(await expected('concept', '--target', 'kind')).toEqual([
      ['loss'],
      'a change of the model’s error',
    ]);
  });

  test('is something of every kind and mode', async () => {
    for (const { kind, modes } of injectors)
      for (const { name, expects } of modes) {
        expect(expects.length, `${kind} ${name}`).toBeGreaterThan(0);
        expect(expectedInWords(expects)).toMatch(/^(drift|a change|the quality finding) /);
      }
  });

  test('is nothing critical of the harmless preset, and drift of the heavier one', async () => {
    expect(expectedInWords([])).toBe('nothing critical');
    expect(presets.map(({ name }) => name)).toEqual(['diamonds-harmless', 'diamonds-heavier']);
    expect(await expected('--preset', 'diamonds-heavier')).toEqual([['drift'], 'drift of what was changed']);
  });
});

describe('help', () => {
  test.each([[['--help']], [['concept', '--help']]])(
    '%j lists every kind and mode in a line each',
    async (args) => {
      const { code, stdout } = await run(...args);
      expect(code).toBe(0);
      for (const { kind, summary, modes } of injectors) {
        expect(stdout).toMatch(new RegExp(`^  ${kind} `, 'm'));
        expect(stdout).toContain(summary);
        for (const { name } of modes) expect(stdout).toMatch(new RegExp(`^    ${name} `, 'm'));
      }
      for (const word of [
        'preset',
        'data',
        'out',
        'column',
        'target',
        'intensity',
        'fraction',
        'from',
        'gradual',
        'mode',
        'time',
        'seed',
        'json',
      ])
        expect(stdout).toContain(`--${word} `);
    },
  );
});

describe('refused with exit 2 and what is allowed', () => {
  const given = () => ['--data', data, '--out', join(dir, 'out.csv')];

  test.each([
    [[], /what is to be injected is not said: one kind \(covariate, .*\) or --preset \(diamonds-harmless, /],
    [['covariate', '--preset', 'diamonds-harmless'], /"covariate" and --preset diamonds-harmless are two/],
    [['drift'], /kind "drift" is not known: covariate, label, /],
    [['--preset', 'harmless'], /--preset harmless is not known: diamonds-harmless, /],
    [['--preset', 'diamonds-harmless', '--intensity', '2'], /--intensity is not allowed with --preset/],
    [['covariate', 'carat'], /carat/],
    [['covariate', '--mode', 'jump'], /mode "jump" is not allowed: covariate has shift, scale/],
    [['covariate', '--intensity', 'much'], /--intensity much is not allowed: a number is expected/],
    [['covariate', '--intensity', ''], /--intensity {2}is not allowed: a number is expected/],
    [['covariate', '--intensity', '11'], /intensity 11 is not allowed: covariate shift takes -10 to 10/],
    [['missing', '--fraction', '2'], /fraction 2 is not allowed/],
    [['missing', '--from', '1'], /from 1 is not allowed/],
    [['concept', '--target', 'kind', '--gradual'], /concept has no setting "gradual"/],
    [['missing', '--seed', '-1'], /seed/],
    [['missing', '--sede', '1'], /--sede/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args, ...given());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('see: tidemark inject --help');
    expect(await readdir(dir)).toEqual(['in.csv']);
  });

  test.each([
    [['label'], /in\.csv: the target is not named/],
    [['label', '--target', 'colour'], /in\.csv: no column is named "colour"; the file has: sold_at, carat, /],
    [
      ['covariate', '--column', 'cut'],
      /column "cut" is categorical and this shifts numbers: carat, price can/,
    ],
    [['--preset', 'diamonds-harmless'], /the file lacks depth, table/],
    [['temporal', '--time', 'cut'], /line 2: the time column "cut"/],
  ])('%j, a fault of the data', async (args, message) => {
    const { code, stdout, stderr } = await run(...args, ...given());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(await readdir(dir)).toEqual(['in.csv']);
  });

  test('a file that is not there, or is no table', async () => {
    const absent = join(dir, 'absent.csv');
    expect(await run('missing', '--data', absent, '--out', '-')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`${absent} cannot be read`),
    });
    await writeFile(data, 'a,b\n1\n');
    expect((await run('missing', ...given())).stderr).toContain('in.csv: line 2: 1 cells, the header has 2');
  });

  test('without --data or --out', async () => {
    expect((await run('missing', '--out', '-')).stderr).toContain('--data FILE.csv is missing');
    expect((await run('missing', '--data', data)).stderr).toContain('--out FILE.csv is missing');
  });

  test('an output that is the input, under its own name or another', async () => {
    await link(data, join(dir, 'hard.csv'));
    await symlink(data, join(dir, 'soft.csv'));
    for (const out of [data, join(dir, '.', 'in.csv'), join(dir, 'hard.csv'), join(dir, 'soft.csv')]) {
      const { code, stderr } = await run('missing', '--data', data, '--out', out);
      expect(code).toBe(2);
      expect(stderr).toContain('the input is never overwritten');
    }
    expect(await readFile(data, 'utf8')).toBe(csv);
  });
});

describe('the output', () => {
  test('replaces an earlier one and leaves no draft behind', async () => {
    await writeFile(join(dir, 'out.csv'), 'old');
    expect(await written('out.csv', 'missing')).toMatch(/^"sold_at"/);
    expect((await readdir(dir)).sort()).toEqual(['in.csv', 'out.csv']);
  });

  test('through a link replaces what it leads to, and the link stays', async () => {
    await writeFile(join(dir, 'real.csv'), 'old');
    await symlink('real.csv', join(dir, 'out.csv'));
    expect(await written('out.csv', 'missing')).toBe(await readFile(join(dir, 'real.csv'), 'utf8'));
    expect((await lstat(join(dir, 'out.csv'))).isSymbolicLink()).toBe(true);
  });

  test('into a pipe goes through it, and the pipe stays one', async () => {
    const pipe = join(dir, 'pipe');
    makePipe(pipe);
    const read = readPipe(pipe);
    expect(await run('missing', '--data', data, '--out', pipe)).toMatchObject({ code: 0, stderr: '' });
    expect(await read).toBe(await written('file.csv', 'missing'));
    expect((await lstat(pipe)).isFIFO()).toBe(true);
  });

  test('that cannot be written is told with exit 1', async () => {
    const out = join(dir, 'absent', 'out.csv');
    expect(await run('missing', '--data', data, '--out', out)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`${out} cannot be written`),
    });
  });

  test('that is a folder is refused', async () => {
    await mkdir(join(dir, 'folder'));
    const { code, stderr } = await run('missing', '--data', data, '--out', join(dir, 'folder'));
    expect(code).toBe(2);
    expect(stderr).toContain('is a folder: the name of a file is expected');
  });
});

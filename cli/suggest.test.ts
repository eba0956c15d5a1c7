import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import type { Comparison } from '#shared/comparison/comparison.ts';
import { type ConstraintsFile, constraintsFileSchema } from '#shared/quality/constraints-file.ts';
import { referenceFile, splitReference } from '#shared/testing/reference-data.ts';
import { main } from './main.ts';
import { gemsCsv } from './sample/gems.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-suggest-'));
  await writeFile(at('gems.csv'), gemsCsv(400, 1));
});
afterAll(() => rm(dir, { recursive: true }));

const at = (name: string) => join(dir, name);

async function run(...args: string[]) {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  try {
    return { code: await main(args), ...printed };
  } finally {
    vi.restoreAllMocks();
  }
}

async function suggested(...args: string[]): Promise<ConstraintsFile> {
  const { code, stdout, stderr } = await run('suggest', ...args);
  expect(code, stderr).toBe(0);
  return constraintsFileSchema.parse(JSON.parse(stdout));
}

describe('tidemark suggest', () => {
  test('prints JSON that a person can review: a line per fact, ranges with what was seen', async () => {
    const { stdout } = await run('suggest', at('gems.csv'));
    expect(stdout).toMatch(/^\{\n {2}"format": 1,\n {2}"rows": 400,\n {2}"columns": \{\n/);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(120);
    const { columns } = constraintsFileSchema.parse(JSON.parse(stdout));
    const header = gemsCsv(1, 1).split('\n')[0]!.split(',');
    const dates = ['sold_on_hour', 'sold_on_weekday', 'sold_on_month'];
    expect(Object.keys(columns)).toEqual(header.flatMap((name) => (name === 'sold_on' ? dates : [name])));
    for (const column of Object.values(columns))
      if (column.kind === 'numeric') {
        expect(column).toMatchObject({
          physical: false,
          note: expect.stringMatching(/^seen: \S+ to \S+ in \d+ values$/),
        });
        const [low, high] = /seen: (\S+) to (\S+) in/.exec(column.note!)!.slice(1).map(Number);
        expect(column.min).toBeLessThanOrEqual(low!);
        expect(column.max).toBeGreaterThanOrEqual(high!);
      } else expect(column.values?.length).toBeGreaterThan(1);
  });

  test('bounds seconds of a clock to the second, which single precision would not', async () => {
    const seconds = Array.from({ length: 300 }, (_, row) => 1_700_000_000 + (row % 61));
    await writeFile(at('clock.csv'), `ts\n${seconds.join('\n')}\n`);
    const { ts } = (await suggested(at('clock.csv'))).columns;
    expect(ts).toMatchObject({ kind: 'numeric', note: 'seen: 1700000000 to 1700000060 in 300 values' });
    expect(ts?.kind === 'numeric' && [ts.min! > 1_699_999_990, ts.max! < 1_700_000_070]).toEqual([
      true,
      true,
    ]);
  });

  test('--out writes what would be printed, says so, and does not overwrite it without --force', async () => {
    const out = at('constraints.json');
    const { code, stdout } = await run('suggest', at('gems.csv'), '--out', out);
    expect(code).toBe(0);
    expect(stdout).toContain(`tidemark compare REFERENCE CURRENT --constraints ${out}`);
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(await suggested(at('gems.csv')));

    await writeFile(out, 'reviewed');
    const refused = await run('suggest', at('gems.csv'), '--out', out);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain(
      `--out ${out} is there already, perhaps reviewed; --force overwrites it`,
    );
    expect(await readFile(out, 'utf8')).toBe('reviewed');

    expect((await run('suggest', at('gems.csv'), '--out', out, '--force')).code).toBe(0);
    expect(JSON.parse(await readFile(out, 'utf8'))).toHaveProperty('format', 1);
  });

  test('never overwrites the data, not with --force', async () => {
    const { code, stderr } = await run('suggest', at('gems.csv'), '--out', at('gems.csv'), '--force');
    expect(code).toBe(2);
    expect(stderr).toContain('never overwritten');
    expect(await readFile(at('gems.csv'), 'utf8')).toBe(gemsCsv(400, 1));
  });

  test('exits 1 where the file cannot be written', async () => {
    const { code, stderr } = await run('suggest', at('gems.csv'), '--out', at('no/such/folder.json'));
    expect(code).toBe(1);
    expect(stderr).toContain(`${at('no/such/folder.json')} cannot be written`);
  });

  test('--exclude leaves a column out, and an unknown one is told beside those that are there', async () => {
    const [first, ...others] = Object.keys((await suggested(at('gems.csv'))).columns);
    const { columns } = await suggested(at('gems.csv'), '--exclude', first!);
    expect(Object.keys(columns)).toEqual(others);

    const { code, stdout, stderr } = await run('suggest', at('gems.csv'), '--exclude', 'colur');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`--exclude colur: ${at('gems.csv')} has no such column; it has ${first}, `);
  });

  test.each([
    ['empty', '', 'the file is empty'],
    ['header', 'a,b\n', 'a header and no data rows'],
    ['ids', `id\n${Array.from({ length: 30 }, (_, row) => row).join('\n')}\n`, 'no column is left'],
  ])('of a file that is of no use (%s) names it in one line and exits 2', async (name, text, words) => {
    await writeFile(at(`${name}.csv`), text);
    const out = at(`${name}.json`);
    const { code, stderr } = await run('suggest', at(`${name}.csv`), '--out', out);
    expect(code).toBe(2);
    expect(stderr).toContain(`${at(`${name}.csv`)}: `);
    expect(stderr).toContain(words);
    expect(existsSync(out)).toBe(false);
  });
});

describe('tidemark compare --constraints with a file that was changed by hand', () => {
  /** What is set, `undefined` being taken away: of the column weight, and of the file. */
  const cases: readonly [string, object, object, string][] = [
    ['an unknown key', { maximum: 3 }, {}, 'columns.weight: unrecognized key: "maximum"'],
    ['an unknown key at the top', {}, { column: {} }, 'the file: unrecognized key: "column"'],
    ['a share above 1', { max_missing: 5 }, {}, 'columns.weight.max_missing is 5: too big'],
    ['an unknown kind', { kind: 'number' }, {}, 'columns.weight.kind is "number"'],
    ['a key that is gone', { max_invalid: undefined }, {}, 'columns.weight.max_invalid: '],
    ['min above max', { min: 3, max: 2 }, {}, 'columns.weight: min must not be above max'],
    ['another format', {}, { format: 2 }, 'format is 2'],
  ];

  test.each(cases)('%s is refused with the place and what is wrong', async (_, column, top, words) => {
    const file = await suggested(at('gems.csv'));
    const columns = { ...file.columns, weight: { ...file.columns.weight, ...column } };
    await writeFile(at('changed.json'), JSON.stringify({ ...file, columns, ...top }));
    const { code, stdout, stderr } = await run(
      ...['compare', at('gems.csv'), at('gems.csv'), '--constraints', at('changed.json')],
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`--constraints ${at('changed.json')}: ${words}`);
  });

  test('that is no JSON is refused', async () => {
    await writeFile(at('broken.json'), '{"format": 1,');
    const { code, stderr } = await run(
      'compare',
      at('gems.csv'),
      at('gems.csv'),
      '--constraints',
      at('broken.json'),
    );
    expect(code).toBe(2);
    expect(stderr).toContain(`--constraints ${at('broken.json')} cannot be read as JSON`);
  });
});

describe('what one half of diamonds suggests', () => {
  const path = referenceFile('diamonds.csv');
  const halves = ['one.csv', 'other.csv'] as const;
  const checked = async (file: string): Promise<Comparison['quality']> => {
    const { code, stdout, stderr } = await run(
      ...['compare', at(halves[0]), at(file), '--constraints', at('half.json'), '--json'],
    );
    expect(code, stderr).toBe(0);
    return (JSON.parse(stdout) as Comparison).quality;
  };

  beforeAll(async () => {
    if (path === undefined) return;
    const { train, test: held } = splitReference(path, 0.5);
    for (const [name, { header, rows }] of [
      [halves[0], train],
      [halves[1], held],
    ] as const)
      await writeFile(at(name), `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`);
    expect((await run('suggest', at(halves[0]), '--out', at('half.json'))).code).toBe(0);
  });

  it.runIf(path)('flags at most 1 % of its constraints on the other half', async () => {
    const { columns } = constraintsFileSchema.parse(JSON.parse(await readFile(at('half.json'), 'utf8')));
    const constraints = Object.values(columns).flatMap((column) =>
      Object.keys(column).filter((key) => !['kind', 'note', 'physical'].includes(key)),
    );
    expect(constraints.length).toBeGreaterThan(40);
    expect((await checked(halves[1])).length / constraints.length).toBeLessThanOrEqual(0.01);
  });

  it.runIf(path)('flags a unit that changed, an unknown label and cells that are gone', async () => {
    const [header, ...rows] = (await readFile(at(halves[1]), 'utf8')).trim().split('\n');
    const place = (name: string) => header!.split(',').indexOf(name);
    const broken = rows.map((row, index) => {
      const cells = row.split(',');
      cells[place('depth')] = String(Number(cells[place('depth')]) / 100);
      if (index % 10 === 0) cells[place('cut')] = 'Superb';
      if (index % 10 === 1) cells[place('table')] = '';
      return cells.join(',');
    });
    await writeFile(at('broken.csv'), `${[header, ...broken].join('\n')}\n`);
    const found = (await checked('broken.csv')).map(({ column, check }) => `${column} ${check}`);
    expect(found).toEqual(
      expect.arrayContaining(['depth range_exceeded', 'cut unseen_categories', 'table missing_rate']),
    );
  });
});

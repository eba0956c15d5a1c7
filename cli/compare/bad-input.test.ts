/** The table of bad input: whatever a column or a file is, there is a result or a reason, and the others are compared. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ComparedColumn, Comparison } from '#shared/comparison/comparison.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { parquetSample } from '#shared/tabular/parquet-sample.ts';
import { main } from '../main.ts';
import { parsedComparison } from './parsed.testing.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-bad-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** `tidemark compare ref.csv cur.csv --json` in this process. */
async function compared(reference: string | Buffer, current: string | Buffer, ...words: string[]) {
  await writeFile(join(dir, 'ref.csv'), reference);
  await writeFile(join(dir, 'cur.csv'), current);
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  try {
    const code = await main(['compare', join(dir, 'ref.csv'), join(dir, 'cur.csv'), '--json', ...words]);
    return { code, ...printed };
  } finally {
    vi.restoreAllMocks();
  }
}

const header = 'amount,plan,odd';
const lines = (rows: readonly string[]) => `${rows.join('\n')}\n`;
type Odd = (row: number, fine: () => string) => string;

/** Rows of a number and a label that never change, and of whatever `odd` is. */
function rows(seed: number, count: number, odd: Odd): string[] {
  const random = seededRandom(seed);
  const fine = () => normal(random).toFixed(3);
  return Array.from(
    { length: count },
    (_, row) => `${fine()},${'xyz'[Math.floor(3 * random())]},${odd(row, fine)}`,
  );
}

const before = (odd: Odd, count = 600) => lines([header, ...rows(1, count, odd)]);
const now = (odd: Odd, count = 600, names = header) => lines([names, ...rows(2, count, odd)]);
const plain: Odd = (_, fine) => fine();
const mixed: Odd = (row, fine) => (row % 3 === 0 ? `word${row % 5}` : fine());
const everyTenth =
  (...values: string[]): Odd =>
  (row, fine) =>
    values[row % 10] ?? fine();

const useless: readonly [string, string | Buffer, string | Buffer, string][] = [
  ['an empty reference', '', now(plain), 'ref.csv: the file is empty'],
  ['an empty current file', before(plain), '', 'cur.csv: the file is empty'],
  ['a header only', before(plain), `${header}\n`, 'cur.csv: the file has a header and no data rows'],
  ['no column in common', before(plain), now(plain, 50, 'a,b,c'), 'share no column that can be compared'],
  ['ragged rows only', before(plain), lines([header, '1,2', '3,4']), 'line 2: 2 cells, the header has 3'],
  ['CR line ends', before(plain), 'a,b\r1,2\r3,4\r', 'cur.csv: its lines end in CR alone'],
  ['no header', before(plain), lines(['1.5,x,2', '2.5,y,3']), 'cur.csv: line 1: no header: "1.5"'],
  [
    'a picture for a table',
    before(plain),
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 10]),
    'cur.csv: ',
  ],
];

test.each(useless)(
  'where nothing can be compared (%s) one line names the file and what is wrong, and the exit code is 2',
  async (_, reference, current, words) => {
    const { code, stdout, stderr } = await compared(reference, current);
    expect([code, stdout]).toEqual([2, '']);
    const [progress, fault, ...others] = stderr.trim().split('\n');
    expect(progress).toMatch(/^comparing /);
    expect(fault).toContain('tidemark compare: ');
    expect(fault).toContain(words);
    expect(others).toEqual([]);
  },
);

interface Case {
  readonly what: string;
  readonly reference?: string | Buffer;
  readonly current: string | Buffer;
  readonly words?: readonly string[];
  /** What is said of the column `odd`, if it is compared. */
  readonly holds: (odd: ComparedColumn | undefined, comparison: Comparison, stderr: string) => void;
}

function hardFindings({ quality }: Comparison): string[] {
  return quality
    .filter(({ severity }) => severity === 'hard')
    .map(({ check, column }) => `${column} ${check}`);
}

/** No verdict was possible, and why is said; so is why a test could not be computed. */
function expectUnknown(odd: ComparedColumn | undefined, reason: string): void {
  expect(odd).toMatchObject({ primary: null, adjusted_p: null, psi_debiased: null });
  expect(odd?.reasons[0]).toContain(reason);
  expect(Object.values(odd?.tests ?? {})).toContainEqual({
    not_computable: expect.stringMatching(/\w+ \w+/),
  });
}

const cases: readonly Case[] = [
  {
    what: 'different columns',
    current: now(plain, 600, 'amount,plan,new'),
    holds: (odd, comparison) => {
      expect(odd).toBeUndefined();
      expect(comparison.summary.not_compared).toEqual([
        { column: 'odd', reason: 'only in the reference' },
        { column: 'new', reason: 'only in the current file' },
      ]);
      expect(hardFindings(comparison)).toEqual(['odd column_absent']);
      expect(comparison.summary.diagnosis.kind).toBe('quality');
    },
  },
  {
    what: 'different columns that were to be left out',
    current: now(plain, 600, 'amount,plan,new'),
    words: ['--exclude', 'odd', '--exclude', 'new'],
    holds: (_, { summary, quality }) => {
      expect(summary.not_compared).toEqual([
        { column: 'odd', reason: 'asked for' },
        { column: 'new', reason: 'asked for' },
      ]);
      expect(quality).toEqual([]);
    },
  },
  {
    what: 'a column that is all missing now',
    current: now(() => ''),
    holds: (odd, comparison) => {
      expectUnknown(odd, '600 reference and 0 current rows');
      expect(odd).toMatchObject({ n_current: 0, missing_current: 1, verdict: 'insufficient_data' });
      expect(hardFindings(comparison)).toEqual(['odd missing_rate_jump']);
    },
  },
  {
    what: 'a column that was all missing',
    reference: before(() => 'NA'),
    current: now(plain),
    holds: (odd, { summary }) => {
      expect(odd).toBeUndefined();
      expect(summary.not_compared).toEqual([{ column: 'odd', reason: 'empty in all 600 rows looked at' }]);
    },
  },
  {
    what: 'a column that became constant',
    current: now(() => '0.5'),
    holds: (odd, { quality }) => {
      expect(odd?.verdict).toBe('critical');
      expect(quality.map(({ check }) => check)).toContain('constant_column');
    },
  },
  {
    what: 'a column that is constant in both',
    reference: before(() => '5'),
    current: now(() => '5'),
    holds: (odd) => {
      expectUnknown(odd, 'every row of both samples is in one cell');
      expect(odd).toMatchObject({
        verdict: 'stable',
        tests: { ks: { statistic: 0 }, psi: { statistic: 0 } },
      });
    },
  },
  {
    what: 'numbers among which text came',
    current: now(mixed),
    holds: (odd, comparison) => {
      expect(odd).toMatchObject({
        n_current: 400,
        missing_current: 0,
        summary: { current: { invalid: 200 } },
      });
      expect(hardFindings(comparison)).toEqual(['odd type_errors']);
    },
  },
  {
    what: 'numbers mixed with text in both',
    reference: before(mixed),
    current: now(mixed),
    holds: (odd, { summary }) => {
      expect(odd).toBeUndefined();
      expect(summary.not_compared).toEqual([
        {
          column: 'odd',
          reason: 'numbers and text: 66 % of 600 values looked at are numbers, 95 % are needed',
        },
      ]);
    },
  },
  {
    what: '±Infinity',
    current: now(everyTenth('inf', '-Infinity')),
    holds: (odd, comparison) => {
      expect(odd).toMatchObject({ n_current: 480, summary: { current: { infinite: 120, invalid: 0 } } });
      expect(odd?.tests.wasserstein).toEqual({ not_computable: 'a sample holds infinite values' });
      expect(odd?.tests.psi).toHaveProperty('statistic');
      expect(hardFindings(comparison)).toEqual(['odd infinite_share']);
    },
  },
  {
    what: 'nothing but infinity',
    reference: before((row) => (row % 2 ? 'inf' : '-inf')),
    current: now((row) => (row % 2 ? 'inf' : '-inf')),
    holds: (odd) => expectUnknown(odd, '0 reference and 0 current rows'),
  },
  {
    what: '1e300 in both',
    reference: before(everyTenth('1e300', '-1e300')),
    current: now(everyTenth('1e300', '-1e300')),
    holds: (odd, comparison) => {
      expect(odd).toMatchObject({ verdict: 'stable', summary: { reference: { infinite: 120 } } });
      expect(hardFindings(comparison)).toEqual([]);
    },
  },
  {
    what: 'n = 1',
    current: now(plain, 1),
    holds: (odd, { summary }) => {
      expectUnknown(odd, '600 reference and 1 current rows; 10 needed on either side');
      expect(summary.verdict).toBe('insufficient_data');
    },
  },
  {
    what: 'n = 1 in both',
    reference: before(plain, 1),
    current: now(plain, 1),
    holds: (odd, { summary }) => {
      expectUnknown(odd, '1 reference and 1 current rows');
      expect(summary.verdict).toBe('insufficient_data');
    },
  },
  {
    what: 'ragged rows',
    current: lines([
      header,
      ...rows(2, 600, plain).flatMap((row, at) => (at % 50 === 7 ? [row, '1,x', '1,x,1,1'] : [row])),
    ]),
    holds: (odd, { summary }) => {
      expect(odd?.n_current).toBe(600);
      expect(summary.current).toMatchObject({ rows: 600, skipped: 24 });
      expect(summary.current.first_skipped).toBe('line 10: 2 cells, the header has 3');
    },
  },
  {
    what: 'text that is not UTF-8',
    reference: before((row) => (row % 2 ? 'café' : 'naïve')),
    current: Buffer.from(
      now((row) => (row % 2 ? 'café' : 'naïve')),
      'latin1',
    ),
    holds: (odd, _, stderr) => {
      expect(odd).toMatchObject({ kind: 'categorical', verdict: 'critical' });
      expect(stderr).toMatch(/^note: some text is not UTF-8/m);
    },
  },
  {
    what: 'a name that the current file uses twice',
    current: now((_, fine) => `${fine()},7`, 600, `${header},amount`),
    holds: (odd, { summary }) => {
      expect(odd?.n_current).toBe(600);
      const reason = 'the name is used twice: only the first such column is read (in the current file)';
      expect(summary.not_compared).toEqual([{ column: 'column 4 (amount)', reason }]);
    },
  },
];

test('a column that holds lists now is not compared, and the others are', async () => {
  const finished = await compared(
    lines(['count,tags', ...Array.from({ length: 100 }, (_, row) => `${(row * 3) % 7},${row % 5}.5`)]),
    parquetSample,
  );
  expect(finished.code, finished.stderr).toBe(0);
  const { features, summary } = parsedComparison(finished);
  expect(features).toMatchObject([{ name: 'count', verdict: 'stable', n_current: 60 }]);
  expect(summary.not_compared).toContainEqual({
    column: 'tags',
    reason: 'nested or binary values (in the current file)',
  });
});

/** `odd` of the reference and, `by` more of its spread, of the current file. */
const scales: readonly [string, (share: number) => string, boolean][] = [
  ['timestamps within a minute', (share) => String(1.7e9 + 60 * share), true],
  ['whole numbers beyond 2^24 within 16', (share) => String(473_000_000 + Math.floor(16 * share)), true],
  ['numbers around 1e300', (share) => String(1e300 * (1 + share)), true],
  ['numbers around 1e-60', (share) => String(1e-60 * (1 + share)), true],
  ['numbers around 1', (share) => String(1 + share), true],
];

test.each(scales)(
  '%s are stable among themselves, critical when they moved, and shown as they are',
  async (_, of) => {
    const share = (seed: number, least: number) => {
      const random = seededRandom(seed);
      return () => least + (1 - least) * random();
    };
    const drawn = (seed: number, least: number): Odd => {
      const next = share(seed, least);
      return () => of(next());
    };
    const oddOf = async (least: number) => {
      const finished = await compared(before(drawn(3, 0)), now(drawn(4, least)));
      const { features, summary } = parsedComparison(finished);
      expect(summary.not_compared).toEqual([]);
      return features.find(({ name }) => name === 'odd')!;
    };
    expect(await oddOf(0)).toMatchObject({ verdict: 'stable', n_reference: 600, n_current: 600 });
    const moved = await oddOf(0.8);
    expect(moved).toMatchObject({ verdict: 'critical', n_reference: 600, n_current: 600 });
    const [lowest, highest] = [Number(of(0)), Number(of(1))];
    const { mean, min, max } = moved.summary.current;
    for (const figure of [mean, min, max]) {
      expect(figure).toBeGreaterThan(lowest + 0.7 * (highest - lowest));
      expect(figure).toBeLessThanOrEqual(highest);
    }
    const labels = moved.distribution.map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length);
  },
);

const isoDay = (day: number) => new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 19);

test('one month against the next is no drift of the month, of which two years are needed', async () => {
  const finished = await compared(
    before((row) => isoDay(row % 31)),
    now((row) => isoDay(31 + (row % 29))),
  );
  const { features, summary } = parsedComparison(finished);
  expect(features.map(({ name, verdict }) => `${name} ${verdict}`)).not.toContainEqual(
    expect.stringMatching(/month|critical/),
  );
  expect(summary.not_compared).toEqual([
    { column: 'odd_month', reason: 'the reference spans 31 days, less than two years' },
  ]);
});

test('a month that is missing from a year is found where two years are known', async () => {
  const { features } = parsedComparison(
    await compared(
      before((row) => isoDay(Math.floor((row * 731) / 600))),
      now((row) => isoDay(731 + (row % 2 ? row % 90 : 366 - (row % 90)))),
    ),
  );
  expect(features.find(({ name }) => name === 'odd_month')).toMatchObject({ verdict: 'critical' });
});

test.each([
  [
    'a decimal comma',
    (text: string) => `"${text.replace('.', ',')}"`,
    'numbers with a decimal comma: write 12.34',
  ],
  [
    'thousands separators',
    (text: string) => `"9,${text.slice(-3)}.5"`,
    'numbers with thousands separators: write 1234.5',
  ],
])(
  'numbers with %s are not judged as labels, and the reason says how to write them',
  async (_, written, reason) => {
    const odd: Odd = (_row, fine) => written(fine());
    const { features, summary } = parsedComparison(await compared(before(odd), now(odd)));
    expect(features.map(({ name }) => name)).toEqual(['amount', 'plan']);
    expect(summary.not_compared).toEqual([{ column: 'odd', reason }]);
  },
);

describe.each(cases)('$what', ({ reference = before(plain), current, words = [], holds }) => {
  test('gives a result or a reason, and the other columns all the same', async () => {
    const finished = await compared(reference, current, ...words);
    expect(finished.code, finished.stderr).toBe(0);
    const comparison = parsedComparison(finished);
    const others = comparison.features.filter(({ name }) => name !== 'odd');
    expect(others.map(({ name }) => name)).toEqual(['amount', 'plan']);
    for (const { verdict, reasons } of others)
      if (comparison.summary.current.rows > 1) expect(verdict).toBe('stable');
      else expect([verdict, reasons[0]]).toEqual(['insufficient_data', expect.stringContaining('10 needed')]);
    const odd = comparison.features.find(({ name }) => name === 'odd');
    holds(odd, comparison, finished.stderr);
  });
});

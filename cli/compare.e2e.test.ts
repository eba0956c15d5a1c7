/** `tidemark compare` as a person runs it: processes on files, from clean halves to files that are not what they seem. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from 'vitest';
import type { ComparedColumn, Comparison } from '#shared/comparison/comparison.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { parquetSample } from '#shared/tabular/parquet-sample.ts';
import { referenceFile, splitReference } from '#shared/testing/reference-data.ts';
import { parsedComparison } from './compare/parsed.testing.ts';
import { runTidemark } from './processes.testing.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-compare-'));
});
afterAll(() => rm(dir, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

const at = (name: string) => join(dir, name);
const compare = (...args: string[]) => runTidemark(['compare', ...args], { cwd: dir });
const lines = (rows: readonly string[]) => `${rows.join('\n')}\n`;

function columnOf({ features }: Comparison, name: string): ComparedColumn {
  const found = features.find((one) => one.name === name);
  if (!found) throw new Error(`${name} is not among ${features.map((one) => one.name).join(', ')}`);
  return found;
}

const verdictsOf = ({ features }: Comparison) =>
  Object.fromEntries(features.map(({ name, verdict }) => [name, verdict]));

describe('on two halves of diamonds', () => {
  const path = referenceFile('diamonds.csv');
  let clean: Comparison;

  beforeAll(async () => {
    if (path === undefined) return;
    const { train, test: held } = splitReference(path, 0.5);
    for (const [name, { header, rows }] of [
      ['first.csv', train],
      ['second.csv', held],
    ] as const)
      await writeFile(at(name), lines([header, ...rows].map((row) => row.join(','))));
    const inject = ['--column', 'depth', '--intensity', '0.8'];
    const [finished, injected] = await Promise.all([
      compare('first.csv', 'second.csv', '--fail-on', 'shifted', '--json'),
      runTidemark(['inject', 'covariate', '--data', at('second.csv'), '--out', at('moved.csv'), ...inject]),
    ]);
    expect([finished.code, injected.code], finished.stderr + injected.stderr).toEqual([0, 0]);
    clean = parsedComparison(finished);
  });

  it.runIf(path)('finds nothing: stable, every column', () => {
    const { summary, features, quality } = clean;
    expect([summary.verdict, summary.reasons, quality]).toEqual(['stable', [], []]);
    expect(new Set(features.map(({ verdict }) => verdict))).toEqual(new Set(['stable']));
    expect([summary.reference.rows, summary.current.rows]).toEqual([26_970, 26_970]);
  });

  it.runIf(path)('has for each column the documented entry, and a summary', () => {
    expect(clean.features.map(({ name }) => name)).toEqual([
      'carat',
      'cut',
      'color',
      'clarity',
      'depth',
      'table',
      'price',
      'x',
      'y',
      'z',
    ]);
    for (const column of clean.features) {
      expect(Object.keys(column)).toEqual([
        ...['name', 'kind', 'role', 'n_reference', 'n_current', 'missing_reference', 'missing_current'],
        ...[
          'tests',
          'primary',
          'adjusted_p',
          'psi_debiased',
          'verdict',
          'reasons',
          'summary',
          'distribution',
        ],
      ]);
      const p_value = expect.any(Number);
      const statistic = expect.any(Number);
      const { chi_square, psi, jensen_shannon, ks, wasserstein, mmd, epps_singleton } = column.tests;
      expect(chi_square).toEqual({ statistic, p_value });
      expect([psi, jensen_shannon]).toEqual([{ statistic }, { statistic }]);
      expect(Object.keys(column.tests)).toHaveLength(column.kind === 'categorical' ? 11 : 21);
      if (column.kind === 'categorical') continue;
      for (const sampled of [mmd, epps_singleton])
        expect(sampled).toEqual({ statistic, p_value, rows: 4000 });
      expect(ks).toEqual({ statistic, p_value, lo: expect.any(Number), hi: expect.any(Number) });
      expect(wasserstein).toEqual({ statistic, lo: expect.any(Number), hi: expect.any(Number) });
    }
    expect(Object.keys(clean.summary)).toEqual([
      ...['verdict', 'reasons', 'counts', 'drift_share', 'diagnosis', 'reference', 'current', 'not_compared'],
      ...['convention', 'policy', 'seconds'],
    ]);
  });

  it.runIf(path)(
    'in Evidently’s convention has other figures, the same verdicts, and says which is which',
    async () => {
      const finished = await compare('first.csv', 'second.csv', '--convention', 'evidently', '--json');
      const theirs = parsedComparison(finished);
      expect([clean.summary.convention, theirs.summary.convention]).toEqual(['tidemark', 'evidently']);
      expect(verdictsOf(theirs)).toEqual(verdictsOf(clean));
      const { psi, wasserstein, ks } = columnOf(theirs, 'depth').tests;
      expect(psi).toEqual({ statistic: expect.any(Number), rows: 4000, convention: 'evidently' });
      expect(wasserstein).toMatchObject({ convention: 'evidently' });
      expect(wasserstein).not.toHaveProperty('rows');
      expect(ks).toEqual(columnOf(clean, 'depth').tests.ks);
      expect(columnOf(theirs, 'cut').tests.psi).toEqual({
        statistic: expect.any(Number),
        convention: 'evidently',
      });
    },
  );

  it.runIf(path)('finds an injected shift of 0.8 σ, critical, in the right column, and first', async () => {
    vi.stubEnv('COLUMNS', '80');
    const [json, text] = await Promise.all([
      compare('first.csv', 'moved.csv', '--fail-on', 'critical', '--json'),
      compare('first.csv', 'moved.csv'),
    ]);
    expect([json.code, text.code]).toEqual([1, 0]);
    const { summary, ...comparison } = parsedComparison(json);
    expect(summary.verdict).toBe('critical');
    expect(verdictsOf({ summary, ...comparison })).toEqual({
      ...verdictsOf(clean),
      depth: 'critical',
    });
    expect(summary.diagnosis).toMatchObject({ kind: 'covariate', worst: [{ name: 'depth' }] });
    expect(summary.reasons[0]).toMatch(/^depth moved up by 0\.8 σ/);
    expect(text.stdout).toMatch(/^■ Critical drift: 1 of 10 columns alarms\n {2}· depth moved up by 0\.8 σ/);
    expect(/^column .*\n(.*)$/m.exec(text.stdout)?.[1]).toMatch(/^■ depth +critical/);
    expect(text.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('on files that are not what they should be', () => {
  const useless: readonly [string, string, string][] = [
    ['empty', '', 'empty.csv: the file is empty'],
    ['header', 'amount,plan\n', 'header.csv: the file has a header and no data rows'],
  ];

  test.concurrent.each(useless)(
    '%s: one line that names the file and what is wrong, exit 2',
    async (name, text, words) => {
      await writeFile(at(`fine-${name}.csv`), 'amount,plan\n1,x\n');
      await writeFile(at(`${name}.csv`), text);
      const { code, stdout, stderr } = await compare(`fine-${name}.csv`, `${name}.csv`, '--json');
      expect([code, stdout]).toEqual([2, '']);
      const [, fault, ...others] = stderr.trim().split('\n');
      expect(fault).toMatch(/^tidemark compare: /);
      expect(fault).toContain(words);
      expect(others).toEqual([]);
    },
  );

  it('with every fault at once: each column has a result or a reason, the sound ones are judged, and nothing is NaN', async () => {
    const random = seededRandom(5);
    const fine = () => normal(random).toFixed(3);
    const faults: Readonly<Record<string, (row: number, isNow: boolean) => string>> = {
      sound: fine,
      plan: () => 'xyz'[Math.floor(3 * random())]!,
      gone_missing: (_, isNow) => (isNow ? '' : fine()),
      was_missing: (_, isNow) => (isNow ? fine() : ''),
      became_constant: (_, isNow) => (isNow ? '0.5' : fine()),
      always_constant: () => '5',
      mixed: (row, isNow) => (isNow && row % 3 === 0 ? 'word' : fine()),
      infinite: (row, isNow) => (isNow && row % 5 === 0 ? ['inf', '-Infinity'][(row / 5) % 2]! : fine()),
      huge: (row, isNow) => (isNow && row % 5 === 0 ? '-1e300' : fine()),
      text: (row) => (row % 2 ? 'café' : 'naïve'),
    };
    const names = Object.keys(faults);
    const rows = (isNow: boolean) =>
      Array.from({ length: 600 }, (_, row) =>
        [...Object.values(faults).map((of) => of(row, isNow)), fine(), fine()].join(','),
      );
    await writeFile(at('faults-ref.csv'), lines([[...names, 'old', 'twice'].join(','), ...rows(false)]));
    const current = lines([[...names, 'twice', 'twice'].join(','), 'ragged', ...rows(true)]);
    await writeFile(at('faults-cur.csv'), Buffer.from(current, 'latin1'));
    const finished = await compare('faults-ref.csv', 'faults-cur.csv', '--json');
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toMatch(/^note: some text is not UTF-8/m);
    const comparison = parsedComparison(finished);
    expect(verdictsOf(comparison)).toEqual({
      sound: 'stable',
      plan: 'stable',
      gone_missing: 'insufficient_data',
      became_constant: 'critical',
      always_constant: 'stable',
      mixed: 'stable',
      infinite: 'stable',
      huge: 'stable',
      text: 'critical',
      twice: 'stable',
    });
    expect(columnOf(comparison, 'gone_missing').reasons).toEqual([
      'gone_missing: 600 reference and 0 current rows; 10 needed on either side',
    ]);
    expect(comparison.summary.not_compared.map(({ column }) => column)).toEqual([
      'was_missing',
      'old',
      'column 12 (twice)',
    ]);
    const hard = comparison.quality.filter(({ severity }) => severity === 'hard');
    expect(hard.map(({ check, column }) => `${column} ${check}`).sort()).toEqual([
      'gone_missing missing_rate_jump',
      'huge infinite_share',
      'infinite infinite_share',
      'mixed type_errors',
      'old column_absent',
    ]);
    expect(comparison.summary.current).toMatchObject({
      rows: 600,
      skipped: 1,
      first_skipped: 'line 2: 1 cell, the header has 12',
    });
  });
});

describe('in any format', () => {
  /** The rows of the parquet sample, with a value each as that format writes it. */
  interface Writer {
    readonly none: string;
    readonly infinite: string;
    readonly list: string;
    readonly text: (value: string) => string;
    readonly row: (cells: Readonly<Record<string, string>>) => string;
  }
  const sample = ({ none, infinite, list, text, row }: Writer) =>
    Array.from({ length: 60 }, (_, i) =>
      row({
        id: String(1000 + i),
        amount: i % 10 === 3 ? none : String(i / 4 - 7.5),
        score: i === 5 ? infinite : i === 6 ? none : String(i / 10),
        count: String(i % 7),
        city: [text('Oslo'), text('Rome'), none][i % 3]!,
        active: String(i % 2 === 0),
        at: text(`2026-11-21T${String(i % 24).padStart(2, '0')}:00:00Z`),
        tags: list,
        empty: none,
      }),
    );
  const asCsv: Writer = {
    none: '',
    infinite: 'inf',
    list: 'a b',
    text: String,
    row: (cells) => Object.values(cells).join(','),
  };
  const asJson: Writer = {
    none: 'null',
    // beyond doubles: how JSON can hold an infinite number
    infinite: '1e999',
    list: '["a","b"]',
    text: JSON.stringify,
    row: (cells) =>
      `{${Object.entries(cells)
        .map(([name, value]) => `"${name}":${value}`)
        .join(',')}}`,
  };

  it('the same rows give the same figures: CSV, NDJSON, gzipped and parquet, as either file', async () => {
    const csv = lines(['id,amount,score,count,city,active,at,tags,empty', ...sample(asCsv)]);
    const ndjson = lines(sample(asJson));
    await writeFile(at('s.csv'), csv);
    await writeFile(at('s.ndjson'), ndjson);
    await writeFile(at('s.ndjson.gz'), gzipSync(ndjson));
    await writeFile(at('s.parquet'), parquetSample);
    const random = seededRandom(8);
    const other = Array.from({ length: 400 }, (_, row) =>
      [
        (row * 7) % 401,
        (normal(random) * 4 + 12).toFixed(2),
        (6 * random()).toFixed(2),
        Math.floor(7 * random()),
        'Oslo',
        random() < 0.5,
        `2026-11-20T${String(row % 24).padStart(2, '0')}:00:00Z`,
        'c',
        '',
      ].join(','),
    );
    await writeFile(at('other.csv'), lines([csv.split('\n')[0]!, ...other]));
    const told = async (reference: string, current: string) => {
      const finished = await compare(reference, current, '--exclude', 'tags', '--json');
      expect(finished.code, finished.stderr).toBe(0);
      const { features, quality, multivariate, summary } = parsedComparison(finished);
      return {
        features,
        quality,
        multivariate,
        reasons: summary.reasons,
        left: new Map(summary.not_compared.map(({ column, reason }) => [column, reason])),
      };
    };
    const [now, before, gzipped, asParquet, fromNdjson, fromParquet] = await Promise.all([
      told('other.csv', 's.csv'),
      told('s.csv', 'other.csv'),
      told('other.csv', 's.ndjson.gz'),
      told('other.csv', 's.parquet'),
      told('s.ndjson', 'other.csv'),
      told('s.parquet', 'other.csv'),
    ]);
    expect(now.features.find(({ name }) => name === 'amount')).toMatchObject({
      verdict: 'critical',
      n_current: 54,
    });
    expect(before.features.find(({ name }) => name === 'score')?.summary.reference.infinite).toBe(1);
    expect(gzipped).toEqual(now);
    expect(asParquet).toEqual(now);
    expect(fromNdjson).toEqual(before);
    expect(fromParquet).toEqual(before);
  });
});

describe('--html', () => {
  it('of 200 columns is one file under 1 MB that loads nothing, runs nothing and holds no row', async () => {
    const random = seededRandom(13);
    const planted = { label: 'planted-7f3a9c', number: 0.73519264, id: (row: number) => `user-${row}-kx41` };
    const columns = Array.from({ length: 200 }, (_, column) => `column_${column}`);
    const table = (shift: number) =>
      lines([
        ['user', 'note', ...columns].join(','),
        ...Array.from({ length: 300 }, (_, row) =>
          [
            planted.id(row),
            row === 77 ? planted.label : 'ab'[row % 2],
            ...columns.map((_name, column) => {
              if (column === 0 && row === 77) return planted.number;
              if (column % 4 === 3) return 'pqrs'[Math.floor(4 * random() ** (1 + shift))];
              return (normal(random) + (column % 8 === 1 ? shift : 0)).toFixed(3);
            }),
          ].join(','),
        ),
      ]);
    await writeFile(at('wide-ref.csv'), table(0));
    await writeFile(at('wide-cur.csv'), table(1));
    const { code, stdout, stderr } = await compare('wide-ref.csv', 'wide-cur.csv', '--html', 'wide.html');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('\nreport: wide.html\n');
    const html = await readFile(at('wide.html'), 'utf8');
    expect(Buffer.byteLength(html)).toBeLessThan(1e6);
    expect(columns.filter((name) => !html.includes(name))).toEqual([]);
    for (const bad of [
      /<script|<iframe|<object|<embed|<link\b|javascript:|\son\w+=/i,
      /https?:\/\/|@import|url\((?!#)/i,
    ])
      expect(bad.exec(html)?.[0]).toBeUndefined();
    expect(
      [...html.matchAll(/\b(?:src|href|srcset|action|poster)="?([^"\s>]*)/g)].filter(
        ([, to]) => !to?.startsWith('#'),
      ),
    ).toEqual([]);
    expect(/NaN|Infinity|undefined/.exec(html)?.[0]).toBeUndefined();
    for (const secret of [planted.label, '0.7351', 'kx41']) {
      expect([secret, html.includes(secret), stdout.includes(secret)]).toEqual([secret, false, false]);
    }
  });
});

describe('stopped by Ctrl-C in the middle of a large comparison', () => {
  it('leaves nothing half written and an earlier report as it was', async () => {
    const folder = await mkdtemp(join(dir, 'large-'));
    const random = seededRandom(3);
    const block = lines(
      Array.from({ length: 10_000 }, () =>
        Array.from({ length: 10 }, () => normal(random).toFixed(5)).join(','),
      ),
    );
    for (const name of ['ref.csv', 'cur.csv'])
      await writeFile(join(folder, name), `${'abcdefghij'.split('').join(',')}\n${block.repeat(60)}`);
    await writeFile(join(folder, 'report.html'), 'yesterday');
    const script = fileURLToPath(new URL('./tidemark.mjs', import.meta.url));
    const args = ['compare', 'ref.csv', 'cur.csv', '--html', 'report.html', '--json'];
    const child = spawn(process.execPath, [script, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    await once(child.stderr, 'data');
    setTimeout(() => child.kill('SIGINT'), 600);
    const [, signal] = await once(child, 'close');
    expect([signal, stdout]).toEqual(['SIGINT', '']);
    expect((await readdir(folder)).sort()).toEqual(['cur.csv', 'ref.csv', 'report.html']);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toBe('yesterday');
  });
});

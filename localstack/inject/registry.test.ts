import { describe, expect, test } from 'vitest';
import { parseCsv, type TextTable } from '#shared/schema/csv.ts';
import { inferRows } from '#shared/schema/infer.ts';
import { holdsClasses } from './column-kinds.ts';
import { orders } from './engine.testing.ts';
import { columnIndex } from './injector.ts';
import { presets } from './presets.ts';
import { type InjectionRequest, inject, injectors } from './registry.ts';

const table = orders(400, 1);
const cells = (from: TextTable, name: string) => from.rows.map((row) => row[columnIndex(from, name)]!);
const numbers = (from: TextTable, name: string) => cells(from, name).map(Number);
const changedRows = (after: TextTable, name: string) => {
  const before = cells(table, name);
  return cells(after, name).flatMap((text, row) => (text === before[row] ? [] : [row]));
};
const modes = injectors.flatMap(({ kind, settings, modes: own }) =>
  own.map(({ name }) => ({
    kind,
    mode: name,
    needed: settings.includes('target') ? { target: 'price' } : {},
  })),
);

test('there are seven kinds, each with a name of its own', () => {
  expect(injectors.map(({ kind }) => kind)).toEqual([
    'covariate',
    'label',
    'concept',
    'missing',
    'schema',
    'categorical',
    'temporal',
  ]);
});

describe.each(modes)('$kind $mode', ({ kind, mode, needed }) => {
  const run = (more: Partial<InjectionRequest> = {}) =>
    inject(kind, table, { seed: 7, mode, ...needed, ...more });

  test('gives the same for the same seed and leaves what it was given', () => {
    const before = structuredClone(table);
    expect(run()).toEqual(run());
    expect(table).toEqual(before);
  });

  test('says what it did, and does it to the columns it names only', () => {
    const { table: after, columns, description } = run();
    expect(description).not.toBe('');
    expect(after).not.toEqual(table);
    if (kind === 'temporal') return;
    for (const name of table.header.filter((one) => !columns.includes(one) && after.header.includes(one)))
      expect(cells(after, name)).toEqual(cells(table, name));
  });

  test('leaves every row before its start', () => {
    const { settings } = injectors.find((one) => one.kind === kind)!;
    if (!settings.includes('from')) throw new Error('every kind has a start');
    if (['drop', 'rename', 'add'].includes(mode)) {
      expect(() => run({ from: 0.5 })).toThrow('a column is in every row of a file or in none');
      return;
    }
    const { table: after } = run({ from: 0.5 });
    expect(after.rows.slice(0, 200)).toEqual(table.rows.slice(0, 200));
    expect(after.rows.slice(200)).not.toEqual(table.rows.slice(200));
  });
});

test.each(modes.filter(({ mode }) => !['hours', 'stale'].includes(mode)))(
  '$kind $mode, which has a choice to make, differs between seeds',
  ({ kind, mode, needed }) => {
    const distinct = new Set(
      [1, 2, 3, 4, 5, 6].map((seed) => JSON.stringify(inject(kind, table, { seed, mode, ...needed }))),
    );
    expect(distinct.size).toBeGreaterThan(1);
  },
);

describe('settings', () => {
  test.each([
    ['an unknown kind', 'covariant', {}, 'kind "covariant" is not known: covariate, label'],
    [
      'an unknown mode',
      'covariate',
      { mode: 'jump' },
      'mode "jump" is not allowed: covariate has shift, scale',
    ],
    [
      'too much',
      'missing',
      { intensity: 1.01 },
      'intensity 1.01 is not allowed: missing random takes 0 to 1',
    ],
    ['no number', 'missing', { intensity: Number.NaN }, 'intensity NaN is not allowed'],
    ['no row', 'missing', { fraction: 0 }, 'fraction 0 is not allowed'],
    ['more than all rows', 'missing', { fraction: 1.1 }, 'fraction 1.1 is not allowed'],
    ['a start after the end', 'missing', { from: 1 }, 'from 1 is not allowed'],
    ['a start before the file', 'missing', { from: -0.1 }, 'from -0.1 is not allowed'],
    [
      'a setting of another kind',
      'concept',
      { fraction: 0.5 },
      'concept has no setting "fraction": it has mode, intensity, column, target, time, from',
    ],
    ['a ramp where there is none', 'concept', { isGradual: true }, 'concept has no setting "gradual"'],
    ['no columns', 'missing', { columns: [] }, 'no column is named'],
    ['a ramp of a gap', 'temporal', { isGradual: true }, 'gap takes rows one after the other'],
  ])('%s is refused, with what is allowed', (_, kind, more, message) => {
    expect(() => inject(kind, table, { seed: 1, ...more })).toThrow(message);
  });

  test.each([
    [{ intensity: 0 }, 0],
    [{ intensity: 1 }, 400],
    [{ intensity: 1, fraction: 0.25 }, 100],
    [{ intensity: 0.5, fraction: 0.5 }, 100],
    [{ intensity: 1, from: 0.75 }, 100],
    [{ intensity: 0.5, from: 0.75 }, 50],
  ])('%j reaches exactly %i of 400 rows', (more, count) => {
    const { table: after } = inject('missing', table, { seed: 1, columns: ['weight'], ...more });
    expect(changedRows(after, 'weight')).toHaveLength(count);
  });

  test('a gradual start reaches ever more rows, all in all about half', () => {
    const long = orders(4000, 2);
    const { table: after } = inject('missing', long, {
      seed: 1,
      columns: ['weight'],
      intensity: 1,
      isGradual: true,
    });
    const empty = cells(after, 'weight').map((text) => Number(text === ''));
    const quarter = (at: number) =>
      empty.slice(1000 * at, 1000 * (at + 1)).reduce((sum, one) => sum + one, 0);
    // a ramp from 0 to 1 has means 1/8, 3/8, 5/8 and 7/8; 62 is four standard errors of 1000 rows
    for (const at of [0, 1, 2, 3])
      expect(Math.abs(quarter(at) - 1000 * (0.125 + 0.25 * at))).toBeLessThan(62);
  });
});

describe('the column, unless named,', () => {
  test('depends on the seed, and is never the target or the time', () => {
    const chosen = Array.from({ length: 40 }, (_, seed) =>
      inject('covariate', table, { seed, target: 'price' }).columns.join(),
    );
    expect([...new Set(chosen)].sort()).toEqual(['pieces', 'weight']);
    const emptied = Array.from({ length: 40 }, (_, seed) =>
      inject('missing', table, { seed, target: 'price', time: 'ordered_at' }).columns.join(),
    );
    expect([...new Set(emptied)].sort()).toEqual(['colour', 'pieces', 'weight']);
  });

  test('must be of the kind that can be changed, and be there', () => {
    expect(() => inject('covariate', table, { seed: 1, columns: ['colour'] })).toThrow(
      'column "colour" is categorical and this shifts numbers: weight, pieces, price can be changed',
    );
    expect(() => inject('missing', table, { seed: 1, columns: ['x'] })).toThrow(
      'no column is named "x"; the file has: ordered_at, weight, pieces, colour, price',
    );
    const texts = parseCsv('a,b\nx,1\ny,1\nx,1\ny,1\n');
    expect(() => inject('covariate', texts, { seed: 1 })).toThrow(
      'this shifts numbers and no column is numeric',
    );
  });
});

describe('covariate', () => {
  const deviation = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  };
  const moves = (after: TextTable, name = 'weight') => {
    const before = numbers(table, name);
    return numbers(after, name).map((value, row) => value - before[row]!);
  };

  test.each([2, -0.5])(
    'shift %d moves every value by that many standard deviations, on its grid',
    (intensity) => {
      const { table: after } = inject('covariate', table, { seed: 1, columns: ['weight'], intensity });
      const shift = intensity * deviation(numbers(table, 'weight'));
      for (const move of moves(after)) expect(Math.abs(move - shift)).toBeLessThan(0.005 + 1e-9);
      for (const text of cells(after, 'weight')) expect(text).toMatch(/^-?\d+(\.\d{1,2})?$/);
    },
  );

  test.each([0.01, -0.01])(
    'shift %d of whole numbers moves them by one at least, and they stay whole',
    (intensity) => {
      const { table: after } = inject('covariate', table, { seed: 1, columns: ['pieces'], intensity });
      expect(new Set(moves(after, 'pieces'))).toEqual(new Set([Math.sign(intensity)]));
    },
  );

  test('gradually rises with the row, from nothing to all', () => {
    const { table: after } = inject('covariate', table, {
      seed: 1,
      columns: ['weight'],
      intensity: 2,
      from: 0.5,
      isGradual: true,
    });
    const shift = 2 * deviation(numbers(table, 'weight'));
    moves(after).forEach((move, row) => {
      const expected = row < 200 ? 0 : (shift * (row - 199)) / 200;
      expect(Math.abs(move - expected)).toBeLessThan(0.005 + 1e-9);
    });
  });

  test('scale widens the spread and keeps the mean', () => {
    const { table: after } = inject('covariate', table, {
      seed: 1,
      columns: ['weight'],
      mode: 'scale',
      intensity: 1,
    });
    expect(deviation(numbers(after, 'weight'))).toBeCloseTo(2 * deviation(numbers(table, 'weight')), 2);
    expect(moves(after).reduce((sum, one) => sum + one, 0) / 400).toBeCloseTo(0, 2);
  });

  test('leaves cells that hold no number', () => {
    const broken = {
      ...table,
      rows: [table.rows[0]!.with(1, ''), table.rows[1]!.with(1, 'n/a?'), ...table.rows.slice(2)],
    };
    const { table: after } = inject('covariate', broken, { seed: 1, columns: ['weight'] });
    expect(cells(after, 'weight').slice(0, 2)).toEqual(['', 'n/a?']);
  });
});

describe('label', () => {
  const classes: TextTable = { ...table, header: table.header.with(3, 'species').with(4, 'size') };

  test('needs a target that varies', () => {
    expect(() => inject('label', table, { seed: 1 })).toThrow('the target is not named');
    const same = { ...table, rows: table.rows.map((row) => row.with(4, '1')) };
    expect(() => inject('label', same, { seed: 1, target: 'price' })).toThrow(
      'the target "price" is constant',
    );
  });

  test('shift turns the share of labels into one class that is there', () => {
    const { table: after } = inject('label', classes, { seed: 1, target: 'species', intensity: 1 });
    const [only, ...others] = new Set(cells(after, 'species'));
    expect(others).toEqual([]);
    expect(cells(classes, 'species')).toContain(only);
  });

  test('permute keeps the distribution to the label', () => {
    const { table: after } = inject('label', classes, { seed: 1, target: 'species', mode: 'permute' });
    expect(cells(after, 'species').sort()).toEqual(cells(classes, 'species').sort());
  });

  test.each(['species', 'size'])('prior of %s writes only rows that were there, whole', (target) => {
    const { table: after } = inject('label', classes, { seed: 1, target, mode: 'prior', intensity: 1 });
    const whole = new Set(classes.rows.map((row) => row.join()));
    for (const row of after.rows) expect(whole).toContain(row.join());
    if (target === 'species') expect(new Set(cells(after, target)).size).toBe(1);
    else expect(Math.min(...numbers(after, target))).toBeGreaterThan(Math.min(...numbers(classes, target)));
  });

  test.each([
    ['few whole numbers', [...new Array<string>(30).fill('1'), ...new Array<string>(30).fill('2')]],
    ['rare whole numbers', Array.from({ length: 60 }, (_, row) => String(row % 10))],
    ['twenty-one whole numbers', Array.from({ length: 630 }, (_, row) => String(row % 21))],
    ['decimals', Array.from({ length: 60 }, (_, row) => String((row % 2) + 0.5))],
    ['text', Array.from({ length: 60 }, (_, row) => (row % 2 ? 'a' : 'b'))],
  ])('%s are classes or numbers as schema inference reads them', (_, labels) => {
    const small = {
      header: ['x', 'y'],
      rows: labels.map((text, row) => [String(row % 7), text]),
      lines: labels.map((_text, row) => row + 2),
    };
    expect(holdsClasses(small, 'y')).toBe(inferRows(small, { target: 'y' }).task === 'classification');
  });
});

describe('concept', () => {
  const run = (more: Partial<InjectionRequest> = {}) =>
    inject('concept', table, { seed: 3, target: 'price', columns: ['weight'], ...more }).table;
  const weights = numbers(table, 'weight');
  const median = [...weights].sort((one, other) => one - other)[199]!;

  test('touches labels above the median of the feature and none at or below it', () => {
    const rows = changedRows(run(), 'price');
    for (const row of rows) expect(weights[row]).toBeGreaterThan(median);
    expect(rows.length).toBeGreaterThan(0.9 * weights.filter((weight) => weight > median).length);
  });

  test('is a rule, not noise: the order of the region is turned round and its labels are the same ones', () => {
    const [before, after] = [numbers(table, 'price'), numbers(run(), 'price')];
    const region = weights.flatMap((weight, row) => (weight > median ? [row] : []));
    const ordered = region.toSorted((one, other) => before[one]! - before[other]!);
    const now = ordered.map((row) => after[row]!);
    expect(now).toEqual(now.toSorted((one, other) => other - one));
    expect(after.toSorted()).toEqual(before.toSorted());
  });

  test('renames each class of the region into one other', () => {
    const { table: after } = inject('concept', table, { seed: 3, target: 'colour', columns: ['weight'] });
    const [before, now] = [cells(table, 'colour'), cells(after, 'colour')];
    const renamed = new Map<string, Set<string>>();
    weights.forEach((weight, row) => {
      if (weight <= median) expect(now[row]).toBe(before[row]);
      else renamed.set(before[row]!, (renamed.get(before[row]!) ?? new Set()).add(now[row]!));
    });
    for (const [name, others] of renamed) expect([others.size, others.has(name)]).toEqual([1, false]);
    expect(new Set([...renamed.values()].flatMap((names) => [...names])).size).toBe(renamed.size);
  });

  test('takes one column', () => {
    expect(() => run({ columns: ['weight', 'pieces'] })).toThrow('one column bounds the region, got 2');
  });
});

describe('missing high', () => {
  test('empties the highest values and no other', () => {
    const { table: after } = inject('missing', table, {
      seed: 1,
      mode: 'high',
      columns: ['weight'],
      intensity: 0.25,
    });
    const rows = new Set(changedRows(after, 'weight'));
    const weights = numbers(table, 'weight');
    const least = Math.min(...[...rows].map((row) => weights[row]!));
    expect(weights.every((weight, row) => rows.has(row) === weight >= least)).toBe(true);
    // ties at the quantile stay
    expect(rows.size).toBeGreaterThan(90);
    expect(rows.size).toBeLessThanOrEqual(100);
  });
});

describe('schema', () => {
  const run = (mode: string, more: Partial<InjectionRequest> = {}) =>
    inject('schema', table, { seed: 1, mode, target: 'price', ...more });

  test('drops, renames and adds as many columns as are named, the others in their order', () => {
    const columns = ['weight', 'colour'];
    expect(run('drop', { columns }).table.header).toEqual(['ordered_at', 'pieces', 'price']);
    const renamed = run('rename', { columns });
    expect(renamed.table.header).toEqual(['ordered_at', 'weight_v2', 'pieces', 'colour_v2', 'price']);
    expect(renamed.renamed).toEqual({ weight_v2: 'weight', colour_v2: 'colour' });
    expect(run('add', { columns: ['extra'] }).table.header).toEqual([...table.header, 'extra']);
    expect(run('add', { intensity: 2 }).table.header).toEqual([...table.header, 'added_1', 'added_2']);
  });

  test('never drops the target by hash, nor all but one column', () => {
    const dropped = Array.from(
      { length: 40 },
      (_, seed) => inject('schema', table, { seed, target: 'price' }).columns,
    );
    expect(new Set(dropped.flat()).size).toBe(4);
    expect(dropped.flat()).not.toContain('price');
    expect(() => run('drop', { intensity: 4 })).toThrow('a table needs two columns, this would leave 1 of 5');
    expect(() => run('drop', { intensity: 5 })).toThrow('an intensity of 5 columns is more than there are');
    expect(() => run('drop', { intensity: 1.5 })).toThrow('a whole number is expected');
    expect(() => run('add', { columns: ['weight'] })).toThrow('a column named "weight" is there already');
  });

  test.each([
    ['comma', '12.5', '12,5'],
    ['comma', '12', '12,0'],
    ['comma', '1e3', '1e3,0'],
    ['text', '12.5', 'n/a?'],
  ])('%s turns %s into %s', (mode, before, now) => {
    const one = { ...table, rows: [table.rows[0]!.with(1, before), ...table.rows.slice(1)] };
    const { table: after } = inject('schema', one, { seed: 1, mode, columns: ['weight'], intensity: 1 });
    expect(cells(after, 'weight')[0]).toBe(now);
  });
});

describe('categorical', () => {
  test('unseen writes labels that the column does not have', () => {
    const taken = { ...table, rows: [table.rows[0]!.with(3, 'new-1'), ...table.rows.slice(1)] };
    const { table: after } = inject('categorical', taken, { seed: 1, intensity: 1 });
    expect([...new Set(cells(after, 'colour'))].sort()).toEqual(['new-2', 'new-3', 'new-4']);
  });

  test('rare writes the rarest label only', () => {
    const { table: after } = inject('categorical', table, { seed: 1, mode: 'rare', intensity: 1 });
    expect(new Set(cells(after, 'colour'))).toEqual(new Set(['dun']));
  });
});

describe('temporal', () => {
  const run = (mode: string, more: Partial<InjectionRequest> = {}) =>
    inject('temporal', table, { seed: 1, mode, ...more }).table;
  const times = cells(table, 'ordered_at');

  test('gap leaves one stretch of time out, the other rows in order', () => {
    const left = cells(run('gap', { intensity: 0.25 }), 'ordered_at');
    const first = times.findIndex((time, row) => time !== left[row]);
    expect(left).toEqual([...times.slice(0, first), ...times.slice(first + 100)]);
  });

  test('disorder keeps every row and breaks the order of time', () => {
    const after = run('disorder');
    expect(after.rows.map(String).sort()).toEqual(table.rows.map(String).sort());
    const now = cells(after, 'ordered_at');
    expect(now.filter((time, row) => row > 0 && time < now[row - 1]!).length).toBeGreaterThan(40);
  });

  test('stale repeats the row before the block, its time included', () => {
    const after = run('stale', { intensity: 0.25 });
    expect(after.rows.slice(0, 300)).toEqual(table.rows.slice(0, 300));
    for (const row of after.rows.slice(300)) expect(row).toEqual(table.rows[299]);
  });

  test.each([
    ['2026-01-05 22:30', 6, '2026-01-06 04:30'],
    ['2026-03-01T01:30:15.250Z', -2, '2026-02-28T23:30:15.250Z'],
    ['2026-01-05T10:00:00+02:00', 0.5, '2026-01-05T10:30:00+02:00'],
  ])('hours moves %s by %d to %s, in the form it had', (before, intensity, now) => {
    const one = { ...table, rows: [table.rows[0]!.with(0, before), ...table.rows.slice(1)] };
    const { table: after } = inject('temporal', one, { seed: 1, mode: 'hours', intensity });
    expect(cells(after, 'ordered_at')[0]).toBe(now);
  });

  test('needs dates, and hours need a time of day', () => {
    expect(() => run('gap', { time: 'weight' })).toThrow(
      /line 2: the time column "weight" has ".*" where an ISO 8601 date is expected/,
    );
    const undated = inject('schema', table, { seed: 1, columns: ['ordered_at'] }).table;
    expect(() => inject('temporal', undated, { seed: 1 })).toThrow(
      'no column of the file holds ISO 8601 dates',
    );
    const days = { ...table, rows: table.rows.map((row) => row.with(0, row[0]!.slice(0, 10))) };
    expect(() => inject('temporal', days, { seed: 1, mode: 'hours' })).toThrow('dates without a time of day');
  });
});

describe('presets', () => {
  const harmless = presets.find(({ name }) => name === 'diamonds-harmless')!;
  const gems = parseCsv('carat,depth,table,price,cut\n1,60,55,1000,Good\n0.5,61,56,500,\n,62,n/a,400,Fair\n');

  test('work on any file with the columns, and name those that it lacks', () => {
    expect(() => harmless.inject(table, 1)).toThrow(
      'preset diamonds-harmless needs the columns carat, depth, table, price; the file lacks carat, depth, table',
    );
    expect(() => harmless.inject({ ...gems, rows: gems.rows.map((row) => row.with(1, 'deep')) }, 1)).toThrow(
      'preset diamonds-harmless needs numbers in depth; it has none',
    );
  });

  test('keep within their bounds, and leave what is no number and every other column', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { table: after } = harmless.inject(gems, seed);
      for (const [name, share] of [
        ['carat', 0.02],
        ['depth', 0.01],
        ['table', 0.01],
      ] as const)
        numbers(after, name).forEach((value, row) => {
          const before = cells(gems, name)[row]!;
          if (!(Number(before) > 0)) expect(cells(after, name)[row]).toBe(before);
          else expect(Math.abs(value / Number(before) - 1)).toBeLessThanOrEqual(share + 1e-9);
        });
      expect(cells(after, 'cut')).toEqual(cells(gems, 'cut'));
    }
  });
});

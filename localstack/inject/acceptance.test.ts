import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseCsv, type TextTable } from '#shared/schema/csv.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { referenceFile } from '#shared/testing/reference-data.ts';
import {
  type Answer,
  alarmsIn,
  type Monitor,
  monitorOf,
  orders,
  parts,
  resampled,
} from './engine.testing.ts';
import { columnIndex, type Injected, type Injector, type InjectorMode, pickRows } from './injector.ts';
import { presets } from './presets.ts';
import { type InjectionRequest, inject, injectors } from './registry.ts';

interface Case {
  readonly monitor: Monitor;
  readonly traffic: TextTable;
  /** Kinds for which the data has no column. */
  readonly without: readonly string[];
}

const seeds = [1, 2, 3];

function diamonds(all: TextTable): Case {
  const [train, reference, traffic] = parts(all, [1200, 3000, 1500], 1) as [TextTable, TextTable, TextTable];
  return { monitor: monitorOf(train, reference, 'price'), traffic, without: ['temporal'] };
}

/** 150 rows: reference and traffic are drawn with replacement from those the model has not seen. */
function iris(all: TextTable): Case {
  const [train, rest] = parts(all, [60, 90], 1) as [TextTable, TextTable];
  const monitor = monitorOf(train, resampled(rest, 900, 2), 'species');
  return { monitor, traffic: resampled(rest, 600, 3), without: ['temporal', 'categorical'] };
}

function generated(): Case {
  return {
    monitor: monitorOf(orders(1800, 1), orders(1800, 2), 'price'),
    traffic: orders(1800, 3),
    without: [],
  };
}

/** The whole of a reference file; absent where the data sets are not there, which CI does not allow. */
function referenceTable(name: string): TextTable | undefined {
  const path = referenceFile(name);
  return path === undefined ? undefined : parseCsv(readFileSync(path, 'utf8'));
}

const allDiamonds = referenceTable('diamonds.csv');
const diamondsCase = allDiamonds && diamonds(allDiamonds);
const allIris = referenceTable('iris.csv');
const cases: readonly (readonly [string, Case])[] = [
  ['generated orders', generated()],
  ...(diamondsCase ? [['diamonds', diamondsCase] as const] : []),
  ...(allIris ? [['iris', iris(allIris)] as const] : []),
];

describe.each(cases)('%s', (_, { monitor, traffic, without }) => {
  const applicable = injectors.filter(({ kind }) => !without.includes(kind));
  const modes = applicable.flatMap((injector) => injector.modes.map((mode) => ({ injector, mode })));
  const named = modes.map(({ injector, mode }) => ({
    injector,
    mode,
    name: `${injector.kind} ${mode.name}`,
  }));
  const run = ({ kind, settings }: Injector, mode: InjectorMode, more: InjectionRequest) =>
    inject(kind, traffic, {
      mode: mode.name,
      ...(settings.includes('target') ? { target: monitor.target } : {}),
      ...more,
    });

  test('traffic as it is, which is what intensity 0 must leave, alarms nowhere', () => {
    const answer = monitor.answer(
      traffic,
      traffic.header.includes('ordered_at') ? { now: lastTime(traffic) } : {},
    );
    expect([alarmsIn(answer), answer.hard, answer.loss]).toEqual([[], [], 'stable']);
    const declared = injectors.flatMap((one) => one.modes.flatMap((mode) => mode.expects));
    expect(declared.filter((response) => answer.findings.has(response))).toEqual([]);
  });

  describe.each(named)('$name', ({ injector, mode, name }) => {
    let runs: { seed: number; injected: Injected; answer: Answer }[];
    beforeAll(() => {
      runs = seeds.map((seed) => {
        const injected = run(injector, mode, { seed });
        return { seed, injected, answer: answerTo(monitor, traffic, injected, name) };
      });
    });

    test('is answered as it declares, on every seed', () => {
      for (const { seed, injected, answer } of runs)
        expect({ seed, fired: mode.expects.filter((one) => hasFired(one, answer, injected)) }).toEqual({
          seed,
          fired: mode.expects,
        });
    });

    test('alarms on no other feature, and no data incident but the declared one', () => {
      for (const { seed, injected, answer } of runs) {
        const others = alarmsIn(answer).filter((one) => !one.startsWith('$') && !touches(injected, one));
        const hard = answer.hard.filter((check) => !mode.expects.some((response) => response === check));
        expect({ seed, others, hard }).toEqual({ seed, others: [], hard: [] });
      }
    });

    test('of intensity 0 changes no row, so that nothing alarms', () => {
      const before = JSON.stringify(traffic);
      for (const seed of seeds)
        expect(JSON.stringify(run(injector, mode, { seed, intensity: 0 }).table) === before).toBe(true);
    });
  });

  test.each([
    ['concept', 'region'],
    ['label', 'permute'],
    ['label', 'shift'],
  ])('%s %s leaves every feature and prediction as it was', (kind, mode) => {
    const before = monitor.answer(traffic).levels;
    const { table } = inject(kind, traffic, { seed: 1, mode, target: monitor.target });
    const after = monitor.answer(table).levels;
    const names = [...before.keys()].filter((name) => name !== '$label');
    expect(names.map((name) => [name, after.get(name)])).toEqual(
      names.map((name) => [name, before.get(name)]),
    );
    expect(names).toContain('$prediction');
  });
});

function hasFired(response: string, answer: Answer, injected: Injected): boolean {
  const touched = (names: Iterable<string>) => [...names].some((name) => touches(injected, name));
  switch (response) {
    case 'drift':
      return touched(alarmsIn(answer));
    case 'loss':
      return answer.loss === 'warning' || answer.loss === 'critical';
    case 'prediction':
      return alarmsIn(answer).includes('$prediction');
    case 'label':
      // labels come late and selected: they are shown and never alarm
      return answer.levels.get('$label') === 'shifted';
    case 'volume_drop':
    case 'freshness':
    case 'late_rows':
    case 'unexpected_columns':
      return answer.findings.has(response);
    default:
      return touched(answer.findings.get(response) ?? []);
  }
}

/** Whether a model column was touched: by its name, its former name, or as a part of a date. */
function touches({ columns, renamed }: Injected, name: string): boolean {
  return columns.some((column) => {
    const before = renamed?.[column] ?? column;
    return name === before || ['hour', 'weekday', 'month'].some((part) => name === `${before}_${part}`);
  });
}

/** The window in which it shows: the whole table, but for what happens in one stretch of it. */
function answerTo(monitor: Monitor, traffic: TextTable, injected: Injected, name: string): Answer {
  if (name === 'temporal stale') {
    const { table } = injected;
    const half = table.rows.map((_, row) => row).slice(table.rows.length / 2 + 1);
    return monitor.answer(pickRows(table, half), { now: lastTime(traffic) });
  }
  if (name !== 'temporal gap') return monitor.answer(injected.table);
  const [before, after] = [windowsOf(traffic), windowsOf(injected.table)];
  const emptiest = [...before.keys()].sort(
    (one, other) => (after.get(one)?.length ?? 0) - (after.get(other)?.length ?? 0),
  )[0]!;
  return monitor.answer(pickRows(injected.table, after.get(emptiest) ?? []), {
    expectedRows: before.get(emptiest)!.length,
  });
}

function lastTime(table: TextTable): number {
  return parseDate(table.rows.at(-1)![columnIndex(table, 'ordered_at')]!)!.epochMs;
}

/** Rows by day. */
function windowsOf(table: TextTable): Map<number, number[]> {
  const at = columnIndex(table, 'ordered_at');
  const windows = new Map<number, number[]>();
  table.rows.forEach((cells, row) => {
    const day = Math.floor(parseDate(cells[at]!)!.epochMs / 86_400_000);
    windows.set(day, [...(windows.get(day) ?? []), row]);
  });
  return windows;
}

describe.runIf(allDiamonds)('a covariate shift of diamonds is graded by its size', () => {
  let rest: TextTable;
  let monitor: Monitor;
  beforeAll(() => {
    const [train, reference, traffic] = parts(allDiamonds!, [500, 5000, 20_000], 4) as [
      TextTable,
      TextTable,
      TextTable,
    ];
    monitor = monitorOf(train, reference, 'price');
    rest = traffic;
  });
  const level = (intensity: number, rows: number, seed: number) => {
    const [traffic] = parts(rest, [rows], seed) as [TextTable];
    const { table } = inject('covariate', traffic, { seed, intensity, columns: ['depth'] });
    return monitor.answer(table).levels.get('depth')!;
  };
  const rank = ['stable', 'insufficient_data', 'shifted', 'warning', 'critical'];
  const levels = (intensity: number, rows: number) =>
    Array.from({ length: 20 }, (_, at) => rank.indexOf(level(intensity, rows, at)));
  const found = (ranks: readonly number[], least: string) =>
    ranks.filter((one) => one >= rank.indexOf(least)).length;

  test('0.25 sigma at 1000 rows is seen, and pages nobody as critical', () => {
    const ranks = levels(0.25, 1000);
    expect(found(ranks, 'shifted')).toBeGreaterThanOrEqual(19);
    expect(found(ranks, 'critical')).toBe(0);
  });
  test('0.5 sigma at 1000 rows alarms', () => {
    expect(found(levels(0.5, 1000), 'warning')).toBeGreaterThanOrEqual(19);
  });
  test('0.8 sigma at 100 rows alarms', () => {
    expect(found(levels(0.8, 100), 'warning')).toBeGreaterThanOrEqual(19);
  });
  test('none alarms at either size', () => {
    expect(found([...levels(0, 1000), ...levels(0, 100)], 'warning')).toBe(0);
  });
});

describe.runIf(diamondsCase)('the presets of diamonds', () => {
  const answers = (name: string) => {
    const { monitor, traffic } = diamondsCase!;
    const preset = presets.find((one) => one.name === name)!;
    return seeds.map((seed) => monitor.answer(preset.inject(traffic, seed).table));
  };

  test('harmless: carat is never critical, the loss stays, nothing is bad data', () => {
    for (const answer of answers('diamonds-harmless')) {
      expect(answer.levels.get('carat')).not.toBe('critical');
      expect(alarmsIn(answer).filter((name) => name === 'carat' || name.startsWith('$'))).toEqual([]);
      expect([answer.hard, answer.loss]).toEqual([[], 'stable']);
    }
  });

  test('heavier: carat is critical', () => {
    for (const answer of answers('diamonds-heavier')) expect(answer.levels.get('carat')).toBe('critical');
  });
});

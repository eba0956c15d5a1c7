/** `npm run bench -- calibration`: false alarms, power and the time to a verdict, of the product, of two detectors that do not look, and of peers. */

import { modelRows } from './calibration/model-rows.ts';
import { BASELINE_DAYS, MONTH_DAYS } from './calibration/model-table.ts';
import { nullRows } from './calibration/null-rows.ts';
import { CURRENT_SIZES, NULL_KINDS, NULL_REFERENCES } from './calibration/null-table.ts';
import { runTasks } from './calibration/pool.ts';
import { powerRows, SCENARIOS } from './calibration/power-rows.ts';
import { CANDIDATES, STUDY_ALTERNATIVES } from './calibration/primary-study.ts';
import type { TrafficShape } from './calibration/traffic.ts';
import type { BenchResult } from './page.ts';

/** All seeds are this one and a number added to it per task; the tables name it. */
const SEED = 20_261_121;
/** A quick run does a twentieth. */
const QUICK = 20;

export { harmlessTable } from './calibration/harmless.ts';
export { peersTable } from './calibration/peers.ts';

/** The raw primary p-value without drift. */
export async function nullTable(quick: boolean): Promise<BenchResult> {
  const tasks = NULL_REFERENCES.flatMap(({ rows, references, currents }, size) =>
    NULL_KINDS.map((kind, at) => ({
      table: 'null' as const,
      kind,
      referenceRows: rows,
      references: quick ? references / QUICK : references,
      currents,
      seed: SEED + 100 * size + at,
    })),
  );
  const results = await runTasks(tasks);
  const drawn = NULL_REFERENCES.map(
    ({ rows, references, currents }) =>
      `${quick ? references / QUICK : references} references of ${rows.toLocaleString('en')} rows with ${currents} currents each`,
  ).join('; ');
  return {
    name: 'Calibration 1: the primary test of one feature without drift',
    rows: [],
    tables: [
      {
        title: 'Share of p ≤ 5 %',
        note: `Per size of the current sample: ${drawn}. Seeds ${SEED} … ${SEED + 207}. ± is one standard error; **bold** is outside 4–6 %.`,
        header: ['kind', 'reference', ...CURRENT_SIZES.map((rows) => rows.toLocaleString('en'))],
        rows: nullRows(results),
      },
    ],
  };
}

const QUIET: TrafficShape = {
  rowsPerDay: 1000,
  rowsPerUser: 1,
  clustering: 0,
  dailyCycle: 0,
  weeklyCycle: 0,
};
const LIVELY: TrafficShape = {
  rowsPerDay: 1000,
  rowsPerUser: 10,
  clustering: 0.5,
  dailyCycle: 0.7,
  weeklyCycle: 0.3,
};
const MODEL_REFERENCES = 200;
const REFERENCES_PER_TASK = 10;

/** Months of drift-free windows through the whole verdict. */
export async function modelTable(quick: boolean): Promise<BenchResult> {
  const count = Math.ceil((quick ? MODEL_REFERENCES / QUICK : MODEL_REFERENCES) / REFERENCES_PER_TASK);
  const tasks = [LIVELY, QUIET].flatMap((shape, at) =>
    Array.from({ length: count }, (_, part) => ({
      table: 'model' as const,
      shape,
      references: REFERENCES_PER_TASK,
      seed: SEED + 1000 * (at + 1) + part,
    })),
  );
  const results = await runTasks(tasks);
  const monthsOf = (shape: TrafficShape) =>
    results.filter(({ task }) => task.shape === shape).flatMap(({ result }) => result.months);
  return {
    name: 'Calibration 2: a whole model without drift',
    rows: [],
    tables: [
      {
        title: 'A month of daily windows',
        note: `${count * REFERENCES_PER_TASK} independent references each: ${BASELINE_DAYS} baseline days, then ${MONTH_DAYS} windows of ${LIVELY.rowsPerDay} rows; 30 correlated features of mixed kinds, prediction, label, loss, 2 columns of slices; default policy. Cycles: ${LIVELY.dailyCycle} σ by hour and ${LIVELY.weeklyCycle} σ by weekday on every second feature; clusters: ${LIVELY.rowsPerUser} rows a user, intra-class correlation ${LIVELY.clustering}. Seeds ${SEED + 1000} … ${SEED + 2000 + count - 1}. Slices are judged beside the verdict.`,
        header: [
          'traffic',
          'detector',
          'episodes a month (mean)',
          'worst reference',
          'drift / performance / data',
          'time in alarm (mean)',
          'worst reference',
          'windows ≥ warning',
          'windows showing a shift',
          'windows with a slice ≥ warning',
          'months with one 2 of 3 times',
          'goal',
        ],
        rows: [
          ...modelRows('cycles and clusters', monthsOf(LIVELY)),
          ...modelRows('independent rows', monthsOf(QUIET)),
        ],
      },
    ],
  };
}

const STUDY_REPETITIONS = 1000;
const STUDY_SIZES = [
  { referenceRows: 5000, rows: 1000 },
  { referenceRows: 5000, rows: 200 },
] as const;

/** What the primary test was chosen by. */
export async function primaryTable(quick: boolean): Promise<BenchResult> {
  const repetitions = quick ? STUDY_REPETITIONS / QUICK : STUDY_REPETITIONS;
  const tasks = STUDY_SIZES.flatMap((size) =>
    STUDY_ALTERNATIVES.map((alternative, at) => ({
      table: 'study' as const,
      alternative,
      ...size,
      repetitions,
      seed: SEED + 9000 + at,
    })),
  );
  const results = await runTasks(tasks);
  const percent = (share: number) => (100 * share).toFixed(1);
  return {
    name: 'Calibration 6: candidates for the primary test of a number',
    rows: [],
    tables: [
      {
        title: 'Share found, %',
        note: `${repetitions} repetitions each, at p ≤ 0.05/30 and, in brackets, at p ≤ 0.05. Seeds ${SEED + 9000} … ${SEED + 9000 + STUDY_ALTERNATIVES.length - 1}.`,
        header: ['drift', 'reference × window', ...CANDIDATES],
        rows: results.map(({ task, result: { found } }) => [
          task.alternative,
          `${task.referenceRows} × ${task.rows}`,
          ...CANDIDATES.map((_, at) => `${percent(found[0]![at]!)} (${percent(found[1]![at]!)})`),
        ]),
      },
    ],
  };
}

const POWER_REPETITIONS = 400;

/** One of 30 features drifted. */
export async function powerTable(quick: boolean): Promise<BenchResult> {
  const repetitions = quick ? POWER_REPETITIONS / QUICK : POWER_REPETITIONS;
  const tasks = SCENARIOS.map(({ drift, rows, referenceRows, repetitions: own }, at) => ({
    table: 'power' as const,
    drift,
    rows,
    referenceRows,
    repetitions: Math.min(own ?? repetitions, repetitions),
    seed: SEED + 5000 + at,
  }));
  const results = await runTasks(tasks);
  return {
    name: 'Calibration 3: power, one of 30 features drifted',
    rows: [],
    tables: [
      {
        title: 'The first drifted window, and windows to a confirmed alarm',
        note: `Each repetition has a reference of its own, two drift-free windows, then up to six drifted ones. Seeds ${SEED + 5000} … ${SEED + 5000 + SCENARIOS.length - 1}. Merit is the share confirmed within three windows less that without drift, so that alarming always and never are both worth 0.`,
        header: [
          'drift',
          'reference × window',
          'repetitions',
          '≥ shifted',
          '≥ warning',
          'critical',
          'quality finding',
          'confirmed within 2 / 3 / 6',
          'merit',
          'goal',
        ],
        rows: powerRows(results),
      },
    ],
  };
}

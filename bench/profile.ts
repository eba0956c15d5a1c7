/** Measures the counting of rows into a profile, what a profile weighs, and how long a verdict from profiles takes. */

import { deflateRawSync } from 'node:zlib';
import { compareFeature } from '#shared/drift/compare-feature.ts';
import { addColumns } from '#shared/profile/add-columns.ts';
import { type Anchors, buildAnchors } from '#shared/profile/anchors.ts';
import { encodeProfile } from '#shared/profile/encode.ts';
import { emptyProfile, featureOf, type Profile } from '#shared/profile/profile.ts';
import { judgeFeatures } from '#shared/verdict/judge-features.ts';
import { judgeWindow } from '#shared/verdict/judge-window.ts';
import { defaultDriftPolicy as policy } from '#shared/verdict/policy.ts';
import { normalDraws, uniformStream } from './calibration/draws.ts';
import type { BenchTable } from './table.ts';

const FEATURES = 50;
const ROWS = 1_000_000;
const BASELINE_ROWS = 100_000;
const REPETITIONS = 3;
const JUDGED_FEATURES = 200;

/** 1 M rows × 50 normal, lognormal and rounded features. */
export function run(): BenchTable {
  const columns = columnsOf(FEATURES, ROWS);
  const anchors = buildAnchors(takeFirst(columns, BASELINE_ROWS));
  const { valuesPerSecond, growthBytes } = counting(anchors, columns);
  const bytes = (rows: number) => Math.round(deflatedBytes(anchors, takeFirst(columns, rows)) / FEATURES);
  return {
    name: `profile ${ROWS.toLocaleString('en')} rows × ${FEATURES} numeric features, one core`,
    rows: [
      ['values per second of CPU time', `${(valuesPerSecond / 1e6).toFixed(0)} M`],
      ['resident memory after 4 M rows less after 1 M', `${(growthBytes / 1e6).toFixed(1)} MB`],
      ['deflated profile of 20,000 rows', `${bytes(20_000)} bytes per feature`],
      ['deflated profile of 100 rows', `${bytes(100)} bytes per feature`],
      [`verdict on ${JUDGED_FEATURES} features, CPU time`, `${judgeMilliseconds().toFixed(1)} ms`],
    ],
  };
}

function columnsOf(features: number, rows: number) {
  const normal = normalDraws(uniformStream(1));
  return Array.from({ length: features }, (_, feature) => {
    const values = new Float32Array(rows);
    for (let row = 0; row < rows; row++) values[row] = shape(feature, normal());
    return { kind: 'numeric' as const, name: `feature_${feature}`, channel: 'feature' as const, values };
  });
}

function shape(feature: number, z: number): number {
  if (feature % 5 === 3) return Math.exp(z);
  if (feature % 5 === 4) return Math.round(z * 10) / 10;
  return 100 + 15 * z;
}

type Columns = ReturnType<typeof columnsOf>;

function takeFirst(columns: Columns, rows: number): Columns {
  return columns.map((column) => ({ ...column, values: column.values.slice(0, rows) }));
}

/** Best of the passes: the machine's other work only ever adds time. The same columns are fed again for memory. */
function counting(anchors: Anchors, columns: Columns): { valuesPerSecond: number; growthBytes: number } {
  const profile = emptyProfile(anchors);
  let best = Number.POSITIVE_INFINITY;
  let afterFirst = 0;
  for (let pass = 0; pass <= REPETITIONS; pass++) {
    best = Math.min(
      best,
      cpuMilliseconds(() => addColumns(profile, columns)),
    );
    if (pass === 0) afterFirst = process.memoryUsage.rss();
  }
  return {
    valuesPerSecond: (ROWS * FEATURES * 1000) / best,
    growthBytes: process.memoryUsage.rss() - afterFirst,
  };
}

function deflatedBytes(anchors: Anchors, columns: Columns): number {
  return deflateRawSync(encodeProfile(profileOf(anchors, columns))).length;
}

function profileOf(anchors: Anchors, columns: Columns): Profile {
  const profile = emptyProfile(anchors);
  addColumns(profile, columns);
  return profile;
}

/** Comparison and judgement of a 20,000-row window against a 20,000-row baseline; the median of many. */
function judgeMilliseconds(): number {
  const columns = columnsOf(JUDGED_FEATURES, 40_000);
  const rows = (from: number) => {
    const indices = Int32Array.from({ length: 20_000 }, (_, at) => from + at);
    return columns.map((column) => ({
      ...column,
      values: Float32Array.from(indices, (row) => column.values[row]!),
    }));
  };
  const baseline = rows(0);
  const anchors = buildAnchors(baseline);
  const [reference, current] = [profileOf(anchors, baseline), profileOf(anchors, rows(20_000))];
  const times = Array.from({ length: 21 }, () =>
    cpuMilliseconds(() => {
      const drifts = anchors.anchors.map((anchor) =>
        compareFeature(anchor, featureOf(reference, anchor.name), featureOf(current, anchor.name)),
      );
      const features = judgeFeatures(drifts, policy);
      judgeWindow({ windowStart: '2026-01-01', features, quality: [], history: [], policy });
    }),
  );
  return times.sort((a, b) => a - b)[10]!;
}

/** CPU time, which a busy machine does not stretch as it does wall time. */
function cpuMilliseconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Measures how fast rows are counted into a profile: 1 M rows × 10 numeric features on one core. */

import { addColumns } from '#shared/profile/add-columns.ts';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { encodeProfile } from '#shared/profile/encode.ts';
import { emptyProfile } from '#shared/profile/profile.ts';
import { normal, seededRandom } from '#shared/random.ts';

export interface ProfileBenchmark {
  readonly rows: number;
  readonly features: number;
  readonly valuesPerSecond: number;
  readonly encodedBytesPerFeature: number;
}

/** Best of `repetitions` passes over normal, lognormal and rounded features. */
export function run(rows = 1_000_000, features = 10, repetitions = 3): ProfileBenchmark {
  const random = seededRandom(1);
  const columns = Array.from({ length: features }, (_, feature) => ({
    kind: 'numeric' as const,
    name: `feature_${feature}`,
    channel: 'feature' as const,
    values: Float32Array.from({ length: rows }, () => shape(feature, normal(random))),
  }));
  const anchors = buildAnchors(
    columns.map((column) => ({ ...column, values: column.values.slice(0, 100_000) })),
  );
  let best = Number.POSITIVE_INFINITY;
  let profile = emptyProfile(anchors);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    profile = emptyProfile(anchors);
    const started = performance.now();
    addColumns(profile, columns);
    best = Math.min(best, performance.now() - started);
  }
  return {
    rows,
    features,
    valuesPerSecond: Math.round((rows * features * 1000) / best),
    encodedBytesPerFeature: Math.round(encodeProfile(profile).length / features),
  };
}

function shape(feature: number, z: number): number {
  if (feature % 5 === 3) return Math.exp(z);
  if (feature % 5 === 4) return Math.round(z * 10) / 10;
  return 100 + 15 * z;
}

/** Small seeded models for tests of the running host: quick to train, with a feature of every kind and awkward names. */

import { seededRandom } from '#shared/random.ts';
import { type ModelRecord, modelRecordSchema } from '#shared/registry/model.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import { registerFirstVersion } from './first-version.ts';

const colours = ['amber', 'blue', 'clear'] as const;

/** `depth/mm~` needs both escapes of RFC 6901. */
const smallFeatures: ModelSchema['features'] = [
  { name: 'width', kind: 'numeric', min: 0, max: 10 },
  { name: 'depth/mm~', kind: 'numeric', integer: true, min: 0, max: 40 },
  { name: 'colour', kind: 'categorical', values: [...colours] },
  { name: 'sealed', kind: 'categorical', boolean: true, values: ['false', 'true'] },
  { name: 'made_on', kind: 'datetime' },
];

/** The price is nearly a sum of the features; the size class is cut from it. */
export function smallRows(
  count: number,
  seed: number,
  task: ModelRecord['task'] = 'regression',
): LabelledRow[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const width = Math.round(1000 * random()) / 100;
    const depth = Math.floor(40 * random());
    const colour = colours[Math.floor(colours.length * random())]!;
    const isSealed = random() < 0.5;
    const day = 1 + Math.floor(28 * random());
    const price = 3 * width + depth + (colour === 'amber' ? 8 : 0) + (isSealed ? 4 : 0) + random();
    return {
      id: `row-${at}`,
      at,
      features: {
        width,
        'depth/mm~': depth,
        colour,
        sealed: String(isSealed),
        made_on: `2026-02-${String(day).padStart(2, '0')}`,
      },
      label: task === 'regression' ? price : price > 40 ? 'large' : 'small',
    };
  });
}

export function smallRecord(
  name: string,
  options: {
    readonly task?: ModelRecord['task'];
    readonly monitor?: Partial<ModelRecord['monitor']>;
    readonly retrain?: Partial<ModelRecord['retrain']>;
  } = {},
): ModelRecord {
  const { task = 'regression', monitor = {}, retrain = {} } = options;
  return modelRecordSchema.parse({
    name,
    task,
    schema: {
      features: smallFeatures,
      target: task === 'regression' ? { name: 'price' } : { name: 'size', classes: ['large', 'small'] },
    },
    monitor: { window_ms: 60_000, ...monitor },
    retrain,
    created_at: '2026-01-01T00:00:00.000Z',
  });
}

/** @returns the version that serves */
export async function registerSmall(dataDir: string, record: ModelRecord): Promise<string> {
  const rows = smallRows(400, 7, record.task);
  const { version } = await registerFirstVersion(dataDir, {
    record,
    training: rows.slice(0, 280),
    holdout: rows.slice(280),
    source: 'generated rows',
    now: Date.now(),
  });
  return version;
}

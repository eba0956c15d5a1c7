import { describe, expect, test } from 'vitest';
import type { FeatureRow } from '#shared/schema/rows.ts';
import { smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { readBatch } from './batch.ts';

const { schema } = smallRecord();
const asTheyAre = (row: FeatureRow) => row;
const rows = smallRows(1000, 1).map(({ features }) => features);

describe('row ids derived from a batch_id', () => {
  test('of 124 characters fit for every row of the largest batch, and differ', async () => {
    const batch = await readBatch(schema, rows, 'b'.repeat(124), asTheyAre);
    const ids = batch.flatMap((one) => (one.ok ? [one.id] : []));
    expect(new Set(ids).size).toBe(1000);
    expect(ids.at(-1)).toBe(`${'b'.repeat(124)}:999`);
  });

  test('of 125 are refused: cut short, two batches would share ids', async () => {
    await expect(readBatch(schema, rows, 'b'.repeat(125), asTheyAre)).rejects.toThrow(
      'batch_id has 125 characters; at most 124',
    );
  });

  test('are not needed where every row has its own id', async () => {
    const instances = rows.slice(0, 2).map((features, at) => ({ request_id: `mine-${at}`, features }));
    const batch = await readBatch(schema, instances, 'b'.repeat(128), asTheyAre);
    expect(batch.map((one) => one.ok && one.id)).toEqual(['mine-0', 'mine-1']);
  });
});

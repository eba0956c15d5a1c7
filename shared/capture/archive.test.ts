import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ArchiveRow, deduplicate, uniqueRows } from './archive.ts';

const id = fc.constantFrom('a', 'b', 'c', 'd');
const answer = { prediction: 1 };
const row: fc.Arbitrary<ArchiveRow> = fc.oneof(
  fc
    .record({ kind: fc.constant('prediction'), id, version: fc.constantFrom('v1', 'v2'), at: fc.nat(9) })
    .map((one) => ({
      ...{ ...one, kind: 'prediction' as const },
      ...{ features: {}, context: {}, answer },
    })),
  fc
    .record({ id, label: fc.nat(9), labelled_at: fc.nat(3), isMatched: fc.boolean() })
    .map(({ isMatched, ...one }) => ({
      ...{ ...one, kind: 'label' as const },
      ...(isMatched ? { prediction: { version: 'v1', at: 0, answer } } : {}),
    })),
  fc
    .record({ id, at: fc.nat(9), status: fc.constantFrom(400, 503) })
    .map((one) => ({ ...one, kind: 'outcome' as const })),
);

test('uniqueRows keeps what deduplicate keeps of all files together', async () => {
  const sorted = (rows: readonly ArchiveRow[]) => rows.map((one) => JSON.stringify(one)).sort();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 6 }), { maxLength: 5 }), async (files) => {
      async function* read() {
        yield* files;
      }
      const kept: ArchiveRow[] = [];
      for await (const rows of uniqueRows(read())) kept.push(...rows);
      expect(sorted(kept)).toEqual(sorted(deduplicate(files.flat())));
    }),
    { numRuns: 300 },
  );
});

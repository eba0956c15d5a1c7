import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeProfile } from '../profile/encode.ts';
import { featureOf, rowsOf } from '../profile/profile.ts';
import { segmentKey } from '../profile/segments.ts';
import { type AnchorsOf, createAnchorsCache } from '../registry/baseline.ts';
import { memoryDeps, startMs } from '../testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '../testing/small-model.ts';
import type { ArchiveRow } from './archive.ts';
import { addEncodedPartial, buildPartial, decodePartial, encodePartial, type Partial } from './partial.ts';
import { RowHashes } from './row-hashes.ts';

let anchorsOf: AnchorsOf;
let version: string;
beforeAll(async () => {
  const deps = memoryDeps();
  version = await registerSmall(deps, smallRecord());
  anchorsOf = createAnchorsCache(deps);
});

const source = smallRows(60, 5, { from: startMs });
const redKey = segmentKey('colour', 'red');
const blueKey = segmentKey('colour', 'blue');

function rowsOfTraffic(from: number, to: number): ArchiveRow[] {
  return source.slice(from, to).flatMap(({ id, at, features, label }): ArchiveRow[] => {
    const answer = { prediction: 1 };
    return [
      { kind: 'prediction', id, version, at, features, context: {}, answer },
      { kind: 'label', id, label, labelled_at: at, prediction: { version, at, answer } },
    ];
  });
}

const build = (rows: readonly ArchiveRow[], segments: readonly string[] = []) =>
  buildPartial({ model: 'small', granule: startMs, rows, segments }, anchorsOf);
const partOf = (partial: Partial) => partial.versions.get(version)!;
const textOf = (bytes: Uint8Array) => gunzipSync(bytes).toString();

async function sumOf(partials: readonly Partial[]): Promise<Partial> {
  let sum: Partial | undefined;
  for (const partial of partials) sum = await addEncodedPartial(sum, await encodePartial(partial), anchorsOf);
  return sum!;
}

describe('segments of a partial', () => {
  test('hold features and predictions of exactly the rows of their value', async () => {
    const { segments } = partOf(await build(rowsOfTraffic(0, 60), ['colour']));
    const red = source.filter(({ features }) => features.colour === 'red').length;
    const rows = (key: string, column: string) => rowsOf(featureOf(segments.get(key)!, column));
    expect([...segments.keys()].sort()).toEqual([blueKey, redKey]);
    for (const column of ['weight', 'colour', '$prediction'])
      expect([rows(redKey, column), rows(blueKey, column)]).toEqual([red, 60 - red]);
  });

  test('hold no label and no loss: a label knows its prediction, not its features', async () => {
    const { segments, profile } = partOf(await build(rowsOfTraffic(0, 60), ['colour']));
    expect(rowsOf(featureOf(profile, '$loss'))).toBe(60);
    expect(rowsOf(featureOf(segments.get(redKey)!, '$loss'))).toBe(0);
  });

  test('survive storage', async () => {
    const partial = await build(rowsOfTraffic(0, 60), ['colour']);
    const read = await decodePartial(await encodePartial(partial), anchorsOf);
    expect(await encodePartial(read)).toEqual(await encodePartial(partial));
    expect(partOf(read).segments.size).toBe(2);
  });

  test('cost a model without them not a byte', async () => {
    const stored = textOf(await encodePartial(await build(rowsOfTraffic(0, 60))));
    expect(stored).not.toContain('segments');
    expect(Object.keys(JSON.parse(stored).versions[version])).toEqual(['profile', 'predictions', 'labels']);
  });
});

describe('addEncodedPartial', () => {
  test('of batches is the partial of all their rows, segments included', async () => {
    const batches = [rowsOfTraffic(0, 10), rowsOfTraffic(10, 11), rowsOfTraffic(11, 60)];
    const sum = await sumOf(await Promise.all(batches.map((rows) => build(rows, ['colour']))));
    const whole = await build(batches.flat(), ['colour']);
    const withoutOrder = (partial: Partial) => {
      const part = partOf(partial);
      const segments = [...part.segments].sort().map(([key, of]) => [key, encodeProfile(of)]);
      return { ...partial, hashes: [...partial.hashes].sort(), versions: part.labels, segments };
    };
    expect(withoutOrder(sum)).toEqual(withoutOrder(whole));
    expect(encodeProfile(partOf(sum).profile)).toEqual(encodeProfile(partOf(whole).profile));
    expect(partOf(sum)).toMatchObject({ predictions: 60, labels: 60 });
  });

  test('adds counters, and takes model and granule from the first', async () => {
    const one = { ...(await build([])), late: 2, unprofiled: 1, unmatchedLabels: 3, outcomes: { 400: 1 } };
    const two = { ...one, granule: startMs + 1, outcomes: { 400: 2, 503: 1 } };
    expect(await sumOf([one, two])).toEqual({
      ...{ model: 'small', granule: startMs, versions: new Map(), hashes: [] },
      ...{ late: 4, unprofiled: 2, unmatchedLabels: 6, outcomes: { 400: 3, 503: 1 } },
      served: { answered: 0, classes: {} },
    });
  });

  test('of partials with other segments or none keeps what each counted', async () => {
    const sum = await sumOf([
      await build(rowsOfTraffic(0, 20)),
      await build(rowsOfTraffic(20, 60), ['colour']),
    ]);
    const later = await build(rowsOfTraffic(20, 60), ['colour']);
    expect(encodeProfile(partOf(sum).segments.get(redKey)!)).toEqual(
      encodeProfile(partOf(later).segments.get(redKey)!),
    );
    expect(partOf(sum).predictions).toBe(60);
  });

  test('throws on bytes that are not a partial', async () => {
    await expect(addEncodedPartial(undefined, gzipSync('{'), anchorsOf)).rejects.toThrow('JSON');
    await expect(addEncodedPartial(undefined, Buffer.from('{}'), anchorsOf)).rejects.toThrow('header');
  });
});

describe('hashes of a partial', () => {
  test('repeat when one row came in two batches, and not when all are different', async () => {
    const [one, next, repeated] = await Promise.all([
      build(rowsOfTraffic(0, 10)),
      build(rowsOfTraffic(10, 20)),
      build(rowsOfTraffic(9, 20)),
    ]);
    const hasRepeats = (...partials: readonly Partial[]) => {
      const seen = new RowHashes();
      for (const { hashes } of partials) seen.add(hashes);
      return seen.hasRepeats();
    };
    expect(hasRepeats(one, next)).toBe(false);
    expect(hasRepeats(one, repeated)).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addColumns } from './add-columns.ts';
import { buildAnchors } from './anchors.ts';
import { encodeProfile } from './encode.ts';
import { AnchorMismatchError } from './errors.ts';
import { emptyProfile, featureOf, rowsOf } from './profile.ts';
import {
  addEncodedSegments,
  addSegments,
  encodeSegments,
  type Segments,
  segmentKey,
  segmentOf,
  segmentValues,
} from './segments.ts';
import { categorical, numeric } from './testing.ts';

const anchors = buildAnchors([
  numeric('x', [1, 2, 3, 4]),
  categorical('cut', ['b', 'a', 'b', 'c']),
  categorical('city', ['p', 'q', 'p', 'p']),
]);

type Row = readonly [x: number, cut: string | null, city: string | null];
const columnsOf = (rows: readonly Row[]) => [
  numeric(
    'x',
    rows.map(([x]) => x),
  ),
  categorical(
    'cut',
    rows.map(([, cut]) => cut),
  ),
  categorical(
    'city',
    rows.map(([, , city]) => city),
  ),
];
const countedBy = (by: readonly string[], ...batches: readonly (readonly Row[])[]): Segments => {
  const segments: Segments = new Map();
  for (const rows of batches) addSegments(segments, anchors, columnsOf(rows), by);
  return segments;
};
const bytesOf = (segments: ReturnType<typeof countedBy>) =>
  Object.fromEntries([...segments].sort().map(([key, of]) => [key, encodeProfile(of)]));

const anyRows = fc.array(
  fc.tuple(
    fc.constantFrom(1, 2.5, 9, Number.NaN),
    fc.constantFrom('a', 'b', 'c', 'new', null),
    fc.constantFrom('p', 'q', null),
  ),
  { maxLength: 30 },
);

describe('segment values', () => {
  it('are the values of the baseline, most frequent first, and the twentieth is the last', () => {
    const names = Array.from({ length: 21 }, (_, at) => `v${String(at).padStart(2, '0')}`);
    const many = buildAnchors([categorical('c', names)]);
    expect(segmentValues(many, 'c')).toEqual(names.slice(0, 20));
    expect(segmentValues(anchors, 'cut')).toEqual(['b', 'a', 'c']);
  });

  it('are none for a number, and none for a column the baseline does not have', () => {
    expect([segmentValues(anchors, 'x'), segmentValues(anchors, 'y')]).toEqual([[], []]);
  });

  it('keep column and value apart, whatever they are made of', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (column, value) => {
        expect(segmentOf(segmentKey(column, value))).toEqual({ column, value });
      }),
    );
    expect(segmentKey('a,b', 'c')).not.toBe(segmentKey('a', 'b,c'));
  });
});

describe('counting segments', () => {
  it('counts a segment as if its rows were all there is', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const segments = countedBy(['cut', 'city'], rows);
        for (const [key, profile] of segments) {
          const { column, value } = segmentOf(key);
          const own = emptyProfile(anchors);
          addColumns(own, columnsOf(rows.filter((row) => row[column === 'cut' ? 1 : 2] === value)));
          expect(encodeProfile(profile)).toEqual(encodeProfile(own));
        }
        const counted = [...segments.values()].map((of) => rowsOf(featureOf(of, 'x')));
        const isIn = (value: string | null) => value !== null && value !== 'new';
        const expected =
          rows.filter((row) => isIn(row[1])).length + rows.filter((row) => isIn(row[2])).length;
        expect(counted.reduce((sum, one) => sum + one, 0)).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('opens no segment for a value the baseline did not have, for a missing one, or for one without rows', () => {
    const segments = countedBy(
      ['cut'],
      [
        [1, 'new', 'p'],
        [2, null, 'p'],
        [3, 'a', 'p'],
      ],
    );
    expect([...segments.keys()]).toEqual([segmentKey('cut', 'a')]);
  });

  it('counts nothing by a column that did not come or is a number', () => {
    const segments: Segments = new Map();
    addSegments(segments, anchors, [numeric('x', [1, 2])], ['cut', 'x']);
    expect(segments.size).toBe(0);
  });
});

describe('encoded segments', () => {
  it('added up in any order are the segments of all rows at once, to the last byte', () => {
    fc.assert(
      fc.property(anyRows, anyRows, anyRows, (...batches) => {
        const encoded = batches.map((rows) => encodeSegments(countedBy(['cut', 'city'], rows)));
        const sumOf = (parts: typeof encoded) =>
          parts.reduce<Segments>((sum, part) => addEncodedSegments(sum, anchors, part), new Map());
        const atOnce = bytesOf(countedBy(['cut', 'city'], ...batches));
        expect(bytesOf(sumOf(encoded))).toEqual(atOnce);
        expect(bytesOf(sumOf(encoded.reverse()))).toEqual(atOnce);
      }),
      { numRuns: 60 },
    );
  });

  it('of other anchors are refused', () => {
    const other = buildAnchors([categorical('cut', ['b', 'a'])]);
    const encoded = encodeSegments(countedBy(['cut'], [[1, 'a', null]]));
    expect(() => addEncodedSegments(new Map(), other, encoded)).toThrow(AnchorMismatchError);
  });
});

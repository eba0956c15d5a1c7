import * as fc from 'fast-check';
import { uncompress } from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { encodeWriteRequest, writeRequest } from './encode.ts';
import { checkSamples, seriesKey, type WriteSample } from './sample.ts';

interface Field {
  readonly number: number;
  readonly value: Buffer | bigint;
}

/** Protobuf's wire format read field by field, from its specification. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const type = tag & 7;
    if (type === 0) fields.push({ number: tag >> 3, value: varint() });
    else {
      const size = type === 1 ? 8 : Number(varint());
      expect([0, 1, 2]).toContain(type);
      fields.push({ number: tag >> 3, value: bytes.subarray(at, at + size) });
      at += size;
    }
  }
  expect(at).toBe(bytes.length);
  return fields;
}

function decode(bytes: Uint8Array) {
  return fieldsOf(Buffer.from(bytes)).map((series) => {
    expect(series.number).toBe(1);
    const parts = fieldsOf(series.value as Buffer);
    const labels = parts
      .filter(({ number }) => number === 1)
      .map(({ value }) => fieldsOf(value as Buffer).map((one) => (one.value as Buffer).toString()));
    const samples = parts.filter(({ number }) => number === 2).map(({ value }) => fieldsOf(value as Buffer));
    return {
      labels,
      samples: samples.map(([value, time]) => ({
        bits: (value!.value as Buffer).toString('hex'),
        value: (value!.value as Buffer).readDoubleLE(),
        timestampMs: Number(time!.value as bigint),
      })),
    };
  });
}

const sample = (more: Partial<WriteSample> = {}): WriteSample => ({
  name: 'a_total',
  labels: { z: '1', model: 'prices' },
  value: 1.5,
  timestampMs: 1_795_219_200_000,
  ...more,
});
const encoded = (samples: readonly WriteSample[]) => decode(writeRequest(checkSamples(samples).checked));

describe('a write request', () => {
  test('decodes to what was encoded: labels sorted with the name among them, one sample each', () => {
    expect(encoded([sample(), sample({ name: 'B', labels: { A: 'ü"\n\\' }, value: -0 })])).toEqual([
      {
        labels: [
          ['__name__', 'a_total'],
          ['model', 'prices'],
          ['z', '1'],
        ],
        samples: [{ bits: '000000000000f83f', value: 1.5, timestampMs: 1_795_219_200_000 }],
      },
      {
        labels: [
          ['A', 'ü"\n\\'],
          ['__name__', 'B'],
        ],
        samples: [{ bits: '0000000000000080', value: -0, timestampMs: 1_795_219_200_000 }],
      },
    ]);
  });

  test('any labels, values and times come back, through the compression too', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
    const any = fc.record({
      name: fc.stringMatching(/^[a-z:][a-z0-9_:]{0,20}$/),
      labels: fc.dictionary(label, fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }), {
        maxKeys: 5,
      }),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      timestampMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), (samples) => {
        const { checked } = checkSamples(samples);
        const found = decode(uncompress(encodeWriteRequest(checked)));
        expect(found.map(({ labels }) => labels)).toEqual(checked.map(({ labels }) => labels));
        expect(found.map(({ samples: [one] }) => [one!.value, one!.timestampMs])).toEqual(
          checked.map(({ value, timestampMs }) => [value, timestampMs]),
        );
      }),
    );
  });

  test('the end of a series is the NaN that Prometheus takes for it, to the bit', () => {
    const [series] = encoded([sample({ value: 'stale' })]);
    expect(Buffer.from(series!.samples[0]!.bits, 'hex').readBigUInt64LE()).toBe(0x7ff0000000000002n);
  });
});

describe('checkSamples', () => {
  test.each([
    ['a metric name with a dash', sample({ name: 'a-b' }), 'not a metric name'],
    ['a metric name that begins with a digit', sample({ name: '1a' }), 'not a metric name'],
    ['a label name with a dash', sample({ labels: { 'bad-label': 'x' } }), 'not a label name'],
    ['a label name of the receiver’s own', sample({ labels: { __name__: 'x' } }), 'not a label name'],
    ['no number', sample({ value: Number.NaN }), 'the value is NaN'],
    ['an infinite value', sample({ value: Number.POSITIVE_INFINITY }), 'the value is Infinity'],
    ['a part of a millisecond', sample({ timestampMs: 0.5 }), 'whole milliseconds'],
    ['a label value of 10 kB', sample({ labels: { a: 'x'.repeat(10_240) } }), '10240 bytes; at most 1024'],
    ['half a character, first half', sample({ labels: { a: 'x\ud83d' } }), 'half a character'],
    ['half a character, second half', sample({ labels: { a: '\ude00x' } }), 'half a character'],
    ['an empty label name', sample({ labels: { '': 'x' } }), 'not a label name'],
    ['minus infinity', sample({ value: Number.NEGATIVE_INFINITY }), 'the value is -Infinity'],
    ['a label value of 1025 bytes', sample({ labels: { a: `${'é'.repeat(512)}x` } }), '1025 bytes'],
  ])('refuses %s, says so, and lets the others through', (_, bad, reason) => {
    const good = sample({ name: 'good' });
    const { checked, refused } = checkSamples([bad, good]);
    expect(checked.map(({ key }) => key)).toEqual([seriesKey(good.name, good.labels)]);
    expect(refused).toEqual([
      { name: bad.name, labels: bad.labels, reason: expect.stringContaining(reason) },
    ]);
  });

  test('takes a label value of 1024 bytes with quotes and line ends', () => {
    expect(checkSamples([sample({ labels: { a: '"\n'.repeat(512) } })]).refused).toEqual([]);
  });

  test('takes NUL, line ends, emoji and every other whole character, byte for byte', () => {
    const nasty = '\0"\\\n\r\t\u2028😀\ufffd<!channel>';
    expect(encoded([sample({ labels: { a: nasty } })])[0]!.labels[1]).toEqual(['a', nasty]);
  });

  test('of a series that is there twice the first counts, also when its labels come in another order', () => {
    const { checked, refused } = checkSamples([
      sample({ labels: { a: '1', b: '2' }, value: 1 }),
      sample({ labels: { b: '2', a: '1', c: '' }, value: 2 }),
    ]);
    expect(checked.map(({ value }) => value)).toEqual([1]);
    expect(refused.map(({ reason }) => reason)).toEqual(['the series is there twice']);
  });
});

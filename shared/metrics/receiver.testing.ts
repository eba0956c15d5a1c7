/** Test support: a remote write receiver with the rules of Prometheus 2.42, in memory. */
import type { Sent } from '../remote-write/send.ts';

interface Stored {
  readonly timestampMs: number;
  readonly value: number;
  readonly isEnd: boolean;
}

/** Takes all of a request or nothing; refuses a series' earlier sample, and another value for one it has. */
export function receiverOf() {
  const stored = new Map<string, Stored[]>();
  const rejected: string[] = [];
  let written = 0;
  return {
    rejected,
    written: () => written,
    series: () => [...stored.keys()],
    samples: (series: string) => (stored.get(series) ?? []).filter(({ isEnd }) => !isEnd),
    ends: (series: string) =>
      (stored.get(series) ?? []).filter(({ isEnd }) => isEnd).map((one) => one.timestampMs),
    write(request: Uint8Array): Sent {
      const samples = seriesOf(Buffer.from(request));
      for (const { key, sample } of samples) {
        const last = stored.get(key)?.at(-1);
        const isOld = last !== undefined && sample.timestampMs < last.timestampMs;
        const isOther = last?.timestampMs === sample.timestampMs && !Object.is(last.value, sample.value);
        if (!isOld && !isOther) continue;
        rejected.push(key);
        return { kind: 'refused', status: 400, message: isOld ? 'out of order sample' : 'duplicate sample' };
      }
      for (const { key, sample } of samples) {
        const of = stored.get(key) ?? [];
        stored.set(key, of);
        if (of.at(-1)?.timestampMs !== sample.timestampMs) of.push(sample);
        written += 1;
      }
      return { kind: 'accepted' };
    },
  };
}

function seriesOf(bytes: Buffer): { readonly key: string; readonly sample: Stored }[] {
  return fieldsOf(bytes).map(({ bytes: series }) => {
    const parts = fieldsOf(series!);
    const labels = parts
      .filter(({ number }) => number === 1)
      .map(({ bytes: label }) => fieldsOf(label!).map((one) => one.bytes!.toString()));
    const name = labels.find(([label]) => label === '__name__')![1]!;
    const rest = labels
      .filter(([label]) => label !== '__name__')
      .map(([label, value]) => `${label}="${value}"`);
    const [value, time] = fieldsOf(parts.find(({ number }) => number === 2)!.bytes!);
    const isEnd = value!.bytes!.readBigUInt64LE() === 0x7ff0000000000002n;
    const sample = { timestampMs: time!.varint!, value: value!.bytes!.readDoubleLE(), isEnd };
    return { key: `${name}{${rest.join(',')}}`, sample };
  });
}

interface Field {
  readonly number: number;
  readonly bytes?: Buffer;
  readonly varint?: number;
}

function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = tag >> 3;
    if ((tag & 7) === 0) fields.push({ number, varint: varint() });
    else {
      const size = (tag & 7) === 1 ? 8 : varint();
      fields.push({ number, bytes: bytes.subarray(at, at + size) });
      at += size;
    }
  }
  return fields;
}

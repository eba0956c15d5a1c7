/** A sample on its way to a receiver: checked here, since receivers store invalid names and take the first of two samples silently. */

export interface WriteSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `stale` tells the receiver that the series has ended. */
  readonly value: number | 'stale';
  /** Unix milliseconds. */
  readonly timestampMs: number;
}

export interface CheckedSample {
  /** Tells the series from every other: its labels in order, as text. */
  readonly key: string;
  /** Name and value, `__name__` among them, sorted by name; none is empty. */
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number | 'stale';
  readonly timestampMs: number;
}

export interface RefusedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: string;
}

/** AMP refuses longer ones. */
const maxValueBytes = 1024;

/** The identity of a series. @example seriesKey('a', { b: '1' }) // '[["__name__","a"],["b","1"]]' */
export function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(sortedLabels(name, labels));
}

function sortedLabels(name: string, labels: Readonly<Record<string, string>>): [string, string][] {
  const sorted: [string, string][] = [['__name__', name]];
  for (const label of Object.keys(labels)) {
    const value = labels[label]!;
    if (value !== '') sorted.push([label, value]);
  }
  return sorted.sort(byName);
}

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);

/**
 * Checks what the protocol wants and a receiver may not: names, label values, finite values, no series twice.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export function checkSamples(samples: readonly WriteSample[]): {
  readonly checked: readonly CheckedSample[];
  readonly refused: readonly RefusedSample[];
} {
  const checked = new Map<string, CheckedSample>();
  const refused: RefusedSample[] = [];
  for (const sample of samples) {
    const { name, labels, value, timestampMs } = sample;
    const sorted = sortedLabels(name, labels);
    const key = JSON.stringify(sorted);
    const reason = checked.has(key) ? 'the series is there twice' : faultOf(sample);
    if (reason === undefined) checked.set(key, { key, labels: sorted, value, timestampMs });
    else refused.push({ name, labels, reason });
  }
  return { checked: [...checked.values()], refused };
}

function faultOf({ name, labels, value, timestampMs }: WriteSample): string | undefined {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name))
    return `${JSON.stringify(name)} is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]* is`;
  if (value !== 'stale' && !Number.isFinite(value)) return `the value is ${value}: a finite number is wanted`;
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0)
    return `the timestamp is ${timestampMs}: whole milliseconds from 0 are wanted`;
  for (const [label, text] of Object.entries(labels)) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) || label.startsWith('__'))
      return `${JSON.stringify(label)} is not a label name: [a-zA-Z_][a-zA-Z0-9_]*, not beginning with __, is`;
    // each half of a character would become the same replacement, and two series one
    if (/\p{Cs}/u.test(text)) return `the value of label ${label} holds half a character`;
    const bytes = Buffer.byteLength(text);
    if (bytes > maxValueBytes)
      return `the value of label ${label} has ${bytes} bytes; at most ${maxValueBytes} are allowed`;
  }
  return undefined;
}

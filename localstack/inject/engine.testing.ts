/** What the engine says of a table, for tests: a small model, a held-out reference, and every alarm by channel and column. */
import { compareFeature } from '#shared/drift/compare-feature.ts';
import { lossChange, lossSample } from '#shared/performance/loss-change.ts';
import { buildAnchors, type Channel } from '#shared/profile/anchors.ts';
import { featureOf, type Profile } from '#shared/profile/profile.ts';
import { profileOf } from '#shared/profile/testing.ts';
import { checkQuality } from '#shared/quality/check-quality.ts';
import { normal, seededRandom, shuffledIndices } from '#shared/random.ts';
import { isMissingText, isNumericText } from '#shared/schema/cells.ts';
import type { Column } from '#shared/schema/columns.ts';
import type { TextTable } from '#shared/schema/csv.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { type ModelColumn, type ModelSchema, modelColumns } from '#shared/schema/feature-schema.ts';
import { inferRows } from '#shared/schema/infer.ts';
import { rowsToColumns } from '#shared/schema/rows.ts';
import { fitGbdt, type GbdtModel, predictGbdt } from '#shared/training/gbdt.ts';
import { judgeFeatures } from '#shared/verdict/judge-features.ts';
import { isAlarm, type Level } from '#shared/verdict/level.ts';
import { defaultDriftPolicy } from '#shared/verdict/policy.ts';
import { pickRows } from './injector.ts';

type Monitored = Column & { readonly channel: Channel };

export interface Answer {
  /** Feature or channel → level. */
  readonly levels: ReadonlyMap<string, Level>;
  /** Quality finding → its columns. */
  readonly findings: ReadonlyMap<string, readonly string[]>;
  readonly hard: readonly string[];
  readonly loss: ReturnType<typeof lossChange>['level'];
}

/** What a window's own rows do not tell. */
interface Known {
  readonly expectedRows?: number;
  /** Unix milliseconds. */
  readonly now?: number;
}

export interface Monitor {
  readonly schema: ModelSchema;
  readonly target: string;
  answer(table: TextTable, known?: Known): Answer;
}

/** A model of `train`, watched against `reference`; what `tables` are given later is judged as one window. */
export function monitorOf(train: TextTable, reference: TextTable, target: string): Monitor {
  const { schema, rows, labels, task } = inferRows(train, { target });
  const classes = schema.target.classes;
  const model = fitGbdt(
    rowsToColumns(schema, rows),
    classes
      ? {
          task: 'classification',
          labels: Int32Array.from(labels, (label) => classes.indexOf(String(label))),
          classes,
        }
      : { task: 'regression', values: Float64Array.from(labels, Number) },
    { rounds: 30, maxLeaves: 15 },
  );
  const baseline = monitoredColumns(reference, schema, target, model);
  const anchors = buildAnchors(baseline);
  const before = profileOf(baseline, anchors);
  const kind = task === 'classification' ? 'error_rate' : 'absolute_error';
  const lossAnchor = anchors.anchors.find(({ channel }) => channel === 'loss')!;
  const loss = (profile: Profile) => lossSample(lossAnchor, featureOf(profile, '$loss'));
  return {
    schema,
    target,
    answer(table, known = {}) {
      const now = profileOf(monitoredColumns(table, schema, target, model), anchors);
      const verdicts = judgeFeatures(
        anchors.anchors.map((anchor) =>
          compareFeature(anchor, featureOf(before, anchor.name), featureOf(now, anchor.name)),
        ),
        defaultDriftPolicy,
      );
      const quality = checkQuality({
        anchors,
        reference: before,
        current: now,
        ...arrivalOf(table, schema, target),
        ...known,
      });
      const findings = new Map<string, string[]>();
      for (const { check, column } of quality)
        findings.set(check, [...(findings.get(check) ?? []), ...(column === undefined ? [] : [column])]);
      return {
        levels: new Map(verdicts.map(({ name, level }) => [name, level])),
        findings,
        hard: quality.flatMap(({ check, severity }) => (severity === 'hard' ? [check] : [])),
        loss: lossChange(kind, loss(before), loss(now)).level,
      };
    },
  };
}

const dayMs = 86_400_000;

/** Rows arrive in the order of the file; one is late when a row of a later day came before it. */
function arrivalOf(table: TextTable, { features }: ModelSchema, target: string) {
  const known = [target, ...features.map(({ name }) => name)];
  const time = features.find(({ kind }) => kind === 'datetime')?.name;
  const times = ((time && textsOf(table, time)) || []).flatMap((text) => parseDate(text)?.epochMs ?? []);
  let newestRowAt = Number.NEGATIVE_INFINITY;
  let lateRows = 0;
  for (const at of times) {
    if (Math.floor(at / dayMs) < Math.floor(newestRowAt / dayMs)) lateRows++;
    newestRowAt = Math.max(newestRowAt, at);
  }
  return {
    unexpectedColumns: table.header.filter((name) => !known.includes(name)),
    ...(times.length === 0 ? {} : { newestRowAt, lateRows, maxAgeMs: dayMs }),
  };
}

/** Names of features and channels that alarm. */
export function alarmsIn({ levels }: Answer): string[] {
  return [...levels].flatMap(([name, level]) => (isAlarm(level) ? [name] : []));
}

function monitoredColumns(
  table: TextTable,
  schema: ModelSchema,
  target: string,
  model: GbdtModel,
): Monitored[] {
  const inputs = modelColumns(schema).map((column) => readColumn(table, column));
  const outputs = predictGbdt(model, { rows: table.rows.length, columns: inputs });
  const labels = textsOf(table, target) ?? [];
  const features = inputs
    .filter((_, at) => table.header.includes(modelColumns(schema)[at]!.feature))
    .map((column) => ({ ...column, channel: 'feature' as const }));
  const classes = schema.target.classes;
  if (!classes) {
    const truth = Float64Array.from(labels, Number);
    const prediction = Float64Array.from(outputs);
    return [
      ...features,
      { kind: 'numeric', name: '$prediction', channel: 'prediction', values: prediction },
      { kind: 'numeric', name: '$label', channel: 'label', values: truth },
      {
        kind: 'numeric',
        name: '$loss',
        channel: 'loss',
        values: truth.map((value, row) => Math.abs(value - prediction[row]!)),
      },
    ];
  }
  const predicted = labels.map((_, row) => {
    const scores = Array.from(classes, (_, at) => outputs[row * classes.length + at]!);
    return classes[scores.indexOf(Math.max(...scores))]!;
  });
  return [
    ...features,
    { kind: 'categorical', name: '$prediction', channel: 'prediction', values: predicted },
    { kind: 'categorical', name: '$label', channel: 'label', values: labels },
    {
      kind: 'numeric',
      name: '$loss',
      channel: 'loss',
      values: Float64Array.from(labels, (label, row) => (label === predicted[row] ? 0 : 1)),
    },
  ];
}

/** As a monitor must read it: a column may be gone, and what is no number is counted as that. */
function readColumn(table: TextTable, { name, kind, feature, part }: ModelColumn): Column {
  const texts = textsOf(table, feature) ?? table.rows.map(() => '');
  if (kind === 'categorical')
    return { kind, name, values: texts.map((text) => (isMissingText(text) ? null : text)) };
  if (part)
    return { kind, name, values: Float64Array.from(texts, (text) => parseDate(text)?.[part] ?? Number.NaN) };
  return {
    kind,
    name,
    values: Float64Array.from(texts, (text) => (isNumericText(text) ? Number(text) : Number.NaN)),
    invalid: texts.filter((text) => !isMissingText(text) && !isNumericText(text)).length,
  };
}

function textsOf(table: TextTable, name: string): string[] | undefined {
  const at = table.header.indexOf(name);
  return at < 0 ? undefined : table.rows.map((cells) => cells[at]!);
}

/** Orders in the sequence of their time, one in ten minutes from 8 to 20 o'clock; the price follows weight and colour. */
export function orders(rows: number, seed: number): TextTable {
  const random = seededRandom(seed);
  const start = Date.UTC(2026, 0, 5);
  const colours = ['amber', 'blue', 'clear', 'dun'] as const;
  return {
    header: ['ordered_at', 'weight', 'pieces', 'colour', 'price'],
    rows: Array.from({ length: rows }, (_, row) => {
      const weight = 5 + normal(random);
      const pieces = 1 + Math.floor(9 * random());
      const colour = Math.min(3, Math.floor(5 * random() * random()));
      const price = 20 * weight + 3 * pieces + 10 * colour + 2 * normal(random);
      const ms = start + Math.floor(row / 72) * 86_400_000 + (8 * 60 + (row % 72) * 10) * 60_000;
      const at = new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
      return [at, weight.toFixed(2), String(pieces), colours[colour]!, price.toFixed(1)];
    }),
    lines: Array.from({ length: rows }, (_, row) => row + 2),
  };
}

/** Rows drawn with replacement, in random order. */
export function resampled(table: TextTable, rows: number, seed: number): TextTable {
  const random = seededRandom(seed);
  return pickRows(
    table,
    Array.from({ length: rows }, () => Math.floor(random() * table.rows.length)),
  );
}

/** Disjoint random parts of the given sizes. */
export function parts(table: TextTable, sizes: readonly number[], seed: number): TextTable[] {
  const order = Array.from(shuffledIndices(table.rows.length, seededRandom(seed)));
  return sizes.map((size) => pickRows(table, order.splice(0, size)));
}

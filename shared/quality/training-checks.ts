/** Training-data checks: five that forbid learning from the rows and two that are told, before a model is trained. */

import { compareShares, type Share } from '#shared/drift/two-proportions.ts';
import { parseDate } from '#shared/schema/dates.ts';
import { type Feature, isInput, type ModelSchema } from '#shared/schema/feature-schema.ts';
import type { FeatureRow, FeatureValue } from '#shared/schema/rows.ts';
import { percent, type Severity, SIGNIFICANCE } from './quality-check.ts';

interface TrainingRow {
  readonly features: FeatureRow;
  readonly label: number | string;
}

export interface TrainingData {
  readonly schema: ModelSchema;
  /** The new rows. */
  readonly rows: readonly TrainingRow[];
  /** Rows of the kind the accepted model learned from; may be none. */
  readonly baseline: readonly TrainingRow[];
  /** Labels that are none of the model's, already put aside, of all labels that came. */
  readonly unknownLabels?: Share;
}

export interface TrainingCheck {
  readonly id: `H${number}` | `S${number}`;
  readonly name: string;
  readonly severity: Severity;
  /** In the check's own unit. */
  readonly threshold: number;
  /** One message per fault: lower case, no full stop. */
  run(data: TrainingData): readonly string[];
}

export interface TrainingFinding extends Pick<TrainingCheck, 'id' | 'name' | 'severity'> {
  readonly message: string;
}

/** Features that are learned from: ids and what is pii are not. */
function learned({ schema }: TrainingData): readonly Feature[] {
  return schema.features.filter(isInput);
}

const isMissing = (value: FeatureValue | undefined) => value === null || value === undefined || value === '';

function count(rows: readonly TrainingRow[], feature: string, is: (value: FeatureValue) => boolean): number {
  let hits = 0;
  for (const { features } of rows) {
    const value = features[feature];
    if (!isMissing(value) && is(value!)) hits += 1;
  }
  return hits;
}

/** H1: every feature is there, with values of its type. Text in a numeric column is H4's unless it reads as a number. */
const schemaKept: TrainingCheck = {
  id: 'H1',
  name: 'schema',
  severity: 'hard',
  threshold: 0,
  run(data) {
    return learned(data).flatMap(({ name, kind }) => {
      if (data.rows.length > 0 && data.rows.every(({ features }) => features[name] === undefined))
        return [`"${name}" is absent from all ${data.rows.length} rows`];
      const wrong = count(data.rows, name, (value) =>
        kind === 'numeric' ? typeof value !== 'number' && isNumber(value) : typeof value !== 'string',
      );
      const wanted = kind === 'numeric' ? 'a number' : 'a text';
      return wrong > this.threshold ? [`"${name}" is not ${wanted} in ${wrong} rows`] : [];
    });
  },
};

/** H2: rows enough to learn anything. */
const rowCount: TrainingCheck = {
  id: 'H2',
  name: 'row_count',
  severity: 'hard',
  threshold: 30,
  run({ rows }) {
    return rows.length < this.threshold ? [`${rows.length} rows, at least ${this.threshold} are needed`] : [];
  },
};

/** H3: no more missing than before: every column's limit is its own share in the baseline plus the threshold. */
const nullRate: TrainingCheck = {
  id: 'H3',
  name: 'null_rate',
  severity: 'hard',
  threshold: 0.15,
  run(data) {
    return learned(data).flatMap(({ name }) => {
      const [now, before] = [data.rows, data.baseline].map((rows) => ({
        hits: rows.length - count(rows, name, () => true),
        rows: rows.length,
      })) as [Share, Share];
      const [shareNow, shareBefore] = [now, before].map(({ hits, rows }) => hits / Math.max(1, rows)) as [
        number,
        number,
      ];
      if (shareNow - shareBefore < this.threshold) return [];
      if (before.rows > 0 && compareShares(before, now).increase >= SIGNIFICANCE.hard) return [];
      return [
        `"${name}" is missing in ${percent(shareNow)} of the recent rows, ${percent(shareBefore)} before`,
      ];
    });
  },
};

/** H4: nothing unreadable, and nothing beyond bounds that a person confirmed. */
const valuesPossible: TrainingCheck = {
  id: 'H4',
  name: 'physical_bounds_and_parse_failures',
  severity: 'hard',
  threshold: 0,
  run(data) {
    return learned(data).flatMap((feature) => {
      const { name, min, max } = feature;
      const unreadable = count(data.rows, name, (value) => isUnreadable(feature, value));
      const beyond = feature.physical
        ? count(
            data.rows,
            name,
            (value) =>
              Number(value) < (min ?? Number.NEGATIVE_INFINITY) ||
              Number(value) > (max ?? Number.POSITIVE_INFINITY),
          )
        : 0;
      return [
        ...(unreadable > this.threshold ? [`"${name}" cannot be read in ${unreadable} rows`] : []),
        ...(beyond > this.threshold
          ? [
              `"${name}" is beyond its physical bounds (${min ?? 'none'} to ${max ?? 'none'}) in ${beyond} rows`,
            ]
          : []),
      ];
    });
  },
};

function isNumber(value: FeatureValue): boolean {
  return Number.isFinite(typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value));
}

function isUnreadable({ kind }: Feature, value: FeatureValue): boolean {
  if (kind === 'numeric') return !isNumber(value);
  return kind === 'datetime' && typeof value === 'string' && parseDate(value) === undefined;
}

/** H5: labels of the target's set, and more than one of them. */
const targetLabels: TrainingCheck = {
  id: 'H5',
  name: 'target_labels',
  severity: 'hard',
  threshold: 0.1,
  run({ schema, rows, unknownLabels }) {
    const { classes } = schema.target;
    const distinct = new Set(rows.map(({ label }) => label));
    const isKnown = (label: number | string) => (classes ? classes.includes(String(label)) : isNumber(label));
    const unknown = [...distinct].filter((label) => !isKnown(label));
    const aside = unknownLabels ? unknownLabels.hits / Math.max(1, unknownLabels.rows) : 0;
    const wanted = classes ? "none of the model's classes" : 'no numbers';
    return [
      ...(distinct.size < 2
        ? [`the label is constant (${[...distinct][0] ?? 'no rows'}): nothing to learn`]
        : []),
      ...(unknown.length > 0 ? [`labels that are ${wanted}: ${listed(unknown)}`] : []),
      ...(aside > this.threshold
        ? [`${percent(aside)} of the labels are ${wanted}; at most ${percent(this.threshold)} are allowed`]
        : []),
    ];
  },
};

/** S1: categories that neither the schema nor the baseline has, beyond what the baseline's rare ones predict; and extra columns. */
const unknownCategories: TrainingCheck = {
  id: 'S1',
  name: 'unknown_categories',
  severity: 'soft',
  threshold: 0.05,
  run(data) {
    const names = new Set(data.schema.features.map(({ name }) => name));
    const extra = [...new Set(data.rows.flatMap(({ features }) => Object.keys(features)))].filter(
      (name) => !names.has(name),
    );
    const unknown = data.schema.features.flatMap((feature) => {
      if (feature.kind !== 'categorical' || !isInput(feature)) return [];
      const { known, singletons } = knownCategories(feature, data.baseline);
      if (known.size === 0) return [];
      const now = {
        hits: count(data.rows, feature.name, (value) => !known.has(String(value))),
        rows: count(data.rows, feature.name, () => true),
      };
      const before = { hits: singletons, rows: Math.max(1, data.baseline.length) };
      const excess = now.hits / Math.max(1, now.rows) - before.hits / before.rows;
      if (excess < this.threshold) return [];
      if (data.baseline.length > 0 && compareShares(before, now).increase >= SIGNIFICANCE.soft) return [];
      return [`"${feature.name}" has categories nobody knows in ${percent(now.hits / now.rows)} of the rows`];
    });
    return [...unknown, ...(extra.length > 0 ? [`columns the schema does not have: ${listed(extra)}`] : [])];
  },
};

/** What is known, and how many values the baseline alone vouches for, each once (leave-one-out, Good 1953). */
function knownCategories(
  { name, values = [] }: Feature,
  baseline: readonly TrainingRow[],
): { readonly known: ReadonlySet<string>; readonly singletons: number } {
  const counts = new Map<string, number>(values.map((value) => [value, 2]));
  for (const { features } of baseline) {
    const value = features[name];
    if (!isMissing(value)) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  const singletons = [...counts.values()].filter((rows) => rows === 1).length;
  return { known: new Set(counts.keys()), singletons };
}

/** S2: rows that repeat another one, label included; compared with as many rows of the baseline, since more rows repeat more. */
const duplicateRows: TrainingCheck = {
  id: 'S2',
  name: 'duplicate_rows',
  severity: 'soft',
  threshold: 0.05,
  run(data) {
    const rows =
      data.baseline.length > 0 ? Math.min(data.rows.length, data.baseline.length) : data.rows.length;
    const now = { hits: repeated(data, data.rows.slice(0, rows)), rows };
    const before = {
      hits: repeated(data, data.baseline.slice(0, rows)),
      rows: Math.min(rows, data.baseline.length),
    };
    const share = now.hits / Math.max(1, rows);
    if (share - before.hits / Math.max(1, before.rows) < this.threshold) return [];
    if (before.rows > 0 && compareShares(before, now).increase >= SIGNIFICANCE.soft) return [];
    return [`${percent(share)} of the rows repeat another one`];
  },
};

function repeated({ schema }: TrainingData, rows: readonly TrainingRow[]): number {
  const keys = rows.map(({ features, label }) =>
    JSON.stringify([label, ...schema.features.map(({ name }) => features[name] ?? null)]),
  );
  return rows.length - new Set(keys).size;
}

function listed(values: readonly (number | string)[]): string {
  const first = values.slice(0, 3).map((value) => JSON.stringify(value));
  return `${first.join(', ')}${values.length > 3 ? ', …' : ''}`;
}

export const trainingChecks: readonly TrainingCheck[] = [
  schemaKept,
  rowCount,
  nullRate,
  valuesPossible,
  targetLabels,
  unknownCategories,
  duplicateRows,
];

/**
 * Runs every check over the rows. Use it before training; a hard finding means that the rows must not be learned from.
 * The seven are those of SentinelML's validation step, with its faults put right: text in a numeric column is a fault
 * and no missing value, and a wrong label is hard.
 *
 * @example checkTrainingData({ schema, rows: [], baseline }).map(({ id }) => id) // ['H2', 'H5']
 */
export function checkTrainingData(data: TrainingData): TrainingFinding[] {
  return trainingChecks.flatMap((check) => {
    const { id, name, severity } = check;
    return check.run(data).map((message) => ({ id, name, severity, message }));
  });
}

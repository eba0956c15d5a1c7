/** What the demo does to the world: fixed from seed and training rows before a model exists, then applied to rows as they are sent. */
import { InvalidDataError } from '#shared/errors.ts';
import { seededRandom, seedFrom, shuffledIndices } from '#shared/random.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import type { Feature, ModelSchema } from '#shared/schema/feature-schema.ts';
import type { FeatureRow, FeatureValue } from '#shared/schema/rows.ts';
import { moveDates } from './date-drift.ts';
import type { DriftKind } from './options.ts';

export interface Injection {
  readonly kind: DriftKind;
  /** For a person. */
  readonly description: string;
  readonly feature: string | null;
  /** The drifted form of a row that will be sent or checked. */
  readonly apply: (row: LabelledRow) => LabelledRow;
}

const replacedShare = 0.6;

/**
 * Throws {@link InvalidDataError} when no feature varies.
 *
 * @param size standard deviations
 */
export function planInjection(
  kind: DriftKind,
  schema: ModelSchema,
  train: readonly LabelledRow[],
  size: number,
  seed: number,
): Injection {
  if (kind === 'none') return { kind, feature: null, description: 'nothing changes', apply: (row) => row };
  if (kind === 'noise') return shuffledLabels(train, seed);
  const feature = chooseFeature(schema, train, seed);
  const change = changeInput(feature, train, size, seed);
  const relation = schema.target.classes
    ? permuteClasses(schema.target.classes, seed)
    : raiseTarget(feature, change.position, train, size);
  return {
    kind,
    feature: feature.name,
    description: `${change.description}; ${relation.description}`,
    apply: (row) => {
      const features = { ...row.features, [feature.name]: change.value(row) };
      return { ...row, features, label: relation.label({ ...row, features }) };
    },
  };
}

/** By hash, among features that vary: nobody chose it because it works. A date only where nothing else varies. */
function chooseFeature(schema: ModelSchema, train: readonly LabelledRow[], seed: number): Feature {
  const varying = schema.features.filter(
    ({ kind, name }) =>
      kind !== 'id' &&
      new Set(train.map((row) => row.features[name]).filter((value) => value !== null)).size > 1,
  );
  const preferred = varying.filter((feature) => feature.kind !== 'datetime');
  const [chosen] = (preferred.length > 0 ? preferred : varying).toSorted(
    (one, other) => seedFrom(`${seed}#${one.name}`) - seedFrom(`${seed}#${other.name}`),
  );
  if (!chosen) throw new InvalidDataError('no numeric, text or date feature varies, so none can drift');
  return chosen;
}

export interface InputChange {
  readonly description: string;
  readonly value: (row: LabelledRow) => FeatureValue;
  /** Where a drifted value stands in the training data: −1 low … 1 high. */
  readonly position: (features: FeatureRow) => number;
}

function changeInput(
  feature: Feature,
  train: readonly LabelledRow[],
  size: number,
  seed: number,
): InputChange {
  if (feature.kind === 'numeric') return shiftNumber(feature, train, size);
  return feature.kind === 'datetime' ? moveDates(feature, train) : replaceCategory(feature, train, seed);
}

function shiftNumber(feature: Feature, train: readonly LabelledRow[], size: number): InputChange {
  const values = train.flatMap((row) => numberIn(row.features[feature.name]));
  const { mean, deviation } = momentsOf(values);
  const exact = size * deviation;
  const shift = feature.integer ? Math.max(1, Math.round(exact)) : exact;
  return {
    description: `${feature.name} moves up by ${size} sigma (${Number(shift.toPrecision(4))})`,
    value: (row) => {
      const value = row.features[feature.name];
      return typeof value === 'number' ? value + shift : (value ?? null);
    },
    position: (features) => {
      const value = features[feature.name];
      return typeof value === 'number' ? Math.tanh((value - shift - mean) / (deviation || 1)) : 0;
    },
  };
}

function replaceCategory(feature: Feature, train: readonly LabelledRow[], seed: number): InputChange {
  const counts = new Map<string, number>();
  for (const row of train) {
    const value = row.features[feature.name];
    if (typeof value === 'string') counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const ordered = [...counts].sort((one, other) => one[1] - other[1] || (one[0] < other[0] ? -1 : 1));
  const [rare] = ordered[0]!;
  const rank = new Map(ordered.map(([value], at) => [value, at]));
  return {
    description: `${Math.round(100 * replacedShare)} % of ${feature.name} become "${rare}"`,
    value: (row) => {
      const value = row.features[feature.name] ?? null;
      const isReplaced = seedFrom(`${seed}#${row.id}`) / 2 ** 32 < replacedShare;
      return value !== null && isReplaced ? rare : value;
    },
    position: (features) =>
      1 - (2 * (rank.get(String(features[feature.name])) ?? 0)) / Math.max(1, ordered.length - 1),
  };
}

interface RelationChange {
  readonly description: string;
  readonly label: (row: LabelledRow) => number | string;
}

/** The target rises everywhere, and more where the drifted feature is high: a relation no old row shows. */
function raiseTarget(
  feature: Feature,
  position: InputChange['position'],
  train: readonly LabelledRow[],
  size: number,
): RelationChange {
  const { deviation } = momentsOf(train.map((row) => Number(row.label)));
  const step = size * deviation;
  return {
    description: `the target rises by 0 to ${Number(step.toPrecision(4))}, the more the higher ${feature.name}`,
    label: (row) => Number(row.label) + step * (0.5 + 0.5 * position(row.features)),
  };
}

/** Half of the classes (two at least) change names in a circle: the boundary means something else, it is not noise. */
function permuteClasses(classes: readonly string[], seed: number): RelationChange {
  const order = shuffledIndices(classes.length, seededRandom(seedFrom(`classes#${seed}`)));
  const moved = Array.from(order.slice(0, Math.max(2, Math.ceil(classes.length / 2))), (at) => classes[at]!);
  const next = new Map(moved.map((label, at) => [label, moved[(at + 1) % moved.length]!]));
  return {
    description: `what was class ${moved.map((label) => `"${label}" is now "${next.get(label)}"`).join(', ')}`,
    label: (row) => next.get(String(row.label)) ?? row.label,
  };
}

function shuffledLabels(train: readonly LabelledRow[], seed: number): Injection {
  return {
    kind: 'noise',
    feature: null,
    description:
      'labels no longer have anything to do with the inputs: each is drawn from the training labels',
    apply: (row) => ({ ...row, label: train[seedFrom(`${seed}#${row.id}#label`) % train.length]!.label }),
  };
}

function numberIn(value: FeatureValue | undefined): number[] {
  return typeof value === 'number' ? [value] : [];
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

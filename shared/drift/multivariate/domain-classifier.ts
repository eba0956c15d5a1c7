/** Domain classifier: can a model tell current rows from reference rows? Sees any drift, at the price of needing rows. */

import { shuffledIndices } from '#shared/random.ts';
import { appendRows, type Column, type Columns, takeRows } from '#shared/schema/columns.ts';
import { fitGbdt, type GbdtModel, importance, predictGbdt } from '#shared/training/gbdt.ts';
import { type NotComputable, notComputable, total } from '../measure.ts';
import { normalSurvival } from '../special-functions.ts';
import { rocAuc } from '../tests/auc.ts';
import { MIN_MULTIVARIATE_ROWS } from './co-moment-matrix.ts';

/** Of those tried at 2 × 2000 rows and 30 columns the one that sees a lost correlation best for its time. */
const CLASSIFIER = { rounds: 80, learningRate: 0.2, maxLeaves: 8, minRowsPerLeaf: 20, l2: 1, maxBins: 32 };
const NAMED_COLUMNS = 5;
const DEFAULT_MAX_ROWS = 4000;

export interface DomainClassifierDrift {
  readonly computable: true;
  /** Of held-out rows, mean of the two directions: 0.5 cannot tell, 1 always can. */
  readonly auc: number;
  /** One-sided: an area below 0.5 is noise. */
  readonly pValue: number;
  /** The columns by which the classifiers tell them apart: up to five shares of their loss reduction, largest first. */
  readonly importance: readonly { readonly name: string; readonly share: number }[];
}

/**
 * Halves both samples, trains boosted trees on the first halves to tell current from reference, and tests the area
 * under the ROC curve of the second halves (Mann–Whitney); then the other way round. No row is both learnt from and
 * judged, so each p-value holds whatever the classifier. The two are not independent (both find the same chance
 * difference): the smaller one counts twice, where an area over all folds, as NannyML's, would alarm too often.
 * Source: Lopez-Paz & Oquab 2017 (classifier two-sample tests).
 *
 * @param reference numeric and categorical columns; missing values are values of their own
 * @param current the same columns in the same order
 * @param options.rng draws rows and halves
 * @param options.maxRows rows drawn of each side, at least 50. @default 4000
 * @param options.designEffect variance inflation of clustered rows, ≥ 1
 * @throws TypeError when the columns differ
 * @example domainClassifier(reference, current, { rng: seededRandom(1) }) // { computable: true, auc: 0.61, pValue: 1e-9, … }
 */
export function domainClassifier(
  reference: Columns,
  current: Columns,
  options: { readonly rng: () => number; readonly maxRows?: number; readonly designEffect?: number },
): DomainClassifierDrift | NotComputable {
  if (Math.min(reference.rows, current.rows) < MIN_MULTIVARIATE_ROWS)
    return notComputable(
      `${reference.rows} reference and ${current.rows} current rows; ${MIN_MULTIVARIATE_ROWS} needed on either side`,
    );
  const maxRows = Math.max(MIN_MULTIVARIATE_ROWS, options.maxRows ?? DEFAULT_MAX_ROWS);
  const before = halves(reference, maxRows, options.rng);
  const now = halves(current, maxRows, options.rng);
  const first = mix(before[0], now[0]);
  const second = mix(before[1], now[1]);
  const varying = first.data.columns
    .filter((column, at) => varies(column) && varies(second.data.columns[at]!))
    .map(({ name }) => name);
  if (varying.length < 2) return notComputable(`${varying.length} columns vary; 2 needed`);
  const models = [classifierOf(first, varying), classifierOf(second, varying)] as const;
  const judgements = [judge(second, models[0]), judge(first, models[1])] as const;
  const z = Math.max(judgements[0].z, judgements[1].z) / Math.sqrt(Math.max(1, options.designEffect ?? 1));
  return {
    computable: true,
    auc: (judgements[0].auc + judgements[1].auc) / 2,
    pValue: Math.min(1, 2 * normalSurvival(z)),
    importance: meanImportance(models).slice(0, NAMED_COLUMNS),
  };
}

/** Reference rows, then current ones. */
interface Mixture {
  readonly data: Columns;
  readonly isCurrent: Uint8Array;
}

/** Up to `maxRows` rows by lot, in two. */
function halves(data: Columns, maxRows: number, rng: () => number): [Columns, Columns] {
  const order = shuffledIndices(data.rows, rng).subarray(0, maxRows);
  const middle = order.length >> 1;
  return [takeRows(data, order.subarray(0, middle)), takeRows(data, order.subarray(middle))];
}

function mix(before: Columns, now: Columns): Mixture {
  const data = appendRows(before, now);
  return { data, isCurrent: new Uint8Array(data.rows).fill(1, before.rows) };
}

/** Whether two rows differ, missing being a value. */
function varies({ values }: Column): boolean {
  for (let row = 1; row < values.length; row++) if (!Object.is(values[row], values[0])) return true;
  return false;
}

function classifierOf({ data, isCurrent }: Mixture, columns: readonly string[]): GbdtModel {
  return fitGbdt(
    { rows: data.rows, columns: data.columns.filter(({ name }) => columns.includes(name)) },
    {
      task: 'classification',
      classes: ['reference', 'current'],
      labels: Int32Array.from(isCurrent),
    },
    CLASSIFIER,
  );
}

/** The area under the curve of `data`, and its distance from ½ in standard errors of the Mann–Whitney law with ties. */
function judge({ data, isCurrent }: Mixture, model: GbdtModel): { auc: number; z: number } {
  const chances = predictGbdt(model, data).filter((_, at) => at % 2 === 1);
  const auc = rocAuc(chances, isCurrent) ?? 0.5;
  const rows = isCurrent.length;
  const current = total(isCurrent);
  const variance = (rows + 1 - tieTerm(chances) / (rows * (rows - 1))) / (12 * current * (rows - current));
  return { auc, z: variance > 0 ? (auc - 0.5) / Math.sqrt(variance) : 0 };
}

/** Σ (t³ − t) over groups of t equal scores. */
function tieTerm(scores: Float32Array): number {
  const sorted = scores.slice().sort();
  let sum = 0;
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    sum += (to - from) ** 3 - (to - from);
  }
  return sum;
}

function meanImportance(models: readonly [GbdtModel, GbdtModel]): { name: string; share: number }[] {
  const other = new Map(importance(models[1]).map(({ name, share }) => [name, share]));
  return importance(models[0])
    .map(({ name, share }) => ({ name, share: (share + (other.get(name) ?? 0)) / 2 }))
    .sort((one, next) => next.share - one.share);
}

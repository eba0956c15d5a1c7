/** Simulated drift-free traffic of one model: 30 mixed, correlated features, with daily and weekly cycles and users. */

import { normalSurvival } from '#shared/drift/special-functions.ts';
import type { Channel } from '#shared/profile/anchors.ts';
import { normalDraws, type Uniform } from './draws.ts';
import { categoryName, type SimulatedColumn } from './engine.ts';

export interface TrafficShape {
  readonly rowsPerDay: number;
  /** Rows of one user, all within one hour. */
  readonly rowsPerUser: number;
  /** Intra-class correlation of a user's rows. */
  readonly clustering: number;
  /** Standard deviations by which every second feature and the loss follow the hour and the weekday. */
  readonly dailyCycle: number;
  readonly weeklyCycle: number;
}

/** Share of a feature's variance that comes from a factor common to all features. */
const COMMON = 0.3;
const MISSING_SHARE = 0.02;
const FEATURES = 30;
const PREDICTION_NOISE = 0.5;

/** Features to slice by: 3 and 5 values. */
export const SLICE_COLUMNS: readonly string[] = ['f25', 'f26'];

/** From a latent standard normal to the value of feature `at`; categories as whole numbers. */
function featureValue(at: number, z: number): number {
  if (at < 10) return z;
  if (at < 16) return Math.exp(z);
  if (at < 19) return Math.round(10 * z) / 10;
  if (at < 23) return Math.min(9, Math.max(0, Math.round(1.5 * z + 4)));
  const share = normalSurvival(z);
  const categories = CATEGORIES[at - 23];
  return categories === undefined
    ? Math.floor(1 / (share + 1e-3))
    : Math.min(categories - 1, Math.floor(share * categories));
}

/** Of features 23 to 28; the last feature follows Zipf's law. */
const CATEGORIES = [2, 2, 3, 5, 20, 100];
const WITH_MISSING = new Set([3, 12, 27]);

/** One day's columns: features, prediction, label and loss. */
export function trafficDays(shape: TrafficShape, random: Uniform): (day: number) => SimulatedColumn[] {
  const normal = normalDraws(random);
  const names = Array.from({ length: 1001 }, (_, at) => categoryName(at));
  const [ofUser, ofRow] = [Math.sqrt(shape.clustering), Math.sqrt(1 - shape.clustering)];
  const [common, own] = [Math.sqrt(COMMON), Math.sqrt(1 - COMMON)];
  return (day) => {
    const { rowsPerDay: rows } = shape;
    const values = Array.from({ length: FEATURES }, () => new Float64Array(rows));
    const [prediction, label, loss] = [0, 0, 0].map(() => new Float64Array(rows)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const user = new Float64Array(FEATURES + 1);
    let cycle = 0;
    const weekly = shape.weeklyCycle * Math.sin((2 * Math.PI * day) / 7);
    for (let row = 0; row < rows; row++) {
      if (row % shape.rowsPerUser === 0) {
        const shared = common * normal();
        for (let at = 0; at <= FEATURES; at++) user[at] = shared + own * normal();
        cycle = shape.dailyCycle * Math.sin(2 * Math.PI * random()) + weekly;
      }
      const shared = common * normal();
      let signal = 0;
      for (let at = 0; at < FEATURES; at++) {
        const z = ofUser * user[at]! + ofRow * (shared + own * normal()) + (at % 2 === 0 ? cycle : 0);
        if (at < 5) signal += z;
        values[at]![row] =
          WITH_MISSING.has(at) && random() < MISSING_SHARE ? Number.NaN : featureValue(at, z);
      }
      const error = ofUser * user[FEATURES]! + ofRow * (shared + own * normal());
      prediction[row] = signal + PREDICTION_NOISE * normal();
      label[row] = prediction[row]! + error;
      // The loss follows the cycle mildly: models err more at some hours.
      loss[row] = Math.abs(error) * (1 + 0.1 * cycle);
    }
    return [
      ...values.map((column, at): SimulatedColumn => {
        const identity = { name: `f${at}`, channel: 'feature' as const };
        if (at < 23) return { kind: 'numeric', ...identity, values: column };
        const texts = Array.from(column, (value) => (Number.isNaN(value) ? null : names[value]!));
        return { kind: 'categorical', ...identity, values: texts };
      }),
      numeric('prediction', prediction),
      numeric('label', label),
      numeric('loss', loss),
    ];
  };
}

function numeric(channel: Channel, values: Float64Array): SimulatedColumn {
  return { kind: 'numeric', name: channel, channel, values };
}

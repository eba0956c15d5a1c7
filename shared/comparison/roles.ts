/** Roles: which columns of a table are the target and the prediction, and the loss that both give. */

import type { Channel } from '../profile/anchors.ts';
import type { Column } from '../schema/columns.ts';

export interface Roles {
  readonly target?: string;
  readonly prediction?: string;
}

const lossName = '$loss';

/** What a column says about the model. */
export function channelOf(name: string, roles: Roles): Channel {
  if (name === roles.target) return 'label';
  if (name === roles.prediction) return 'prediction';
  return name === lossName ? 'loss' : 'feature';
}

/** Absolute errors of numbers, 0 or 1 of classes, where both columns came and are of one kind; NaN where either is missing. */
export function lossColumn(columns: readonly Column[], { target, prediction }: Roles): Column | undefined {
  const actual = columns.find((column) => column.name === target);
  const predicted = columns.find((column) => column.name === prediction);
  if (!actual || !predicted || actual.kind !== predicted.kind) return undefined;
  const values = new Float64Array(actual.values.length);
  if (actual.kind === 'numeric' && predicted.kind === 'numeric')
    for (let row = 0; row < values.length; row++)
      values[row] = Math.abs(actual.values[row]! - predicted.values[row]!);
  else
    for (let row = 0; row < values.length; row++) {
      const [was, said] = [actual.values[row], predicted.values[row]];
      values[row] = was === null || said === null ? Number.NaN : Number(was !== said);
    }
  return { kind: 'numeric', name: lossName, values };
}

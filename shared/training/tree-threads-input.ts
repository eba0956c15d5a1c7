/** What the training threads read and write, in memory that all of them see. */

import { type HistogramInput, SPARE } from './tree-histogram.ts';

/** Input that all threads see, every array in shared memory. Its identity says what the threads were last given. */
export interface SharedInput extends HistogramInput {
  /** What is filled; behind its bins it has `SPARE` numbers for each thread. */
  readonly histogram: Float64Array;
  /** Where these start. */
  readonly spare: number;
}

/**
 * Puts what a tree is grown from where all threads see it: gradients and hessians are copied, bins and row indices only
 * where they are not in shared memory yet.
 *
 * @param length - of a histogram without its spare part
 * @param earlier - what this grower shared for the tree before; used again if it fits
 */
export function shareInput(
  input: HistogramInput,
  length: number,
  threads: number,
  earlier: SharedInput | undefined,
): SharedInput {
  const { bins, offsets, order, gradients, hessians } = input;
  const isUsable =
    earlier !== undefined &&
    earlier.order === order &&
    (earlier.hessians === undefined) === (hessians === undefined);
  const shared = isUsable
    ? earlier
    : {
        bins: bins.map((column) => (isShared(column) ? column : sharedCopy(column))),
        offsets,
        order,
        gradients: sharedFloats(gradients.length),
        hessians: hessians && sharedFloats(hessians.length),
        histogram: new Float64Array(new SharedArrayBuffer((length + threads * SPARE) * 8)),
        spare: length,
      };
  shared.gradients.set(gradients);
  if (hessians !== undefined) shared.hessians!.set(hessians);
  return shared;
}

function isShared(array: Uint8Array): boolean {
  return array.buffer instanceof SharedArrayBuffer;
}

function sharedCopy(bins: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bins.length));
  copy.set(bins);
  return copy;
}

function sharedFloats(count: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(count * Float32Array.BYTES_PER_ELEMENT));
}

/** Which rows are held out: equal rows on one side, or the newest where rows have a time. */
import { seedFrom } from '../random.ts';
import type { Columns } from '../schema/columns.ts';
import type { TrainingTarget } from '../training/training-target.ts';

export interface RowSplit {
  readonly training: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * By a hash of features and target: a row that is in the file twice is on one side only, so that no model is tested on
 * what it has seen. Each class is cut by itself.
 *
 * @param share - of the rows to hold out, about; 0 to 1
 * @param seed - another one gives another split
 */
export function splitByHash(data: Columns, target: TrainingTarget, share: number, seed: number): RowSplit {
  const hashes = rowHashes(data, target, `split#${seed}`);
  const limits = limitsOf(hashes, target, share);
  return divide(data.rows, (row) => hashes[row]! < limits[classOf(target, row)]!);
}

/** 32 bits per row, of features and target: equal rows have equal ones. Another salt gives others. */
export function rowHashes(data: Columns, target: TrainingTarget, salt: string): Uint32Array {
  const hashes = new Uint32Array(data.rows).fill(seedFrom(salt));
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  for (const column of data.columns) {
    if (column.kind === 'numeric')
      for (let row = 0; row < data.rows; row++) {
        float[0] = column.values[row]!;
        hashes[row] = mix(hashes[row]!, bits[0]!);
      }
    else {
      const codes = new Map<string | null, number>();
      for (let row = 0; row < data.rows; row++) {
        const text = column.values[row]!;
        let code = codes.get(text);
        if (code === undefined) {
          code = seedFrom(`${text === null}${text}`);
          codes.set(text, code);
        }
        hashes[row] = mix(hashes[row]!, code);
      }
    }
  }
  for (let row = 0; row < data.rows; row++) {
    if (target.task === 'regression') {
      float[0] = target.values[row]!;
      hashes[row] = mix(hashes[row]!, bits[0]!);
    } else hashes[row] = mix(hashes[row]!, target.labels[row]!);
  }
  for (let row = 0; row < data.rows; row++) hashes[row] = mix(hashes[row]!, 0);
  return hashes;
}

function classOf(target: TrainingTarget, row: number): number {
  return target.task === 'classification' ? target.labels[row]! : 0;
}

/** By class, the hash below which the share of its rows lies: a class of ten rows has two of a fifth, not none by chance. */
function limitsOf(hashes: Uint32Array, target: TrainingTarget, share: number): number[] {
  const classes = target.task === 'classification' ? target.classes.length : 1;
  const counts = new Int32Array(classes);
  for (let row = 0; row < hashes.length; row++) counts[classOf(target, row)]!++;
  const groups = Array.from(counts, (count) => new Uint32Array(count));
  const filled = new Int32Array(classes);
  for (let row = 0; row < hashes.length; row++) {
    const at = classOf(target, row);
    groups[at]![filled[at]!] = hashes[row]!;
    filled[at]!++;
  }
  return groups.map((group) => {
    const sorted = group.sort();
    return sorted[Math.max(1, Math.round(share * sorted.length))] ?? 2 ** 32;
  });
}

/**
 * The newest share of the rows, by their time; rows without one train.
 *
 * @param times - one per row; `NaN` is unknown
 */
export function splitByTime(times: Float64Array, share: number): RowSplit {
  const known = times.filter((time) => !Number.isNaN(time)).sort();
  const cut = known[Math.min(known.length - 1, Math.floor((1 - share) * known.length))] ?? Number.NaN;
  return divide(times.length, (row) => times[row]! >= cut);
}

function divide(rows: number, isHeldOut: (row: number) => boolean): RowSplit {
  const training: number[] = [];
  const heldOut: number[] = [];
  for (let row = 0; row < rows; row++) (isHeldOut(row) ? heldOut : training).push(row);
  return { training: Int32Array.from(training), heldOut: Int32Array.from(heldOut) };
}

/** One step of MurmurHash3 with its finaliser. */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  mixed = hash ^ mixed;
  mixed = Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

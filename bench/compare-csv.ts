/** Writes a large CSV file fast, for the comparison benchmark: rows are joined from texts rendered once. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { normalDraws, uniformStream } from './calibration/draws.ts';

interface CsvShape {
  readonly rows: number;
  readonly numeric: number;
  readonly categorical: number;
  /** Added to every tenth numeric column, in standard deviations. */
  readonly shift: number;
  readonly seed: number;
}

/** Distinct texts per kind of column: enough that no reader gains by seeing them again. */
const TEXTS = 2 ** 16;
const CATEGORIES = [2, 5, 20, 50, 100];
const BUFFER_BYTES = 2 ** 24;
/** No row is longer. */
const ROW_BYTES = 2 ** 11;

/** Normal columns of six decimals, then even categories. Returns the bytes written. */
export function writeDriftCsv(path: string, shape: CsvShape): number {
  const random = uniformStream(shape.seed);
  const draw = normalDraws(random);
  const values = Float64Array.from({ length: TEXTS }, draw);
  const plain = Array.from(values, (value) => Buffer.from(`${value.toFixed(6)},`));
  const moved = Array.from(values, (value) => Buffer.from(`${(value + shape.shift).toFixed(6)},`));
  const labels = CATEGORIES.map((count) =>
    Array.from({ length: count }, (_, at) => Buffer.from(`category_${at},`)),
  );
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const file = openSync(path, 'w');
  let [at, bytes] = [0, 0];
  try {
    at += buffer.write(`${header(shape).join(',')}\n`);
    for (let row = 0; row < shape.rows; row++) {
      for (let column = 0; column < shape.numeric; column++) {
        const texts = column % 10 === 0 ? moved : plain;
        at += texts[Math.floor(random() * TEXTS)]!.copy(buffer, at);
      }
      for (let column = 0; column < shape.categorical; column++) {
        const texts = labels[column % labels.length]!;
        at += texts[Math.floor(random() * texts.length)]!.copy(buffer, at);
      }
      buffer[at - 1] = 10;
      if (at < BUFFER_BYTES - ROW_BYTES) continue;
      bytes += writeSync(file, buffer, 0, at);
      at = 0;
    }
    return bytes + writeSync(file, buffer, 0, at);
  } finally {
    closeSync(file);
  }
}

function header({ numeric, categorical }: CsvShape): string[] {
  return [
    ...Array.from({ length: numeric }, (_, at) => `number_${at}`),
    ...Array.from({ length: categorical }, (_, at) => `category_${at}`),
  ];
}

/** What turns bytes into batches, one format each; the walk over the file is the same for all. */
import { InvalidDataError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

const newline = 10;
/** Longer than this no line is read. */
const maxRecordBytes = 16 << 20;

export interface RecordReader<Batch> {
  /** Of the batch being filled. */
  readonly rows: number;
  readonly isFull: boolean;
  readonly skippedRows: number;
  /** The first row left out, with its line and the reason. */
  readonly firstSkipped: string | undefined;
  /**
   * Reads complete records of `bytes[from … end)` until the batch is full. `bytes[end]` is a newline, which ends the last
   * record only when no more bytes come.
   *
   * @param more whether bytes follow; `no room` when they do but a longer record is not accepted
   * @returns where the first record not read starts
   */
  parse(bytes: Uint8Array, from: number, end: number, more: 'more' | 'none' | 'no room'): number;
  /** The batch read so far; the next one starts empty. */
  take(): Batch;
}

export interface WalkOptions {
  readonly chunkBytes: number;
  /** Bytes passed over before the first record: of a stream that cannot be opened in the middle. */
  readonly skipBytes?: number;
  /** Starts after the next newline: the place is anywhere in a record. */
  readonly fromNextLine?: boolean;
}

/** Batches of a reader over a source, with at most one record more than a chunk in memory. */
export async function* readRecords<Batch>(
  source: ByteSource,
  reader: RecordReader<Batch>,
  options: WalkOptions,
): AsyncGenerator<Batch> {
  const { chunkBytes } = options;
  let buffer = new Uint8Array(2 * chunkBytes + 1);
  let filled = 0;
  let isSeeking = options.fromNextLine === true;
  let toSkip = options.skipBytes ?? 0;
  for (;;) {
    if (buffer.length - 1 - filled < chunkBytes) buffer = enlarged(buffer, filled, chunkBytes);
    const count = await source.read(buffer, filled, chunkBytes);
    filled += count;
    buffer[filled] = newline;
    if (toSkip > 0 && count > 0) {
      const skipped = Math.min(toSkip, filled);
      toSkip -= skipped;
      buffer.copyWithin(0, skipped, filled + 1);
      filled -= skipped;
      if (toSkip > 0) continue;
    }
    let at = 0;
    if (isSeeking) {
      at = buffer.indexOf(newline) + 1;
      if (at > filled) {
        if (count === 0) return;
        filled = 0;
        continue;
      }
      isSeeking = false;
    }
    const more = count === 0 ? 'none' : filled - at > maxRecordBytes ? 'no room' : 'more';
    for (;;) {
      const next = reader.parse(buffer, at, filled, more);
      if (more === 'no room' && next === at && !reader.isFull)
        throw new InvalidDataError(`${source.file}: a line is longer than ${maxRecordBytes >> 20} MB`);
      at = next;
      if (!reader.isFull) break;
      yield reader.take();
    }
    if (count === 0) break;
    buffer.copyWithin(0, at, filled);
    filled -= at;
  }
  if (reader.rows > 0) yield reader.take();
}

function enlarged(buffer: Uint8Array, filled: number, chunkBytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(2 * buffer.length, filled + chunkBytes + 1));
  larger.set(buffer.subarray(0, filled));
  return larger;
}

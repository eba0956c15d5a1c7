/** The bytes of a file from a place on, unpacked when they are gzipped. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { InvalidDataError } from '../errors.ts';

export interface ByteSource {
  readonly file: string;
  /** Bytes of the file on disk that were read. */
  readonly bytesRead: number;
  /** Writes up to `length` bytes into `target` at `offset`. @returns how many; 0 at the end */
  read(target: Uint8Array, offset: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** @param from byte of the file; only of one that is not gzipped */
export async function openBytes(file: string, isGzipped: boolean, from = 0): Promise<ByteSource> {
  return isGzipped ? new GzipSource(file) : new PlainSource(file, await open(file), from);
}

class PlainSource implements ByteSource {
  readonly file: string;
  readonly #handle: FileHandle;
  #at: number;

  constructor(file: string, handle: FileHandle, from: number) {
    this.file = file;
    this.#handle = handle;
    this.#at = from;
  }

  get bytesRead(): number {
    return this.#at;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(target, offset, length, this.#at);
    this.#at += bytesRead;
    return bytesRead;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

class GzipSource implements ByteSource {
  readonly file: string;
  readonly #packed;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(file: string) {
    this.file = file;
    this.#packed = createReadStream(file);
    const unpacked = createGunzip({ chunkSize: 256 << 10 });
    this.#packed.on('error', (error) => unpacked.destroy(error));
    this.#chunks = this.#packed.pipe(unpacked)[Symbol.asyncIterator]();
  }

  get bytesRead(): number {
    return this.#packed.bytesRead;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    if (this.#chunk.length === 0) {
      const next = await this.#next();
      if (next.done) return 0;
      this.#chunk = next.value;
    }
    const part = this.#chunk.subarray(0, length);
    target.set(part, offset);
    this.#chunk = this.#chunk.subarray(part.length);
    return part.length;
  }

  async close(): Promise<void> {
    this.#packed.destroy();
    await this.#chunks.return?.();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#chunks.next();
    } catch (error) {
      const isCutShort = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
      const reason = isCutShort ? 'the file ends early, copy it again' : (error as Error).message;
      throw new InvalidDataError(`${this.file}: the gzip data cannot be unpacked: ${reason}`, {
        cause: error,
      });
    }
  }
}

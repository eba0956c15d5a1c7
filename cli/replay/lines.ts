/** A file that may be gzipped and of any size, as lines. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Far above what any record, or any batch that Lambda files, takes. */
const LONGEST = 64 * 1024 * 1024;

export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
}

/**
 * Lines as `\n` ends them, so that the separators which JSON leaves inside a text do not cut it. Throws
 * {@link UnreadableFileError} after the lines that could be read.
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunksOf(file)) {
    // only what is new is searched: a line of many chunks would be searched from its start with each
    const [first = '', ...lines] = chunk.split('\n');
    rest += first;
    if (lines.length > 0) {
      yield rest;
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest.length > LONGEST) throw new UnreadableFileError(`a line is longer than ${LONGEST} characters`);
  }
  if (rest !== '') yield rest;
}

/** The whole text; undefined for more than a batch ever takes. */
export async function readWhole(file: string): Promise<string | undefined> {
  let text = '';
  for await (const chunk of chunksOf(file)) {
    text += chunk;
    if (text.length > LONGEST) return undefined;
  }
  return text;
}

async function* chunksOf(file: string): AsyncGenerator<string> {
  const bytes = createReadStream(file);
  // a failure of either is told by the one that is read
  const source: Readable = (await isGzipped(file)) ? pipeline(bytes, createGunzip(), () => undefined) : bytes;
  source.setEncoding('utf8');
  try {
    for await (const chunk of source) yield chunk as string;
  } catch (cause) {
    throw new UnreadableFileError((cause as Error).message, { cause });
  }
}

/** By its first bytes: what is exported to a bucket often has no ending. */
async function isGzipped(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

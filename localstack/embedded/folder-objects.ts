/** Objects in a folder: the embedded counterpart of the S3 bucket, readable with a file manager. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  assertBinding,
  assertObjectKey,
  type ListOptions,
  type ObjectSummary,
  type Objects,
  type PresignedPut,
  type UploadBinding,
} from '#shared/ports/objects.ts';
import { folderOf, pathOf, readName, SCRATCH_FOLDER } from './folder-objects-names.ts';

const ABANDONED_AFTER_MS = 3_600_000;

/** Signs the URL of an upload: only the host, which has a server, can. */
export type SignUpload = (key: string, binding: UploadBinding) => PresignedPut;

/** What became of streamed bytes. */
type Received =
  | { readonly status: 'stored' }
  | { readonly status: 'exists' }
  | { readonly status: 'refused'; readonly reason: string };

export interface FolderStore extends Objects {
  /** Puts what is streamed if it is as announced and there is no object yet; otherwise nothing appears. */
  receive(
    key: string,
    source: AsyncIterable<Uint8Array>,
    announced: Pick<UploadBinding, 'bytes' | 'sha256'>,
  ): Promise<Received>;
}

/**
 * The {@link Objects} of the embedded host. A put writes a scratch file, syncs it, moves it to its name and syncs the folder: a
 * killed process leaves the old bytes or the new, and at most an invisible scratch file that the next start removes. Several
 * processes may use the folder at once.
 *
 * @example
 * const objects = createFolderObjects('.tidemark/objects');
 * await objects.put('reports/a', new Uint8Array([1]));
 */
export function createFolderObjects(
  folder: string,
  options: { readonly signUpload?: SignUpload } = {},
): FolderStore {
  const dir = resolve(folder);
  const scratch = join(dir, SCRATCH_FOLDER);
  mkdirSync(scratch, { recursive: true });
  removeAbandoned(scratch);
  return new FolderObjects(dir, scratch, options.signUpload ?? noServer);
}

function noServer(): never {
  throw new Error('uploads are signed by the host; this process has no server');
}

class FolderObjects implements FolderStore {
  private readonly dir: string;
  private readonly scratch: string;
  private readonly signUpload: SignUpload;
  private readonly folders = new Map<string, Promise<void>>();
  private scratchFiles = 0;
  private readonly instance = Math.random().toString(36).slice(2);

  constructor(dir: string, scratch: string, signUpload: SignUpload) {
    this.dir = dir;
    this.scratch = scratch;
    this.signUpload = signUpload;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const { path } = this.locate(key);
    return await unlessMissing(readFile(path));
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const { folder, path } = this.locate(key);
    const scratch = await this.writeScratch(bytes);
    await this.makeFolder(folder);
    await rename(scratch, path);
    await syncFolder(folder);
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const { folder, path } = this.locate(key);
    if ((await unlessMissing(stat(path))) !== undefined) return false;
    const scratch = await this.writeScratch(bytes);
    return await this.linkScratch(scratch, folder, path);
  }

  async presignPut(key: string, binding: UploadBinding): Promise<PresignedPut> {
    assertObjectKey(key);
    assertBinding(binding);
    return this.signUpload(key, binding);
  }

  async receive(
    key: string,
    source: AsyncIterable<Uint8Array>,
    announced: Pick<UploadBinding, 'bytes' | 'sha256'>,
  ): Promise<Received> {
    const { folder, path } = this.locate(key);
    if ((await unlessMissing(stat(path))) !== undefined) return { status: 'exists' };
    const scratch = this.scratchPath();
    try {
      const fault = await writeChecked(scratch, source, announced);
      if (fault !== undefined) return { status: 'refused', reason: fault };
      return { status: (await this.linkScratch(scratch, folder, path)) ? 'stored' : 'exists' };
    } finally {
      await rm(scratch, { force: true });
    }
  }

  async list(
    prefix: string,
    { startAfter = '', limit }: ListOptions = {},
  ): Promise<readonly ObjectSummary[]> {
    const wanted = limit ?? Number.POSITIVE_INFINITY;
    const found: ObjectSummary[] = [];
    if (wanted <= 0 || !startsSomeKey(prefix)) return found;
    const { folders, keyPrefix } = folderOf(prefix);
    for await (const { key, path } of walk(join(this.dir, ...folders), keyPrefix, { prefix, startAfter })) {
      const bytes = (await unlessMissing(stat(path)))?.size;
      if (bytes !== undefined) found.push({ key, bytes });
      if (found.length >= wanted) break;
    }
    return found;
  }

  private locate(key: string): { readonly folder: string; readonly path: string } {
    assertObjectKey(key);
    const { folders, file } = pathOf(key);
    const folder = join(this.dir, ...folders);
    return { folder, path: join(folder, file) };
  }

  /** Whether the scratch file became the object; false where there is one already. */
  private async linkScratch(scratch: string, folder: string, path: string): Promise<boolean> {
    try {
      await this.makeFolder(folder);
      await link(scratch, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(scratch, { force: true });
    }
    await syncFolder(folder);
    return true;
  }

  private scratchPath(): string {
    return join(this.scratch, `${process.pid}.${this.instance}.${this.scratchFiles++}`);
  }

  private async writeScratch(bytes: Uint8Array): Promise<string> {
    const path = this.scratchPath();
    const file = await open(path, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  }

  /** A folder is an entry of the one above and has to be synced like a file's; remembered, so that it costs once. */
  private async makeFolder(folder: string): Promise<void> {
    const made = this.folders.get(folder) ?? this.createFolder(folder);
    this.folders.set(folder, made);
    try {
      await made;
    } catch (error) {
      this.folders.delete(folder);
      throw error;
    }
  }

  private async createFolder(folder: string): Promise<void> {
    if (folder === this.dir) return;
    const parent = dirname(folder);
    await this.makeFolder(parent);
    await mkdir(folder, { recursive: true });
    await syncFolder(parent);
  }
}

/** Why the bytes are not those announced, in words. More than announced are not waited for. */
async function writeChecked(
  path: string,
  source: AsyncIterable<Uint8Array>,
  { bytes, sha256 }: Pick<UploadBinding, 'bytes' | 'sha256'>,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  let received = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of source) {
      received += chunk.length;
      if (received > bytes) return `more than the ${bytes} bytes announced were sent`;
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (received < bytes) return `${received} bytes were sent; ${bytes} were announced`;
    const actual = hash.digest('hex');
    if (actual !== sha256) return `the bytes sent have sha256 ${actual}; ${sha256} was announced`;
    await file.sync();
    return undefined;
  } finally {
    await file.close();
  }
}

interface Entry {
  readonly kind: 'file' | 'folder';
  /** A file's key; of a folder, what all its keys start with. */
  readonly key: string;
  readonly path: string;
}

interface Wanted {
  readonly prefix: string;
  readonly startAfter: string;
}

/** Files in the order of their keys, passing over folders that cannot hold a wanted one. */
async function* walk(folder: string, keyPrefix: string, wanted: Wanted): AsyncGenerator<Entry> {
  const entries = (await readLevel(folder, keyPrefix)).filter((entry) => mayHold(entry, wanted));
  entries.sort((left, right) => (left.key < right.key ? -1 : 1)); // keys are ASCII
  for (const entry of entries) {
    if (entry.kind === 'file') yield entry;
    else yield* walk(entry.path, entry.key, wanted);
  }
}

/** One level of keys; a segment too long for one name is followed to its end, so that the level can be sorted. */
async function readLevel(folder: string, keyPrefix: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const dirent of (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? []) {
    const name = readName(dirent.name, dirent.isDirectory());
    const path = join(folder, dirent.name);
    if (name?.kind === 'continued') entries.push(...(await readLevel(path, keyPrefix + name.text)));
    else if (name?.kind === 'folder')
      entries.push({ kind: 'folder', key: `${keyPrefix}${name.text}/`, path });
    else if (name) entries.push({ kind: 'file', key: keyPrefix + name.text, path });
  }
  return entries;
}

function mayHold({ kind, key }: Entry, { prefix, startAfter }: Wanted): boolean {
  if (kind === 'file') return key.startsWith(prefix) && key > startAfter;
  const isOnTheWay = key.startsWith(prefix) || prefix.startsWith(key);
  return isOnTheWay && (key > startAfter || startAfter.startsWith(key));
}

/** No key starts with anything else, above all not with a way out of the folder. */
function startsSomeKey(prefix: string): boolean {
  return prefix
    .split('/')
    .every((part, index, { length }) =>
      index === length - 1
        ? /^[A-Za-z0-9=._:-]*$/.test(part)
        : /^[A-Za-z0-9=._:-]+$/.test(part) && part !== '.' && part !== '..',
    );
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle: FileHandle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Scratch files of processes that are gone, or so old that no write can still be using them. */
function removeAbandoned(scratch: string): void {
  for (const name of readdirSync(scratch)) {
    const path = join(scratch, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > ABANDONED_AFTER_MS || !isAlive(Number(name.split('.')[0]))) rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

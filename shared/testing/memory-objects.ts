/** Test support: the Objects port in memory, to the letter of its contract. */
import { createHash } from 'node:crypto';
import {
  assertBinding,
  assertObjectKey,
  type ListOptions,
  type ObjectSummary,
  type Objects,
  type PresignedPut,
  type UploadBinding,
} from '../ports/objects.ts';

export class MemoryObjects implements Objects {
  /** What every write asks first: throw to play a store that has gone away. */
  beforeWrite: (key: string) => void = () => undefined;
  /** What every read asks first. */
  beforeRead: (key: string) => void = () => undefined;
  private readonly stored = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    assertObjectKey(key);
    this.beforeRead(key);
    const bytes = this.stored.get(key);
    return bytes && Uint8Array.from(bytes);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    assertObjectKey(key);
    this.beforeWrite(key);
    this.stored.set(key, Uint8Array.from(bytes));
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    assertObjectKey(key);
    if (this.stored.has(key)) return false;
    await this.put(key, bytes);
    return true;
  }

  async list(prefix: string, options: ListOptions = {}): Promise<readonly ObjectSummary[]> {
    const { startAfter, limit } = options;
    return this.keys()
      .filter((key) => key.startsWith(prefix) && (startAfter === undefined || key > startAfter))
      .slice(0, limit)
      .map((key) => ({ key, bytes: this.stored.get(key)!.length }));
  }

  /** As a lifecycle rule or a person would; the port cannot. */
  lose(key: string): void {
    this.stored.delete(key);
  }

  async presignPut(key: string, binding: UploadBinding): Promise<PresignedPut> {
    assertObjectKey(key);
    assertBinding(binding);
    return {
      method: 'PUT',
      url: `memory://objects/${key}?bytes=${binding.bytes}&sha256=${binding.sha256}`,
      headers: {},
    };
  }

  /** What the holder of a presigned URL does; answers the status. */
  async send({ url }: PresignedPut, bytes: Uint8Array): Promise<number> {
    const { pathname, searchParams } = new URL(url);
    const isBound =
      bytes.length === Number(searchParams.get('bytes')) &&
      createHash('sha256').update(bytes).digest('hex') === searchParams.get('sha256');
    if (!isBound) return 400;
    return (await this.putIfAbsent(pathname.slice(1), bytes)) ? 200 : 412;
  }

  /** All keys, in byte order: they are ASCII. */
  keys(prefix = ''): string[] {
    return [...this.stored.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}

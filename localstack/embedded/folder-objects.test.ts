import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeObjects } from '#shared/ports/objects.contract.ts';
import { createFolderObjects, type SignUpload } from './folder-objects.ts';

describeObjects('the folder', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tidemark-objects-'));
  const signUpload: SignUpload = (key, { bytes, sha256 }) => ({
    method: 'PUT',
    url: `http://a.host/${key}?bytes=${bytes}&sha256=${sha256}`,
    headers: {},
  });
  return { objects: createFolderObjects(dir, { signUpload }), close: () => rm(dir, { recursive: true }) };
});

describe('a folder of objects', () => {
  test('without a server signs nothing', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tidemark-objects-'));
    const bound = { bytes: 1, sha256: 'a'.repeat(64), expiresSeconds: 60 };
    await expect(createFolderObjects(dir).presignPut('a', bound)).rejects.toThrow(
      'this process has no server',
    );
    await rm(dir, { recursive: true });
  });

  test('is found again by the next process, without what a killed one left half-written', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tidemark-objects-'));
    await createFolderObjects(dir).put('a/b', Buffer.from('kept'));
    const noSuchProcess = 2 ** 22 + 1;
    await writeFile(join(dir, '!tmp', `${noSuchProcess}.x.0`), 'half');
    await writeFile(join(dir, '!tmp', `${process.pid}.x.0`), 'being written');
    const reopened = createFolderObjects(dir);
    expect(await reopened.list('')).toEqual([{ key: 'a/b', bytes: 4 }]);
    expect(await readdir(join(dir, '!tmp'))).toEqual([`${process.pid}.x.0`]);
    await rm(dir, { recursive: true });
  });

  test('leaves no scratch file behind, whether a put-if-absent won or lost', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tidemark-objects-'));
    const objects = createFolderObjects(dir);
    await Promise.all(Array.from({ length: 10 }, () => objects.putIfAbsent('k', Buffer.of(1))));
    await objects.put('k', Buffer.of(2));
    expect(await readdir(join(dir, '!tmp'))).toEqual([]);
    await rm(dir, { recursive: true });
  });

  test('passes over files that are not its own', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tidemark-objects-'));
    const objects = createFolderObjects(dir);
    await objects.put('a', Buffer.of(1));
    await writeFile(join(dir, '.DS_Store'), '');
    expect(await objects.list('')).toEqual([{ key: 'a', bytes: 1 }]);
    await rm(dir, { recursive: true });
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { storedSchema } from '#shared/api/surface.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { startHost } from './host.ts';
import { openStore } from './store.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tidemark-newer-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const start = () => startHost({ dataDir, port: 0, env: { LOG_LEVEL: 'error' }, minuteMs: 60_000 });

async function writtenBy(version: number): Promise<void> {
  const store = openStore({ dir: dataDir });
  const state = store.table('state');
  const item = await state.get(stateKeys.storedSchema);
  if (item) await state.putIfRevision(stateKeys.storedSchema, { version }, item.revision);
  else await state.putIfAbsent(stateKeys.storedSchema, { version });
  await store.close();
}

it('a data directory of a newer Tidemark is refused before anything reads or writes it, and is free again', async () => {
  await writtenBy(storedSchema + 1);
  await expect(start()).rejects.toThrow(`of schema ${storedSchema + 1}, written by a newer Tidemark`);
  await writtenBy(storedSchema);
  await (await start()).close();
});

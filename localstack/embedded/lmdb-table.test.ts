import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACT_START_MS, describeTable } from '#shared/ports/table.contract.ts';
import { openStore } from './store.ts';

for (const feed of [false, true])
  describeTable(`the LMDB table ${feed ? 'with' : 'without'} a feed`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tidemark-table-'));
    let nowMs = CONTRACT_START_MS;
    const store = openStore({ dir, now: () => nowMs });
    return {
      table: store.table('items', { feed }),
      advance(ms) {
        nowMs += ms;
      },
      async close() {
        await store.close();
        await rm(dir, { recursive: true });
      },
    };
  });

/** The process that the kill test kills: puts numbered items, prints each acknowledged one, and captures the feed meanwhile. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseStreamRecord } from '#shared/aws/stream-record.ts';
import { createFolderObjects } from './folder-objects.ts';
import { openStore } from './store.ts';

const [, , dir = '', round = '', wanted = '0', captures = 'no'] = process.argv;
const PUTS_IN_FLIGHT = 64;
const store = openStore({ dir });
const table = store.table('items', { feed: true });
const blobs = createFolderObjects(join(dir, 'blobs'));
let next = 0;

async function putItems(): Promise<void> {
  while (next < Number(wanted)) {
    const sk = `${round}-${next++}`;
    const { stored } = await table.putIfAbsent({ pk: 'p', sk }, { sk, padding: 'x'.repeat(200) });
    if (stored) writeSync(1, `${sk}\n`);
  }
}

if (captures === 'yes')
  store.feed('items').deliver(
    async (event) => {
      const sortKeys = event.Records.map((record) => parseStreamRecord(record).key.sk);
      await blobs.put(event.Records[0]!.eventID!, Buffer.from(JSON.stringify(sortKeys)));
    },
    { batchSize: 100 },
  );
await Promise.all(Array.from({ length: PUTS_IN_FLIGHT }, putItems));
process.exit(0);

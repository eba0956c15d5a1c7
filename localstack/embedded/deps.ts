/** The embedded adapters as handler dependencies, but for what only the host has: events, pipelines and the feed's clock. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Deps } from '#shared/deps.ts';
import { createLogger } from '#shared/logger.ts';
import { parseSettings } from '#shared/settings.ts';
import { createFolderObjects } from './folder-objects.ts';
import { createSpool } from './spool.ts';
import type { Store } from './store.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly store: Store;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type EmbeddedDeps = Omit<Deps, 'events' | 'pipelines' | 'streamClosedBefore'>;

export const spoolFile = (dataDir: string): string => join(dataDir, 'spool.ndjson');

export function embeddedDeps({ dataDir, store, env }: EmbeddedOptions): EmbeddedDeps {
  const settings = parseSettings(env);
  const log = createLogger(settings.LOG_LEVEL, (line) => process.stderr.write(`${line}\n`), Date.now);
  return {
    predictions: store.table('predictions', { feed: true }),
    state: store.table('state'),
    objects: createFolderObjects(join(dataDir, 'objects')),
    settings,
    now: Date.now,
    newId: randomUUID,
    spool: createSpool(spoolFile(dataDir), log),
    log,
  };
}

/** The embedded adapters as handler dependencies, but for what only the host has: events, pipelines and the feed's clock. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Deps } from '#shared/deps.ts';
import { createLogger } from '#shared/logger.ts';
import { rememberedKey } from '#shared/privacy/pii-key.ts';
import { parseSettings } from '#shared/settings.ts';
import { createFolderObjects, type SignUpload } from './folder-objects.ts';
import { readPiiKey } from './pii-key-file.ts';
import { createSpool } from './spool.ts';
import type { Store } from './store.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly store: Store;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The host's; no other process can take uploads. */
  readonly signUpload?: SignUpload;
}

export type EmbeddedDeps = Omit<Deps, 'events' | 'pipelines' | 'streamClosedBefore'>;

export const objectsFolder = (dataDir: string): string => join(dataDir, 'objects');
export const spoolFile = (dataDir: string): string => join(dataDir, 'spool.ndjson');

/** Of secrets that other programs look for under these names too, or that stand beside a setting of the same family. */
const commonNames: ReadonlySet<string> = new Set([
  'SLACK_WEBHOOK_URL',
  'PAGERDUTY_ROUTING_KEY',
  'REMOTE_WRITE_BEARER_TOKEN',
  'REMOTE_WRITE_BASIC_AUTH',
]);

export function embeddedDeps({ dataDir, store, env, signUpload }: EmbeddedOptions): EmbeddedDeps {
  const settings = parseSettings({ TRAIN_CONTAINER: 'available', PII_KEY: 'available', ...env });
  const log = createLogger(settings.LOG_LEVEL, (line) => process.stderr.write(`${line}\n`), Date.now);
  return {
    predictions: store.table('predictions', { feed: true }),
    state: store.table('state'),
    objects: createFolderObjects(objectsFolder(dataDir), signUpload ? { signUpload } : {}),
    secret: async (name) => {
      const variable = name.toUpperCase().replaceAll('-', '_');
      return env[`TIDEMARK_SECRET_${variable}`] ?? (commonNames.has(variable) ? env[variable] : undefined);
    },
    piiKey: rememberedKey(async () => readPiiKey(dataDir)),
    settings,
    now: Date.now,
    newId: randomUUID,
    spool: createSpool(spoolFile(dataDir), log),
    log,
    measure: (name, value) => log('debug', 'measured', { name, value }),
  };
}

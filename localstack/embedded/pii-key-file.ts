/** The key of a data directory, with which what is about a person is tokenised: a file that only its owner may read. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { piiKeyName } from '#shared/api/names.ts';

const keyBytes = 32;

const piiKeyFile = (dataDir: string): string => join(dataDir, piiKeyName);

/** Made the first time it is asked for; of several processes that make it at once all get the same. */
export function readPiiKey(dataDir: string): string {
  const file = piiKeyFile(dataDir);
  return readKey(file) ?? makeKey(dataDir, file);
}

function readKey(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A link is made whole or not at all: nobody reads half a key. */
function makeKey(dataDir: string, file: string): string {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(keyBytes).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8').trim();
}

/** Finds a Python interpreter that has a peer installed; the peers' pins conflict, so each may have its own. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type Peer = 'evidently' | 'nannyml';

const execute = promisify(execFile);

/** Both report their use over the network unless told not to. */
const silent = {
  ...process.env,
  DO_NOT_TRACK: '1',
  ITERATIVE_DO_NOT_TRACK: '1',
  NML_DISABLE_USAGE_LOGGING: '1',
};

/** Environment variables, most particular first; then `python3`. */
const VARIABLES: Readonly<Record<Peer, readonly string[]>> = {
  evidently: ['TIDEMARK_EVIDENTLY_PYTHON', 'TIDEMARK_PEERS_PYTHON'],
  nannyml: ['TIDEMARK_NANNYML_PYTHON', 'TIDEMARK_PEERS_PYTHON'],
};

/** The first interpreter that can import the peer; undefined when none can. */
export async function peerPython(peer: Peer): Promise<string | undefined> {
  const candidates = [...VARIABLES[peer].map((variable) => process.env[variable]), 'python3'];
  for (const python of candidates) {
    if (!python) continue;
    try {
      await execute(python, ['-W', 'ignore', '-c', `import ${peer}`], { env: silent });
      return python;
    } catch {
      // Not here: the next one may have it.
    }
  }
  return undefined;
}

/** What a script beside this file prints as JSON; undefined when the peer is not installed. */
export async function askPeer(peer: Peer, script: string, args: readonly string[]): Promise<unknown> {
  const python = await peerPython(peer);
  if (python === undefined) return undefined;
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await execute(python, ['-W', 'ignore', path, ...args], {
    maxBuffer: 2 ** 26,
    env: silent,
  });
  return JSON.parse(stdout.slice(stdout.indexOf('{'))) as unknown;
}

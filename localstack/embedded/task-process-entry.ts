/** Inside the task process: calls the asked function on its own connection to the same data directory. */
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { embeddedDeps } from './deps.ts';
import { bindFunctions } from './functions.ts';
import { openStore } from './store.ts';
import type { TaskMessage, TaskReply } from './task-process.ts';

const dataDir = process.env.TIDEMARK_DATA_DIR;
if (!dataDir) throw new Error('TIDEMARK_DATA_DIR is not set');

/** The API list gives heavy functions neither events nor pipelines. */
function unavailable(): never {
  throw new Error('a task process neither publishes events nor starts pipelines');
}

const deps: Deps = {
  ...embeddedDeps({ dataDir, store: openStore({ dir: dataDir }), env: process.env }),
  events: { publish: unavailable },
  pipelines: { start: unavailable, describe: unavailable, list: unavailable, signal: unavailable },
  streamClosedBefore: unavailable,
};
const invoke = bindFunctions(deps);

process.on('message', (message: TaskMessage) => {
  const { id, name, payload } = message;
  invoke(name, payload).then(
    (result) => reply({ id, ok: true, result: (result ?? null) as Json }),
    (error: Error) => reply({ id, ok: false, name: error.name, message: error.message }),
  );
});
// the host is gone: nobody waits for an answer
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the host decides when its tasks end
process.on('SIGINT', () => undefined);

function reply(message: TaskReply): void {
  // a host that is just going takes no answer, and wants none
  process.send?.(message, () => undefined);
}

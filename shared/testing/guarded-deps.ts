/** Test support: the ports with no more rights than a function's declared access gives its role on AWS. */
import type { FunctionSpec, TableAccess } from '../api/surface.ts';
import type { Deps } from '../deps.ts';
import type { Objects } from '../ports/objects.ts';
import type { Table } from '../ports/table.ts';

type Access = FunctionSpec['access'];

/** Throws where AWS would answer "access denied". */
export function guardedDeps(deps: Deps, access: Access): Deps {
  return {
    ...deps,
    predictions: guardedTable(deps.predictions, 'predictions', access.predictions),
    state: guardedTable(deps.state, 'state', access.state),
    objects: guardedObjects(deps.objects, access),
    events: {
      async publish(event) {
        demand(access.events === true, `publish ${event.type}`);
        return deps.events.publish(event);
      },
    },
    pipelines: guardedPipelines(deps.pipelines, access.pipelines),
    async secret(name) {
      const { secrets } = access;
      demand(Array.isArray(secrets) ? secrets.includes(name) : secrets === true, `read the secret ${name}`);
      return deps.secret(name);
    },
    async piiKey() {
      demand(access.piiKey === true, 'read the pii key');
      return deps.piiKey();
    },
  };
}

function demand(isGranted: boolean, what: string): void {
  if (!isGranted) throw new Error(`access denied: ${what}`);
}

const denied = async (): Promise<never> => {
  throw new Error('access denied: pipelines');
};
const noPipelines: Deps['pipelines'] = { start: denied, describe: denied, list: denied, signal: denied };

function guardedPipelines(pipelines: Deps['pipelines'], granted: Access['pipelines']): Deps['pipelines'] {
  if (granted === true) return pipelines;
  return granted === 'read' ? { ...noPipelines, describe: (id) => pipelines.describe(id) } : noPipelines;
}

function guardedTable(table: Table, name: string, granted: TableAccess | undefined): Table {
  const read = () => demand(granted !== undefined, `read ${name}`);
  const write = () => demand(granted === 'write' || granted === 'delete', `write ${name}`);
  return {
    async get(key) {
      read();
      return table.get(key);
    },
    async query(pk, options) {
      read();
      return table.query(pk, options);
    },
    async putIfAbsent(key, value, options) {
      write();
      return table.putIfAbsent(key, value, options);
    },
    async putIfRevision(key, value, revision, options) {
      write();
      return table.putIfRevision(key, value, revision, options);
    },
    async delete(key, revision) {
      demand(granted === 'delete', `delete from ${name}`);
      return table.delete(key, revision);
    },
  };
}

function guardedObjects(objects: Objects, { reads = [], writes = [] }: Access): Objects {
  const isUnder = (prefixes: readonly string[], key: string) =>
    prefixes.some((prefix) => key.startsWith(prefix));
  const read = (key: string) => demand(isUnder(reads, key), `read ${key}`);
  const write = (key: string) => demand(isUnder(writes, key), `write ${key}`);
  return {
    async get(key) {
      read(key);
      return objects.get(key);
    },
    async put(key, bytes) {
      write(key);
      return objects.put(key, bytes);
    },
    async putIfAbsent(key, bytes) {
      write(key);
      // on a conflict S3 is asked whose object it is
      read(key);
      return objects.putIfAbsent(key, bytes);
    },
    async list(prefix, options) {
      read(prefix);
      return objects.list(prefix, options);
    },
    async presignPut(key, binding) {
      // a URL can do what the role that signed it may
      write(key);
      return objects.presignPut(key, binding);
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from 'lmdb';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ArchiveRow, readArchive } from '#shared/capture/archive.ts';
import type { Counters, GranuleIndex } from '#shared/capture/rollup.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { type HostChild, killHostChildren, startHostChild } from '../../cli/processes.testing.ts';
import { registerSmall, smallRecord, smallRows } from '../../cli/small-model.testing.ts';
import { embeddedDeps } from './deps.ts';
import { openStore } from './store.ts';

const model = 'prices';
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-kill-'));
});
afterEach(() => rm(dataDir, { recursive: true, maxRetries: 5 }));
afterAll(killHostChildren);

async function post<Answer>(url: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  const text = await response.text();
  expect(response.ok, text).toBe(true);
  expect(response.headers.get('tidemark-logged')).toBeNull();
  return JSON.parse(text) as Answer;
}

async function get<Answer>(url: string): Promise<Answer> {
  const response = await fetch(url);
  const text = await response.text();
  expect(response.ok, text).toBe(true);
  return JSON.parse(text) as Answer;
}

async function eventually(what: string, holds: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    expect(Date.now(), `${what} within ${timeoutMs / 1000} s`).toBeLessThan(end);
    await sleep(50);
  }
}

interface Numbered {
  readonly id: string;
  readonly features: Readonly<Record<string, unknown>>;
  readonly label: number | string;
}

/** One call, or a call for predictions and then one for their labels; safe to repeat as a whole. */
async function send(url: string, rows: readonly Numbered[]): Promise<void> {
  const base = `${url}/models/${model}`;
  const [first] = rows;
  if (rows.length === 1 && first) {
    await post(`${base}/predict`, { request_id: first.id, features: first.features });
    await post(`${base}/feedback`, { request_id: first.id, label: first.label });
    return;
  }
  const instances = rows.map(({ id, features }) => ({ request_id: id, features }));
  const { predictions } = await post<{ predictions: { request_id: string; error?: unknown }[] }>(
    `${base}/predict/batch`,
    { instances },
  );
  expect(predictions.map((one) => one.error ?? one.request_id)).toEqual(rows.map((row) => row.id));
  const labels = rows.map(({ id, label }) => ({ request_id: id, label }));
  expect(await post(`${base}/feedback`, labels)).toMatchObject({ accepted: rows.length });
}

/** Singles and batches, in turn. */
function requestsOf(rows: readonly Numbered[]): Numbered[][] {
  const requests: Numbered[][] = [];
  for (let at = 0; at < rows.length; ) {
    const size = requests.length % 3 === 2 ? 25 : 1;
    requests.push(rows.slice(at, at + size));
    at += size;
  }
  return requests;
}

/** Sends at full speed until the host dies; answers the requests of which nobody knows whether they arrived. */
async function sendUntilKilled(
  host: HostChild,
  requests: readonly (readonly Numbered[])[],
  killAfter: number,
): Promise<(readonly Numbered[])[]> {
  const unanswered: (readonly Numbered[])[] = [];
  let next = 0;
  let answered = 0;
  let isKilled = false;
  const worker = async () => {
    while (next < requests.length) {
      const request = requests[next++]!;
      if (isKilled) {
        unanswered.push(request);
        continue;
      }
      try {
        await send(host.url, request);
        answered += 1;
        if (answered === killAfter) {
          isKilled = true;
          await host.end('SIGKILL');
        }
      } catch (error) {
        // fetch says TypeError for a connection that broke; anything else is an answer that should not have been
        if (!(error instanceof TypeError)) throw error;
        unanswered.push(request);
      }
    }
  };
  await Promise.all(Array.from({ length: 12 }, worker));
  expect(isKilled).toBe(true);
  return unanswered;
}

interface Summary {
  readonly models: readonly { readonly model: string; readonly counters: Counters }[];
}

async function countersOf(url: string): Promise<Counters> {
  return (await get<Summary>(`${url}/metrics/summary`)).models.find((one) => one.model === model)!.counters;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Everything that is kept of the model's traffic, read from the data directory while nothing runs. */
async function readKept() {
  const store = openStore({ dir: dataDir });
  const deps = embeddedDeps({ dataDir, store, env: { GRANULE_MS: '500', LOG_LEVEL: 'error' } });
  const archive: ArchiveRow[] = [];
  for await (const { rows } of readArchive(deps, model, Date.now() - 3_600_000, Date.now() + 1000))
    archive.push(...rows);
  const granules: GranuleIndex[] = [];
  let cursor: string | undefined;
  do {
    const page = await deps.state.query(stateKeys.of(model), {
      prefix: 'granule#',
      ...(cursor === undefined ? {} : { cursor }),
    });
    granules.push(...page.items.map((item) => item.value as unknown as GranuleIndex));
    cursor = page.next;
  } while (cursor !== undefined);
  const lease = await deps.state.get(stateKeys.lease(model));
  await store.close();
  return { archive, granules, lease, table: await readTableKeys() };
}

/** Every key of the predictions table; the port has no scan. */
async function readTableKeys(): Promise<{ readonly id: string; readonly kind: string }[]> {
  const root = open({ path: join(dataDir, 'store.lmdb'), maxDbs: 64, readOnly: true });
  const rows = root.openDB<unknown, Uint8Array>({ name: 'rows:predictions', keyEncoding: 'binary' });
  const keys = [...rows.getKeys()].map((key) => {
    const [pk, kind] = Buffer.from(key).toString().split('\0\x01') as [string, string];
    return { id: pk.slice(`${model}#`.length), kind };
  });
  await root.close();
  return keys;
}

describe('a host killed with SIGKILL in mid-traffic, three times', () => {
  test('has every prediction and label exactly once in log, archive, granules and counters after the retries', async () => {
    await registerSmall(dataDir, smallRecord(model, { monitor: { window_ms: 2000 } }));
    const all: Numbered[] = [];
    let host = await startHostChild(dataDir);
    for (let round = 0; round < 3; round++) {
      const rows = smallRows(1500, 100 + round).map((row) => ({ ...row, id: `round${round}-${row.id}` }));
      all.push(...rows);
      const requests = requestsOf(rows);
      const killAfter = 20 + Math.floor(Math.random() * (requests.length - 40));
      const unanswered = await sendUntilKilled(host, requests, killAfter);
      expect(unanswered.length).toBeGreaterThan(0);
      host = await startHostChild(dataDir);
      // the same ids at once: what had arrived is answered as it was, what had not is new
      await Promise.all(unanswered.map((request) => send(host.url, request)));
    }
    const url = host.url;
    await eventually('all granules are closed', async () => {
      const { predictions, labels, unmatched_labels: unmatched, late } = await countersOf(url);
      return sumOf(predictions) + late >= all.length && sumOf(labels) + unmatched + late >= all.length;
    });
    await sleep(1500);
    const counters = await countersOf(url);
    expect(await host.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const sent = all.map((row) => row.id).sort();
    expect(new Set(sent).size).toBe(4500);
    const { archive, granules, table } = await readKept();
    for (const kind of ['prediction', 'label']) {
      expect(
        table
          .filter((key) => key.kind === kind)
          .map((key) => key.id)
          .sort(),
      ).toEqual(sent);
      expect(
        archive
          .filter((row) => row.kind === kind)
          .map((row) => row.id)
          .sort(),
      ).toEqual(sent);
    }
    const inGranules = (count: 'predictions' | 'labels') =>
      granules.flatMap((one) => Object.values(one.versions)).reduce((sum, part) => sum + part[count], 0);
    expect(inGranules('predictions')).toBe(sent.length);
    expect(sumOf(counters.predictions)).toBe(sent.length);
    expect(inGranules('labels')).toBe(sent.length);
    expect(sumOf(counters.labels)).toBe(sent.length);
    expect(counters).toMatchObject({ late: 0, unmatched_labels: 0 });
  });
});

interface RunView {
  readonly status: string;
  readonly outcome: string | null;
  readonly stages: readonly { readonly name: string; readonly status: string }[];
}

describe('a host killed with SIGKILL during a retrain run', () => {
  test.each(['Snapshot', 'Train'])(
    'goes on with it after a restart (killed in %s), repeats no finished state and gives the lease back',
    async (stage) => {
      await registerSmall(dataDir, smallRecord(model));
      let host = await startHostChild(dataDir);
      const rows = smallRows(1000, 200);
      for (let at = 0; at < rows.length; at += 100) await send(host.url, rows.slice(at, at + 100));
      const { url } = host;
      await eventually(
        'the labelled rows are archived',
        async () => sumOf((await countersOf(url)).labels) === rows.length,
      );
      const { run } = await post<{ run: string }>(`${url}/models/${model}/retrain`, { reason: 'a test' });
      const path = `/models/${model}/runs/${encodeURIComponent(run)}`;
      const isIn = (view: RunView, name: string) =>
        view.stages.some((one) => one.status === 'running' && one.name.includes(name));
      await eventually(`the run is in ${stage}`, async () => isIn(await get<RunView>(url + path), stage));
      await host.end('SIGKILL');

      host = await startHostChild(dataDir);
      const restarted = host.url;
      const isDecided = async () => (await get<RunView>(restarted + path)).outcome !== null;
      await eventually('the run is decided, or waits for a person', isDecided, 120_000);
      const asked = (await get<{ approvals: { id: string }[] }>(`${restarted}/approvals`)).approvals;
      for (const { id } of asked)
        await post(`${restarted}/approvals/${id}`, { decision: 'reject', reason: 'a test' });
      const ended = async () => (await get<RunView>(restarted + path)).status !== 'RUNNING';
      await eventually('the run ends', ended, 120_000);
      const view = await get<RunView>(restarted + path);
      expect(view.status).toBe('SUCCEEDED');
      expect(view.outcome).toBe('rejected');
      const visits = view.stages.map((one) => one.name);
      for (const name of ['Begin', 'Snapshot', 'Validate', 'Gate'])
        expect(visits.filter((visit) => visit === name)).toEqual([name]);
      expect(view.stages.filter((one) => one.status === 'running')).toEqual([]);
      const { runs } = await get<{ runs: { id: string; status: string }[] }>(
        `${restarted}/models/${model}/runs`,
      );
      expect(runs).toMatchObject([{ id: run, status: 'ENDED' }]);
      expect(await host.end('SIGTERM')).toEqual({ code: 0, signal: null });
      expect((await readKept()).lease).toBeUndefined();
    },
  );
});

import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, type ClientRequest, request as httpRequest } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeRows } from '#shared/capture/archive.ts';
import { readCounters } from '#shared/capture/rollup.ts';
import type { Deps, SpoolRecord } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { featuresHash, type PredictionRecord } from '#shared/log/prediction-log.ts';
import { listReports } from '#shared/monitoring/report-index.ts';
import { objectKeys, predictionKey } from '#shared/registry/keys.ts';
import { killHostChildren, startHostChild } from '../../cli/processes.testing.ts';
import { registerSmall, smallRecord, smallRows } from '../../cli/small-model.testing.ts';
import { createTickHandler } from '../../lambdas/tick/handler.ts';
import { spoolFile } from './deps.ts';
import { createFolderObjects } from './folder-objects.ts';
import { type Host, startHost } from './host.ts';
import { DataDirInUseError } from './host-lock.ts';
import { rejectedFile } from './spool.ts';
import { createTaskProcess, type TaskProcess } from './task-process.ts';

const model = 'prices';
const env = { GRANULE_MS: '200', POINTER_TTL_MS: '0', LOG_LEVEL: 'error' };
const never = 3_600_000;
let dataDir: string;
let version: string;
let host: Host | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-host-'));
  version = await registerSmall(dataDir, smallRecord(model, { monitor: { window_ms: 400, min_rows: 10 } }));
});
afterEach(async () => {
  await host?.close();
  host = undefined;
  await rm(dataDir, { recursive: true, maxRetries: 5 });
});
afterAll(killHostChildren);

async function start(minuteMs: number): Promise<Host> {
  host = await startHost({ dataDir, port: 0, minuteMs, env });
  return host;
}

async function stop(): Promise<void> {
  await host?.close();
  host = undefined;
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    expect(Date.now(), `${what} within 30 s`).toBeLessThan(end);
    await sleep(20);
  }
}

async function sendBatch(url: string, count: number, prefix: string, seed = 5): Promise<void> {
  const instances = smallRows(count, seed).map(({ id, features }) => ({
    request_id: `${prefix}-${id}`,
    features,
  }));
  const response = await fetch(`${url}/models/${model}/predict/batch`, {
    method: 'POST',
    body: JSON.stringify({ instances }),
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status).toBe(200);
}

async function sendLabelled(url: string, count: number, round: number): Promise<void> {
  await sendBatch(url, count, `run${round}`, round);
  const labels = smallRows(count, round).map(({ id, label }) => ({
    request_id: `run${round}-${id}`,
    label,
  }));
  const response = await fetch(`${url}/models/${model}/feedback`, {
    method: 'POST',
    body: JSON.stringify(labels),
    headers: { 'content-type': 'application/json' },
  });
  expect(await response.json()).toMatchObject({ accepted: count });
}

const sumOf = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const countedBy = async (deps: Deps) => sumOf((await readCounters(deps, model)).predictions);

describe('SIGTERM', () => {
  test('lets the requests under way be answered, refuses new ones, exits 0, and a restart finds everything', async () => {
    const child = await startHostChild(dataDir);
    const rows = smallRows(8, 9);
    const agent = new Agent({ keepAlive: true });
    const begun = rows.map((row) => beginPredict(child.url, agent, `late-${row.id}`, row.features));
    await Promise.all(begun.map((one) => one.isConnected));
    await sleep(200);
    const asked = Date.now();
    const ended = child.end('SIGTERM');
    await sleep(300);
    await expect(fetch(`${child.url}/health`)).rejects.toThrow('fetch failed');
    for (const one of begun) one.finish();
    const answers = await Promise.all(begun.map((one) => one.answer));
    expect(answers.map((one) => one.status)).toEqual(rows.map(() => 200));
    expect(await ended).toEqual({ code: 0, signal: null });
    // connections that were kept alive are closed with their answers, not by force after 5 s
    expect(Date.now() - asked).toBeLessThan(4000);
    agent.destroy();

    const { url } = await start(never);
    for (const [at, row] of rows.entries()) {
      const logged = await fetch(`${url}/models/${model}/logs?request_id=late-${row.id}`);
      expect(((await logged.json()) as { prediction: PredictionRecord }).prediction).toMatchObject({
        version,
        features: row.features,
        answer: { prediction: answers[at]!.prediction },
      });
    }
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ model, model_version: version });
    const history = (await (await fetch(`${url}/models/${model}/history`)).json()) as { history: unknown[] };
    expect(history.history).toMatchObject([{ action: 'register', to: version }]);
  });

  test('does not wait for idle keep-alive connections', async () => {
    const child = await startHostChild(dataDir);
    const agent = new Agent({ keepAlive: true });
    const [row] = smallRows(1, 9);
    const one = beginPredict(child.url, agent, 'idle', row!.features);
    one.finish();
    expect((await one.answer).status).toBe(200);
    const asked = Date.now();
    expect(await child.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(Date.now() - asked).toBeLessThan(4000);
    agent.destroy();
  });
});

interface Begun {
  readonly isConnected: Promise<unknown>;
  readonly answer: Promise<{ readonly status: number; readonly prediction: number }>;
  finish(): void;
}

/** A prediction of which only half the body has been sent. */
function beginPredict(url: string, agent: Agent, id: string, features: unknown): Begun {
  const body = JSON.stringify({ request_id: id, features });
  const half = Math.floor(body.length / 2);
  const request: ClientRequest = httpRequest(`${url}/models/${model}/predict`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  const isConnected = new Promise((resolve) => request.write(body.slice(0, half), resolve));
  const answer = new Promise<{ status: number; prediction: number }>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, ...(JSON.parse(text) as { prediction: number }) }),
      );
    });
  });
  return { isConnected, answer, finish: () => request.end(body.slice(half)) };
}

describe('a busy port', () => {
  let occupied: Server | undefined;
  let port: number;

  beforeEach(async () => {
    const server = createServer();
    occupied = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => new Promise((resolve) => occupied?.close(resolve)));

  test('is passed over for the next free one, and that is said', async () => {
    const child = await startHostChild(dataDir, {}, ['--port', String(port)]);
    const taken = Number(new URL(child.url).port);
    expect(taken).toBeGreaterThan(port);
    expect(taken).toBeLessThan(port + 50);
    expect((await fetch(`${child.url}/ready`)).status).toBe(200);
    expect(await child.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(child.said()).toContain(`(port ${port} is busy)`);
  });
});

describe('the schedule', () => {
  test('ticks again and again: windows are closed and judged with nobody asking', async () => {
    const { url, deps } = await start(50);
    for (const prefix of ['first', 'second']) {
      const before = (await listReports(deps, model, { limit: 50 })).length;
      await sendBatch(url, 60, prefix);
      await eventually(
        'a window is judged',
        async () => (await listReports(deps, model, { limit: 50 })).length > before,
      );
    }
    expect(await countedBy(deps)).toBe(120);
  });

  test('doubled or raced by itself is harmless: each row is counted once, each window judged once', async () => {
    const { url, deps } = await start(100);
    const ticks = Array.from({ length: 6 }, () => createTickHandler(deps));
    for (let batch = 0; batch < 4; batch++) {
      await sendBatch(url, 50, `batch${batch}`);
      await sleep(150);
      const results = await Promise.all(ticks.map((tick) => tick()));
      expect(results.flatMap((result) => result.failed)).toEqual([]);
    }
    await eventually('everything is counted', async () => (await countedBy(deps)) >= 200);
    await eventually('everything is judged', async () => {
      const reports = await listReports(deps, model, { limit: 50 });
      return reports.reduce((sum, report) => sum + report.rows, 0) >= 200;
    });
    expect(await countedBy(deps)).toBe(200);
    const reports = await listReports(deps, model, { limit: 50 });
    expect(new Set(reports.map((report) => report.window.start)).size).toBe(reports.length);
    expect(reports.reduce((sum, report) => sum + report.rows, 0)).toBe(200);
  });

  test('missed while the host was down is caught up with by the first tick after it', async () => {
    const { url } = await start(never);
    await sendBatch(url, 60, 'missed');
    await stop();
    const { deps } = await start(50);
    // a batch that is stored across the end of a window is in two
    await eventually('what was missed is judged', async () => {
      const reports = await listReports(deps, model, { limit: 10 });
      return reports.reduce((sum, report) => sum + report.rows, 0) === 60;
    });
    expect(await countedBy(deps)).toBe(60);
  });
});

describe('the data directory', () => {
  test('has one host at a time: a second one is refused and harms nothing, the next one after its end is not', async () => {
    const { url } = await start(never);
    await expect(startHost({ dataDir, port: 0, minuteMs: never, env })).rejects.toThrow(DataDirInUseError);
    await sendBatch(url, 3, 'still');
    await stop();
    expect(existsSync(join(dataDir, 'host.lock'))).toBe(false);
    await start(never);
  });

  test('of a host that was killed is taken over', async () => {
    const child = await startHostChild(dataDir);
    await child.end('SIGKILL');
    expect(existsSync(join(dataDir, 'host.lock'))).toBe(true);
    const { url } = await start(never);
    await sendBatch(url, 3, 'again');
  });
});

describe('the spool', () => {
  function spooled(id: string, seed: number): SpoolRecord & { readonly value: Json } {
    const { features } = smallRows(1, seed)[0]!;
    const record: PredictionRecord = {
      model,
      version,
      request_id: id,
      at: Date.now(),
      features,
      answer: { prediction: 42 },
      hash: featuresHash(features),
      context: {},
    };
    const expiresAt = Math.floor(Date.now() / 1000) + 86_400;
    return { ...predictionKey(model, id), value: record as unknown as Json, expiresAt };
  }

  const lineOf = (record: SpoolRecord) => `${JSON.stringify(record)}\n`;

  test('is replayed at the start, each record exactly once, also those that had arrived; a cut last line is set aside', async () => {
    const file = spoolFile(dataDir);
    const records = [1, 2, 3].map((at) => spooled(`spooled-${at}`, at));
    await writeFile(file, records.map(lineOf).join('') + lineOf(spooled('cut', 4)).slice(0, 80));
    await start(50);
    expect(existsSync(file)).toBe(false);
    await eventually('they are counted', async () => (await countedBy(host!.deps)) === 3);
    await stop();

    // as after a kill between the puts and the removal of the file, with one more record
    const after = [...records, spooled('spooled-5', 5)];
    await writeFile(file, after.map(lineOf).join(''));
    const { deps } = await start(50);
    await eventually('the new one is counted', async () => (await countedBy(deps)) >= 4);
    await sleep(600);
    expect(await countedBy(deps)).toBe(4);
    const item = await deps.predictions.get(predictionKey(model, 'spooled-5'));
    expect(item).toMatchObject({ value: after[3]!.value, expiresAt: after[3]!.expiresAt });
    expect(await deps.predictions.get(predictionKey(model, 'cut'))).toBeUndefined();
    expect(existsSync(file)).toBe(false);
  });

  test('with a record that is too large to be logged does not keep the host from starting', async () => {
    const file = spoolFile(dataDir);
    const large = { ...spooled('large', 1), value: 'x'.repeat(400_000) };
    await writeFile(file, lineOf(large) + lineOf(spooled('after', 2)));
    const { deps } = await start(never);
    expect(await deps.predictions.get(predictionKey(model, 'after'))).toBeDefined();
    expect(await readFile(rejectedFile(file), 'utf8')).toBe(lineOf(large));
  });

  test('that an interrupted replay left is replayed at the same start as what was spooled after it', async () => {
    const file = spoolFile(dataDir);
    await writeFile(`${file}.replaying`, lineOf(spooled('older', 1)));
    await appendFile(file, lineOf(spooled('newer', 2)));
    const { deps } = await start(never);
    for (const id of ['older', 'newer'])
      expect(await deps.predictions.get(predictionKey(model, id)), id).toBeDefined();
    expect([existsSync(file), existsSync(`${file}.replaying`)]).toEqual([false, false]);
  });
});

/** Child processes of this one. */
function processesAlive(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'ProcessWrap').length;
}

describe('the task process', () => {
  let tasks: TaskProcess;
  const signal = () => new AbortController().signal;

  beforeEach(() => {
    tasks = createTaskProcess({ dataDir, env: process.env });
  });
  afterEach(() => tasks.stop());

  async function rowFile(name: string, rows: number): Promise<string> {
    const key = objectKeys.run(model, 'tasks', name);
    await createFolderObjects(join(dataDir, 'objects')).put(key, await encodeRows(smallRows(rows, 11)));
    return key;
  }

  async function validate(): Promise<Json> {
    const rows = await rowFile('rows.ndjson.gz', 200);
    const snapshot = { recent: rows, baseline: rows, labelled: 200, unknown_labels: 0 };
    return tasks.invoke('retrain-validate', { model, snapshot }, signal());
  }

  test('answers what the function answers', async () => {
    expect(await validate()).toEqual({ status: 'valid', warnings: [] });
  });

  test('brings back the name and the message of what the function throws, and goes on', async () => {
    const thrown = tasks.invoke('retrain-validate', { model: 'nobody', snapshot: {} }, signal());
    await expect(thrown).rejects.toMatchObject({
      name: 'ProblemError',
      message: 'no model is named "nobody"',
    });
    expect(await validate()).toEqual({ status: 'valid', warnings: [] });
  });

  test('is killed when a task takes too long, and the next call, made at once, has a new process', async () => {
    await validate();
    const rows = await rowFile('many.ndjson.gz', 30_000);
    const snapshot = { recent: rows, baseline: rows };
    const deadline = new AbortController();
    const candidate = { name: 'all' };
    const long = tasks.invoke(
      'retrain-train',
      { execution: 'e', model, snapshot, candidate, search: [] },
      deadline.signal,
    );
    const lost = expect(long).rejects.toThrow('the task process ended (SIGKILL)');
    await sleep(200);
    deadline.abort();
    expect(await validate()).toEqual({ status: 'valid', warnings: [] });
    await lost;
    expect(processesAlive()).toBe(1);
  });

  test('is not started for a call that is given up already', async () => {
    const reason = new Error('given up');
    await expect(tasks.invoke('retrain-validate', {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(processesAlive()).toBe(0);
  });

  test('ends with the host, whose run goes on at the next start', async () => {
    const { url, deps } = await start(50);
    for (let at = 0; at < 4; at++) await sendLabelled(url, 300, at);
    const counted = async () => {
      const { predictions, labels, unmatched_labels: unmatched, late } = await readCounters(deps, model);
      return { predictions: sumOf(predictions), labels: sumOf(labels), unmatched, late };
    };
    await expect
      .poll(counted, { timeout: 30_000 })
      .toEqual({ predictions: 1200, labels: 1200, unmatched: 0, late: 0 });
    const { id } = await deps.pipelines.start('retrain', 'closing', {
      model,
      trigger: 'operator',
      actor: 'a test',
      reason: 'a test',
      execution_name: 'closing',
    });
    await eventually('a heavy stage runs', async () => {
      const run = await deps.pipelines.describe(id);
      return run!.stages.some((stage) => stage.name.includes('Train') && stage.status === 'running');
    });
    expect(processesAlive()).toBe(1);
    await stop();
    await eventually('the process is gone', () => processesAlive() === 0);
    const again = await start(never);
    // whatever the gate says of so few rows: rejected, or waiting for a person
    await eventually('the run is decided or waits', async () => {
      const run = (await again.deps.pipelines.describe(id))!;
      return run.status === 'SUCCEEDED' || run.stages.some(({ name }) => name === 'Approve');
    });
  });
});

describe('a retrain run that an operator starts', () => {
  test('learns from every row since the champion began to serve, also within the granule in which it began', async () => {
    const granuleMs = 600_000;
    host = await startHost({
      dataDir,
      port: 0,
      minuteMs: never,
      env: { ...env, GRANULE_MS: `${granuleMs}` },
    });
    const { url, deps } = host;
    for (let round = 0; round < 2; round++) await sendLabelled(url, 300, round);
    const archived = async () => {
      const response = await fetch(`${url}/models/${model}/logs?limit=1000`);
      return ((await response.json()) as { predictions: unknown[] }).predictions.length;
    };
    await eventually('the rows are archived', async () => (await archived()) === 600);
    const { id } = await deps.pipelines.start('retrain', 'same-granule', {
      model,
      trigger: 'operator',
      actor: 'a test',
      reason: 'a test',
      execution_name: 'same-granule',
    });
    await eventually('the run reaches the gate', async () =>
      (await deps.pipelines.describe(id))!.stages.some(({ name }) => name === 'Gate'),
    );
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../main.ts';

interface Asked {
  readonly path: string;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

let dir: string;
let server: Server;
let url: string;
let asked: Asked[];
let connections: number;
let models: string[];
/** Of a POST; undefined breaks the connection. */
let answer: (asked: Asked, at: number) => Promise<Answer | undefined> | Answer | undefined;

const model = {
  schema: {
    features: [
      { name: 'width', kind: 'numeric', min: 0, max: 10 },
      { name: 'colour', kind: 'categorical', values: ['amber', 'blue'] },
    ],
    target: { name: 'price' },
  },
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-traffic-'));
  asked = [];
  connections = 0;
  models = ['small'];
  answer = () => ({ status: 200, body: { prediction: 1 } });
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = request.url!;
    if (request.method === 'GET') {
      const name = path.split('/')[2];
      const body = name === undefined ? { models: models.map((one) => ({ name: one })) } : { name, ...model };
      response.end(JSON.stringify(body));
      return;
    }
    const one = { path, body: JSON.parse(text) as unknown };
    const answered = await answer(one, asked.push(one) - 1);
    if (!answered) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answered.status, answered.headers).end(JSON.stringify(answered.body));
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});

async function traffic(...words: string[]) {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  const code = await main(['traffic', '--url', url, ...words]);
  vi.restoreAllMocks();
  return { code, ...printed };
}

async function measured(...words: string[]) {
  const { code, stdout } = await traffic('--json', ...words);
  return { code, ...JSON.parse(stdout) };
}

describe('tidemark traffic', () => {
  test('sends as many as rate and duration make, each with an id of its own, and exits 0', async () => {
    const result = await measured('--rate', '300', '--duration', '500ms');
    expect(result).toMatchObject({ code: 0, model: 'small', sent: 150, not_sent: 0, unanswered: 0 });
    expect(result.predictions).toMatchObject({ ok: 150, refused: {}, errors: 0, spooled: 0 });
    expect(result.rate.asked).toBe(300);
    // it is the answers over what they took, which is not less than the duration
    expect(result.rate.achieved).toBeCloseTo(150 / (result.elapsed_ms / 1000), 0);
    expect(result.elapsed_ms).toBeGreaterThanOrEqual(500);
    expect(asked.every(({ path }) => path === '/models/small/predict')).toBe(true);
    const ids = asked.map(({ body }) => (body as { request_id: string }).request_id);
    expect(new Set(ids).size).toBe(150);
    expect(Object.keys((asked[0]!.body as { features: object }).features)).toEqual(['width', 'colour']);
  });

  test('the wait for a place counts: one connection to a server of 40 ms, asked 100 times a second', async () => {
    answer = async () => {
      await after(40);
      return { status: 200, body: {} };
    };
    const words = ['--rate', '100', '--duration', '200ms', '--concurrency', '1'];
    const { predictions, elapsed_ms: elapsedMs } = await measured(...words);
    // the last of 20 is due at 190 ms and answered at 800 ms; timers may be 1 ms early
    expect(predictions.latency_ms.max).toBeGreaterThanOrEqual(20 * 39 - 190);
    expect(predictions.latency_ms.p50).toBeGreaterThanOrEqual(10 * 39 - 100);
    expect(elapsedMs).toBeGreaterThanOrEqual(20 * 39);
    // its own, and those of the two questions before
    expect(connections).toBeLessThanOrEqual(3);
  });

  test('tells refusals by their status, lost connections and spooled answers, with their words, and exits 1', async () => {
    answer = (_, at) => {
      if (at === 3) return undefined;
      if (at === 4 || at === 5) return { status: 429, body: { detail: 'too many' } };
      if (at === 6) return { status: 400, body: { detail: 'no such colour' } };
      return { status: 200, body: {}, ...(at === 7 ? { headers: { 'tidemark-logged': 'false' } } : {}) };
    };
    const { code, stdout } = await traffic(
      '--rate',
      '100',
      '--duration',
      '200ms',
      '--concurrency',
      '1',
      '--json',
    );
    expect(code).toBe(1);
    const { predictions, first_errors: errors } = JSON.parse(stdout);
    expect(predictions).toMatchObject({ ok: 16, refused: { 400: 1, 429: 2 }, errors: 1, spooled: 1 });
    expect(errors).toEqual(['ECONNRESET', '429: {"detail":"too many"}', '400: {"detail":"no such colour"}']);
  });

  test('the table says the same to a person', async () => {
    answer = (_, at) => (at === 0 ? { status: 503, body: 'down' } : { status: 200, body: {} });
    const { code, stdout } = await traffic('--rate', '50', '--duration', '100ms');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^model small at http:\S+, \d+\.\d s$/m);
    expect(stdout).toMatch(/^ {2}sent +5 requests$/m);
    expect(stdout).toMatch(/^ {2}ok +4$/m);
    expect(stdout).toMatch(/^ {2}refused +1 with 503$/m);
    expect(stdout).toMatch(/^ {2}rate +[\d.]+ answers\/s of 50 asked$/m);
    expect(stdout).toMatch(/^ {2}latency +p50 \S+ ms, p90 \S+ ms, p99 \S+ ms, max \S+ ms$/m);
    expect(stdout).toContain('first errors\n  503: "down"\n');
  });

  test('with --batch sends so many rows a request; rows refused inside an answer are a failure', async () => {
    answer = (_, at) => ({
      status: 200,
      body: { predictions: at === 1 ? [{ request_id: 'a', error: { status: 400 } }] : [] },
    });
    const result = await measured('--rate', '40', '--duration', '100ms', '--batch', '25');
    expect(result).toMatchObject({ code: 1, sent: 4, batch: 25 });
    expect(result.predictions).toMatchObject({ ok: 3, refused: { '200 with refused rows': 1 } });
    expect(asked[0]!.path).toBe('/models/small/predict/batch');
    const ids = asked.flatMap(({ body }) =>
      (body as { instances: { request_id: string }[] }).instances.map((one) => one.request_id),
    );
    expect(new Set(ids).size).toBe(100);
  });

  test('with --labels sends the label of each row that was answered, under the id of its prediction', async () => {
    const file = join(dir, 'rows.csv');
    await writeFile(file, 'width,colour,price\n1,amber,10\n2,blue,\n3,blue,30\n');
    answer = ({ path }, at) => ({ status: at === 0 && path.endsWith('predict') ? 500 : 200, body: {} });
    const words = ['--rate', '20', '--duration', '300ms', '--concurrency', '1', '--data', file, '--labels'];
    const result = await measured(...words);
    expect(result.predictions).toMatchObject({ ok: 5, refused: { 500: 1 } });
    // rows 0 … 5 are those of the file twice: the first was refused, two have no label
    expect(result.feedback).toMatchObject({ ok: 3, refused: {}, errors: 0 });
    const labels = asked.filter(({ path }) => path === '/models/small/feedback').map(({ body }) => body);
    expect(labels).toEqual([
      [{ request_id: expect.stringMatching(/-2$/), label: 30 }],
      [{ request_id: expect.stringMatching(/-3$/), label: 10 }],
      [{ request_id: expect.stringMatching(/-5$/), label: 30 }],
    ]);
  });

  test('Ctrl-C stops it and prints what was measured so far', async () => {
    const others = process.listeners('SIGINT');
    answer = (_, at) => {
      if (at === 10) process.emit('SIGINT');
      return { status: 200, body: {} };
    };
    const result = await measured('--rate', '100', '--duration', '1h');
    expect(result).toMatchObject({ code: 130, interrupted: true });
    expect(result.sent).toBeGreaterThanOrEqual(11);
    expect(result.predictions.ok + result.unanswered).toBe(result.sent);
    expect(process.listeners('SIGINT')).toEqual(others);
  });

  test('a host with several models has one named; one that has none, or is not there, is told', async () => {
    models = ['large', 'small'];
    const several = await traffic('--rate', '10', '--duration', '100ms');
    expect([several.code, several.stderr]).toEqual([2, expect.stringContaining('large, small')]);
    const one = await measured('--rate', '10', '--duration', '100ms', '--model', 'large');
    expect(one).toMatchObject({ code: 0, model: 'large' });
    models = [];
    const none = await traffic('--rate', '10', '--duration', '100ms');
    expect([none.code, none.stderr]).toEqual([1, 'tidemark traffic: the host has no model yet\n']);
    url = 'http://127.0.0.1:1';
    const nobody = await traffic('--rate', '10', '--duration', '100ms');
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('no host answers')]);
  });

  test('an endpoint elsewhere is refused before anything is sent', async () => {
    const { code, stderr } = await traffic('--url', 'http://192.0.2.1', '--rate', '1', '--duration', '1s');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--i-own-this-endpoint')]);
  });

  test('the help says how latency is counted', async () => {
    const { code, stdout } = await traffic('--help');
    expect(code).toBe(0);
    for (const word of ['open loop', 'coordinated omission', 'when\na request was due'])
      expect(stdout).toContain(word);
  });
});

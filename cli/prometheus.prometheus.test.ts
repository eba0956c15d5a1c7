import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { startHost } from '../localstack/embedded/host.ts';
import { localLinks } from '../observability/alerts/links.ts';
import { alerts } from '../observability/alerts/registry.ts';
import { renderRules } from '../observability/alerts/render-rules.ts';
import { type HostChild, killHostChildren, startHostChild } from './processes.testing.ts';
import { startPrometheus } from './prometheus.ts';
import { registerSample, sampleName } from './sample/model.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-beside-'));
afterEach(killHostChildren);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} within 60 s`);
}

const asked = async <T>(url: string) => ((await (await fetch(url)).json()) as { data: T }).data;

interface Rule {
  readonly type: 'alerting' | 'recording';
  readonly name: string;
  readonly health: string;
  readonly state?: string;
}
const rulesOf = async (url: string): Promise<readonly Rule[]> =>
  (await asked<{ groups: { rules: Rule[] }[] }>(`${url}/api/v1/rules`)).groups.flatMap(({ rules }) => rules);
const targetsOf = async (url: string) =>
  (await asked<{ activeTargets: { health: string; scrapeUrl: string }[] }>(`${url}/api/v1/targets`))
    .activeTargets;
const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const beside = { TIDEMARK_PROMETHEUS: 'on' };
const addressOf = (host: HostChild) =>
  until('its address', async () => /evaluates the rules: (http:\S+)\/alerts/.exec(host.said())?.[1]);
const pidIn = (dataDir: string) =>
  Number(readFileSync(join(dataDir, 'prometheus', 'prometheus.pid'), 'utf8'));
const gone = (pid: number) => until('its end', async () => (isThere(pid) ? undefined : true));

test('tidemark start: the Prometheus on the PATH scrapes the host, has every alert, and ends with it', async () => {
  const dataDir = join(folder, `a "command's" [own] data`);
  const host = await startHostChild(dataDir, beside);
  const url = await addressOf(host);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const loaded = (await rulesOf(url)).filter(({ type }) => type === 'alerting').map(({ name }) => name);
  expect(loaded.sort()).toEqual(alerts.map(({ name }) => name).sort());
  expect(
    await until('a scrape', async () => (await targetsOf(url)).find((one) => one.health === 'up')),
  ).toMatchObject({ scrapeUrl: `${host.url}/metrics` });
  expect(readFileSync(join(dataDir, 'prometheus', 'rules.yml'), 'utf8')).toContain(`${host.url}/console`);
  expect(await host.end('SIGTERM')).toEqual({ code: 0, signal: null });
  await expect(fetch(`${url}/-/ready`)).rejects.toThrow();
});

test('every rule that is shipped evaluates on what the host serves: the switch fires, a model that serves is well', async () => {
  const dataDir = join(folder, 'rules');
  await registerSample(dataDir);
  const host = await startHost({ dataDir, port: 0, minuteMs: 1000, env: { LOG_LEVEL: 'error' } });
  const rules = renderRules(localLinks).replaceAll(/ interval: "\w+"/g, ' interval: "1s"');
  const running = await startPrometheus({ dataDir, hostUrl: host.url, port: 0, rules, scrapeSeconds: 1 });
  try {
    const recorded = await until('a recording of the model', async () => {
      const query = encodeURIComponent('tidemark:model_loaded:latest');
      const { result } = await asked<{
        result: { metric: Record<string, string>; value: [number, string] }[];
      }>(`${running.url}/api/v1/query?query=${query}`);
      return result[0];
    });
    expect(recorded.metric).toMatchObject({ model: sampleName, env: 'local' });
    expect(recorded.value[1]).toBe('1');
    const seen = await until('all rules evaluated', async () => {
      const all = await rulesOf(running.url);
      return all.every(({ health }) => health !== 'unknown') ? all : undefined;
    });
    expect(seen.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(seen.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual(['Watchdog']);
  } finally {
    await running.stop();
    await host.close();
  }
  expect(isThere(running.pid)).toBe(false);
});

test('rules it refuses are told with the end of its log', async () => {
  await expect(
    startPrometheus({
      dataDir: join(folder, 'refused'),
      hostUrl: 'http://127.0.0.1:1',
      port: 0,
      rules: 'groups: [{ name: a, rules: [{ alert: B }] }]',
    }),
  ).rejects.toThrow(/^prometheus did not come up \(.*prometheus\.log\):\n.*rules/s);
});

test('a host that is killed takes its Prometheus along', async () => {
  const dataDir = join(folder, 'killed');
  const host = await startHostChild(dataDir, beside);
  await addressOf(host);
  const pid = pidIn(dataDir);
  expect(isThere(pid)).toBe(true);
  expect(await host.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  await gone(pid);
});

test('a Prometheus that dies does not take its host along', async () => {
  const dataDir = join(folder, 'died');
  const host = await startHostChild(dataDir, beside);
  await addressOf(host);
  const pid = pidIn(dataDir);
  process.kill(pid, 'SIGKILL');
  await gone(pid);
  expect((await fetch(`${host.url}/health`)).status).toBe(200);
  expect(await host.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('one that was left over on the same data is ended, and only that', async () => {
  const dataDir = join(folder, 'left-over');
  const options = { dataDir, hostUrl: 'http://127.0.0.1:1', port: 0 };
  const leftOver = await startPrometheus(options);
  const other = await startPrometheus({ ...options, dataDir: join(folder, 'left') });
  const next = await startPrometheus(options);
  try {
    expect([leftOver, other, next].map(({ pid }) => isThere(pid))).toEqual([false, true, true]);
    await next.stop();
    // the number is another's by now
    writeFileSync(join(dataDir, 'prometheus', 'prometheus.pid'), `${other.pid}\n`);
    await (await startPrometheus(options)).stop();
    expect(isThere(other.pid)).toBe(true);
  } finally {
    await other.stop();
  }
});

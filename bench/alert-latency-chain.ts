/** The chain from a host to the pager, as processes: tidemark, Prometheus, Alertmanager, and an HTTP server as PagerDuty and Slack. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { localAlertmanager } from '../observability/alertmanager/local.ts';
import { localLinks } from '../observability/alerts/links.ts';
import { renderRules } from '../observability/alerts/render-rules.ts';
import { toYaml } from '../observability/alerts/yaml.ts';
import { needPrograms } from './missing-program.ts';

export interface AlertChain {
  readonly hostUrl: string;
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  /** When the first byte of a model's page about `PsiCritical` came, Unix milliseconds; undefined before. */
  pagedAt(model: string): number | undefined;
  stop(): Promise<void>;
}

const programs = ['prometheus', 'prometheus-alertmanager'];
const script = fileURLToPath(new URL('../cli/tidemark.mjs', import.meta.url));

/** As `tidemark start --prometheus` runs it, windows aside; its Prometheus is told of the Alertmanager afterwards. */
export async function startLaptop(windowMs: number): Promise<AlertChain> {
  return startChain(async (parts) => {
    const host = await startHost(parts, ['--prometheus', '--granule-ms', String(windowMs)], {});
    const own = join(parts.folder, 'data', 'prometheus');
    appendFileSync(join(own, 'prometheus.yml'), toYaml(alertingOf(parts)));
    process.kill(Number(readFileSync(join(own, 'prometheus.pid'), 'utf8')), 'SIGHUP');
    await untilItKnows(host.prometheus, parts);
    return { hostUrl: host.url, prometheusUrl: host.prometheus };
  });
}

/** Minutes of a minute for tick and publication, and metrics by remote write. */
export async function startScheduled(windowMs: number): Promise<AlertChain> {
  return startChain(async (parts) => {
    const address = await freeAddress();
    const [rules, config] = [join(parts.folder, 'rules.yml'), join(parts.folder, 'prometheus.yml')];
    writeFileSync(rules, renderRules(localLinks));
    writeFileSync(config, toYaml({ rule_files: [rules], ...alertingOf(parts) }));
    const storage = `--storage.tsdb.path=${join(parts.folder, 'prometheus')}`;
    await startProgram(parts, 'prometheus', address, config, [storage, '--web.enable-remote-write-receiver']);
    const words = ['--minute-ms', '60000', '--granule-ms', String(windowMs)];
    const host = await startHost(parts, words, {
      REMOTE_WRITE_URL: `http://${address}/api/v1/write`,
      TIDEMARK_PROMETHEUS: 'off',
    });
    return { hostUrl: host.url, prometheusUrl: `http://${address}` };
  });
}

const alertingOf = ({ alertmanagerUrl }: Parts) => ({
  alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanagerUrl).host] }] }] },
});

async function untilItKnows(prometheusUrl: string, { alertmanagerUrl }: Parts): Promise<void> {
  for (const until = Date.now() + 30_000; Date.now() < until; await sleep(100)) {
    const known = await (await fetch(`${prometheusUrl}/api/v1/alertmanagers`)).text();
    if (known.includes(alertmanagerUrl)) return;
  }
  throw new Error('prometheus does not take the address of the Alertmanager');
}

interface Parts {
  readonly folder: string;
  readonly children: ChildProcess[];
  readonly receiverUrl: string;
  /** Where it will be. */
  readonly alertmanagerUrl: string;
}

async function startChain(
  start: (parts: Parts) => Promise<Pick<AlertChain, 'hostUrl' | 'prometheusUrl'>>,
): Promise<AlertChain> {
  needPrograms(programs);
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-alerts-'));
  const children: ChildProcess[] = [];
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  const receiver = await startReceiver();
  const stop = async () => {
    for (const child of children.toReversed()) await end(child);
    process.off('exit', killAll);
    receiver.server.close();
    receiver.server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const address = await freeAddress();
    const alertmanagerUrl = `http://${address}`;
    const parts = { folder, children, receiverUrl: receiver.url, alertmanagerUrl };
    const started = await start(parts);
    const config = join(folder, 'alertmanager.yml');
    writeFileSync(config, localAlertmanager(`${started.hostUrl}/alerts/webhook`));
    const storage = `--storage.path=${join(folder, 'alertmanager')}`;
    await startProgram(parts, 'prometheus-alertmanager', address, config, [
      storage,
      '--cluster.listen-address=',
    ]);
    return { ...started, alertmanagerUrl, pagedAt: (model) => receiver.paged.get(model), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startHost(
  { folder, children, receiverUrl }: Parts,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; readonly prometheus: string }> {
  const args = [
    'start',
    '--data-dir',
    join(folder, 'data'),
    '--port',
    '0',
    '--no-sample',
    '--no-traffic',
    '--json',
  ];
  const child = spawn(process.execPath, [script, ...args, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      LOG_LEVEL: 'error',
      SLACK_WEBHOOK_URL: `${receiverUrl}/services/a/b/c`,
      PAGERDUTY_ROUTING_KEY: 'key',
      PAGERDUTY_EVENTS_URL: `${receiverUrl}/v2/enqueue`,
      ...env,
    },
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the host ended at once (exit ${code})`)));
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve(JSON.parse(line) as { url: string; prometheus: string }),
    );
  });
}

async function startProgram(
  { folder, children }: Parts,
  program: string,
  address: string,
  config: string,
  more: readonly string[],
): Promise<void> {
  const args = [`--config.file=${config}`, `--web.listen-address=${address}`, ...more];
  const log = join(folder, `${program}.log`);
  const output = openSync(log, 'w');
  const child = spawn(program, args, { stdio: ['ignore', output, output] });
  closeSync(output);
  children.push(child);
  for (const until = Date.now() + 30_000; Date.now() < until; await sleep(100)) {
    if (child.exitCode !== null) break;
    const isReady = await fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
  }
  throw new Error(`${program} does not come up:\n${readFileSync(log, 'utf8').slice(-1000)}`);
}

interface Receiver {
  readonly url: string;
  readonly server: Server;
  /** First page of each model. */
  readonly paged: ReadonlyMap<string, number>;
}

async function startReceiver(): Promise<Receiver> {
  const paged = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const at = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    response.writeHead(request.url === '/v2/enqueue' ? 202 : 200).end('ok');
    if (request.url !== '/v2/enqueue') return;
    const { event_action, payload } = JSON.parse(Buffer.concat(chunks).toString()) as {
      event_action: string;
      payload?: { class?: string; source?: string };
    };
    const model = payload?.source ?? '';
    if (event_action === 'trigger' && payload?.class === 'PsiCritical' && !paged.has(model))
      paged.set(model, at);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, paged };
}

/** Below the ports that systems give to outgoing connections, so that none takes it before its program does. */
async function freeAddress(): Promise<string> {
  for (;;) {
    const port = 20_000 + Math.floor(12_000 * Math.random());
    const server = createServer();
    const isFree = await new Promise<boolean>((done) => {
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => done(true));
    });
    if (!isFree) continue;
    await new Promise((done) => server.close(done));
    return `127.0.0.1:${port}`;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

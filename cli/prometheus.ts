/** `tidemark start`: a Prometheus beside the host that scrapes it and evaluates the rules that AWS evaluates. */
import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnLoopback } from '../localstack/embedded/loopback.ts';
import { localLinks } from '../observability/alerts/links.ts';
import { renderRules } from '../observability/alerts/render-rules.ts';
import { toYaml } from '../observability/alerts/yaml.ts';
import { endLeftOver, endWithThisProcess, graceMs, notePid } from './prometheus-life.ts';

export interface PrometheusOptions {
  /** Its files are kept in the folder `prometheus` of it. */
  readonly dataDir: string;
  /** Of the host, without a slash at its end. */
  readonly hostUrl: string;
  /** First port tried; 0 takes any free one. @default 9090 */
  readonly port?: number;
  /** YAML of rules. @default those of AWS, with links to the host */
  readonly rules?: string;
  /** @default 15 */
  readonly scrapeSeconds?: number;
  /** @default 'prometheus', as the PATH has it */
  readonly program?: string;
  /** For its end, once it is asked to. @default 10,000 */
  readonly graceMs?: number;
  /** When it ends by itself; with its log. */
  readonly onEnd?: (log: string) => void;
}

export interface RunningPrometheus {
  readonly url: string;
  readonly pid: number;
  /** Ends it and waits until it has written what it holds, ten seconds at most. */
  stop(): Promise<void>;
}

const howToPrometheus =
  'prometheus is not on the PATH: install it (Debian: apt-get install prometheus; else https://prometheus.io/download), or scrape /metrics with one of your own (docs/observability.md, "Scrape it")';

export class PrometheusError extends Error {
  override readonly name = 'PrometheusError';
}

const readyTimeoutMs = 30_000;
const versionTimeoutMs = 10_000;
/** What the rules are checked with; `keep_firing_for` is of 2.42. */
const oldest = [2, 42] as const;

/**
 * Why there can be none beside a host; undefined where there can.
 *
 * @example await prometheusProblem() // { isMissing: true, text: 'prometheus is not on the PATH: install it …' }
 */
export async function prometheusProblem(
  program = 'prometheus',
  timeoutMs = versionTimeoutMs,
): Promise<{ readonly isMissing: boolean; readonly text: string } | undefined> {
  const { error, said } = await new Promise<{
    error: (ExecFileException & NodeJS.ErrnoException) | null;
    said: string;
  }>((done) =>
    execFile(
      program,
      ['--version'],
      // one that hangs may be deaf to a gentler signal
      { timeout: timeoutMs, killSignal: 'SIGKILL' },
      (failure, out, err) =>
        // older ones say it on the other stream
        done({ error: failure as (ExecFileException & NodeJS.ErrnoException) | null, said: `${out}${err}` }),
    ),
  );
  if (error?.code === 'ENOENT') return { isMissing: true, text: howToPrometheus };
  if (error?.killed)
    return {
      isMissing: false,
      text: `${program} of the PATH does not run: it did not say its version within ${timeoutMs / 1000} s`,
    };
  const [, version, major, minor] = /\bversion (v?(\d+)\.(\d+)\S*)/.exec(said) ?? [];
  if (error || version === undefined)
    return {
      isMissing: false,
      text: `${program} of the PATH does not run: ${firstLine(error?.message ?? said)}`,
    };
  const isOld = Number(major) - oldest[0] || Number(minor) - oldest[1];
  return isOld < 0
    ? {
        isMissing: false,
        text: `${program} of the PATH is ${version}: ${oldest.join('.')} or later is needed`,
      }
    : undefined;
}

const firstLine = (text: string) => text.trim().split('\n')[0]!;

/**
 * For a host that has the data directory to itself: a Prometheus that an earlier one left running on it is ended first.
 *
 * @returns once it answers
 * @throws {PrometheusError} with the end of its log when it ends at once or does not come up within 30 s
 * @example await startPrometheus({ dataDir: './state', hostUrl: 'http://127.0.0.1:8000' }) // { url: 'http://127.0.0.1:9090', … }
 */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const folder = resolve(options.dataDir, 'prometheus');
  const storage = `--storage.tsdb.path=${join(folder, 'data')}`;
  const pidFile = join(folder, 'prometheus.pid');
  await endLeftOver(pidFile, storage);
  const address = `127.0.0.1:${await freePort(options.port ?? 9090)}`;
  const log = join(folder, 'prometheus.log');
  const config = writeConfig(folder, options);
  const output = openSync(log, 'w');
  const child = spawn(
    options.program ?? 'prometheus',
    [`--config.file=${config}`, storage, `--web.listen-address=${address}`],
    { stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const ended = once(child, 'exit').then(
    () => 'ended' as const,
    () => 'ended' as const,
  );
  const watcher = child.pid === undefined ? undefined : endWithThisProcess(child.pid);
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  let isAsked = false;
  const stop = async () => {
    isAsked = true;
    child.kill('SIGTERM');
    const tooLate = setTimeout(killChild, options.graceMs ?? graceMs);
    await ended;
    clearTimeout(tooLate);
  };
  void ended.then(() => {
    watcher?.kill('SIGKILL');
    process.off('exit', killChild);
  });
  try {
    if (child.pid !== undefined) notePid(pidFile, child.pid);
  } catch (error) {
    await stop();
    throw error;
  }
  const isThere = () => child.exitCode === null && child.signalCode === null;
  const state = await Promise.race([ended, untilReady(`http://${address}`, isThere)]);
  if (state === 'ready') {
    void ended.then(() => isAsked || options.onEnd?.(log));
    return { url: `http://${address}`, pid: child.pid!, stop };
  }
  await stop();
  throw new PrometheusError(`prometheus did not come up (${log}):\n${endOf(readFileSync(log, 'utf8'))}`);
}

/** What it calls an error, or else its last words. */
function endOf(log: string): string {
  const lines = log.trim().split('\n');
  const errors = lines.filter((line) => line.includes('level=error'));
  return (errors.length > 0 ? errors : lines).slice(-3).join('\n');
}

/** @returns the file Prometheus is given; written anew at each start, since ports and rules change */
function writeConfig(folder: string, { hostUrl, rules, scrapeSeconds = 15 }: PrometheusOptions): string {
  mkdirSync(folder, { recursive: true });
  const rulesFile = join(folder, 'rules.yml');
  writeFileSync(rulesFile, rules ?? renderRules({ ...localLinks, url: hostUrl }));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(
    file,
    toYaml({
      global: { scrape_interval: `${scrapeSeconds}s`, evaluation_interval: '1m' },
      // a pattern; a folder's own name may look like one
      rule_files: [rulesFile.replace(/[?[\\]/g, '\\$&')],
      scrape_configs: [
        {
          job_name: 'tidemark',
          static_configs: [{ targets: [new URL(hostUrl).host] }],
          // the same series as by remote write
          metric_relabel_configs: [{ regex: 'job|instance', action: 'labeldrop' }],
        },
      ],
    }),
  );
  return file;
}

async function freePort(first: number): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server, first);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilReady(url: string, isWorthAsking: () => boolean): Promise<'ready' | 'late'> {
  for (const end = Date.now() + readyTimeoutMs; isWorthAsking() && Date.now() < end; await sleep(100)) {
    const isReady = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return 'ready';
  }
  return 'late';
}

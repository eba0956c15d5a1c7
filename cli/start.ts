/** `tidemark start`: the embedded host until Ctrl-C; with an empty data directory, a sample model and gentle traffic too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { listModels } from '#shared/registry/registry.ts';
import { type Host, startHost } from '../localstack/embedded/host.ts';
import { hasModels } from './first-version.ts';
import { PrometheusError, prometheusProblem, type RunningPrometheus, startPrometheus } from './prometheus.ts';
import { registerSample, sampleName, sampleRows } from './sample/model.ts';
import { startTraffic } from './sample/traffic.ts';
import { readOptions, UsageError, wholeNumber } from './usage.ts';

export const startHelp = `usage: tidemark start [options]

Runs the whole of Tidemark on 127.0.0.1 until Ctrl-C. Without a model in the data directory a sample
(gem prices) is trained first, and gentle traffic with labels is sent to it.

  --data-dir DIR    keep state in DIR; without it a temporary folder is used and removed at the end
  --port N          first port to try (8000); a busy one is skipped, 0 takes any
  --rate N          sample predictions per second (10)
  --no-traffic      send none
  --no-sample       register no sample model
  --granule-ms N    span of a granule (5000; AWS: 300000)
  --minute-ms N     how long a scheduled minute lasts (1000; AWS: 60000)
  --no-prometheus   none beside it. A prometheus (2.42 or later) on the PATH is otherwise started too: it scrapes the host
                    and evaluates the alerts' rules (port 9090 or the next free one). TIDEMARK_PROMETHEUS=off does the same
  --prometheus      without one that runs the host does not start either
  --json            one JSON line when ready instead of text

Other settings are read from the environment; see .env.example.
`;

const options = {
  'data-dir': { type: 'string' },
  port: { type: 'string', default: '8000' },
  rate: { type: 'string', default: '10' },
  'no-traffic': { type: 'boolean', default: false },
  'no-sample': { type: 'boolean', default: false },
  'granule-ms': { type: 'string' },
  'minute-ms': { type: 'string', default: '1000' },
  prometheus: { type: 'boolean', default: false },
  'no-prometheus': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

export async function runStart(args: readonly string[]): Promise<number> {
  const given = readOptions(args, options);
  const port = wholeNumber('port', given.port, 0, 65_535);
  const rate = wholeNumber('rate', given.rate, 1, 1000);
  const granuleMs =
    given['granule-ms'] === undefined
      ? undefined
      : wholeNumber('granule-ms', given['granule-ms'], 100, 3_600_000);
  const minuteMs = wholeNumber('minute-ms', given['minute-ms'], 50, 60_000);
  if (given['data-dir'] === '') throw new UsageError('--data-dir needs the name of a folder');
  const wish = prometheusWish(given, process.env.TIDEMARK_PROMETHEUS);
  const say = (text: string) => given.json || process.stdout.write(`${text}\n`);
  say('tidemark: starting');
  const hasPrometheus = await canHavePrometheus(wish);
  const isTemporary = given['data-dir'] === undefined;
  const dataDir = isTemporary ? mkdtempSync(join(tmpdir(), 'tidemark-')) : resolve(given['data-dir']!);
  if (!given['no-sample'] && !(await hasModels(dataDir, sampleName))) {
    say('tidemark: training the sample model (gem prices)');
    await registerSample(dataDir);
  }
  const host = await startHost({ dataDir, port, minuteMs, env: hostEnvironment(process.env, granuleMs) });
  const close = async () => {
    await host.close();
    if (isTemporary) rmSync(dataDir, { recursive: true, force: true });
  };
  const prometheus = hasPrometheus
    ? await prometheusBeside(host, dataDir, wish).catch(async (error: unknown) => {
        await close();
        throw error;
      })
    : undefined;
  const models = (await listModels(host.deps)).map((model) => model.name);
  if (given.json) {
    const ready = { url: host.url, data_dir: dataDir, pid: process.pid, models };
    process.stdout.write(
      `${JSON.stringify({ ...ready, ...(wish !== 'off' && { prometheus: prometheus?.url ?? null }) })}\n`,
    );
  } else describe(host, dataDir, isTemporary, models, port);
  if (prometheus) say(`Prometheus scrapes it and evaluates the rules: ${prometheus.url}/alerts\n`);
  const traffic =
    given['no-traffic'] || !models.includes(sampleName)
      ? undefined
      : startTraffic(host.url, sampleName, sampleRows(), rate);
  await untilSignalled();
  say('\ntidemark: stopping (answering what is under way)');
  // both at once: what ends a host in a terminal ends its Prometheus too, and that one's end is no surprise
  await Promise.all([traffic?.stop(), prometheus?.stop()]);
  await close();
  say('tidemark: stopped');
  return 0;
}

export type PrometheusWish = 'off' | 'where there is one' | 'demanded';

/** An option beats the environment. @throws {UsageError} for both options, or another word of the environment than on and off */
export function prometheusWish(
  given: { readonly prometheus: boolean; readonly 'no-prometheus': boolean },
  environment: string | undefined,
): PrometheusWish {
  if (given.prometheus && given['no-prometheus'])
    throw new UsageError('--prometheus and --no-prometheus exclude each other');
  if (given.prometheus) return 'demanded';
  if (given['no-prometheus']) return 'off';
  if (environment === undefined || environment === '' || environment === 'on') return 'where there is one';
  if (environment === 'off') return 'off';
  throw new UsageError(`TIDEMARK_PROMETHEUS=${environment} is not allowed: on or off is expected`);
}

/** Asked before anything is started or trained. @throws {PrometheusError} where it is demanded and there is none that runs */
async function canHavePrometheus(wish: PrometheusWish): Promise<boolean> {
  if (wish === 'off') return false;
  const problem = await prometheusProblem();
  if (problem && wish === 'demanded') throw new PrometheusError(problem.text);
  if (problem && !problem.isMissing) warn(`${problem.text}; none is started beside the host`);
  return problem === undefined;
}

/** What is wrong with it is said, and the host goes on. @throws {PrometheusError} where it is demanded */
async function prometheusBeside(
  host: Host,
  dataDir: string,
  wish: PrometheusWish,
): Promise<RunningPrometheus | undefined> {
  const onEnd = (log: string) => warn(`prometheus has ended, the host goes on; its log: ${log}`);
  try {
    return await startPrometheus({ dataDir, hostUrl: host.url, onEnd });
  } catch (error) {
    const { message } = error as Error;
    if (wish === 'demanded') throw new PrometheusError(message, { cause: error });
    warn(message);
    return undefined;
  }
}

const warn = (text: string) => process.stderr.write(`tidemark: ${text}\n`);

/** An option given beats the environment, which beats what suits a laptop. */
export function hostEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  granuleMs: number | undefined,
): Record<string, string | undefined> {
  return {
    POINTER_TTL_MS: '1000',
    GRANULE_MS: '5000',
    ...environment,
    ...(granuleMs === undefined ? {} : { GRANULE_MS: String(granuleMs) }),
  };
}

function describe(
  host: Host,
  dataDir: string,
  isTemporary: boolean,
  models: readonly string[],
  wantedPort: number,
): void {
  const port = Number(new URL(host.url).port);
  const lines = [
    '',
    `Tidemark is listening on ${host.url}${wantedPort !== 0 && port !== wantedPort ? ` (port ${wantedPort} is busy)` : ''}`,
    `  status and endpoints  ${host.url}/`,
    `  metrics               ${host.url}/metrics`,
    ...models.flatMap((model) => [
      `  model ${model}`,
      `    reports             ${host.url}/models/${model}/reports`,
      `    prediction log      ${host.url}/models/${model}/logs?limit=5`,
      `    history             ${host.url}/models/${model}/history`,
    ]),
    `  data                  ${dataDir}${isTemporary ? ' (removed at the end; --data-dir DIR keeps it)' : ''}`,
  ];
  if (models.includes('gems'))
    lines.push(
      '',
      `  curl -s ${host.url}/models/gems/predict -H 'content-type: application/json' \\`,
      `    -d '{"features":{"weight":1.2,"colour":"faint","clarity":"slight","shape":"round","depth":61.2,"girdle":3,"certified":true,"sold_on":"2025-06-01"}}'`,
      `  the same body to ${host.url}/models/gems/explain says what the answer is made of`,
    );
  process.stdout.write(`${lines.join('\n')}\n\nCtrl-C stops it.\n`);
}

function untilSignalled(): Promise<void> {
  return new Promise((done) => {
    const stop = () => done();
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    // a parent that started this over IPC and died takes it along
    process.once('disconnect', stop);
  });
}

/** `tidemark traffic`: the load test of a running host, at a rate, with a table of what it held. */
import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { seededRandom } from '#shared/random.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import { createClient, HostError } from '../models/client.ts';
import { UsageError } from '../usage.ts';
import { runOpenLoop } from './open-loop.ts';
import { readTrafficOptions, type TrafficOptions } from './options.ts';
import { isClean, type TrafficResult, toJson, toText } from './report.ts';
import { generateRows, readRows, type TrafficRow } from './rows.ts';
import { createSender, type Sender } from './sender.ts';
import { Tally } from './tally.ts';

export { trafficHelp } from './options.ts';

interface Target {
  readonly name: string;
  readonly schema: ModelSchema;
}

/** More would only be kept: they are sent over and over. */
const GENERATED_ROWS = 2000;
const REQUEST_TIMEOUT_MS = 10_000;
const DRAIN_MS = 10_000;
const LAG_RESOLUTION_MS = 5;
/** As a shell reports a command that Ctrl-C has ended. */
const INTERRUPTED = 130;

/** Throws {@link UsageError}, or {@link InvalidDataError} for a file that cannot be sent. */
export async function runTraffic(args: readonly string[]): Promise<number> {
  const options = readTrafficOptions(args, process.env);
  let target: Target;
  try {
    target = await findModel(options);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    process.stderr.write(`tidemark traffic: ${error.message}\n`);
    return 1;
  }
  const rows = rowsFor(options, target.schema);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const result = await load(options, target.name, rows, stop.signal);
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
  process.stdout.write(options.isJson ? `${toJson(result)}\n` : toText(result));
  if (result.isInterrupted) return INTERRUPTED;
  return isClean(result) ? 0 : 1;
}

/** Without a name the host's only model. */
async function findModel({ url, sign, model }: TrafficOptions): Promise<Target> {
  const client = createClient(url.href, sign);
  const name = model ?? (await onlyModel(client));
  return await client.get<Target>(`/models/${encodeURIComponent(name)}`);
}

async function onlyModel(client: ReturnType<typeof createClient>): Promise<string> {
  const { models } = await client.get<{ readonly models: readonly { readonly name: string }[] }>('/models');
  if (models.length === 1) return models[0]!.name;
  if (models.length === 0) throw new HostError('the host has no model yet');
  throw new UsageError(
    `the host has several models; name one with --model: ${models.map((one) => one.name).join(', ')}`,
  );
}

function rowsFor(options: TrafficOptions, schema: ModelSchema): TrafficRow[] {
  const { data, labels, target, seed } = options;
  if (data === undefined) return generateRows(schema, GENERATED_ROWS, seededRandom(seed), Date.now());
  return readRows(data, schema, labels ? (target ?? schema.target.name) : undefined);
}

async function load(
  options: TrafficOptions,
  model: string,
  rows: readonly TrafficRow[],
  signal: AbortSignal,
): Promise<TrafficResult> {
  const { url, ratePerSecond, durationMs, batch, concurrency, labels } = options;
  const count = Math.max(1, Math.round((ratePerSecond * durationMs) / 1000));
  const firstErrors: string[] = [];
  const tallies = { predictions: new Tally(firstErrors), feedback: new Tally(firstErrors) };
  const sender = createSender({
    base: url,
    connections: concurrency,
    timeoutMs: REQUEST_TIMEOUT_MS,
    ...(options.sign === undefined ? {} : { sign: options.sign }),
  });
  const exchange = createExchange({
    sender,
    path: `/models/${encodeURIComponent(model)}`,
    rows,
    batch,
    labels,
    tallies,
  });
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  const started = performance.now();
  const progress = tellProgress(tallies.predictions, durationMs);
  const { due, sent } = await runOpenLoop({
    count,
    ratePerSecond,
    concurrency,
    drainMs: DRAIN_MS,
    send: exchange,
    signal,
    now: () => performance.now(),
  });
  const tookMs = performance.now() - started;
  progress.end();
  lag.disable();
  const predictions = tallies.predictions.counts();
  const feedback = labels ? tallies.feedback.counts() : undefined;
  const unanswered = sent - predictions.latency.count - predictions.errors;
  const errors = [...firstErrors];
  sender.close();
  return {
    url: url.href,
    model,
    asked: { ratePerSecond, durationMs, batch },
    elapsedMs: signal.aborted ? tookMs : Math.max(tookMs, durationMs),
    sent,
    notSent: due - sent,
    unanswered,
    predictions,
    ...(feedback ? { feedback } : {}),
    // what is measured is the time between two timers
    generatorLagMs: lag.count === 0 ? 0 : Math.max(0, lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS),
    firstErrors: errors,
    isInterrupted: signal.aborted,
  };
}

interface ExchangeOptions {
  readonly sender: Sender;
  readonly path: string;
  readonly rows: readonly TrafficRow[];
  readonly batch: number;
  readonly labels: boolean;
  readonly tallies: { readonly predictions: Tally; readonly feedback: Tally };
}

/** One arrival: its prediction and, where that was answered, its labels. Every run has request ids of its own. */
function createExchange({ sender, path, rows, batch, labels, tallies }: ExchangeOptions) {
  const run = `traffic-${randomUUID().slice(0, 8)}`;
  return async (at: number, dueMs: number): Promise<void> => {
    const instances = Array.from({ length: batch }, (_, of) => {
      const number = at * batch + of;
      return { id: `${run}-${number}`, row: rows[number % rows.length]! };
    });
    const parts = instances.map(({ id, row }) => `{"request_id":"${id}","features":${row.features}}`);
    const reply =
      batch === 1
        ? await sender.post(`${path}/predict`, parts[0]!)
        : await sender.post(`${path}/predict/batch`, `{"instances":[${parts.join(',')}]}`);
    const answeredMs = performance.now();
    if (!tallies.predictions.add(reply, answeredMs - dueMs) || !labels) return;
    const told = instances.flatMap(({ id, row: { label } }) =>
      label === undefined ? [] : [{ request_id: id, label }],
    );
    if (told.length === 0) return;
    const answer = await sender.post(`${path}/feedback`, JSON.stringify(told));
    tallies.feedback.add(answer, performance.now() - answeredMs);
  };
}

/** On stderr, so that the table can be kept: one line that renews itself on a terminal, a line now and then elsewhere. */
function tellProgress(tally: Tally, durationMs: number): { end(): void } {
  const isTerminal = process.stderr.isTTY === true;
  const started = performance.now();
  const timer = setInterval(
    () => {
      const seconds = Math.round((performance.now() - started) / 1000);
      const line = `${seconds} of ${Math.round(durationMs / 1000)} s: ${tally.answered} answered, ${tally.failed} failed`;
      process.stderr.write(isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
    },
    isTerminal ? 1000 : 5000,
  );
  timer.unref();
  return {
    end() {
      clearInterval(timer);
      if (isTerminal) process.stderr.write('\r\u001b[K');
    },
  };
}

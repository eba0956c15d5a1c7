/** The words of `tidemark traffic`, checked before anything is sent. */
import { type Sign, signerFor } from '../http/signer.ts';
import { parseWords, UsageError, wholeNumber } from '../usage.ts';

export const trafficHelp = `usage: tidemark traffic --rate R --duration D [options]

Loads a running host and says what it held: predictions at a steady rate, answers counted, latency as a table. The
generator is an open loop: requests become due at the rate and do not wait for answers. Latency is counted from when
a request was due, not from when it could be sent, so a stall shows in the figures (no coordinated omission).

  --rate R          requests per second, from 0.1 to 10000, such as 200 or 200/s
  --duration D      how long: 30s, 5m, 1h at most
  --url URL         where the host listens (TIDEMARK_URL, or http://127.0.0.1:8000)
  --model NAME      which model; needed where there are several
  --batch N         rows per request, 1 to 1000 (1: the single route; more: the batch route)
  --concurrency N   requests under way at most, 1 to 1000 (64); what is due beyond that waits, and its wait counts
  --data FILE       rows to send, over and over (.csv, .ndjson, .jsonl); without it rows are made up from the model's
                    schema: numbers within min and max, known categories, dates up to the newest one seen
  --labels          after each prediction that was answered, send its label too; needs --data
  --target COLUMN   of the file: the label (the model's own target)
  --seed N          of the rows that are made up (1)
  --i-own-this-endpoint   load a host that is not on this machine's loopback; only do that to one of your own
  --sign            sign with your AWS credentials; addresses of API Gateway are signed anyway
  --region REGION   of --sign, where the URL does not say it (AWS_REGION)
  --json            one JSON object instead of the table

What it sends is logged, counted and monitored by the host as any other request: use a host that may forget it.
Labels use the place of their prediction and are not counted into the rate. It stops by itself, at most 10 s after the
last request was due; Ctrl-C stops it at once and prints what was measured so far. Quantiles are at most 1 % too high.

Exit 0: every request was answered in full; 1: some failed, were refused or could not be sent in time, or no host
answers; 2: the words or the file cannot be used; 130: stopped by Ctrl-C.
`;

const words = {
  rate: { type: 'string' },
  duration: { type: 'string' },
  url: { type: 'string' },
  model: { type: 'string' },
  batch: { type: 'string', default: '1' },
  concurrency: { type: 'string', default: '64' },
  data: { type: 'string' },
  labels: { type: 'boolean', default: false },
  target: { type: 'string' },
  seed: { type: 'string', default: '1' },
  'i-own-this-endpoint': { type: 'boolean', default: false },
  sign: { type: 'boolean', default: false },
  region: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export interface TrafficOptions {
  readonly url: URL;
  /** Where the host asks for AWS signatures. */
  readonly sign?: Sign;
  readonly ratePerSecond: number;
  readonly durationMs: number;
  readonly batch: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly labels: boolean;
  readonly isJson: boolean;
  readonly model?: string;
  readonly data?: string;
  readonly target?: string;
}

const LARGEST_RATE = 10_000;
const SMALLEST_RATE = 0.1;
const LONGEST_MS = 3_600_000;

/** Throws {@link UsageError}. */
export function readTrafficOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): TrafficOptions {
  const { values, files } = parseWords(args, words);
  if (files.length > 0) throw new UsageError(`"${files[0]}" is not expected; rows are named with --data`);
  const { labels, data, target, model } = values;
  if (labels && data === undefined)
    throw new UsageError('--labels needs --data FILE: what is made up has no label');
  if (target !== undefined && !labels) throw new UsageError('--target is the label that --labels sends');
  const url = readUrl(values.url ?? environment.TIDEMARK_URL ?? 'http://127.0.0.1:8000');
  if (!isLoopback(url.hostname) && !values['i-own-this-endpoint'])
    throw new UsageError(
      `--url ${url.origin} is not on this machine's loopback: a load test of somebody else's endpoint is an attack; --i-own-this-endpoint says that it is yours`,
    );
  const sign = signerFor(url, values, environment);
  return {
    url,
    ...(sign === undefined ? {} : { sign }),
    ratePerSecond: readRate(values.rate),
    durationMs: readDuration(values.duration),
    batch: wholeNumber('batch', values.batch, 1, 1000),
    concurrency: wholeNumber('concurrency', values.concurrency, 1, 1000),
    seed: wholeNumber('seed', values.seed, 0, 4_294_967_295),
    labels,
    isJson: values.json,
    ...(model === undefined ? {} : { model }),
    ...(data === undefined ? {} : { data }),
    ...(target === undefined ? {} : { target }),
  };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError(`--url ${text} is not a URL; one such as http://127.0.0.1:8000 is expected`);
}

/** Names that a resolver could send elsewhere are not taken for this machine. */
function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function readRate(text: string | undefined): number {
  if (text === undefined) throw new UsageError('--rate is needed: requests per second, such as 200');
  const digits = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1];
  const rate = Number(digits);
  if (rate >= SMALLEST_RATE && rate <= LARGEST_RATE) return rate;
  throw new UsageError(
    `--rate ${text} is not allowed: ${SMALLEST_RATE} to ${LARGEST_RATE} requests per second are expected`,
  );
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function readDuration(text: string | undefined): number {
  if (text === undefined) throw new UsageError('--duration is needed, such as 30s, 5m or 1h');
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(digits) * unitMs[unit]!;
  if (ms >= 1 && ms <= LONGEST_MS) return ms;
  throw new UsageError(`--duration ${text} is not allowed: such as 30s or 5m, at most 1h, is expected`);
}

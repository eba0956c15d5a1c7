/** The words of `tidemark replay --stage`, checked before anything is asked of AWS. */
import { UsageError } from '../../usage.ts';

export const stageWords = {
  stage: { type: 'string' },
  region: { type: 'string' },
  'endpoint-url': { type: 'string' },
  spool: { type: 'boolean', default: false },
  stream: { type: 'boolean', default: false },
  'dead-letters': { type: 'boolean', default: false },
  since: { type: 'string' },
  until: { type: 'string' },
} as const;

const sources = ['spool', 'stream', 'dead-letters'] as const;
export type Source = (typeof sources)[number];

export interface StageValues extends Readonly<Partial<Record<Source, boolean>>> {
  readonly stage?: string | undefined;
  readonly region?: string | undefined;
  readonly 'endpoint-url'?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly 'data-dir'?: string | undefined;
  readonly 'dry-run': boolean;
  readonly json: boolean;
}

export interface StageOptions {
  readonly stage: string;
  readonly region?: string;
  readonly endpointUrl?: string;
  readonly sources: readonly Source[];
  /** Unix milliseconds. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly isDry: boolean;
  readonly isJson: boolean;
}

/** Throws {@link UsageError}. @param nowMs Unix milliseconds */
export function stageOptions(values: StageValues, files: readonly string[], nowMs: number): StageOptions {
  const { stage = '', region, 'endpoint-url': endpointUrl, since, until } = values;
  if (!/^[a-z0-9-]{1,32}$/.test(stage))
    throw new UsageError(`--stage ${stage} is not allowed: the name of a stage is expected, dev or prod`);
  if (files.length > 0)
    throw new UsageError(
      `${files[0]} and --stage exclude each other: what is handed back lies in the deployment`,
    );
  if (values['data-dir'] !== undefined) throw new UsageError('--data-dir and --stage exclude each other');
  const chosen = sources.filter((source) => values[source]);
  if (chosen.length === 0)
    throw new UsageError('say what to hand back: --spool, --stream, --dead-letters, or several of them');
  if (!chosen.includes('spool') && (since ?? until) !== undefined)
    throw new UsageError(
      '--since and --until are of --spool; batches and dead letters are handed back whatever their age',
    );
  if (endpointUrl !== undefined) assertLoopback(endpointUrl);
  const sinceMs = since === undefined ? nowMs - 24 * unitMs.h : momentOf('since', since, nowMs);
  const untilMs = until === undefined ? nowMs : momentOf('until', until, nowMs);
  if (sinceMs >= untilMs)
    throw new UsageError(`--since ${since ?? '24h'} is not before --until ${until ?? 'now'}`);
  return {
    stage,
    ...(region === undefined ? {} : { region }),
    ...(endpointUrl === undefined ? {} : { endpointUrl }),
    sources: chosen,
    sinceMs,
    untilMs,
    isDry: values['dry-run'],
    isJson: values.json,
  };
}

function assertLoopback(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || url.hostname !== '127.0.0.1')
    throw new UsageError(
      `--endpoint-url ${text} is not an emulator on this computer: http://127.0.0.1:PORT is expected; AWS itself needs none`,
    );
}

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** So long ago, or a time. */
function momentOf(name: string, text: string, nowMs: number): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (unit !== undefined) return nowMs - Number(count) * unitMs[unit as keyof typeof unitMs];
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(
      `--${name} ${text} is not allowed: 90m, 24h, 7d or a time as 2026-01-31T12:00:00Z is expected`,
    );
  return time;
}

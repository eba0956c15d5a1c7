/** Where things are kept: every key of the state table and every object prefix, in one place. */
import { createHash } from 'node:crypto';
import type { Key } from '../ports/table.ts';

const modelPk = (model: string) => `model#${model}`;

/** 13 digits: sorts as a number until the year 2286. */
export function timeKey(ms: number): string {
  return String(Math.floor(ms)).padStart(13, '0');
}

export const stateKeys = {
  models: 'models',
  record: (model: string): Key => ({ pk: 'models', sk: model }),
  storedSchema: { pk: 'stored-schema', sk: 'version' } as Key,
  defaultModel: { pk: 'default-model', sk: 'pointer' } as Key,
  of: modelPk,
  pointer: (model: string): Key => ({ pk: modelPk(model), sk: 'pointer' }),
  version: (model: string, version: string): Key => ({ pk: modelPk(model), sk: `version#${version}` }),
  ledger: (model: string, at: number, id: string): Key => ({
    pk: modelPk(model),
    sk: `ledger#${timeKey(at)}#${id}`,
  }),
  lease: (model: string): Key => ({ pk: modelPk(model), sk: 'lease' }),
  cooldown: (model: string): Key => ({ pk: modelPk(model), sk: 'cooldown' }),
  pause: (model: string): Key => ({ pk: modelPk(model), sk: 'pause' }),
  backoff: (model: string): Key => ({ pk: modelPk(model), sk: 'backoff' }),
  day: (model: string, day: string): Key => ({ pk: modelPk(model), sk: `day#${day}` }),
  runTotals: (model: string): Key => ({ pk: modelPk(model), sk: 'totals-of-runs' }),
  publisher: { pk: 'publisher', sk: 'state' } as Key,
  canary: { pk: 'canary', sk: 'day' } as Key,
  run: (model: string, startedAt: number, execution: string): Key => ({
    pk: modelPk(model),
    sk: `run#${timeKey(startedAt)}#${execution}`,
  }),
  granule: (model: string, start: number): Key => ({ pk: modelPk(model), sk: `granule#${timeKey(start)}` }),
  granuleCursor: (model: string): Key => ({ pk: modelPk(model), sk: 'granule-cursor' }),
  counters: (model: string): Key => ({ pk: modelPk(model), sk: 'counters' }),
  windowCursor: (model: string): Key => ({ pk: modelPk(model), sk: 'window-cursor' }),
  windowClaim: (model: string): Key => ({ pk: modelPk(model), sk: 'window-claim' }),
  report: (model: string, start: number, version: string): Key => ({
    pk: modelPk(model),
    sk: `report#${timeKey(start)}#${version}`,
  }),
  quarantine: (model: string, start: number): Key => ({
    pk: modelPk(model),
    sk: `quarantine#${timeKey(start)}`,
  }),
  /** Of all models together: there are few, and whoever decides wants to see them all. */
  approvals: 'approvals',
  approval: (id: string): Key => ({ pk: 'approvals', sk: id }),
  /** Of all models together: few are open at a time. */
  alerts: 'alerts',
  alert: (id: string): Key => ({ pk: 'alerts', sk: id }),
  closedAlerts: 'closed-alerts',
  closedAlert: (id: string): Key => ({ pk: 'closed-alerts', sk: id }),
  alertCounters: { pk: 'alert-counters', sk: 'totals' } as Key,
  baseline: (model: string, version: string): Key => ({ pk: modelPk(model), sk: `baseline#${version}` }),
  spent: (model: string): Key => ({ pk: modelPk(model), sk: 'spent-holdout' }),
  idempotency: (operation: string, key: string): Key => ({ pk: `idempotency#${operation}`, sk: key }),
} as const;

export const predictionKey = (model: string, requestId: string): Key => ({
  pk: `${model}#${requestId}`,
  sk: 'prediction',
});
export const labelKey = (model: string, requestId: string): Key => ({
  pk: `${model}#${requestId}`,
  sk: 'label',
});
export const outcomeKey = (model: string, id: string): Key => ({ pk: `${model}#${id}`, sk: 'outcome' });

export const objectKeys = {
  version: (model: string, version: string, file: string) => `models/${model}/${version}/${file}`,
  upload: (model: string, version: string, upload: string, file: string) =>
    `uploads/${model}/${version}/${upload}/${file}`,
  run: (model: string, execution: string, file: string) => `runs/${model}/${shortHash(execution)}/${file}`,
  partials: (model: string) => `partials/${model}/`,
  partial: (model: string, granule: number, blob: string) =>
    `partials/${model}/${timeKey(granule)}/${blob}.json.gz`,
  granule: (model: string, granule: number) => `granules/${model}/${timeKey(granule)}.json.gz`,
  report: (model: string, id: string) => `reports/${model}/${id}.json`,
  /** The same for people. */
  reportPage: (model: string, id: string) => `reports/${model}/${id}.html`,
  /** Two in turn. */
  seriesBook: (number: number) => `publisher/series-${number % 2}.json.gz`,
  quarantine: (blob: string) => `quarantine/${blob}.json`,
  archiveOf: (model: string) => `archive/model=${model}/`,
  /** Hive-style, by the hour (UTC) of the granule. */
  archiveHour: (model: string, atMs: number) => {
    const iso = new Date(atMs).toISOString();
    return `${objectKeys.archiveOf(model)}dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/`;
  },
  archive: (model: string, granule: number, blob: string) =>
    `${objectKeys.archiveHour(model, granule)}${timeKey(granule)}-${blob}.ndjson.gz`,
} as const;

/** 12 hex digits: enough to name things apart within one model. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Pipelines name executions in at most 80 characters; one trigger, one name. */
export function executionName(model: string, trigger: string): string {
  return `${model.slice(0, 40)}-${shortHash(model).slice(0, 6)}-${trigger}`
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 80);
}

/** One model a window: each gets steady traffic, drifts in a window of its own, and is followed from the window's end to the page. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PresignedPut } from '#shared/ports/objects.ts';
import { uploadedFiles, wideRegression, wideRows, wideSchema } from '#shared/testing/foreign-model.ts';
import type { AlertChain } from './alert-latency-chain.ts';

/** Seconds after the nominal end of the window, each step after the one before. */
export interface Measured {
  /** Unix milliseconds. */
  readonly endsAt: number;
  /** Its report can be read. */
  readonly judged: number;
  /** Prometheus answers with the window's PSI. */
  readonly known: number;
  /** The evaluation that found the rule true. */
  readonly firing: number;
  /** Alertmanager has the alert. */
  readonly told: number;
  /** First byte at the pager. */
  readonly paged: number;
}

const rowsAtOnce = 8;
const everyMs = 2000;
const pollMs = 250;
/** The tier of PSI above which the rule is true, by default. */
const criticalPsi = 0.3;
/** Longer than the chain may take. */
const patienceMs = 300_000;

/** @returns in time order; throws where a page does not come within five minutes */
export async function measureWindows(
  chain: AlertChain,
  windowMs: number,
  count: number,
): Promise<readonly Measured[]> {
  const models = Array.from({ length: count }, (_, at) => `stones-${at}`);
  for (const model of models) await register(chain, model, windowMs);
  // recorded every four minutes: a model younger than that has no limit yet
  await eventually('the limit of each model', async () => {
    const limits = await query(chain, 'tidemark:psi_critical:threshold{model=~"stones-.*"}');
    return limits.length === count ? true : undefined;
  });
  // the window under way is calm for all of them
  const first = Math.ceil(Date.now() / windowMs) * windowMs;
  const traffic = models.map((model, at) => {
    const start = first + at * windowMs;
    return sendTraffic(chain, model, { start, end: start + windowMs });
  });
  const following = models.map((model, at) => follow(chain, model, first + (at + 1) * windowMs));
  const [measured] = await Promise.all([Promise.all(following), Promise.all(traffic)]);
  return measured;
}

async function register({ hostUrl }: AlertChain, model: string, windowMs: number): Promise<void> {
  const { onnx, baseline, files } = await uploadedFiles(wideRegression(), wideRows(1000));
  await ask(`${hostUrl}/models`, { name: model, schema: wideSchema, monitor: { window_ms: windowMs } });
  const { version, put } = await ask<{
    version: string;
    put: { onnx: PresignedPut; baseline: PresignedPut };
  }>(`${hostUrl}/models/${model}/versions`, { files });
  for (const [{ url }, bytes] of [
    [put.onnx, onnx],
    [put.baseline, baseline],
  ] as const)
    await fetch(url, { method: 'PUT', body: Buffer.from(bytes) });
  await ask(`${hostUrl}/models/${model}/versions/${version}/complete`, {});
  await eventually(`${model} serves`, async () => {
    const { champion } = await ask<{ champion?: boolean }>(`${hostUrl}/models/${model}/versions/${version}`);
    return champion === true ? true : undefined;
  });
}

/** Until its drift is over: calm, and in the window given far from the baseline. */
async function sendTraffic(
  { hostUrl }: AlertChain,
  model: string,
  drift: { readonly start: number; readonly end: number },
): Promise<void> {
  const rows = wideRows(2000, 7);
  for (let sent = 0; Date.now() < drift.end - everyMs; sent += rowsAtOnce) {
    const from = Date.now();
    const isDrifting = from >= drift.start;
    const instances = rows.slice(sent % 1000, (sent % 1000) + rowsAtOnce).map(({ features }, at) => ({
      request_id: `${model}-${sent + at}`,
      features: isDrifting ? { ...features, weight: features.weight + 50 } : features,
    }));
    await ask(`${hostUrl}/models/${model}/predict/batch`, { instances });
    await sleep(Math.max(0, from + everyMs - Date.now()));
  }
}

async function follow(chain: AlertChain, model: string, endsAt: number): Promise<Measured> {
  await sleep(Math.max(0, endsAt - Date.now()));
  const seconds = (at: number) => (at - endsAt) / 1000;
  const judged = await eventually(`the report of ${model}`, async () => {
    const { reports } = await ask<{ reports: readonly { window: { end: string } }[] }>(
      `${chain.hostUrl}/models/${model}/reports`,
    );
    return reports.some(({ window }) => Date.parse(window.end) === endsAt) ? Date.now() : undefined;
  });
  const known = await eventually(`the figures of ${model}`, async () => {
    const found = await query(chain, `tidemark_data_drift{model="${model}"} > ${criticalPsi}`);
    return found.length > 0 ? Date.now() : undefined;
  });
  const firing = await eventually(`the alert of ${model}`, async () => {
    const { data } = await ask<{ data: { alerts: readonly Firing[] } }>(
      `${chain.prometheusUrl}/api/v1/alerts`,
    );
    const found = data.alerts.find(({ labels }) => isMeant(labels, model));
    return found && Date.parse(found.activeAt);
  });
  const told = await eventually(`the alert of ${model} at Alertmanager`, async () => {
    const all = await ask<readonly Told[]>(`${chain.alertmanagerUrl}/api/v2/alerts`);
    const found = all.find(({ labels }) => isMeant(labels, model));
    return found && Date.parse(found.updatedAt);
  });
  const paged = await eventually(`the page of ${model}`, async () => chain.pagedAt(model));
  return {
    endsAt,
    judged: seconds(judged),
    known: seconds(known),
    firing: seconds(firing),
    told: seconds(told),
    paged: seconds(paged),
  };
}

type Labels = Readonly<Record<string, string>>;
interface Firing {
  readonly labels: Labels;
  readonly activeAt: string;
}
interface Told {
  readonly labels: Labels;
  readonly updatedAt: string;
}
const isMeant = ({ alertname, model }: Labels, meant: string) =>
  alertname === 'PsiCritical' && model === meant;

async function query({ prometheusUrl }: AlertChain, promql: string): Promise<readonly unknown[]> {
  const { data } = await ask<{ data: { result: unknown[] } }>(
    `${prometheusUrl}/api/v1/query?${new URLSearchParams({ query: promql })}`,
  );
  return data.result;
}

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(pollMs)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not come within ${patienceMs / 1000} s`);
}

async function ask<T>(url: string, body?: object): Promise<T> {
  const response = await fetch(url, {
    ...(body && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

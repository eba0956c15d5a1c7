/** GET /metrics and /metrics/summary: gauges and counters made anew from what is stored, never from one process's memory. */
import { type HttpEvent, type HttpResult, json } from '#shared/api/http.ts';
import { snakeCaseKeys } from '#shared/api/snake-case.ts';
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { type Collect, createCollector } from '#shared/metrics/collect.ts';
import { exposition } from '#shared/metrics/exposition.ts';

/** One per process and store: a report that was read is not read again. */
const collectors = new WeakMap<Deps, Collect>();

function collect(deps: Deps): ReturnType<Collect> {
  const made = collectors.get(deps) ?? createCollector(deps);
  collectors.set(deps, made);
  return made();
}

export async function metricsText(deps: Deps): Promise<HttpResult> {
  return {
    statusCode: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: await exposition(await collect(deps)),
  };
}

export async function summary(deps: Deps, _event: HttpEvent): Promise<HttpResult> {
  const { deployment, models: figures } = await collect(deps);
  const models = snakeCaseKeys(figures as unknown as Json);
  return json(200, { environment: deps.settings.ENVIRONMENT, notifications: deployment.notify, models });
}

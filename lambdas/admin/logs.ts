/** The prediction log: by id from the table, by time from the archive (some seconds behind). */
import { type HttpEvent, type HttpResult, integerQuery, json, timeQuery } from '#shared/api/http.ts';
import { type ArchiveRow, deduplicate, readArchive } from '#shared/capture/archive.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { requestIdPattern } from '#shared/log/prediction-log.ts';
import { labelKey, predictionKey } from '#shared/registry/keys.ts';
import { resolveModel } from '#shared/registry/registry.ts';

const hourMs = 3_600_000;
const maxSpanMs = 31 * 24 * hourMs;

export async function readLogs(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const id = event.queryStringParameters?.request_id;
  if (id) return byId(deps, name, id);
  const to = timeQuery(event, 'to') ?? deps.now();
  const from = timeQuery(event, 'from') ?? to - hourMs;
  if (from >= to)
    throw new ProblemError(
      400,
      `from (${new Date(from).toISOString()}) must be before to (${new Date(to).toISOString()})`,
    );
  if (to - from > maxSpanMs) throw new ProblemError(400, 'from and to are more than 31 days apart');
  const limit = integerQuery(event, 'limit', 100, 1, 10_000);
  return json(200, { model: name, ...(await byTime(deps, name, from, to, limit)) });
}

async function byId(deps: Deps, model: string, id: string): Promise<HttpResult> {
  if (!requestIdPattern.test(id))
    throw new ProblemError(400, `request_id ${JSON.stringify(id)} is not allowed`);
  const [prediction, label] = await Promise.all([
    deps.predictions.get(predictionKey(model, id)),
    deps.predictions.get(labelKey(model, id)),
  ]);
  if (!prediction && !label)
    throw new ProblemError(404, `model "${model}" has no prediction or label "${id}"`);
  return json(200, { prediction: prediction?.value ?? null, label: label?.value ?? null });
}

/** A granule may reach past either end by its own length, so rows are chosen by their own time. */
async function byTime(deps: Deps, model: string, from: number, to: number, limit: number) {
  const slack = deps.settings.GRANULE_MS;
  const rows: ArchiveRow[] = [];
  let isTruncated = false;
  for await (const file of readArchive(deps, model, from - slack, to + slack)) {
    for (const row of file.rows)
      if (row.kind === 'prediction' && row.at >= from && row.at < to) rows.push(row);
    if (rows.length > limit) {
      isTruncated = true;
      break;
    }
  }
  return { predictions: deduplicate(rows).slice(0, limit), truncated: isTruncated };
}

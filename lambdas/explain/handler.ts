/** POST …/explain: which features made a prediction what it is, in the unit of what is explained. Reads only; nothing is logged. */
import { answering, type HttpEvent, type HttpResult, json } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { type Explained, explainRow } from './explain-row.ts';
import { type ExplainRequest, readRequest } from './request.ts';
import { createVersionStore } from './version-store.ts';

export function createExplainHandler(deps: Deps): (event: HttpEvent) => Promise<HttpResult> {
  const partsOf = createVersionStore(deps);
  return async (event) => {
    if (!event.resource.endsWith('/explain'))
      throw new Error(`the explain function has no operation for ${event.httpMethod} ${event.resource}`);
    return answering(async () => {
      const request = await readRequest(deps, event);
      const { model, version } = request.manifest;
      try {
        return json(200, answer(request, await explainRow(request, await partsOf(request.manifest))));
      } catch (error) {
        const { name, message } = error as Error;
        if (name === 'OnnxModelError')
          throw new ProblemError(422, `version "${version}" of "${model}": ${message}`);
        if (name === 'ArtefactError') throw new ProblemError(503, message);
        throw error;
      }
    });
  };
}

/** The largest contribution first. */
function answer(request: ExplainRequest, explained: Explained): Record<string, unknown> {
  const { contributions, standardErrors, prediction, baseValue, efficiencyError } = explained.attribution;
  const values = explained.features.map((feature, at) => ({
    feature,
    value: request.row[feature] ?? null,
    contribution: contributions[at]!,
    ...(standardErrors ? { standard_error: standardErrors[at]! } : {}),
  }));
  return {
    request_id: request.requestId,
    model: request.manifest.model,
    model_version: request.manifest.version,
    method: explained.method,
    output: explained.output,
    prediction,
    base_value: baseValue,
    values: values.sort((one, other) => Math.abs(other.contribution) - Math.abs(one.contribution)),
    efficiency_error: efficiencyError,
  };
}

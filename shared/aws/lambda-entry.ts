/** What Lambda calls: a handler on the AWS adapters, with its log context, and its telemetry flushed at the end. */
import type { Context } from 'aws-lambda';
import type { FunctionName } from '../api/surface.ts';
import type { Deps } from '../deps.ts';
import { invoked } from '../telemetry/invocation.ts';
import { awsDeps } from './deps.ts';

/** A process that waited longer for its first request was started ahead of it: nobody waited for it. */
const aheadMs = 1000;

/**
 * Binds a handler's factory to this process: once a cold start, so that clients and caches live as long as the process.
 *
 * @param name of the function, in the API list
 * @throws with the name of a setting that is malformed
 * @example export const handler = entry('predict', createPredictHandler);
 */
export function entry<E, T>(
  name: FunctionName,
  create: (deps: Deps) => (event: E) => Promise<T>,
): (event: E, context?: Pick<Context, 'awsRequestId'>) => Promise<T> {
  const deps = awsDeps(process.env);
  const handle = create(deps);
  const readyMs = performance.now();
  let isFirst = true;
  return async (event, context) => {
    const isColdStart = isFirst && performance.now() - readyMs < aheadMs;
    isFirst = false;
    if (isColdStart && name === 'predict') deps.measure('ColdStartMs', readyMs);
    const trace = sampledTrace(process.env._X_AMZN_TRACE_ID);
    const known = {
      ...(context && { invocation_id: context.awsRequestId }),
      ...(trace && { trace_id: trace }),
      ...(isColdStart && { cold_start: true as const }),
    };
    try {
      return await invoked(deps, name, event, known, () => handle(event));
    } finally {
      deps.flush();
    }
  };
}

/**
 * The id under which X-Ray has the trace; undefined where it records none.
 *
 * @example sampledTrace('Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1') // '1-5759e988-bd862e3fe1be46a994272793'
 */
function sampledTrace(header: string | undefined): string | undefined {
  if (!header?.includes('Sampled=1')) return undefined;
  return /(?:^|;)Root=([^;]+)/.exec(header)?.[1];
}

/** Around every call of a handler, on AWS and embedded: its log context, its request's id on the answer, and its failure in the log. */
import { requestIdHeader } from '../api/names.ts';
import type { FunctionName } from '../api/surface.ts';
import type { Deps } from '../deps.ts';
import { type LogContext, logContext, withLogContext } from './log-context.ts';

/** What the authorizer has to throw for API Gateway to answer 401: no failure. */
const refusal = 'Unauthorized';

const told = new WeakSet<object>();

/** Whether its failure is in the log already. */
export const wasLogged = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && told.has(error);

/**
 * Calls a handler so that every line it logs says which invocation, request and run it is of. What it throws is logged once, with its
 * stack and causes, and thrown on.
 *
 * @param known what only the host knows: ids of the invocation and the trace
 * @returns the handler's answer; one to an HTTP request has the header `tidemark-request-id`
 */
export function invoked<T>(
  { log }: Pick<Deps, 'log'>,
  name: FunctionName,
  event: unknown,
  known: LogContext,
  handle: () => Promise<T>,
): Promise<T> {
  return withLogContext({ ...known, function: name, ...idsOf(event) }, async () => {
    try {
      return withRequestId(await handle());
    } catch (error) {
      if (!wasLogged(error) && !isRefusal(name, error)) {
        log('error', `${name} failed`, { error: asError(error) });
        if (typeof error === 'object' && error !== null) told.add(error);
      }
      throw error;
    }
  });
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

const isRefusal = (name: FunctionName, error: unknown): boolean =>
  name === 'authorize' && error instanceof Error && error.message === refusal;

type Members = Readonly<Record<string, unknown>>;

const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : {};

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/**
 * Ids that an event names: of an HTTP request, an event of the bus, a step of a run or the end of one.
 *
 * @example idsOf({ execution: 'arn:aws:states:eu-west-1:1:execution:retrain:churn-w1', model: 'churn' }) // { run_id: 'churn-w1', model: 'churn' }
 */
export function idsOf(event: unknown): LogContext {
  const members = membersOf(event);
  const { requestContext, pathParameters, resource, detail } = members;
  const path = membersOf(pathParameters);
  const told = membersOf(detail);
  const http = text(membersOf(requestContext).requestId);
  const isRun = typeof resource === 'string' && resource.endsWith('/runs/{id}');
  const run = text(isRun ? path.id : (members.execution ?? told.executionArn ?? told.execution));
  const model = text(path.model ?? members.model ?? told.model);
  return {
    ...(http && { http_request_id: http }),
    // its name is the end of its ARN, and of its id in the embedded engine
    ...(run && { run_id: run.slice(run.lastIndexOf(':') + 1) }),
    ...(model && { model }),
  };
}

function withRequestId<T>(answer: T): T {
  const { http_request_id: id } = logContext();
  const { statusCode, headers } = membersOf(answer);
  if (id === undefined || typeof statusCode !== 'number') return answer;
  return { ...answer, headers: { ...membersOf(headers), [requestIdHeader]: id } };
}

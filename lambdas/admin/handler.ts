/** HTTP → the registry's reads and an operator's actions. One table from route to operation; each operation is a file's function. */
import { answering, type HttpEvent, type HttpResult } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { acknowledgeAlert, alerts, resolveAlert, takeAlerts } from './alerts.ts';
import { approval, approvals, decide } from './approvals.ts';
import { createModel } from './create-model.ts';
import { idempotent } from './idempotency.ts';
import { readLogs } from './logs.ts';
import { metricsText, summary } from './metrics.ts';
import { acceptBaseline, monitorNow, pause, promote, resume, retrain, rollback } from './operate.ts';
import { changePolicy } from './policy.ts';
import { history, model, models, reports, run, runs, status, versions } from './read.ts';
import { report } from './read-report.ts';
import { version } from './read-version.ts';
import { announceVersion, completeVersion } from './upload.ts';

type Operation = (deps: Deps, event: HttpEvent) => Promise<HttpResult>;

const operations: Readonly<Record<string, Operation>> = {
  'GET /': status,
  'GET /metrics': metricsText,
  'GET /metrics/summary': summary,
  'GET /logs': readLogs,
  'GET /models': models,
  'GET /models/{model}': model,
  'GET /models/{model}/versions': versions,
  'GET /models/{model}/versions/{version}': version,
  'GET /models/{model}/logs': readLogs,
  'GET /models/{model}/reports': reports,
  'GET /models/{model}/reports/{id}': report,
  'GET /models/{model}/runs': runs,
  'GET /models/{model}/runs/{id}': run,
  'GET /models/{model}/history': history,
  'POST /models': idempotent(createModel),
  'POST /models/{model}/versions': idempotent(announceVersion),
  'POST /models/{model}/versions/{version}/complete': idempotent(completeVersion),
  'POST /models/{model}/retrain': idempotent(retrain),
  'POST /models/{model}/monitor': idempotent(monitorNow),
  'POST /models/{model}/rollback': idempotent(rollback),
  'POST /models/{model}/promote': idempotent(promote),
  'POST /models/{model}/pause': idempotent(pause),
  'POST /models/{model}/resume': idempotent(resume),
  'POST /models/{model}/baseline': idempotent(acceptBaseline),
  'POST /models/{model}/policy': idempotent(changePolicy),
  'GET /alerts': alerts,
  'POST /alerts/webhook': takeAlerts,
  'POST /alerts/{id}/ack': idempotent(acknowledgeAlert),
  'POST /alerts/{id}/resolve': idempotent(resolveAlert),
  'GET /approvals': approvals,
  'GET /approvals/{id}': approval,
  'POST /approvals/{id}': idempotent(decide),
};

export function createAdminHandler(deps: Deps): (event: HttpEvent) => Promise<HttpResult> {
  return (event) => {
    const operation = operations[`${event.httpMethod} ${event.resource}`];
    if (!operation)
      throw new Error(`the admin function has no operation for ${event.httpMethod} ${event.resource}`);
    return answering(() => operation(deps, event));
  };
}

/** Every function of the API list, bound to the embedded adapters: the handler files are those that Lambda runs. */
import { randomUUID } from 'node:crypto';
import type { FunctionName } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import { invoked } from '#shared/telemetry/invocation.ts';
import { createAdminHandler } from '../../lambdas/admin/handler.ts';
import { createAuthorizeHandler } from '../../lambdas/authorize/handler.ts';
import { createCanaryHandler } from '../../lambdas/canary/handler.ts';
import { createCaptureHandler } from '../../lambdas/capture/handler.ts';
import { createConsoleHandler } from '../../lambdas/console/handler.ts';
import { createExplainHandler } from '../../lambdas/explain/handler.ts';
import { createFeedbackHandler } from '../../lambdas/feedback/handler.ts';
import { createMigrateHandler } from '../../lambdas/migrate/handler.ts';
import { createMonitorHandler } from '../../lambdas/monitor/handler.ts';
import { createNotifyHandler } from '../../lambdas/notify/handler.ts';
import { createPredictHandler } from '../../lambdas/predict/handler.ts';
import { createPublishHandler } from '../../lambdas/publish/handler.ts';
import { createApproveHandler } from '../../lambdas/retrain/approve/handler.ts';
import { createBeginHandler } from '../../lambdas/retrain/begin/handler.ts';
import { createEvaluateHandler } from '../../lambdas/retrain/evaluate/handler.ts';
import { createFoldHandler } from '../../lambdas/retrain/fold/handler.ts';
import { createGateHandler } from '../../lambdas/retrain/gate/handler.ts';
import { createIngestHandler } from '../../lambdas/retrain/ingest/handler.ts';
import { createParityHandler } from '../../lambdas/retrain/parity/handler.ts';
import { createPromoteHandler } from '../../lambdas/retrain/promote/handler.ts';
import { createReleaseHandler } from '../../lambdas/retrain/release/handler.ts';
import { createSnapshotHandler } from '../../lambdas/retrain/snapshot/handler.ts';
import { createTrainHandler } from '../../lambdas/retrain/train/handler.ts';
import { createValidateHandler } from '../../lambdas/retrain/validate/handler.ts';
import { createTickHandler } from '../../lambdas/tick/handler.ts';
import { createTrialHandler } from '../../lambdas/trial/handler.ts';

/** An event goes in as the host built it; each handler parses what it needs. */
type AnyHandler = (event: never, caller?: Caller) => Promise<unknown>;

const factories: Readonly<Record<FunctionName, (deps: Deps) => AnyHandler>> = {
  migrate: createMigrateHandler,
  grafana: () => async () => {
    throw new Error('there is no Managed Grafana here: compose reads the dashboards from their files');
  },
  predict: createPredictHandler,
  explain: createExplainHandler,
  feedback: createFeedbackHandler,
  admin: createAdminHandler,
  console: createConsoleHandler,
  authorize: createAuthorizeHandler,
  capture: createCaptureHandler,
  tick: createTickHandler,
  monitor: createMonitorHandler,
  publish: createPublishHandler,
  notify: createNotifyHandler,
  canary: createCanaryHandler,
  trial: createTrialHandler,
  'retrain-begin': createBeginHandler,
  'retrain-ingest': createIngestHandler,
  'retrain-snapshot': createSnapshotHandler,
  'retrain-validate': createValidateHandler,
  'retrain-fold': createFoldHandler,
  'retrain-train': createTrainHandler,
  'retrain-parity': createParityHandler,
  'retrain-evaluate': createEvaluateHandler,
  'retrain-gate': createGateHandler,
  'retrain-approve': createApproveHandler,
  'retrain-promote': createPromoteHandler,
  'retrain-release': createReleaseHandler,
};

/** What a handler that waits needs to know. */
interface Caller {
  /** Aborted when the host stops. */
  readonly signal: AbortSignal;
}

export type Invoke = (name: FunctionName, event: unknown, caller?: Caller) => Promise<unknown>;

/** Each handler is made once, on its first call, as in a warm Lambda; what it logs has the ids that lines have there. */
export function bindFunctions(deps: Deps): Invoke {
  const made = new Map<FunctionName, AnyHandler>();
  return (name, event, caller) => {
    const handler = made.get(name) ?? factories[name](deps);
    made.set(name, handler);
    const known = { invocation_id: randomUUID() };
    return invoked(deps, name, event, known, () => handler(event as never, caller));
  };
}

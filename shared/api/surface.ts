/**
 * The whole outside of Tidemark as data: functions, routes, schedules, event subscriptions. API Gateway, EventBridge and the
 * IAM roles are built from it on AWS; the embedded host serves it as it stands.
 */

export type Auth = 'client' | 'operator' | 'browser' | 'open';

/** `read` gets and queries, `write` also puts, `delete` also deletes: what expires by itself needs no one who may. */
export type TableAccess = 'read' | 'write' | 'delete';

export interface FunctionSpec {
  /** Folder under `lambdas/`; `handler.ts` there holds the factory, `lambda.ts` binds it to AWS. */
  readonly folder: string;
  /** Shares the one asset that carries onnxruntime. */
  readonly onnx?: boolean;
  /** Long or CPU-bound: the embedded host runs it outside its own process. */
  readonly heavy?: boolean;
  /** Where a deployment names a network for it, the function is placed there. */
  readonly mayJoinVpc?: boolean;
  /** Run by a deployment and never by traffic: it lies in the stack named, where the stage has what it is for, and has no alarms. */
  readonly onDeploy?: 'data' | 'observability';
  /**
   * Callers wait for its answer: new code takes over behind an alias, as the deployment's `rollout` says, and is taken back when it throws
   * or when its p99 of a minute is above `p99Ms`.
   */
  readonly canary?: { readonly p99Ms?: number };
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** What it touches; grants are derived from this and nothing else. */
  readonly access: {
    readonly predictions?: TableAccess;
    readonly state?: TableAccess;
    /** Object key prefixes; a put-if-absent also reads, since a conflict asks whose object it is. */
    readonly reads?: readonly string[];
    readonly writes?: readonly string[];
    readonly events?: boolean;
    /** `read`: only what an execution has done. */
    readonly pipelines?: boolean | 'read';
    /** Secrets of this deployment: those of these names, or all. */
    readonly secrets?: boolean | readonly string[];
    /** The key that features about people are tokenised with. */
    readonly piiKey?: boolean;
  };
}

export const functions = {
  migrate: {
    folder: 'migrate',
    onDeploy: 'data',
    memoryMb: 1024,
    timeoutSeconds: 900,
    access: { state: 'write' },
  },
  grafana: {
    folder: 'grafana',
    onDeploy: 'observability',
    memoryMb: 512,
    timeoutSeconds: 300,
    access: {},
  },
  predict: {
    folder: 'predict',
    onnx: true,
    // Far above a cold start, a third of the time after which callers get 504.
    canary: { p99Ms: 10_000 },
    memoryMb: 1024,
    timeoutSeconds: 29,
    access: {
      predictions: 'write',
      state: 'read',
      reads: ['models/', 'images/'],
      writes: ['images/'],
      piiKey: true,
    },
  },
  explain: {
    folder: 'explain',
    onnx: true,
    memoryMb: 1769,
    timeoutSeconds: 29,
    access: { predictions: 'read', state: 'read', reads: ['models/'] },
  },
  feedback: {
    folder: 'feedback',
    canary: {},
    memoryMb: 256,
    timeoutSeconds: 15,
    access: { predictions: 'write', state: 'read' },
  },
  admin: {
    folder: 'admin',
    memoryMb: 512,
    timeoutSeconds: 29,
    access: {
      state: 'delete',
      predictions: 'read',
      reads: ['models/', 'reports/', 'granules/', 'archive/', 'uploads/'],
      writes: ['models/', 'uploads/'],
      events: true,
      pipelines: true,
    },
  },
  console: {
    folder: 'console',
    memoryMb: 512,
    timeoutSeconds: 29,
    access: { state: 'write', reads: ['reports/'], pipelines: true },
  },
  authorize: { folder: 'authorize', memoryMb: 256, timeoutSeconds: 10, access: {} },
  capture: {
    folder: 'capture',
    memoryMb: 1024,
    timeoutSeconds: 60,
    access: {
      predictions: 'read',
      state: 'read',
      reads: ['models/', 'archive/', 'partials/'],
      writes: ['archive/', 'partials/', 'quarantine/'],
    },
  },
  tick: {
    folder: 'tick',
    memoryMb: 1024,
    timeoutSeconds: 120,
    access: {
      state: 'delete',
      reads: ['partials/', 'archive/', 'models/', 'granules/'],
      writes: ['granules/'],
      events: true,
    },
  },
  monitor: {
    folder: 'monitor',
    memoryMb: 1024,
    timeoutSeconds: 120,
    access: {
      state: 'delete',
      reads: ['granules/', 'models/', 'reports/'],
      writes: ['reports/'],
      events: true,
    },
  },
  publish: {
    folder: 'publish',
    memoryMb: 512,
    // a wait for the next minute, ten seconds for who is still at the one before, forty of sending
    timeoutSeconds: 120,
    access: {
      state: 'write',
      reads: ['reports/', 'publisher/'],
      writes: ['publisher/'],
      pipelines: 'read',
      secrets: ['remote-write-bearer-token', 'remote-write-basic-auth'],
    },
  },
  notify: {
    folder: 'notify',
    memoryMb: 256,
    timeoutSeconds: 120,
    access: {
      state: 'delete',
      secrets: ['slack-webhook-url', 'pagerduty-routing-key', 'webhook-url', 'webhook-secret'],
    },
  },
  canary: {
    folder: 'canary',
    memoryMb: 512,
    timeoutSeconds: 120,
    access: {
      predictions: 'write',
      state: 'write',
      reads: ['models/tidemark-canary/'],
      writes: ['models/tidemark-canary/'],
      events: true,
    },
  },
  trial: {
    folder: 'trial',
    onnx: true,
    heavy: true,
    memoryMb: 3008,
    timeoutSeconds: 300,
    access: { state: 'write', reads: ['uploads/', 'models/'], writes: ['models/'] },
  },
  'retrain-begin': {
    folder: 'retrain/begin',
    memoryMb: 256,
    timeoutSeconds: 30,
    access: { state: 'write', pipelines: true },
  },
  'retrain-ingest': {
    folder: 'retrain/ingest',
    heavy: true,
    mayJoinVpc: true,
    memoryMb: 3008,
    timeoutSeconds: 900,
    access: { state: 'read', reads: ['ingest/'], writes: ['runs/'], secrets: true, piiKey: true },
  },
  'retrain-snapshot': {
    folder: 'retrain/snapshot',
    heavy: true,
    memoryMb: 3008,
    timeoutSeconds: 600,
    access: { state: 'read', reads: ['archive/', 'models/', 'runs/'], writes: ['runs/'] },
  },
  'retrain-validate': {
    folder: 'retrain/validate',
    heavy: true,
    memoryMb: 3008,
    timeoutSeconds: 300,
    access: { state: 'read', reads: ['runs/', 'models/'] },
  },
  'retrain-fold': {
    folder: 'retrain/fold',
    heavy: true,
    memoryMb: 3008,
    timeoutSeconds: 900,
    access: { state: 'read', reads: ['runs/'] },
  },
  'retrain-train': {
    folder: 'retrain/train',
    heavy: true,
    memoryMb: 3008,
    timeoutSeconds: 900,
    access: { state: 'read', reads: ['runs/', 'models/'], writes: ['runs/'] },
  },
  'retrain-parity': {
    folder: 'retrain/parity',
    onnx: true,
    heavy: true,
    memoryMb: 3008,
    timeoutSeconds: 300,
    access: { state: 'write', reads: ['runs/', 'models/'], writes: ['models/', 'runs/'] },
  },
  'retrain-evaluate': {
    folder: 'retrain/evaluate',
    onnx: true,
    heavy: true,
    memoryMb: 3008,
    timeoutSeconds: 300,
    access: { state: 'read', reads: ['runs/', 'models/'], writes: ['runs/'] },
  },
  'retrain-gate': {
    folder: 'retrain/gate',
    heavy: true,
    memoryMb: 1024,
    timeoutSeconds: 120,
    access: { state: 'write', reads: ['runs/', 'models/'], writes: ['runs/'] },
  },
  'retrain-approve': {
    folder: 'retrain/approve',
    memoryMb: 256,
    timeoutSeconds: 30,
    access: { state: 'delete', events: true, pipelines: true },
  },
  'retrain-promote': {
    folder: 'retrain/promote',
    memoryMb: 256,
    timeoutSeconds: 60,
    access: { state: 'write' },
  },
  'retrain-release': {
    folder: 'retrain/release',
    memoryMb: 256,
    timeoutSeconds: 30,
    access: { state: 'delete' },
  },
} as const satisfies Record<string, FunctionSpec>;

/** Of the form in which items are stored: 1, and 1 more for each migration of `shared/registry/stored-schema.ts`. A change of it is deployed first. */
export const storedSchema = 1;

/** Secrets of the deployment that signing in needs; its functions may read them where `auth.oidc` is set, and no other secret. */
export const signInSecrets = { sessionKey: 'session-key', clientSecret: 'oidc-client-secret' } as const;

export type FunctionName = keyof typeof functions;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** API Gateway resource path; `{name}` is a path parameter. */
  readonly path: string;
  readonly handler: FunctionName;
  readonly auth: Auth;
  readonly summary: string;
}

export const routes: readonly Route[] = [
  { method: 'GET', path: '/', handler: 'admin', auth: 'client', summary: 'status and the list of endpoints' },
  {
    method: 'GET',
    path: '/health',
    handler: 'predict',
    auth: 'open',
    summary: 'alive, with the model version',
  },
  { method: 'GET', path: '/ready', handler: 'predict', auth: 'open', summary: '503 until a model can serve' },
  {
    method: 'GET',
    path: '/metrics',
    handler: 'admin',
    auth: 'client',
    summary: 'Prometheus text exposition',
  },
  {
    method: 'GET',
    path: '/metrics/summary',
    handler: 'admin',
    auth: 'client',
    summary: 'the same figures as JSON',
  },
  {
    method: 'POST',
    path: '/predict',
    handler: 'predict',
    auth: 'client',
    summary: 'predict with the default model',
  },
  {
    method: 'POST',
    path: '/predict/batch',
    handler: 'predict',
    auth: 'client',
    summary: 'up to 1000 rows, default model',
  },
  {
    method: 'POST',
    path: '/model/reload',
    handler: 'predict',
    auth: 'operator',
    summary: 're-read the default model now',
  },
  {
    method: 'GET',
    path: '/logs',
    handler: 'admin',
    auth: 'client',
    summary: 'prediction log of the default model',
  },
  { method: 'GET', path: '/models', handler: 'admin', auth: 'client', summary: 'registered models' },
  {
    method: 'POST',
    path: '/models',
    handler: 'admin',
    auth: 'operator',
    summary: 'register a model; its versions are uploaded next',
  },
  {
    method: 'GET',
    path: '/models/{model}',
    handler: 'admin',
    auth: 'client',
    summary: 'one model: schema, policies, champion',
  },
  {
    method: 'POST',
    path: '/models/{model}/predict',
    handler: 'predict',
    auth: 'client',
    summary: 'one prediction',
  },
  {
    method: 'POST',
    path: '/models/{model}/predict/batch',
    handler: 'predict',
    auth: 'client',
    summary: 'up to 1000 rows; one bad row fails alone',
  },
  {
    method: 'POST',
    path: '/models/{model}/explain',
    handler: 'explain',
    auth: 'client',
    summary: 'what each feature adds to a prediction',
  },
  {
    method: 'POST',
    path: '/models/{model}/feedback',
    handler: 'feedback',
    auth: 'client',
    summary: 'true labels, one or a list',
  },
  {
    method: 'POST',
    path: '/models/{model}/reload',
    handler: 'predict',
    auth: 'operator',
    summary: 're-read the champion pointer now',
  },
  {
    method: 'GET',
    path: '/models/{model}/versions',
    handler: 'admin',
    auth: 'client',
    summary: 'versions with their metrics',
  },
  {
    method: 'POST',
    path: '/models/{model}/versions',
    handler: 'admin',
    auth: 'operator',
    summary: 'announce a version trained elsewhere; answers where to upload it',
  },
  {
    method: 'GET',
    path: '/models/{model}/versions/{version}',
    handler: 'admin',
    auth: 'client',
    summary: 'one version: PENDING, READY, or REJECTED with the reason',
  },
  {
    method: 'POST',
    path: '/models/{model}/versions/{version}/complete',
    handler: 'admin',
    auth: 'operator',
    summary: 'the files are uploaded: try the version',
  },
  {
    method: 'GET',
    path: '/models/{model}/logs',
    handler: 'admin',
    auth: 'client',
    summary: 'prediction log, by id or time',
  },
  {
    method: 'GET',
    path: '/models/{model}/reports',
    handler: 'admin',
    auth: 'client',
    summary: 'window reports, newest first',
  },
  {
    method: 'GET',
    path: '/models/{model}/reports/{id}',
    handler: 'admin',
    auth: 'client',
    summary: 'one report, whole; latest in place of an id: the newest',
  },
  {
    method: 'GET',
    path: '/models/{model}/runs',
    handler: 'admin',
    auth: 'client',
    summary: 'retrain runs, newest first',
  },
  {
    method: 'GET',
    path: '/models/{model}/runs/{id}',
    handler: 'admin',
    auth: 'client',
    summary: 'one run with its stages',
  },
  {
    method: 'GET',
    path: '/models/{model}/history',
    handler: 'admin',
    auth: 'client',
    summary: 'the ledger: what served at time T, and why',
  },
  {
    method: 'POST',
    path: '/models/{model}/retrain',
    handler: 'admin',
    auth: 'operator',
    summary: 'start a retrain run',
  },
  {
    method: 'POST',
    path: '/models/{model}/monitor',
    handler: 'admin',
    auth: 'operator',
    summary: 'judge the windows that are due now',
  },
  {
    method: 'POST',
    path: '/models/{model}/rollback',
    handler: 'admin',
    auth: 'operator',
    summary: 'back to the previous or a named version',
  },
  {
    method: 'POST',
    path: '/models/{model}/promote',
    handler: 'admin',
    auth: 'operator',
    summary: 'make a READY version the champion',
  },
  {
    method: 'POST',
    path: '/models/{model}/pause',
    handler: 'admin',
    auth: 'operator',
    summary: 'refuse batch predictions until they are resumed',
  },
  {
    method: 'POST',
    path: '/models/{model}/resume',
    handler: 'admin',
    auth: 'operator',
    summary: 'take batch predictions again',
  },
  {
    method: 'POST',
    path: '/models/{model}/baseline',
    handler: 'admin',
    auth: 'operator',
    summary: 'accept a window, or several, as normal',
  },
  {
    method: 'GET',
    path: '/approvals',
    handler: 'admin',
    auth: 'client',
    summary: 'candidates that wait for a person, of all models or of one',
  },
  {
    method: 'GET',
    path: '/approvals/{id}',
    handler: 'admin',
    auth: 'client',
    summary: 'one of them: why it waits, what the gates saw, what was decided',
  },
  {
    method: 'POST',
    path: '/approvals/{id}',
    handler: 'admin',
    auth: 'operator',
    summary: 'approve or reject the candidate, with a reason',
  },
  {
    method: 'GET',
    path: '/alerts',
    handler: 'admin',
    auth: 'client',
    summary: 'the alert log: what fires, who was told, who is on it',
  },
  {
    method: 'POST',
    path: '/alerts/webhook',
    handler: 'admin',
    auth: 'operator',
    summary: 'the way in for the webhook of an Alertmanager',
  },
  {
    method: 'POST',
    path: '/alerts/{id}/ack',
    handler: 'admin',
    auth: 'operator',
    summary: 'somebody is on it: no escalation',
  },
  {
    method: 'POST',
    path: '/alerts/{id}/resolve',
    handler: 'admin',
    auth: 'operator',
    summary: 'this occurrence is dealt with',
  },
  {
    method: 'POST',
    path: '/models/{model}/policy',
    handler: 'admin',
    auth: 'operator',
    summary: 'change settings of monitoring and retraining',
  },
  {
    method: 'GET',
    path: '/console',
    handler: 'console',
    auth: 'browser',
    summary: 'page: the models, what serves, what the last window said',
  },
  {
    method: 'GET',
    path: '/console/models/{model}',
    handler: 'console',
    auth: 'browser',
    summary: 'page: versions, windows and runs of a model',
  },
  {
    method: 'GET',
    path: '/console/models/{model}/reports/{id}',
    handler: 'console',
    auth: 'browser',
    summary: 'page: what a window said, and why',
  },
  {
    method: 'GET',
    path: '/console/models/{model}/runs/{id}',
    handler: 'console',
    auth: 'browser',
    summary: 'page: how far a run is, and what came of it',
  },
  {
    method: 'GET',
    path: '/console/models/{model}/retrain',
    handler: 'console',
    auth: 'browser',
    summary: 'page: start a retrain run; asks, and does nothing',
  },
  {
    method: 'POST',
    path: '/console/models/{model}/retrain',
    handler: 'console',
    auth: 'browser',
    summary: 'form: start a retrain run',
  },
  {
    method: 'GET',
    path: '/console/models/{model}/rollback',
    handler: 'console',
    auth: 'browser',
    summary: 'page: go back to the version before; asks, and does nothing',
  },
  {
    method: 'POST',
    path: '/console/models/{model}/rollback',
    handler: 'console',
    auth: 'browser',
    summary: 'form: go back to the version before',
  },
  {
    method: 'GET',
    path: '/console/models/{model}/pause',
    handler: 'console',
    auth: 'browser',
    summary: 'page: refuse batch predictions; asks, and does nothing',
  },
  {
    method: 'POST',
    path: '/console/models/{model}/pause',
    handler: 'console',
    auth: 'browser',
    summary: 'form: refuse batch predictions',
  },
  {
    method: 'GET',
    path: '/console/models/{model}/resume',
    handler: 'console',
    auth: 'browser',
    summary: 'page: take batch predictions again; asks, and does nothing',
  },
  {
    method: 'POST',
    path: '/console/models/{model}/resume',
    handler: 'console',
    auth: 'browser',
    summary: 'form: take batch predictions again',
  },
  {
    method: 'GET',
    path: '/console/approvals/{id}',
    handler: 'console',
    auth: 'browser',
    summary: 'page: what speaks for a candidate; asks for the decision',
  },
  {
    method: 'POST',
    path: '/console/approvals/{id}',
    handler: 'console',
    auth: 'browser',
    summary: 'form: approve or reject the candidate',
  },
  {
    method: 'GET',
    path: '/console/alerts',
    handler: 'console',
    auth: 'browser',
    summary: 'page: what fires, and who is on it',
  },
  {
    method: 'GET',
    path: '/console/alerts/{id}',
    handler: 'console',
    auth: 'browser',
    summary: 'page: one alert; asks who is on it',
  },
  {
    method: 'POST',
    path: '/console/alerts/{id}',
    handler: 'console',
    auth: 'browser',
    summary: 'form: acknowledge or resolve the alert',
  },
  {
    method: 'GET',
    path: '/console/login',
    handler: 'console',
    auth: 'open',
    summary: 'to the sign-in provider, where auth.oidc is set',
  },
  {
    method: 'GET',
    path: '/console/callback',
    handler: 'console',
    auth: 'open',
    summary: 'back from the sign-in provider',
  },
  { method: 'POST', path: '/console/logout', handler: 'console', auth: 'open', summary: 'ends the session' },
];

/** The way in; open only where people sign in, else as browser routes are. */
export const isSignIn = ({ path, auth }: Pick<Route, 'path' | 'auth'>): boolean =>
  auth === 'open' && path.startsWith('/console/');

export interface Schedule {
  readonly name: string;
  readonly everyMinutes: number;
  readonly handler: FunctionName;
}

export const schedules: readonly Schedule[] = [
  { name: 'tick', everyMinutes: 1, handler: 'tick' },
  { name: 'publish', everyMinutes: 1, handler: 'publish' },
  { name: 'notify', everyMinutes: 1, handler: 'notify' },
  // several tries within the hour that a phase of it lasts
  { name: 'canary', everyMinutes: 10, handler: 'canary' },
];

export type Subscription =
  | { readonly event: string; readonly handler: FunctionName }
  /** The execution name is the event detail's `execution_name`. */
  | { readonly event: string; readonly stateMachine: MachineName };

/** EventBridge `source` of every event published. */
export const eventSource = 'tidemark';

export const subscriptions: readonly Subscription[] = [
  { event: 'WindowsDue', handler: 'monitor' },
  { event: 'WindowJudged', handler: 'publish' },
  { event: 'VersionUploaded', handler: 'trial' },
  { event: 'AlertsChanged', handler: 'notify' },
  { event: 'DriftConfirmed', stateMachine: 'retrain' },
  { event: 'PerformanceDrop', stateMachine: 'retrain' },
];

/**
 * State machines. `onFailure` gets the engine's own "execution status change" when one ends FAILED, TIMED_OUT or ABORTED:
 * States.ALL does not catch States.Runtime, nor the machine's own timeout.
 */
export const machines = {
  /** 14 days, the longest a candidate waits for a person, and two hours. Every other step has a limit of its own. */
  retrain: {
    file: 'statemachines/retrain.asl.json',
    timeoutSeconds: 1_216_800,
    onFailure: 'retrain-release',
  },
} as const satisfies Record<string, { file: string; timeoutSeconds: number; onFailure: FunctionName }>;

export type MachineName = keyof typeof machines;

/** `${Name}` in an ASL file for each function it invokes: `retrain-begin` → `RetrainBegin`. */
export function substitutionName(name: FunctionName): string {
  return name
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');
}

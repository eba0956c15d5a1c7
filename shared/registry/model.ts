/** What a model is: its record, policies and versions, as stored. */
import * as z from 'zod';
import { piiKeyName } from '../api/names.ts';
import { servingSchema } from '../onnx/serving.ts';
import { imageFeature, isInput, type ModelSchema, modelSchemaSchema } from '../schema/feature-schema.ts';
import { trainerKinds } from '../training/trainer-kind.ts';
import type { Upload } from './upload.ts';

export const modelNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a model name is 1 to 63 of a-z, 0-9 and -, not starting with -');

const ratio = z.number().positive();

const monitorPolicySchema = z.strictObject({
  /** Length of a tumbling window, milliseconds; a multiple of the deployment's granule. */
  window_ms: z
    .number()
    .int()
    .positive()
    .max(31 * 86_400_000)
    .default(86_400_000),
  /** A window is over sooner, with its granule, once it holds this many predictions. */
  window_rows: z.number().int().min(10).max(1e9).optional(),
  /** Fewer rows than this and a calm window says `insufficient_data`. */
  min_rows: z.number().int().min(10).max(1e6).default(50),
  /** False discovery rate across the features of a window. */
  alpha: ratio.min(1e-6).max(0.5).default(0.05),
  /** De-biased PSI above which a feature is a warning, and critical. */
  psi_warning: ratio.max(10).default(0.15),
  psi_critical: ratio.max(10).default(0.3),
  /** An alarm is confirmed when `m` of the last `n` disjoint windows agree. */
  m: z.number().int().min(1).default(2),
  n: z.number().int().min(1).max(30).default(3),
  /** Categorical features whose frequent values are judged apart, each with its twenty most frequent baseline values. */
  segments: z.array(z.string()).max(5).default([]),
  /** Confirmed false alarms that are expected of the model in 30 days, at most; sets the level an alarm needs. */
  false_alarms_per_month: z.number().min(0.001).max(1000).default(1),
  /**
   * Rows of a window that are explained, of versions whose trees are stored; 0 for none. With 100, a tenth of the
   * importance that has moved is shown in 98 of 100 windows, and a fifth is a warning in all.
   */
  explain_rows: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .refine((rows) => rows === 0 || rows >= 30, '0 or 30 to 1000 is allowed: of fewer nothing can be said')
    .default(100),
  /** Alerts: share of prediction requests that fail, and the 99th percentile of the handler's time. */
  max_error_ratio: ratio.max(1).default(0.05),
  max_latency_ms: ratio.max(60_000).default(2000),
  /** Alerts: mean confidence of answers, and share of rows in which a feature is missing. */
  min_confidence: z.number().min(0).max(1).default(0.55),
  max_missing_ratio: ratio.max(1).default(0.15),
  /**
   * Classification: a window of labels whose accuracy is proven below this share pauses batch predictions until a person resumes
   * them. Off unless set.
   */
  pause_below_accuracy: z.number().gt(0).lt(1).optional(),
  /** How p-values are corrected for the number of features, and of segments × features. */
  correction: z.enum(['bh', 'by', 'holm', 'bonferroni']).default('bh'),
});

/** A table with the features and the target by name; `time` is the column rows are ordered by. */
const trainingSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('object'),
    /** Key under `ingest/`: CSV, NDJSON, each also gzipped, or Parquet. */
    key: z
      .string()
      .regex(
        /^ingest(\/(?!\.{1,2}(\/|$))[\w.=-]+)+$/,
        'a key is ingest/ and then names of A-Z a-z 0-9 _ . = - with / between',
      )
      .max(600),
    time: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('postgres'),
    /** Name of the secret that holds the connection, `postgres://…`. */
    secret: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a secret is named by 1 to 64 of A-Z a-z 0-9 _ -')
      .refine(
        (name) => name !== piiKeyName,
        `"${piiKeyName}" is the key of the deployment's tokens, and no connection`,
      ),
    /** One SELECT; it runs read-only. */
    query: z.string().min(1).max(10_000),
    time: z.string().optional(),
  }),
]);

export type TrainingSource = z.infer<typeof trainingSourceSchema>;

const retrainPolicySchema = z.strictObject({
  /** Promote without a person once every gate has passed. */
  auto_promote: z.boolean().default(false),
  /** How long a candidate waits for a person, more than 0 to 336 (two weeks); then its run ends and the champion stays. */
  approval_hours: z.number().positive().max(336).default(72),
  /** Whoever started a run may not approve its candidate. */
  second_person: z.boolean().default(false),
  /** After a promotion; doubled after each rejection of the same cause, up to a week. Milliseconds. */
  cooldown_ms: z.number().int().min(0).default(43_200_000),
  /** Runs started per UTC day, at most. */
  daily_cap: z.number().int().min(1).default(2),
  /** Labelled rows after the change point that must be left for the holdout. */
  min_holdout_rows: z.number().int().min(10).default(50),
  /** Newest rows taken into a snapshot, at most. */
  max_rows: z.number().int().min(100).default(200_000),
  /** Level of the one-sided bound that an improvement has to clear. */
  alpha: ratio.max(0.2).default(0.01),
  /** Youngest age at which a row counts as labelled or not, milliseconds; the measured horizon when that is longer. */
  maturity_ms: z.number().int().min(0).default(0),
  /** Largest holdout loss a new champion may have: error rate, or RMSE. */
  max_loss: z.number().positive().optional(),
  trainer: z.enum(trainerKinds).default('gbdt'),
  /** Folds of a search over the trainer's settings, 2 to 10; 0 takes the default ones. */
  search_folds: z
    .number()
    .int()
    .min(0)
    .max(10)
    .refine((folds) => folds !== 1, '0 or 2 to 10 is allowed: one fold has nothing to be compared with')
    .default(0),
  /** Where labelled rows come from; absent: from the predictions served and their labels. */
  source: trainingSourceSchema.optional(),
});

export const modelRecordSchema = z
  .strictObject({
    name: modelNameSchema,
    task: z.enum(['classification', 'regression', 'image-classification']),
    schema: modelSchemaSchema,
    monitor: monitorPolicySchema,
    retrain: retrainPolicySchema,
    created_at: z.string(),
    /** The ledger's entry of the last change of policy: it rides here until it is in the ledger for certain. */
    policy_change: z
      .strictObject({
        at: z.number(),
        action: z.literal('policy'),
        actor: z.string(),
        on_behalf_of: z.string().exactOptional(),
        reason: z.string(),
        detail: z.record(z.string(), z.json()),
      })
      .optional(),
  })
  .superRefine(({ task, schema, monitor }, context) => {
    const hasImage = imageFeature(schema) !== undefined;
    if (hasImage !== (task === 'image-classification'))
      context.addIssue({
        code: 'custom',
        path: ['task'],
        message: `task is ${task}, and the schema has ${hasImage ? 'an' : 'no'} image: image-classification takes one, the others none`,
      });
    const fault = (path: keyof MonitorPolicy, message: string | undefined) =>
      message !== undefined && context.addIssue({ code: 'custom', path: ['monitor', path], message });
    fault('segments', segmentFault(schema, monitor.segments));
    const { m, n, psi_warning, psi_critical, window_rows, min_rows } = monitor;
    if (monitor.pause_below_accuracy !== undefined && task === 'regression')
      fault(
        'pause_below_accuracy',
        'a regression has no accuracy: pause_below_accuracy is for classification',
      );
    if (m > n) fault('m', `m is ${m}, n is ${n}: m windows of the last n must agree, so m is at most n`);
    if (psi_critical < psi_warning)
      fault('psi_critical', `psi_critical is ${psi_critical}, below psi_warning, ${psi_warning}`);
    if (window_rows !== undefined && window_rows < min_rows)
      fault('window_rows', `window_rows is ${window_rows}; a verdict needs min_rows, ${min_rows}`);
  });

/** Twenty values each, all of a window in memory at once: 200 features by one segment took 0.6 GB of the monitor's 1 GB. */
const MAX_SEGMENT_COLUMNS = 200;

/** Why rows cannot be counted by these segments, in words; undefined when they can. */
function segmentFault(schema: ModelSchema, segments: readonly string[]): string | undefined {
  if (segments.length * schema.features.length > MAX_SEGMENT_COLUMNS)
    return `${segments.length} segments of ${schema.features.length} features; segments × features is at most ${MAX_SEGMENT_COLUMNS}`;
  const allowed = schema.features
    .filter((feature) => feature.kind === 'categorical' && isInput(feature))
    .map(({ name }) => name);
  const twice = segments.find((name, at) => segments.indexOf(name) < at);
  if (twice !== undefined) return `segment "${twice}" is named twice`;
  const wrong = segments.find((name) => !allowed.includes(name));
  if (wrong === undefined) return undefined;
  const listed = allowed.length > 0 ? allowed.slice(0, 20).join(', ') : 'none in this schema';
  return `segment "${wrong}" is not a categorical feature; allowed: ${listed}`;
}

export type MonitorPolicy = z.infer<typeof monitorPolicySchema>;
export type RetrainPolicy = z.infer<typeof retrainPolicySchema>;
export type ModelRecord = z.infer<typeof modelRecordSchema>;

const manifestSchema = z.strictObject({
  model: modelNameSchema,
  version: z.string(),
  task: z.enum(['classification', 'regression', 'image-classification']),
  created_at: z.string(),
  /** Of `model.onnx`. */
  sha256: z.string().length(64),
  bytes: z.number().int(),
  schema: modelSchemaSchema,
  schema_hash: z.string(),
  trainer: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** Rows it was fitted on and held out, and where they came from. */
  snapshot: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** Held-out figures: `rmse` and `mae`, or `accuracy` and `error_rate`, with `rows`. */
  metrics: z.record(z.string(), z.number()),
  /** Largest first; empty where nothing is known of it. */
  importance: z.array(z.strictObject({ name: z.string(), share: z.number() })),
  /** How far onnxruntime and the trainer differ; absent from a model that was trained elsewhere. */
  parity: z.strictObject({ rows: z.number(), max_absolute: z.number(), max_relative: z.number() }).optional(),
  /** Of a graph that was not made here. */
  serving: servingSchema.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

export const versionNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a version is 1 to 64 of A-Z, a-z, 0-9 and -');

export interface VersionRecord {
  readonly version: string;
  /** PENDING until the trial of what was uploaded has ended. */
  readonly status: 'PENDING' | 'READY' | 'REJECTED';
  readonly created_at: string;
  /** Of the model file; while PENDING, of what was announced. */
  readonly sha256: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** The run that made it; absent for a first version. */
  readonly run?: string;
  readonly reason?: string;
  /** What the trial understood and a person should know. */
  readonly notes?: readonly string[];
  /** Of a version that was trained elsewhere. */
  readonly upload?: Upload;
}

/** Parses a stored manifest; throws when it is not one. */
export function parseManifest(value: unknown): Manifest {
  return manifestSchema.parse(value);
}

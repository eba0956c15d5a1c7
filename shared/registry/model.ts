/** What a model is: its record, policies and versions, as stored. */
import * as z from 'zod';
import { servingSchema } from '../onnx/serving.ts';
import { type ModelSchema, modelSchemaSchema } from '../schema/feature-schema.ts';

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
  /** How p-values are corrected for the number of features, and of segments × features. */
  correction: z.enum(['bh', 'by', 'holm', 'bonferroni']).default('bh'),
});

const retrainPolicySchema = z.strictObject({
  /** Promote without a person once every gate has passed. */
  auto_promote: z.boolean().default(false),
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
});

export const modelRecordSchema = z
  .strictObject({
    name: modelNameSchema,
    task: z.enum(['classification', 'regression']),
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
        reason: z.string(),
        detail: z.record(z.string(), z.json()),
      })
      .optional(),
  })
  .superRefine(({ schema, monitor }, context) => {
    const fault = (path: keyof MonitorPolicy, message: string | undefined) =>
      message !== undefined && context.addIssue({ code: 'custom', path: ['monitor', path], message });
    fault('segments', segmentFault(schema, monitor.segments));
    const { m, n, psi_warning, psi_critical, window_rows, min_rows } = monitor;
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
  const allowed = schema.features.filter(({ kind }) => kind === 'categorical').map(({ name }) => name);
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
  task: z.enum(['classification', 'regression']),
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

export interface VersionRecord {
  readonly version: string;
  readonly status: 'READY' | 'REJECTED';
  readonly created_at: string;
  readonly sha256: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** The run that made it; absent for a first version. */
  readonly run?: string;
  readonly reason?: string;
}

/** Parses a stored manifest; throws when it is not one. */
export function parseManifest(value: unknown): Manifest {
  return manifestSchema.parse(value);
}

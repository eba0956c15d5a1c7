/** Deployment-wide settings, parsed once at start from the environment; each knob is in `.env.example`. */
import * as z from 'zod';

const settingsSchema = z.object({
  /** On every metric and report. */
  ENVIRONMENT: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .default('local'),
  /** Stream time a granule spans, milliseconds; every model's window is a multiple of it. */
  GRANULE_MS: z.coerce.number().int().min(100).max(3_600_000).default(300_000),
  /** How long after its end a granule stays open for stragglers of the stream, milliseconds. */
  GRANULE_GRACE_MS: z.coerce.number().int().min(0).default(120_000),
  /** How old a warm predictor's view of the champion may get, milliseconds. */
  POINTER_TTL_MS: z.coerce.number().int().min(0).default(30_000),
  /** How long predictions and labels stay readable by id, days; the archive keeps them longer. */
  LOG_TTL_DAYS: z.coerce.number().int().min(1).default(14),
  /** Largest request body, bytes. */
  MAX_BODY_BYTES: z.coerce.number().int().min(1024).default(4_194_304),
  /** A snapshot of more rows, or more compressed bytes, is trained in a container, if there is one. */
  TRAIN_FUNCTION_MAX_ROWS: z.coerce.number().int().min(1).default(500_000),
  TRAIN_FUNCTION_MAX_BYTES: z.coerce.number().int().min(1).default(100_000_000),
  /** There is a place for large trainings: an image on AWS, always so embedded. */
  TRAIN_CONTAINER: z.enum(['none', 'available']).default('none'),
  /** debug | info | warn | error */
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Throws with the name, the value and what is allowed when a setting is malformed. */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = settingsSchema.safeParse(env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return `${name}=${JSON.stringify(env[name])}: ${issue.message}`;
  });
  throw new Error(`invalid settings: ${faults.join('; ')}`);
}

/** Deployment-wide settings, parsed once at start from the environment; each knob is in `.env.example`. */
import * as z from 'zod';
import { oidcSettingsSchema } from './auth/oidc-settings.ts';

function asJson(text: string, { addIssue }: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    addIssue(`not JSON: ${(error as Error).message}`);
    return z.NEVER;
  }
}

const settingsSchema = z.object({
  /** On every metric and report. */
  ENVIRONMENT: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .default('local'),
  /** Stream time a granule spans, milliseconds; every model's window is a multiple of it. */
  GRANULE_MS: z.coerce.number().int().min(100).max(3_600_000).default(300_000),
  /** How long after its end a granule stays open for stragglers of the stream, milliseconds. */
  GRANULE_GRACE_MS: z.coerce.number().int().min(0).default(90_000),
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
  /** The deployment has a key that features about people are tokenised with; always so embedded. */
  PII_KEY: z.enum(['none', 'available']).default('none'),
  /** How people sign in, as JSON; without it nobody does. */
  OIDC: z.string().transform(asJson).pipe(oidcSettingsSchema).exactOptional(),
  /** Where metrics are sent by remote write, `http://prometheus:9090/api/v1/write`, `https://user:password@…`; nowhere unless set. */
  REMOTE_WRITE_URL: z.url({ protocol: /^https?$/, hostname: /./ }).optional(),
  /** AWS region to sign remote writes for; that of an AMP address unless set, and no signature elsewhere. */
  REMOTE_WRITE_REGION: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
    .optional(),
  /** Where PagerDuty takes events; accounts in its EU region have another address. */
  PAGERDUTY_EVENTS_URL: z
    .string()
    .regex(
      /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])/,
      'an https:// address, or one of this computer',
    )
    .default('https://events.pagerduty.com/v2/enqueue'),
  /** Topic that alerts are published to as plain text, for those who read mail; none unless set. */
  NOTIFY_TOPIC_ARN: z
    .string()
    .regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/)
    .optional(),
  /** Injects a drift into a model of Tidemark's own every day, and tells people when it is not noticed. */
  CANARY: z.enum(['on', 'off']).default('off'),
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
    return `${name}=${JSON.stringify(withoutPassword(env[name]))}: ${issue.message}`;
  });
  throw new Error(`invalid settings: ${faults.join('; ')}`);
}

/** An address may hold a user and a password, and a malformed one is shown. */
const withoutPassword = (value: string | undefined): string | undefined =>
  value?.replace(/(\/\/|^).*@/s, '$1***@');

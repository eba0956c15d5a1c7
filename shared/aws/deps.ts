/** The AWS adapters bound to this function's environment. Clients are made on first use, so a function opens only what it touches. */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { piiKeyName } from '../api/names.ts';
import { eventSource } from '../api/surface.ts';
import type { Deps, SpoolRecord } from '../deps.ts';
import { createLogger } from '../logger.ts';
import { rememberedKey } from '../privacy/pii-key.ts';
import { parseSettings } from '../settings.ts';
import { createDynamoTable } from './dynamodb-table.ts';
import { createTelemetry } from './embedded-metrics.ts';
import { createEventBridgeEvents } from './eventbridge-events.ts';
import { createS3Objects } from './s3-objects.ts';
import { createSecrets } from './secrets.ts';
import { createStepFunctionsPipelines } from './step-functions-pipelines.ts';

type Env = Readonly<Record<string, string | undefined>>;

interface AwsDeps extends Deps {
  /** Sends what was measured; to be called at the end of every invocation. */
  readonly flush: () => void;
}

/** Throws with the name of a setting that is malformed; a missing resource name is reported when it is first needed. */
export function awsDeps(env: Env): AwsDeps {
  const settings = parseSettings(env);
  const log = createLogger(settings.LOG_LEVEL, (line) => process.stdout.write(`${line}\n`), Date.now);
  const telemetry = createTelemetry(settings.ENVIRONMENT, (error) =>
    log('warn', 'telemetry could not be written', { error: String(error) }),
  );
  const dynamo = once(() => new DynamoDBClient({}));
  const predictions = once(() =>
    createDynamoTable({ client: dynamo(), tableName: required(env, 'PREDICTIONS_TABLE') }),
  );
  const state = once(() => createDynamoTable({ client: dynamo(), tableName: required(env, 'STATE_TABLE') }));
  const objects = once(() => createS3Objects({ client: new S3Client({}), bucket: required(env, 'BUCKET') }));
  const events = once(() =>
    createEventBridgeEvents({
      client: new EventBridgeClient({}),
      busName: required(env, 'EVENT_BUS'),
      source: eventSource,
    }),
  );
  const pipelines = once(() =>
    createStepFunctionsPipelines({
      client: new SFNClient({}),
      machineArnPrefix: required(env, 'MACHINE_ARN_PREFIX'),
    }),
  );
  const secrets = once(() =>
    createSecrets({ client: new SecretsManagerClient({}), prefix: `tidemark/${settings.ENVIRONMENT}/` }),
  );
  return {
    get predictions() {
      return predictions();
    },
    get state() {
      return state();
    },
    get objects() {
      return objects();
    },
    get events() {
      return events();
    },
    get pipelines() {
      return pipelines();
    },
    secret: (name) => secrets()(name),
    piiKey:
      settings.PII_KEY === 'available' ? rememberedKey(() => secrets()(piiKeyName)) : async () => undefined,
    settings,
    now: Date.now,
    newId: randomUUID,
    streamClosedBefore: async () => Date.now() - settings.GRANULE_GRACE_MS,
    spool: (record) => process.stdout.write(`${spoolLine(record, Date.now())}\n`),
    log,
    ...telemetry,
  };
}

/** Lambda takes a line without level and time for INFO, which a function that logs warnings and errors only does not keep. */
function spoolLine(record: SpoolRecord, now: number): string {
  return JSON.stringify({ tidemark_spool: record, level: 'error', timestamp: new Date(now).toISOString() });
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function required(env: Env, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`the environment variable ${name} is not set`);
  return value;
}

// What `cdk … -c key=value` and `context` of cdk.json change of a stage's column, each value checked before anything is made of it.
import { readAlerts } from './alerts-config.ts';
import { checkProvisioned, concurrencyOf } from './concurrency.ts';
import { architectures, fronts, rollouts, type StageConfig, stageNames, stages, tracings } from './config.ts';
import { oneOf, UnknownContextValueError } from './context-value.ts';
import { readAlerting, readGrafana } from './grafana-config.ts';
import { readOidc } from './oidc-config.ts';
import { tagsOf } from './tags.ts';

/** What may be set so; `cdk/config.ts` describes each. */
const knobs = [
  'stage',
  'alarmEmail',
  'alerting',
  'alerts',
  'architecture',
  'canary',
  'front',
  'grafana',
  'grafanaSamlAdmins',
  'grafanaSamlMetadata',
  'grafanaSamlRole',
  'ingestSecurityGroups',
  'ingestSubnets',
  'monthlyBudgetUsd',
  'oidc',
  'pii',
  'prometheus',
  'provisionedConcurrency',
  'remoteWriteUrl',
  'reservedConcurrency',
  'rollout',
  'tags',
  'tracing',
  'trainingImage',
];
/** Of the CDK's own; those it looks up and its flags have a colon or a slash in them. */
const cdkKeys = ['acknowledged-issue-numbers', 'cli-telemetry'];

/**
 * A misspelt knob would be no knob: `-c Stage=prod` would deploy dev.
 *
 * @param keys of the whole context
 * @throws {UnknownContextValueError} for a key that neither the app nor the CDK reads
 * @example refuseUnknownKeys(Object.keys(app.node.getAllContext()))
 */
export function refuseUnknownKeys(keys: readonly string[]): void {
  const unknown = keys.find((key) => !/[:/]/.test(key) && !knobs.includes(key) && !cdkKeys.includes(key));
  if (unknown !== undefined)
    throw new UnknownContextValueError(
      `unknown key ${JSON.stringify(unknown)} in the context: want ${knobs.join(', ')}`,
    );
}

function remoteWriteUrl(value: unknown, prometheus: StageConfig['prometheus']): string | undefined {
  if (value === undefined) return undefined;
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw new UnknownContextValueError(
      'remoteWriteUrl is no https:// address without user and password: those belong into a secret, since a template is not one',
    );
  if (prometheus === 'amp')
    throw new UnknownContextValueError(
      'remoteWriteUrl is given with prometheus "amp", where metrics are sent already: want prometheus none',
    );
  return url.href;
}

function ingestNetwork(context: (key: string) => unknown): StageConfig['ingestNetwork'] {
  const list = (key: string, pattern: RegExp): readonly string[] => {
    const names = String(context(key) ?? '')
      .split(',')
      .filter((name) => name !== '');
    const wrong = names.find((name) => !pattern.test(name));
    if (wrong !== undefined)
      throw new UnknownContextValueError(
        `unknown ${key} ${JSON.stringify(wrong)}: want ${pattern.source}, comma-separated`,
      );
    return names;
  };
  const subnetIds = list('ingestSubnets', /^subnet-[0-9a-f]{8,17}$/);
  const securityGroupIds = list('ingestSecurityGroups', /^sg-[0-9a-f]{8,17}$/);
  if (subnetIds.length > 0 !== securityGroupIds.length > 0)
    throw new UnknownContextValueError('ingestSubnets and ingestSecurityGroups are wanted together');
  return subnetIds.length > 0 ? { subnetIds, securityGroupIds } : undefined;
}

/** An emulator sends no mail and no bill, and has no more than one way to serve: asking for any is a mistake about the stage. */
function refuseLocally(key: string, { stage }: StageConfig): void {
  if (stage === 'local')
    throw new UnknownContextValueError(`${key} is given for stage local: want stage dev or prod`);
}

function alarmEmail(value: unknown, config: StageConfig): string | undefined {
  if (value === undefined) return config.alarmEmail;
  refuseLocally('alarmEmail', config);
  if (typeof value !== 'string' || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))
    throw new UnknownContextValueError(
      `unknown alarmEmail ${JSON.stringify(value)}: want one address, name@example.com`,
    );
  return value;
}

function monthlyBudgetUsd(value: unknown, config: StageConfig): number | undefined {
  if (value === undefined) return config.monthlyBudgetUsd;
  refuseLocally('monthlyBudgetUsd', config);
  const usd = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof usd !== 'number' || !Number.isFinite(usd) || usd < 1)
    throw new UnknownContextValueError(
      `unknown monthlyBudgetUsd ${JSON.stringify(value)}: want a number of dollars, at least 1`,
    );
  return usd;
}

/** Without rules nobody would notice, and somebody would be paged for that every day. */
function canary(value: unknown, config: StageConfig, prometheus: StageConfig['prometheus']): boolean {
  if (value === undefined) return config.canary && prometheus !== 'none';
  const isOn = oneOf('canary', String(value), ['true', 'false']) === 'true';
  if (isOn) refuseLocally('canary', config);
  if (isOn && prometheus === 'none')
    throw new UnknownContextValueError(
      'canary is given with prometheus "none", which evaluates no rules: want prometheus amp',
    );
  return isOn;
}

/** What an emulator lacks: the HTTP API, CodeDeploy and aliases, limits of concurrency. */
type Growth = Pick<
  StageConfig,
  'front' | 'rollout' | 'provisionedConcurrency' | 'reservedConcurrency' | 'tags'
>;

function growth(context: (key: string) => unknown, config: StageConfig): Growth {
  for (const key of ['front', 'rollout', 'provisionedConcurrency', 'reservedConcurrency'])
    if (context(key) !== undefined) refuseLocally(key, config);
  const front = oneOf('front', context('front') ?? config.front, fronts);
  if (front === 'http' && config.requireApiKey)
    throw new UnknownContextValueError(
      'requireApiKey is true with front "http", which knows no API keys: want requireApiKey false, or front rest',
    );
  const rollout = oneOf('rollout', context('rollout') ?? config.rollout, rollouts);
  const concurrency = (key: 'provisionedConcurrency' | 'reservedConcurrency') =>
    concurrencyOf(key, context(key) ?? config[key]);
  const provisionedConcurrency = concurrency('provisionedConcurrency');
  const reservedConcurrency = concurrency('reservedConcurrency');
  checkProvisioned(provisionedConcurrency, reservedConcurrency, rollout !== 'none');
  const tags = tagsOf(context('tags') ?? config.tags);
  return { front, rollout, provisionedConcurrency, reservedConcurrency, tags };
}

/**
 * The configuration the context asks for: `stage` (dev unless told); `architecture`, `front`, `rollout`, `provisionedConcurrency`,
 * `reservedConcurrency`, `tags`, `tracing`, `trainingImage`, `canary`, `ingestSubnets` with
 * `ingestSecurityGroups`, `oidc`, `alarmEmail` and `monthlyBudgetUsd` (the stage's unless told).
 *
 * @param context reads one key of the CDK context
 * @throws {UnknownContextValueError} for a value that is not allowed
 * @example stageConfig((key) => (key === 'stage' ? 'prod' : undefined)).removal // 'retain'
 */
export function stageConfig(context: (key: string) => unknown): StageConfig {
  const config = stages[oneOf('stage', context('stage') ?? 'dev', stageNames)];
  const architecture = oneOf('architecture', context('architecture') ?? config.architecture, architectures);
  const image = context('trainingImage');
  if (image !== undefined && typeof image !== 'string')
    throw new UnknownContextValueError(
      `unknown trainingImage ${JSON.stringify(image)}: want the name of an image`,
    );
  const network = ingestNetwork(context);
  const email = alarmEmail(context('alarmEmail'), config);
  const budget = monthlyBudgetUsd(context('monthlyBudgetUsd'), config);
  const oidc = readOidc(context('oidc'));
  if (oidc) refuseLocally('oidc', config);
  if ((oidc ?? config.auth.oidc) && (context('front') ?? config.front) === 'http')
    throw new UnknownContextValueError(
      'oidc is given with front "http", which sends nobody to sign in: want front rest',
    );
  const prometheus = oneOf('prometheus', context('prometheus') ?? config.prometheus, ['none', 'amp']);
  if (prometheus === 'amp') refuseLocally('prometheus', config);
  const receiver = remoteWriteUrl(context('remoteWriteUrl'), prometheus);
  const alerts = readAlerts(context('alerts'));
  if (alerts && prometheus === 'none')
    throw new UnknownContextValueError(
      'alerts is given with prometheus "none", which evaluates no rules: want prometheus amp',
    );
  const asked = readGrafana(context);
  if (asked && asked !== 'none') refuseLocally('grafana', config);
  const { grafana: usual, ...rest } = config;
  const signIn = asked === 'none' ? undefined : (asked ?? usual);
  if (signIn && prometheus === 'none')
    throw new UnknownContextValueError(
      'grafana is given with prometheus "none", which has nothing to show: want prometheus amp',
    );
  if (context('alerting') !== undefined) refuseLocally('alerting', config);
  const alerting = readAlerting(context('alerting') ?? config.alerting, { signIn, alerts });
  return {
    ...rest,
    ...growth(context, config),
    alerting,
    ...(signIn && { grafana: signIn }),
    ...(alerts && { alerts }),
    ...(network ? { ingestNetwork: network } : {}),
    ...(oidc ? { auth: { ...config.auth, oidc } } : {}),
    ...(email === undefined ? {} : { alarmEmail: email }),
    ...(budget === undefined ? {} : { monthlyBudgetUsd: budget }),
    ...(receiver === undefined ? {} : { remoteWriteUrl: receiver }),
    architecture,
    prometheus,
    tracing: oneOf('tracing', context('tracing') ?? config.tracing, tracings),
    canary: canary(context('canary'), config, prometheus),
    pii: oneOf('pii', String(context('pii') ?? config.pii), ['true', 'false']) === 'true',
    training: { ...config.training, ...(image === undefined ? {} : { image }) },
  };
}

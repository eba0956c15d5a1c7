// From synthesised templates to the settings that cost money: nothing here is assumed, all of it is deployed.

interface FunctionSettings {
  readonly memoryMb: number;
  readonly isArm: boolean;
  readonly isTraced: boolean;
  /** Instances kept warm. */
  readonly provisioned?: number;
}

export interface Inventory {
  /** By the name in the surface: without `tidemark-<stage>-`. */
  readonly functions: Readonly<Record<string, FunctionSettings>>;
  /** Invocations a month by schedule, by function. */
  readonly schedules: Readonly<Record<string, number>>;
  readonly tables: number;
  readonly hasBackups: boolean;
  /** Tables under a KMS key, of AWS or of the customer: their requests are charged, unlike those under a key AWS owns. */
  readonly kmsTables: number;
  readonly customerKeys: number;
  /** Objects under a KMS key: each request costs one of KMS; with a bucket key about one in a hundred. */
  readonly kmsPerObjectRequest: number;
  readonly api: {
    readonly front: 'rest' | 'http';
    readonly hasDetailedMetrics: boolean;
    readonly isTraced: boolean;
    readonly logRetentionDays: number;
    readonly hasAccessLogs: boolean;
  };
  /** `hasEventMetrics`: what became of its records is counted, at the price of metrics. */
  readonly feed: {
    readonly batchSize: number;
    readonly windowSeconds: number;
    readonly hasEventMetrics: boolean;
  };
  readonly granuleMs: number;
  /** Days until objects expire, by prefix; an absent one is kept. */
  readonly expiryDays: Readonly<Record<string, number>>;
  readonly hasBucketLogs: boolean;
  /** States of all state machines: more than any run enters, but for the inside of its maps. */
  readonly states: number;
  readonly alarms: number;
  /** Metrics are sent to Managed Prometheus. */
  readonly hasMetrics?: boolean;
  readonly secrets: number;
  /** Resource types that this calculator knows nothing about: number of each. */
  readonly unpriced: Readonly<Record<string, number>>;
}

export class UnreadableTemplateError extends Error {
  override readonly name = 'UnreadableTemplateError';
}

type Properties = Readonly<Record<string, unknown>>;
interface Resource {
  readonly Type: string;
  readonly Properties?: Properties;
}

export const MONTH_SECONDS = 730 * 3600;

/** Types that cost nothing by themselves, or whose cost is that of their use, counted in `usage.ts`. */
const knownTypes = new Set([
  'AWS::APS::RuleGroupsNamespace',
  'AWS::APS::Workspace',
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::ApiKey',
  'AWS::ApiGateway::Deployment',
  'AWS::ApiGateway::GatewayResponse',
  'AWS::ApiGateway::Method',
  'AWS::ApiGateway::Model',
  'AWS::ApiGateway::RequestValidator',
  'AWS::ApiGateway::Resource',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGateway::Stage',
  'AWS::ApiGateway::UsagePlan',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::Budgets::Budget',
  'AWS::CDK::Metadata',
  'AWS::CloudFormation::CustomResource',
  'AWS::CloudWatch::Alarm',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::DynamoDB::Table',
  'AWS::Events::EventBus',
  'AWS::Events::Rule',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::Alias',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::SecretsManager::Secret',
  'AWS::StepFunctions::StateMachine',
  'Custom::S3AutoDeleteObjects',
]);

/**
 * What of the templates costs money, and how it is set.
 *
 * @param templates CloudFormation templates of one stage
 * @param stage its name, as in `tidemark-<stage>-predict`
 * @throws {UnreadableTemplateError} where something every deployment has is missing or of an unknown form
 */
export function takeInventory(templates: readonly unknown[], stage: string): Inventory {
  const resources = templates.flatMap((template) =>
    Object.entries((template as { readonly Resources?: Record<string, Resource> }).Resources ?? {}),
  );
  const of = (type: string): readonly Properties[] =>
    resources.filter(([, { Type }]) => Type === type).map(([, { Properties = {} }]) => Properties);
  const one = (type: string, wanted: (properties: Properties) => boolean = () => true): Properties => {
    const found = of(type).find(wanted);
    if (!found) throw new UnreadableTemplateError(`no ${type} in the templates of stage ${stage}`);
    return found;
  };
  const functions = functionsOf(of('AWS::Lambda::Function'), provisionedOf(resources), `tidemark-${stage}-`);
  const predict = one(
    'AWS::Lambda::Function',
    ({ FunctionName }) => FunctionName === `tidemark-${stage}-predict`,
  );
  const mapping = one('AWS::Lambda::EventSourceMapping');
  const tables = of('AWS::DynamoDB::Table');
  const bucket = one(
    'AWS::S3::Bucket',
    (properties) => at(properties, 'VersioningConfiguration') !== undefined,
  );
  return {
    functions,
    schedules: schedulesOf(resources, `tidemark-${stage}-`),
    tables: tables.length,
    hasBackups: tables.some(
      (table) => at(table, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled') === true,
    ),
    kmsTables: tables.filter((table) => at(table, 'SSESpecification', 'SSEEnabled') === true).length,
    customerKeys: of('AWS::KMS::Key').length,
    kmsPerObjectRequest: kmsPerObjectRequest(bucket),
    api:
      of('AWS::ApiGatewayV2::Api').length > 0
        ? httpApiOf(one('AWS::ApiGatewayV2::Stage'), accessLogRetention(resources, stage))
        : restApiOf(one('AWS::ApiGateway::Stage'), accessLogRetention(resources, stage)),
    feed: {
      hasEventMetrics: mapping.MetricsConfig !== undefined,
      batchSize: numberAt(mapping, 'BatchSize'),
      windowSeconds: numberAt(mapping, 'MaximumBatchingWindowInSeconds'),
    },
    granuleMs: Number(at(predict, 'Environment', 'Variables', 'GRANULE_MS') ?? 300_000),
    expiryDays: expiryOf(bucket),
    hasBucketLogs: at(bucket, 'LoggingConfiguration') !== undefined,
    states: of('AWS::StepFunctions::StateMachine').reduce((sum, machine) => sum + statesOf(machine), 0),
    alarms: of('AWS::CloudWatch::Alarm').length,
    hasMetrics: of('AWS::APS::Workspace').length > 0,
    secrets: of('AWS::SecretsManager::Secret').length,
    unpriced: countUnknown(resources.map(([, { Type }]) => Type)),
  };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (typeof found === 'object' && found !== null ? (found as Properties)[key] : undefined),
    value,
  );
}

function numberAt(value: unknown, key: string): number {
  const found = at(value, key);
  if (typeof found !== 'number')
    throw new UnreadableTemplateError(`${key} is ${JSON.stringify(found)}: want a number`);
  return found;
}

/** By the function's name. */
function provisionedOf(resources: readonly (readonly [string, Resource])[]): ReadonlyMap<unknown, number> {
  const names = new Map(resources.map(([id, { Properties }]) => [id, at(Properties, 'FunctionName')]));
  return new Map(
    resources.flatMap(([, { Type, Properties }]) => {
      const kept = at(Properties, 'ProvisionedConcurrencyConfig');
      if (Type !== 'AWS::Lambda::Alias' || kept === undefined) return [];
      const name = names.get(String(at(Properties, 'FunctionName', 'Ref')));
      return [[name, numberAt(kept, 'ProvisionedConcurrentExecutions')]];
    }),
  );
}

function functionsOf(
  all: readonly Properties[],
  provisioned: ReadonlyMap<unknown, number>,
  prefix: string,
): Record<string, FunctionSettings> {
  return Object.fromEntries(
    all
      .filter(({ FunctionName }) => typeof FunctionName === 'string' && FunctionName.startsWith(prefix))
      .map((properties) => [
        String(properties.FunctionName).slice(prefix.length),
        {
          memoryMb: numberAt(properties, 'MemorySize'),
          isArm: (properties.Architectures as readonly string[] | undefined)?.[0] === 'arm64',
          isTraced: at(properties, 'TracingConfig', 'Mode') === 'Active',
          provisioned: provisioned.get(properties.FunctionName) ?? 0,
        },
      ]),
  );
}

function schedulesOf(
  resources: readonly (readonly [string, Resource])[],
  prefix: string,
): Record<string, number> {
  const names = new Map(resources.map(([id, { Properties }]) => [id, at(Properties, 'FunctionName')]));
  const invocations: Record<string, number> = {};
  for (const [id, { Type, Properties }] of resources) {
    const expression = at(Properties, 'ScheduleExpression');
    if (Type !== 'AWS::Events::Rule' || expression === undefined) continue;
    for (const target of at(Properties, 'Targets') as readonly unknown[]) {
      const [targetId] = (at(target, 'Arn', 'Fn::GetAtt') ?? []) as readonly string[];
      const name = names.get(targetId ?? '');
      if (typeof name !== 'string' || !name.startsWith(prefix))
        throw new UnreadableTemplateError(
          `the schedule ${id} starts something that is no function of ${prefix}*`,
        );
      const key = name.slice(prefix.length);
      invocations[key] = (invocations[key] ?? 0) + MONTH_SECONDS / rateSeconds(expression);
    }
  }
  return invocations;
}

/** `rate(5 minutes)` → 300. */
function rateSeconds(expression: unknown): number {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(expression));
  if (!match)
    throw new UnreadableTemplateError(
      `a schedule is ${JSON.stringify(expression)}: want rate(N minutes|hours|days)`,
    );
  return Number(match[1]) * { minute: 60, hour: 3600, day: 86_400 }[match[2] as 'minute' | 'hour' | 'day'];
}

/** Traced it never is itself: only its functions are. */
function httpApiOf(stage: Properties, logRetentionDays: number): Inventory['api'] {
  return {
    front: 'http',
    hasDetailedMetrics: at(stage, 'DefaultRouteSettings', 'DetailedMetricsEnabled') === true,
    isTraced: false,
    hasAccessLogs: stage.AccessLogSettings !== undefined,
    logRetentionDays,
  };
}

function restApiOf(stage: Properties, logRetentionDays: number): Inventory['api'] {
  const settings = (stage.MethodSettings ?? []) as readonly Properties[];
  return {
    front: 'rest',
    hasDetailedMetrics: settings.some((one) => one.MetricsEnabled === true),
    isTraced: stage.TracingEnabled === true,
    hasAccessLogs: stage.AccessLogSetting !== undefined,
    logRetentionDays,
  };
}

/** The access log's group has no name of its own; every other has one. */
function accessLogRetention(resources: readonly (readonly [string, Resource])[], stage: string): number {
  const groups = resources.filter(([, { Type }]) => Type === 'AWS::Logs::LogGroup');
  const found = groups.find(([id]) => id.startsWith('ApiAccessLogs')) ?? groups[0];
  if (!found) throw new UnreadableTemplateError(`no AWS::Logs::LogGroup in the templates of stage ${stage}`);
  return numberAt(found[1].Properties, 'RetentionInDays');
}

function kmsPerObjectRequest(bucket: Properties): number {
  const rules = at(bucket, 'BucketEncryption', 'ServerSideEncryptionConfiguration');
  const rule = (rules as readonly unknown[] | undefined)?.[0];
  if (at(rule, 'ServerSideEncryptionByDefault', 'SSEAlgorithm') !== 'aws:kms') return 0;
  return at(rule, 'BucketKeyEnabled') === true ? 0.01 : 1;
}

function expiryOf(bucket: Properties): Record<string, number> {
  const rules = (at(bucket, 'LifecycleConfiguration', 'Rules') ?? []) as readonly Properties[];
  return Object.fromEntries(
    rules
      .filter(({ Prefix, ExpirationInDays }) => Prefix !== undefined && ExpirationInDays !== undefined)
      .map(({ Prefix, ExpirationInDays }) => [String(Prefix), Number(ExpirationInDays)]),
  );
}

/** The definition is a text, or the parts of one. */
function statesOf(machine: Properties): number {
  const definition = machine.DefinitionString;
  const text =
    typeof definition === 'string'
      ? definition
      : (
          (at(definition, 'Fn::Join') as readonly unknown[] | undefined)?.[1] as
            | readonly unknown[]
            | undefined
        )
          ?.map((part) => (typeof part === 'string' ? part : 'x'))
          .join('');
  if (text === undefined) throw new UnreadableTemplateError('a state machine has no DefinitionString');
  return countStates(JSON.parse(text));
}

function countStates(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const states = at(value, 'States');
  const here = typeof states === 'object' && states !== null ? Object.keys(states).length : 0;
  return Object.values(value).reduce<number>((sum, part) => sum + countStates(part), here);
}

function countUnknown(types: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const type of types) if (!knownTypes.has(type)) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

// Least privilege, function by function: a role holds what `surface.ts` declares, and not one statement more.
import { beforeAll, describe, expect, it } from 'vitest';
import { failedBatchesPrefix } from '#shared/api/names.ts';
import { type FunctionName, type FunctionSpec, functions, type TableAccess } from '#shared/api/surface.ts';
import { permissionsOf, type SynthesisedStage, synthStage } from '../testing.ts';

let dev: SynthesisedStage;
let local: SynthesisedStage;
let prod: SynthesisedStage;
beforeAll(() => {
  prod = synthStage('prod');
  dev = synthStage('dev', { canary: 'true' });
  local = synthStage('local');
});

interface KeyStatement {
  readonly Action: string | readonly string[];
  readonly Condition: {
    readonly StringEquals: { readonly 'kms:ViaService': { readonly 'Fn::Join': [string, [string]] } };
  };
}

// What a stage has only when it is asked for has a test of its own: grafana.test.ts.
const names = (Object.keys(functions) as FunctionName[]).filter(
  (name) => (functions[name] as FunctionSpec).onDeploy !== 'observability',
);

function roleOf({ data, working }: SynthesisedStage, stage: string, name: FunctionName) {
  for (const template of [data, ...working])
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function')))
      if (Properties.FunctionName === `tidemark-${stage}-${name}`)
        return { template, roleId: Properties.Role['Fn::GetAtt'][0] as string };
  throw new Error(`no function ${name}`);
}

function permissions(synthesised: SynthesisedStage, stage: string, name: FunctionName): string[] {
  const { template, roleId } = roleOf(synthesised, stage, name);
  return permissionsOf(template, roleId);
}

const reading = ['GetItem', 'Query'];
const tableActions = {
  read: reading,
  write: [...reading, 'PutItem'],
  delete: [...reading, 'PutItem', 'DeleteItem'],
};

/** What the declared access comes to, written down a second time. */
function declared({ access }: FunctionSpec, stage: string): string[] {
  const { predictions, state, reads = [], writes = [], events, pipelines, secrets } = access;
  const table = (name: string, mode: TableAccess | undefined) =>
    mode === undefined ? [] : tableActions[mode].map((action) => `dynamodb:${action} ${name}.Arn`);
  const states = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>';
  return [
    ...table('Predictions', predictions),
    ...table('State', state),
    ...reads.map((prefix) => `s3:GetObject ObjectsBucket.Arn/${prefix}*`),
    ...(reads.length > 0 ? ['s3:ListBucket ObjectsBucket.Arn'] : []),
    ...writes.map((prefix) => `s3:PutObject ObjectsBucket.Arn/${prefix}*`),
    ...(events
      ? [
          `events:PutEvents arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/tidemark-${stage}`,
        ]
      : []),
    ...secretNames(secrets).map(
      (name) =>
        `secretsmanager:GetSecretValue arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:tidemark/${stage}/${name}`,
    ),
    ...(pipelines
      ? [
          ...(pipelines === 'read'
            ? []
            : ['ListExecutions', 'SendTaskFailure', 'SendTaskSuccess', 'StartExecution']
          ).map((action) => `states:${action} ${states}:stateMachine:tidemark-${stage}-retrain`),
          ...['DescribeExecution', 'GetExecutionHistory'].map(
            (action) => `states:${action} ${states}:execution:tidemark-${stage}-retrain:*`,
          ),
        ]
      : []),
  ];
}

function secretNames(secrets: FunctionSpec['access']['secrets']): readonly string[] {
  if (typeof secrets === 'object') return secrets.map((name) => `${name}-??????`);
  return secrets ? ['*'] : [];
}

const isRuntime = (line: string) =>
  /^logs:(CreateLogStream|PutLogEvents) \w+Logs\.Arn$/.test(line) ||
  /^xray:(PutTelemetryRecords|PutTraceSegments) \*$/.test(line) ||
  /^sqs:(GetQueueAttributes|GetQueueUrl|SendMessage) (DeadLetters|FeedFailed)\.Arn$/.test(line);

/** What reading the stream and giving up on a batch take, beside the declared access. */
const feed = [
  'dynamodb:DescribeStream Predictions.StreamArn',
  'dynamodb:GetRecords Predictions.StreamArn',
  'dynamodb:GetShardIterator Predictions.StreamArn',
  'dynamodb:ListStreams Predictions.Arn/stream/*',
];
const failedBatches = [
  `s3:PutObject ObjectsBucket.Arn/${failedBatchesPrefix}*`,
  's3:ListBucket ObjectsBucket.Arn',
];

describe('role of each function', () => {
  it.each(names)('%s may do what it declares, in the cloud and locally', (name) => {
    const extra = name === 'capture' ? feed : [];
    const beyond = (lines: string[]) => [...new Set(lines)].filter((line) => !isRuntime(line)).sort();
    // An emulator starts empty: nothing there to be done by a deployment. And it has no rules that a canary could test.
    if (!(functions[name] as FunctionSpec).onDeploy && name !== 'canary')
      expect(beyond(permissions(local, 'local', name))).toEqual(
        [...declared(functions[name], 'local'), ...extra].sort(),
      );
    expect(beyond(permissions(dev, 'dev', name))).toEqual(
      [
        ...new Set([
          ...declared(functions[name], 'dev'),
          ...extra,
          ...(name === 'capture' ? failedBatches : []),
          ...(name === 'publish' ? ['aps:RemoteWrite MetricsWorkspace.Arn'] : []),
        ]),
      ].sort(),
    );
  });

  it('lets nobody delete a prediction, and of the state only who gives back a lease, a claim or an idempotency key', () => {
    const deleting = names.flatMap((name) =>
      permissions(dev, 'dev', name)
        .filter((line) => line.startsWith('dynamodb:DeleteItem'))
        .map((line) => `${name} ${line.split(' ')[1]}`),
    );
    expect(deleting.sort()).toEqual([
      'admin State.Arn',
      'monitor State.Arn',
      'notify State.Arn',
      'retrain-approve State.Arn',
      'retrain-release State.Arn',
      'tick State.Arn',
    ]);
  });

  it.each(names)('%s has a role and a log group no other function has', (name) => {
    const { roleId } = roleOf(dev, 'dev', name);
    const others = names.filter((other) => other !== name).map((other) => roleOf(dev, 'dev', other).roleId);
    expect(others).not.toContain(roleId);
    const groups = permissions(dev, 'dev', name).filter((line) => line.startsWith('logs:PutLogEvents'));
    expect(groups).toHaveLength(1);
  });

  it('never has a wildcard action, a managed policy, or all resources except for X-Ray', () => {
    for (const name of names) {
      for (const line of permissions(dev, 'dev', name)) {
        const [action, resource] = line.split(' ');
        expect(action).not.toContain('*');
        if (resource === '*') expect(action).toMatch(/^xray:/);
      }
      const { template, roleId } = roleOf(dev, 'dev', name);
      expect(template.findResources('AWS::IAM::Role')[roleId]?.Properties.ManagedPolicyArns).toBeUndefined();
    }
  });

  it.each(names)(
    '%s may use the key of prod as far as its tables, objects and dead letters ask for it',
    (name) => {
      const { template, roleId } = roleOf(prod, 'prod', name);
      const statements = Object.values(template.findResources('AWS::IAM::Policy'))
        .filter((policy) => policy.Properties.Roles[0].Ref === roleId)
        .flatMap((policy) => policy.Properties.PolicyDocument.Statement as KeyStatement[])
        .filter(({ Action }) => [Action].flat().some((action) => action.startsWith('kms:')));
      const found = new Map(
        statements.map(({ Action, Condition }) => [
          Condition.StringEquals['kms:ViaService']['Fn::Join'][1][0],
          [Action].flat().sort(),
        ]),
      );
      expect(found.size).toBe(statements.length);

      const { access }: FunctionSpec = functions[name];
      const tables = [access.predictions, access.state];
      const sends = permissions(prod, 'prod', name).some((line) => line.startsWith('sqs:SendMessage'));
      const wanted = new Map<string, string[]>();
      if (tables.includes('write') || tables.includes('delete'))
        wanted.set('dynamodb.', [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ]);
      else if (tables.includes('read')) wanted.set('dynamodb.', ['kms:Decrypt', 'kms:DescribeKey']);
      if (access.writes !== undefined) wanted.set('s3.', ['kms:Decrypt', 'kms:GenerateDataKey']);
      else if (access.reads !== undefined) wanted.set('s3.', ['kms:Decrypt']);
      if (access.piiKey) wanted.set('secretsmanager.', ['kms:Decrypt']);
      if (sends) wanted.set('sqs.', ['kms:Decrypt', 'kms:GenerateDataKey']);
      expect(found).toEqual(wanted);
    },
  );

  it('lists objects under its own prefixes only', () => {
    for (const name of names) {
      const { access }: FunctionSpec = functions[name];
      const { template, roleId } = roleOf(dev, 'dev', name);
      const listing = Object.values(template.findResources('AWS::IAM::Policy'))
        .filter((policy) => policy.Properties.Roles[0].Ref === roleId)
        .flatMap((policy) => policy.Properties.PolicyDocument.Statement)
        .filter((statement) => statement.Action === 's3:ListBucket' && statement.Condition !== undefined);
      expect(listing.map((statement) => statement.Condition)).toEqual(
        access.reads === undefined
          ? []
          : [{ StringLikeIfExists: { 's3:prefix': access.reads.map((prefix) => `${prefix}*`) } }],
      );
    }
  });
});

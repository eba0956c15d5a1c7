// From the `access` a function declares in `surface.ts` to the statements of its role: nothing else grants it data.
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import { type FunctionSpec, type MachineName, machines, type TableAccess } from '#shared/api/surface.ts';
import type { Deployment } from '../deployment.ts';
import { busName, machineName, piiKeySecretName } from '../names.ts';

// What the Table port does: get, query; conditional put and delete. No Scan, no update, no batch, no transaction.
const tableActions = {
  read: ['dynamodb:GetItem', 'dynamodb:Query'],
  write: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'],
  delete: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
} as const satisfies Record<TableAccess, readonly string[]>;

/** Gives `role` what `access` says, table by table and key prefix by key prefix. */
export function grantAccess(role: Role, access: FunctionSpec['access'], deployment: Deployment): void {
  const { predictions, state } = deployment;
  const { reads = [], writes = [] } = access;
  const grantTable = (table: Table, mode: TableAccess | undefined) => {
    if (mode === undefined) return;
    allow(role, tableActions[mode], [table.tableArn]);
    grantKey(role, 'dynamodb', mode === 'read' ? 'read' : 'write', deployment);
  };
  grantTable(predictions, access.predictions);
  grantTable(state, access.state);
  if (reads.length > 0) grantReadObjects(role, reads, deployment);
  if (writes.length > 0) grantWriteObjects(role, writes, deployment);
  if (access.events === true) grantPublish(role, deployment);
  if (access.pipelines) grantPipelines(role, access.pipelines, deployment);
  if (access.secrets === true) grantSecrets(role, deployment);
  else if (access.secrets) grantSecretsNamed(role, access.secrets, deployment);
  if (access.piiKey === true && deployment.config.pii) grantPiiKey(role, deployment);
}

// DynamoDB and S3 use the key with the rights of whoever asks them. `kms:ReEncrypt*` and the like are spelled out.
const keyActions = {
  dynamodb: {
    read: ['kms:Decrypt', 'kms:DescribeKey'],
    write: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
  },
  s3: { read: ['kms:Decrypt'], write: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  secretsmanager: { read: ['kms:Decrypt'], write: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  sns: { read: ['kms:Decrypt'], write: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  sqs: { read: ['kms:Decrypt'], write: ['kms:Decrypt', 'kms:GenerateDataKey'] },
} as const;

/**
 * The use of the stage's own key that reading or writing through `service` takes, and only through it: nobody may call KMS with data
 * in hand. Nothing where the stage has no key.
 */
export function grantKey(
  role: Role,
  service: keyof typeof keyActions,
  mode: 'read' | 'write',
  { key }: Deployment,
): void {
  if (key === undefined) return;
  role.addToPolicy(
    new PolicyStatement({
      actions: [...keyActions[service][mode]],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(role).region}.amazonaws.com` } },
    }),
  );
}

export function grantReadObjects(role: Role, prefixes: readonly string[], deployment: Deployment): void {
  const { bucketArn } = deployment;
  const objects = prefixes.map((prefix) => `${bucketArn}/${prefix}*`);
  allow(role, ['s3:GetObject'], objects);
  // Without ListBucket a missing object is 403, not 404. That check carries no prefix, hence IfExists: a get answers
  // "absent", and a list may only look under its own prefixes.
  role.addToPolicy(
    new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [bucketArn],
      conditions: { StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
    }),
  );
  grantKey(role, 's3', 'read', deployment);
  acknowledgePrefixes(role, objects);
}

export function grantWriteObjects(role: Role, prefixes: readonly string[], deployment: Deployment): void {
  const { bucketArn } = deployment;
  const objects = prefixes.map((prefix) => `${bucketArn}/${prefix}*`);
  allow(role, ['s3:PutObject'], objects);
  grantKey(role, 's3', 'write', deployment);
  acknowledgePrefixes(role, objects);
}

function grantPublish(role: Role, { config }: Deployment): void {
  const bus = Stack.of(role).formatArn({
    service: 'events',
    resource: 'event-bus',
    resourceName: busName(config.stage),
  });
  allow(role, ['events:PutEvents'], [bus]);
}

/** Those of this stage, which people create: their names are not known when the stack is. */
function grantSecrets(role: Role, { config }: Deployment): void {
  const secrets = Stack.of(role).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `tidemark/${config.stage}/*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  allow(role, ['secretsmanager:GetSecretValue'], [secrets]);
  acknowledgeWildcard(role, secrets, 'Secrets of data sources are created by people and named in a policy.');
}

/** Made by people as well, or not at all. */
function grantSecretsNamed(role: Role, names: readonly string[], { config }: Deployment): void {
  const secrets = names.map((name) =>
    Stack.of(role).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `tidemark/${config.stage}/${name}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
  allow(role, ['secretsmanager:GetSecretValue'], secrets);
}

/** That one secret: its name is followed by six characters that Secrets Manager chooses. */
function grantPiiKey(role: Role, deployment: Deployment): void {
  const secret = Stack.of(role).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${piiKeySecretName(deployment.config.stage)}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  allow(role, ['secretsmanager:GetSecretValue'], [secret]);
  grantKey(role, 'secretsmanager', 'read', deployment);
}

/** The Pipelines port: describe; start, list and signal only where it is not to be read alone. */
function grantPipelines(role: Role, mode: true | 'read', { config }: Deployment): void {
  for (const name of Object.keys(machines) as MachineName[]) {
    const arn = (resource: string, suffix = '') =>
      Stack.of(role).formatArn({
        service: 'states',
        resource,
        resourceName: machineName(config.stage, name) + suffix,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const executions = arn('execution', ':*');
    if (mode === true)
      allow(
        role,
        [
          'states:StartExecution',
          'states:ListExecutions',
          'states:SendTaskSuccess',
          'states:SendTaskFailure',
        ],
        [arn('stateMachine')],
      );
    allow(role, ['states:DescribeExecution', 'states:GetExecutionHistory'], [executions]);
    acknowledgeWildcard(
      role,
      executions,
      'Executions are named when they start; these are those of one state machine.',
    );
  }
}

export function allow(role: Role, actions: readonly string[], resources: readonly string[]): void {
  role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
}

/** Acknowledges the finding about one ARN that ends in `*`, and no other. */
export function acknowledgeWildcard(role: Role, arn: string, reason: string): void {
  const finding = flattenCfnReference(Stack.of(role).resolve(arn));
  Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${finding}]`, reason });
}

function acknowledgePrefixes(role: Role, objects: readonly string[]): void {
  for (const arn of objects)
    acknowledgeWildcard(
      role,
      arn,
      'Object keys are not known in advance; access is to the one prefix this function declares.',
    );
}

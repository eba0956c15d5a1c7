// What must hold for the data, whatever else changes.
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { failedBatchesPrefix, replayedPrefix } from '#shared/api/names.ts';
import { functions, storedSchema } from '#shared/api/surface.ts';
import { stageConfig } from '../stage-config.ts';
import { type SynthesisedStage, synthStage } from '../testing.ts';

let prod: SynthesisedStage;
let dev: SynthesisedStage;
beforeAll(() => {
  prod = synthStage('prod');
  dev = synthStage('dev');
});

/** A different logical id is a different, empty table: these change only with a migration. */
const stateful = {
  predictions: 'PredictionsD178A010',
  state: 'State1C20CC9A',
  bucket: 'ObjectsBucket5A707942',
  key: 'Key961B73FD',
};
const keyArn = { 'Fn::GetAtt': [stateful.key, 'Arn'] };

describe('data stack', () => {
  it('migrates what is stored before other stacks are deployed, and waits for that no longer than it may take', () => {
    for (const { data } of [prod, dev])
      data.hasResourceProperties('AWS::CloudFormation::CustomResource', {
        Schema: storedSchema,
        ServiceTimeout: functions.migrate.timeoutSeconds + 60,
      });
  });

  it('keeps the logical ids of tables and bucket, in every stage', () => {
    for (const { data } of [prod, dev]) {
      expect(Object.keys(data.findResources('AWS::DynamoDB::Table')).sort()).toEqual(
        [stateful.predictions, stateful.state].sort(),
      );
      expect(Object.keys(data.findResources('AWS::S3::Bucket'))).toContain(stateful.bucket);
    }
  });

  it('has two encrypted on-demand tables of string keys with expiry and point-in-time recovery', () => {
    prod.data.allResourcesProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: keyArn },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'exp', Enabled: true },
    });
  });

  it('streams the prediction log and nothing else', () => {
    const tables = prod.data.findResources('AWS::DynamoDB::Table');
    expect(tables[stateful.predictions]?.Properties.StreamSpecification).toEqual({
      StreamViewType: 'NEW_IMAGE',
    });
    expect(tables[stateful.state]?.Properties.StreamSpecification).toBeUndefined();
  });

  it('keeps every bucket private, encrypted and TLS only', () => {
    prod.data.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: { ServerSideEncryptionConfiguration: Match.anyValue() },
    });
    const buckets = Object.keys(prod.data.findResources('AWS::S3::Bucket'));
    for (const bucket of buckets)
      prod.data.hasResourceProperties('AWS::S3::BucketPolicy', {
        Bucket: { Ref: bucket },
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Effect: 'Deny',
              Action: 's3:*',
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            }),
          ]),
        },
      });
  });

  it('encrypts tables and objects under the key of the stage in prod, and the access log under one of S3, as S3 must', () => {
    const encryptionOf = ({ data }: SynthesisedStage) =>
      Object.entries(data.findResources('AWS::S3::Bucket')).map(([id, { Properties }]) => [
        id === stateful.bucket,
        Properties.BucketEncryption.ServerSideEncryptionConfiguration,
      ]);
    const ofS3 = [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }];
    expect(new Map(encryptionOf(prod) as [boolean, unknown][])).toEqual(
      new Map<boolean, unknown>([
        [
          true,
          [
            {
              BucketKeyEnabled: true,
              ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
            },
          ],
        ],
        [false, ofS3],
      ]),
    );
    for (const [, encryption] of encryptionOf(dev)) expect(encryption).toEqual(ofS3);
  });

  it('has one key in prod, which rotates and stays, and none in dev', () => {
    expect(Object.keys(prod.data.findResources('AWS::KMS::Key'))).toEqual([stateful.key]);
    prod.data.hasResource('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { EnableKeyRotation: true },
    });
    dev.data.resourceCountIs('AWS::KMS::Key', 0);
    dev.data.allResourcesProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, KMSMasterKeyId: Match.absent() },
    });
  });

  it('versions the objects, logs access to them, and expires all prefixes but models/', () => {
    const { Properties } = prod.data.findResources('AWS::S3::Bucket')[stateful.bucket] ?? {};
    expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(Properties.LoggingConfiguration.LogFilePrefix).toBe('access/');
    const rules = Properties.LifecycleConfiguration.Rules as { Prefix?: string; ExpirationInDays?: number }[];
    const expiring = rules.filter((rule) => rule.ExpirationInDays !== undefined);
    expect(expiring.map((rule) => rule.Prefix).sort()).toEqual(
      [
        'archive/',
        'partials/',
        'granules/',
        'reports/',
        'runs/',
        'uploads/',
        'quarantine/',
        'failures/',
        failedBatchesPrefix,
        replayedPrefix,
      ].sort(),
    );
  });

  it('keeps partials until the rows they were made of could no longer be rolled up anew', () => {
    for (const stage of ['dev', 'prod']) {
      const { retentionDays } = stageConfig((key) => (key === 'stage' ? stage : undefined));
      expect(retentionDays['partials/']).toBeLessThanOrEqual(retentionDays['archive/']!);
    }
  });

  it('survives the removal of its stack in prod, and there cannot be removed by accident', () => {
    expect(prod.stacks.data.terminationProtection).toBe(true);
    prod.data.allResources('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { DeletionProtectionEnabled: true },
    });
    prod.data.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    prod.data.resourceCountIs('Custom::S3AutoDeleteObjects', 0);
  });

  it('goes with its stack in dev, objects and all', () => {
    dev.data.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
    dev.data.resourceCountIs('Custom::S3AutoDeleteObjects', 2);
  });

  it('has no custom resource in stage local, where a failing one hangs the deployment for an hour', () => {
    const { data } = synthStage('local');
    const types = Object.values(data.toJSON().Resources as Record<string, { Type: string }>);
    expect(types.filter(({ Type }) => /^Custom::|CustomResource$|Lambda/.test(Type))).toEqual([]);
  });
});

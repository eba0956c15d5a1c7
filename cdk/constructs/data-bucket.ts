// The one bucket: models/ archive/ partials/ granules/ reports/ runs/ uploads/ quarantine/ failures/, each with its own lifetime.
import { type CfnCustomResource, Duration, Validations } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { removalPolicyOf } from '../deployment.ts';

export interface DataBucketProps {
  readonly config: StageConfig;
  /** Encrypts the objects; a key of S3 does where it is absent. */
  readonly key?: Key;
}

export class DataBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { config, key }: DataBucketProps) {
    super(scope, id);
    const secured = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: removalPolicyOf(config),
      autoDeleteObjects: config.emptyBucketOnDestroy,
    } as const satisfies BucketProps;

    this.bucket = new Bucket(this, 'Bucket', {
      ...secured,
      // With a bucket key, so that KMS is asked about once in a hundred objects.
      ...(key && { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
      // A version of a model never changes its key; versioning is for the day someone deletes one by hand.
      versioned: true,
      lifecycleRules: [...expiryByPrefix(config), housekeeping],
      ...(config.bucketAccessLogs && {
        serverAccessLogsPrefix: 'access/',
        // Under a key of S3 in any stage: S3 writes no access logs to a bucket under a key of KMS.
        // The cast is for exactOptionalPropertyTypes: CDK's classes say `| undefined` where its interfaces say `?`.
        serverAccessLogsBucket: new Bucket(this, 'AccessLogs', {
          ...secured,
          lifecycleRules: [{ id: 'expire', expiration: Duration.days(90) }],
        }) as IBucket,
      }),
    });
    for (const one of this.node.findAll()) if (one instanceof Bucket) limitEmptying(one);
    if (!config.bucketAccessLogs)
      Validations.of(this.bucket).acknowledge({
        id: 'AwsSolutions-S1',
        reason: 'An emulator on one computer has one caller, and does not write server access logs.',
      });
  }
}

/** A little more than the function that empties the bucket may take: CloudFormation would wait an hour for one that died. */
function limitEmptying(bucket: Bucket): void {
  const emptying = bucket.node.tryFindChild('AutoDeleteObjectsCustomResource')?.node.defaultChild;
  (emptying as CfnCustomResource | undefined)?.addPropertyOverride('ServiceTimeout', 960);
}

// No step to colder storage: S3 leaves objects under 128 KB where they are, and a captured batch is about 50 KB.
const expiryByPrefix = ({ retentionDays }: StageConfig): LifecycleRule[] =>
  Object.entries(retentionDays).map(([prefix, days]) => ({
    id: `expire-${prefix.replaceAll('/', '-')}`.replace(/-$/, ''),
    prefix,
    expiration: Duration.days(days),
  }));

const housekeeping: LifecycleRule = {
  id: 'housekeeping',
  noncurrentVersionExpiration: Duration.days(30),
  abortIncompleteMultipartUploadAfter: Duration.days(1),
};

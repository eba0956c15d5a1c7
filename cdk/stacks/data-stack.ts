// First stack: what must not be lost. The two tables and the bucket that everything else reads and writes, and their key.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  StreamViewType,
  Table,
  TableEncryption,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { DataBucket } from '../constructs/data-bucket.ts';
import { DataKey } from '../constructs/data-key.ts';
import { PiiKey } from '../constructs/pii-key.ts';
import { StoredSchema } from '../constructs/stored-schema.ts';
import { type Deployment, removalPolicyOf } from '../deployment.ts';

export interface DataStackProps extends StackProps {
  readonly config: StageConfig;
}

export class DataStack extends Stack {
  readonly deployment: Deployment;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { config } = props;
    const key = config.encryption === 'customer' ? new DataKey(this, 'Key', { config }) : undefined;
    const tableProps = {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'exp',
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(key
        ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }
        : { encryption: TableEncryption.AWS_MANAGED }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: config.removal === 'retain',
      removalPolicy: removalPolicyOf(config),
    } as const satisfies TableProps;

    const predictions = new Table(this, 'Predictions', { ...tableProps, stream: StreamViewType.NEW_IMAGE });
    const state = new Table(this, 'State', tableProps);
    const { bucket } = new DataBucket(this, 'Objects', { config, ...(key && { key }) });
    this.deployment = {
      config,
      predictions,
      state,
      bucket,
      ...(key && { key }),
      bucketArn: this.exportValue(bucket.bucketArn),
      predictionsArn: this.exportValue(predictions.tableArn),
    };

    if (config.pii) new PiiKey(this, 'PiiKey', { config, ...(key && { key }) });
    if (config.migrateStored) new StoredSchema(this, 'StoredSchema', this.deployment);

    new CfnOutput(this, 'PredictionsTable', { value: predictions.tableName });
    new CfnOutput(this, 'StateTable', { value: state.tableName });
    new CfnOutput(this, 'Bucket', { value: bucket.bucketName });
  }
}

// What every function of one deployment works on; handed from the data stack to the others.
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { StageConfig } from './config.ts';

export interface Deployment {
  readonly config: StageConfig;
  readonly predictions: Table;
  readonly state: Table;
  readonly bucket: Bucket;
  /** The bucket's ARN as other stacks import it: a rule finding about it has a name that is known in advance. */
  readonly bucketArn: string;
  /** As {@link bucketArn}. */
  readonly predictionsArn: string;
}

export const removalPolicyOf = ({ removal }: StageConfig): RemovalPolicy =>
  removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

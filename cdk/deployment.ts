// What every function of one deployment works on; handed from the data stack to the others.
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { StageConfig } from './config.ts';

export interface Deployment {
  readonly config: StageConfig;
  readonly predictions: Table;
  readonly state: Table;
  readonly bucket: Bucket;
  /** The stage's own key for everything at rest; absent where keys of AWS do. */
  readonly key?: Key;
  /** The bucket's ARN as other stacks import it: a rule finding about it has a name that is known in advance. */
  readonly bucketArn: string;
  /** As {@link bucketArn}. */
  readonly predictionsArn: string;
}

export const removalPolicyOf = ({ removal }: StageConfig): RemovalPolicy =>
  removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

/**
 * As {@link removalPolicyOf}, for what has a fixed name: where its first deployment fails it goes again, or the next one would find the name
 * taken.
 */
export const namedRemovalPolicyOf = ({ removal }: StageConfig): RemovalPolicy =>
  removal === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;

/** Whether anything is to be told to anyone: only then is there a topic, and a stack for it. */
export const hasAlarmTopic = ({ alarms, monthlyBudgetUsd, prometheus }: StageConfig): boolean =>
  alarms !== 'none' || monthlyBudgetUsd !== undefined || prometheus !== 'none';

// The feed: every new item of the prediction log, in batches, to the capture function.
import { Duration } from 'aws-cdk-lib';
import {
  type DlqDestinationConfig,
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IEventSourceDlq,
  MetricType,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { failedBatchesPrefix } from '#shared/api/names.ts';
import type { Deployment } from '../deployment.ts';
import { acknowledgeWildcard, allow, grantWriteObjects } from './access.ts';
import { givenUpBatches } from './alarm-list.ts';
import { alarmTopicByName } from './alarm-topic.ts';
import { Alarms } from './alarms.ts';
import { DeadLetters } from './dead-letters.ts';
import type { NodeFunction } from './node-function.ts';

export interface CaptureFeedProps {
  readonly capture: NodeFunction;
  readonly deployment: Deployment;
}

/**
 * One reader per shard and whole batches only: emulators mishandle parallel readers, bisecting and partial batch responses,
 * and an archive blob is named after the first record of its batch, so a batch must start as it did.
 */
export class CaptureFeed extends Construct {
  readonly mapping: EventSourceMapping;

  constructor(scope: Construct, id: string, { capture, deployment }: CaptureFeedProps) {
    super(scope, id);
    const { predictions, predictionsArn, config } = deployment;
    const { windowSeconds, retryAttempts, maxRecordAgeHours } = config.capture;
    const stream = predictions.tableStreamArn!;
    // A queue is watched by its depth.
    const isWatched = config.alarms !== 'none' && config.capture.onFailure === 's3';

    allow(
      capture.role,
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      [stream],
    );
    const streams = `${predictionsArn}/stream/*`;
    allow(capture.role, ['dynamodb:ListStreams'], [streams]);
    acknowledgeWildcard(
      capture.role,
      streams,
      'ListStreams is about all streams of a table; a stream is named by its time of creation.',
    );

    this.mapping = new EventSourceMapping(this, 'Mapping', {
      target: capture.lambda,
      eventSourceArn: stream,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(windowSeconds),
      parallelizationFactor: 1,
      bisectBatchOnError: false,
      reportBatchItemFailures: false,
      retryAttempts,
      maxRecordAge: Duration.hours(maxRecordAgeHours),
      // Charged as metrics of one's own while records come: without them nobody is told of a batch that was filed.
      ...(isWatched && { metricsConfig: { metrics: [MetricType.EVENT_COUNT] } }),
      // Items leave the table by expiring; that is no news.
      filters: [FilterCriteria.filter({ eventName: FilterRule.or('INSERT', 'MODIFY') })],
      onFailure:
        config.capture.onFailure === 's3'
          ? this.failedBatchesInBucket(capture, deployment)
          : this.failedBatchesInQueue(capture, deployment),
    });
    this.mapping.node.addDependency(capture.role);
    if (isWatched)
      new Alarms(this, 'Alarms', {
        config,
        topic: alarmTopicByName(this, 'Topic', config),
        alarms: [givenUpBatches(config, this.mapping.eventSourceMappingId)],
      });
  }

  private failedBatchesInQueue(capture: NodeFunction, deployment: Deployment): IEventSourceDlq {
    const queue = new DeadLetters(this, 'Failed', { deployment, part: 'serving' });
    queue.grantEncrypt(capture.role);
    return new SqsDlq(queue);
  }

  /** CDK's own S3OnFailureDestination would let capture read and write the whole bucket. */
  private failedBatchesInBucket(capture: NodeFunction, deployment: Deployment): IEventSourceDlq {
    grantWriteObjects(capture.role, [failedBatchesPrefix], deployment);
    // Lambda looks at the bucket itself before it accepts it as a destination.
    allow(capture.role, ['s3:ListBucket'], [deployment.bucketArn]);
    return { bind: (): DlqDestinationConfig => ({ destination: deployment.bucketArn }) };
  }
}

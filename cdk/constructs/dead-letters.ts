// Where an event ends up that could not be delivered or handled: one queue per stack, for people to look into.
import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** A queue that only keeps: encrypted, TLS only, as long as SQS can. */
export class DeadLetters extends Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is the dead-letter queue: of event rules, asynchronous invocations or a stream, where the rule only looks for other queues.',
    });
  }
}

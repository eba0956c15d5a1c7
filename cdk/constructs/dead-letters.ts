// Where an event ends up that could not be delivered or handled: one queue per stack, for people to look into.
import { Duration, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { type CfnQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { deadLettersName, type StackPart } from '../names.ts';
import { grantKey } from './access.ts';

export interface DeadLettersProps {
  readonly deployment: Deployment;
  /** The stack it is in: one queue each. */
  readonly part: StackPart;
}

/** A queue that only keeps: encrypted, TLS only, as long as SQS can. */
export class DeadLetters extends Queue {
  readonly #deployment: Deployment;

  constructor(scope: Construct, id: string, { deployment, part }: DeadLettersProps) {
    super(scope, id, {
      queueName: deadLettersName(deployment.config.stage, part),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.#deployment = deployment;
    if (deployment.key !== undefined) {
      // Past CDK's own property: with it every grant to send would also grant kms:GenerateDataKey* and kms:ReEncrypt*.
      const queue = this.node.defaultChild as CfnQueue;
      queue.sqsManagedSseEnabled = false;
      queue.kmsMasterKeyId = deployment.key.keyArn;
    }
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is the dead-letter queue: of event rules, asynchronous invocations or a stream, where the rule only looks for other queues.',
    });
  }

  /** What whoever sends to the queue needs beside `sqs:SendMessage`. */
  grantEncrypt(role: Role): void {
    grantKey(role, 'sqs', 'write', this.#deployment);
  }
}

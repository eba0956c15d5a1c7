// What the function notify hears and whom it mails: the alarm topic on one side, a topic of plain text on the other.
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSubscription, type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { alarmName, deadLettersName, functionName } from '../names.ts';
import { allow, grantKey } from './access.ts';
import { alarmTopicByName } from './alarm-topic.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { NodeFunction } from './node-function.ts';

export interface NotifyInboxProps {
  readonly deployment: Deployment;
  readonly notify: NodeFunction;
  /** Where messages of the topic wait that the function could not be given. */
  readonly deadLetters: DeadLetters;
}

/** In the stack of the function: the topic, which comes later, may invoke it and leave what it could not hand over. */
export class NotifyInbox extends Construct {
  constructor(scope: Construct, id: string, { deployment, notify, deadLetters }: NotifyInboxProps) {
    super(scope, id);
    const { config } = deployment;
    const { topicArn } = alarmTopicByName(this, 'Topic', config);
    const topics = new ServicePrincipal('sns.amazonaws.com');
    notify.lambda.addPermission('AlarmTopic', { principal: topics, sourceArn: topicArn });
    deadLetters.addToResourcePolicy(
      new PolicyStatement({
        principals: [topics],
        actions: ['sqs:SendMessage'],
        resources: [deadLetters.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': topicArn } },
      }),
    );
    const eventsUrl = config.alerts?.pagerDutyEventsUrl;
    if (eventsUrl !== undefined) notify.lambda.addEnvironment('PAGERDUTY_EVENTS_URL', eventsUrl);
    if (config.alarmEmail !== undefined) this.addMail(config.alarmEmail, deployment, notify);
  }

  /** A topic of its own: what arrives on the other is written for programs. */
  private addMail(address: string, deployment: Deployment, notify: NodeFunction): void {
    const { config, key } = deployment;
    const topic = new Topic(this, 'Mail', {
      topicName: alarmName(config.stage, 'mail'),
      displayName: `Tidemark ${config.stage}`,
      enforceSSL: true,
      ...(key && { masterKey: key }),
    });
    topic.addSubscription(new EmailSubscription(address));
    allow(notify.role, ['sns:Publish'], [topic.topicArn]);
    grantKey(notify.role, 'sns', 'write', deployment);
    notify.lambda.addEnvironment('NOTIFY_TOPIC_ARN', topic.topicArn);
  }
}

/**
 * In the stack of the topic. SNS tries for hours; then the message waits in the queue of the function's stack.
 *
 * @param topic the alarm topic
 */
export function subscribeNotify(scope: Construct, topic: ITopic, { config: { stage } }: Deployment): void {
  const stack = Stack.of(scope);
  new CfnSubscription(scope, 'Notify', {
    topicArn: topic.topicArn,
    protocol: 'lambda',
    endpoint: stack.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName(stage, 'notify'),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
    redrivePolicy: {
      deadLetterTargetArn: stack.formatArn({
        service: 'sqs',
        resource: deadLettersName(stage, 'monitoring'),
        arnFormat: ArnFormat.NO_RESOURCE_NAME,
      }),
    },
  });
}

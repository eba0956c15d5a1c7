// Where alarms and the budget are told: one topic, to which people and pagers subscribe.
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FilterOrPolicy, type ITopic, SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Deployment } from '../deployment.ts';
import { alarmName } from '../names.ts';

/**
 * Under the stage's own key or none: CloudWatch may not use the key that AWS manages for topics, and an alarm would go nowhere. A message
 * holds the name, words and figure of an alarm, no data.
 */
export class AlarmTopic extends Topic {
  constructor(scope: Construct, id: string, { config, key }: Deployment) {
    super(scope, id, {
      topicName: alarmName(config.stage, 'alarms'),
      displayName: `Tidemark ${config.stage}`,
      enforceSSL: true,
      ...(key && { masterKey: key }),
    });
    const stack = Stack.of(this);
    this.allowPublish(
      'cloudwatch.amazonaws.com',
      stack.formatArn({
        service: 'cloudwatch',
        resource: 'alarm',
        resourceName: alarmName(config.stage, '*'),
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
    if (config.monthlyBudgetUsd !== undefined)
      this.allowPublish(
        'budgets.amazonaws.com',
        stack.formatArn({
          service: 'budgets',
          region: '',
          resource: '*',
          arnFormat: ArnFormat.NO_RESOURCE_NAME,
        }),
      );
    if (config.alarmEmail === undefined) return;
    // Alarms of CloudWatch go by mail without any function of ours. The rest is for programs: notify mails what it says.
    // Its end is not mailed: each new alarm would send one when it sees its first data.
    const isAlarm = {
      AlarmName: FilterOrPolicy.filter(SubscriptionFilter.existsFilter()),
      NewStateValue: FilterOrPolicy.filter(SubscriptionFilter.stringFilter({ allowlist: ['ALARM'] })),
    };
    this.addSubscription(new EmailSubscription(config.alarmEmail, { filterPolicyWithMessageBody: isAlarm }));
  }

  private allowPublish(service: string, sourceArn: string): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnLike: { 'aws:SourceArn': sourceArn },
        },
      }),
    );
  }
}

/** By its name, for stacks that are there before it is: an alarm may tell a topic that comes later. */
export function alarmTopicByName(scope: Construct, id: string, { stage }: StageConfig): ITopic {
  const arn = Stack.of(scope).formatArn({
    service: 'sns',
    resource: alarmName(stage, 'alarms'),
    arnFormat: ArnFormat.NO_RESOURCE_NAME,
  });
  return Topic.fromTopicArn(scope, id, arn);
}

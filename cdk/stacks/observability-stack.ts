// Last stack, where anything is to be told to anyone: the alarm topic, the alarms and the budget. It knows the others by name only.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AlarmTopic } from '../constructs/alarm-topic.ts';
import { Alarms } from '../constructs/alarms.ts';
import { MonthlyBudget } from '../constructs/monthly-budget.ts';
import type { Deployment } from '../deployment.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly deployment: Deployment;
}

export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, props);
    const { config } = props.deployment;
    const topic = new AlarmTopic(this, 'Topic', props.deployment);
    new Alarms(this, 'Alarms', { config, topic });
    if (config.monthlyBudgetUsd !== undefined)
      new MonthlyBudget(this, 'Monthly', { stage: config.stage, usd: config.monthlyBudgetUsd, topic });

    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn });
  }
}

// Last stack, where anything is to be told to anyone: the alarm topic, the alarms, the rules on metrics and the budget. It knows the others by
// name, but for the workspace of metrics, which AWS names.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import type { Construct } from 'constructs';
import { AlarmTopic } from '../constructs/alarm-topic.ts';
import { Alarms } from '../constructs/alarms.ts';
import { AmpAlerting } from '../constructs/amp-alerting.ts';
import { Grafana, grafanaLeftOut } from '../constructs/grafana.ts';
import { MonthlyBudget } from '../constructs/monthly-budget.ts';
import { subscribeNotify } from '../constructs/notify-inbox.ts';
import type { Deployment } from '../deployment.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly deployment: Deployment;
  /** Of metrics, where the stage has one: its rules and whom they tell are made here. */
  readonly workspace?: CfnWorkspace;
}

export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, props);
    const { config } = props.deployment;
    const topic = new AlarmTopic(this, 'Topic', props.deployment);
    subscribeNotify(this, topic, props.deployment);
    new Alarms(this, 'Alarms', { config, topic });
    const { deployment, workspace } = props;
    const alerting = workspace && new AmpAlerting(this, 'Alerting', { deployment, workspace, topic });
    if (workspace && alerting && config.grafana)
      new Grafana(this, 'Grafana', {
        deployment,
        signIn: config.grafana,
        metrics: workspace,
        topics: { alarms: topic, watchdog: alerting.watchdog },
      });
    else new CfnOutput(this, 'GrafanaWorkspace', { value: grafanaLeftOut });
    if (config.monthlyBudgetUsd !== undefined)
      new MonthlyBudget(this, 'Monthly', { stage: config.stage, usd: config.monthlyBudgetUsd, topic });

    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn });
  }
}

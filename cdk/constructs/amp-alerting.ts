// The rules of Amazon Managed Prometheus, whom its alert manager tells, and the alarm that fires when it tells nobody any more.
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnRuleGroupsNamespace, type CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import { PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { managedAlertmanager } from '../../observability/alertmanager/managed.ts';
import { localLinks } from '../../observability/alerts/links.ts';
import { renderRules } from '../../observability/alerts/render-rules.ts';
import type { StageConfig, StageName } from '../config.ts';
import type { Deployment } from '../deployment.ts';
import { alarmName } from '../names.ts';
import type { AlarmSpec } from './alarm-list.ts';
import { Alarms } from './alarms.ts';

export interface AmpAlertingProps {
  readonly deployment: Deployment;
  readonly workspace: CfnWorkspace;
  /** Named as {@link definitionFor} has it. */
  readonly topic: Topic;
}

/**
 * What CloudFormation keeps on the workspace itself, which is there before any topic: they are named, not imported.
 *
 * @returns YAML for `alertManagerDefinition`
 */
function definitionFor(workspace: CfnWorkspace, { stage, alerting, alerts }: StageConfig): string {
  const stack = Stack.of(workspace);
  const topicArn = (name: string) =>
    stack.formatArn({
      service: 'sns',
      resource: alarmName(stage, name),
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
  const secretArn = alerts?.pagerDutySecretArn;
  return managedAlertmanager({
    region: stack.region,
    topicArn: topicArn('alarms'),
    watchdogTopicArn: topicArn('watchdog'),
    isNotifying: alerting === 'amp',
    ...(secretArn !== undefined && {
      pagerDuty: {
        secretArn,
        secretKey: 'routing_key',
        ...(alerts?.consoleUrl === undefined && {
          linksOpen: `opens after: npx tidemark console --stage ${stage}`,
        }),
      },
    }),
  });
}

/** Of `tidemark console`, on the computer of whoever reads the alert. */
export const proxyUrl = 'http://127.0.0.1:8800';

const alertManager = new ServicePrincipal('aps.amazonaws.com');

export class AmpAlerting extends Construct {
  /** Whoever tells people of alerts sends to it every five minutes. */
  readonly watchdog: Topic;

  constructor(scope: Construct, id: string, { deployment, workspace, topic }: AmpAlertingProps) {
    super(scope, id);
    const { config, key } = deployment;
    const {
      consoleUrl = proxyUrl,
      runbooksUrl = localLinks.runbooks,
      pagerDutySecretArn,
    } = config.alerts ?? {};
    const workspaceArn = workspace.attrArn;
    workspace.alertManagerDefinition = definitionFor(workspace, config);
    new CfnRuleGroupsNamespace(this, 'Rules', {
      workspace: workspaceArn,
      name: 'tidemark',
      data: renderRules({ url: consoleUrl, runbooks: runbooksUrl }),
    });

    this.watchdog = new Topic(this, 'Watchdog', {
      topicName: alarmName(config.stage, 'watchdog'),
      displayName: `Tidemark ${config.stage}: alerting works`,
      enforceSSL: true,
      ...(key && { masterKey: key }),
    });
    for (const told of [topic, this.watchdog]) this.allowAlertManager(told, workspaceArn);
    // The key lies in the stack of the data, which knows no workspace: the account has to do.
    key?.addToResourcePolicy(
      new PolicyStatement({
        principals: [alertManager],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(key).account } },
      }),
    );
    new Alarms(this, 'Alarms', { config, topic, alarms: [watchdogSilent(config.stage)] });
    if (pagerDutySecretArn !== undefined) this.letReadKey(pagerDutySecretArn, workspaceArn);
  }

  private allowAlertManager(topic: Topic, workspaceArn: string): void {
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [alertManager],
        actions: ['sns:Publish', 'sns:GetTopicAttributes'],
        resources: [topic.topicArn],
        conditions: this.ofWorkspace(workspaceArn),
      }),
    );
  }

  private letReadKey(secretArn: string, workspaceArn: string): void {
    new CfnResourcePolicy(this, 'PagerDutyKey', {
      secretId: secretArn,
      blockPublicPolicy: true,
      resourcePolicy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            principals: [alertManager],
            actions: ['secretsmanager:GetSecretValue'],
            resources: [secretArn],
            conditions: this.ofWorkspace(workspaceArn),
          }),
        ],
      }),
    });
  }

  private ofWorkspace(workspaceArn: string) {
    return {
      StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
      ArnLike: { 'aws:SourceArn': workspaceArn },
    };
  }
}

/** The switch sends a message every five minutes for as long as rules are evaluated and notifications get out. */
const watchdogSilent = (stage: StageName): AlarmSpec => ({
  id: 'WatchdogSilent',
  name: 'watchdog-silent',
  description:
    'No message of the always-firing alert came for 15 minutes: rules are not evaluated, or alerts do not get out, and nobody would be told. First: docs/runbooks/watchdog.md.',
  metric: {
    namespace: 'AWS/SNS',
    name: 'NumberOfMessagesPublished',
    dimensions: { TopicName: alarmName(stage, 'watchdog') },
    statistic: 'Sum',
  },
  minutes: 5,
  of: [3, 3],
  when: '<',
  threshold: 1,
  missing: 'breaching',
});

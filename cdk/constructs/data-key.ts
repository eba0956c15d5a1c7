// The stage's own key: what lies at rest is readable only to those its policy, or the account's, lets use it.
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type Conditions, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { hasAlarmTopic, removalPolicyOf } from '../deployment.ts';
import { functionName, machineName, stackName } from '../names.ts';
import { metricsLogPrefix } from './metrics-workspace.ts';

export interface DataKeyProps {
  readonly config: StageConfig;
}

/**
 * Roles get their use of it from their own policies (`grantKey`), service by service. The key's policy names those who have no role:
 * the services that write on their own account.
 */
export class DataKey extends Key {
  constructor(scope: Construct, id: string, { config }: DataKeyProps) {
    super(scope, id, {
      description: `Tidemark ${config.stage}: tables, objects, dead letters, logs and alarms`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(config),
    });
    this.allowLogs(config);
    // No condition on the source: EventBridge names none to KMS. Whose rules may send is the policy of each queue.
    this.allowService('events.amazonaws.com');
    if (!hasAlarmTopic(config)) return;
    const { account } = Stack.of(this);
    for (const service of ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com', 'sns.amazonaws.com'])
      this.allowService(service, { StringEquals: { 'aws:SourceAccount': account } });
  }

  private allowService(service: string, conditions: Conditions = {}): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions,
      }),
    );
  }

  /** For log groups of this stage and no other of the account. */
  private allowLogs({ stage }: StageConfig): void {
    const stack = Stack.of(this);
    const group = (name: string) =>
      stack.formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: `${name}*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const names = [
      `/aws/lambda/${functionName(stage, '')}`,
      `/aws/vendedlogs/states/${machineName(stage, '')}`,
      `${metricsLogPrefix}${stackName(stage, 'metrics')}`,
      // The API's access log, which CloudFormation names after its stack.
      stackName(stage, 'serving'),
    ];
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
        actions: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': names.map(group) } },
      }),
    );
  }
}

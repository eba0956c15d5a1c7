// How new code takes over behind the alias of a function: step by step, and back by itself when an alarm goes off.
import { Duration, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type FunctionSpec, functions } from '#shared/api/surface.ts';
import type { StageConfig } from '../config.ts';
import { alarmName, functionName, stackName } from '../names.ts';
import { allow } from './access.ts';
import { type AliasedFunction, aliasName, type NodeFunction } from './node-function.ts';

export interface RolloutProps {
  readonly config: StageConfig;
  /** Those without an alias are replaced as they are. */
  readonly functions: readonly NodeFunction[];
}

const steps = {
  canary: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  linear: LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE,
} as const;

/**
 * One CodeDeploy group for each function with an alias, where the stage's `rollout` takes time. The alarms look at the new version only,
 * and only while it shares the alias with the old one: an old version that fails cannot hold up its own repair.
 */
export class Rollout extends Construct {
  constructor(scope: Construct, id: string, { config, functions: all }: RolloutProps) {
    super(scope, id);
    const { rollout, stage } = config;
    if (rollout !== 'canary' && rollout !== 'linear') return;
    const application = new LambdaApplication(this, 'Application', {
      applicationName: stackName(stage, 'serving'),
    });
    const aliased = all.flatMap(({ aliased }) => aliased ?? []);
    const role = this.roleFor(aliased);
    for (const fn of aliased)
      new LambdaDeploymentGroup(this, fn.id, {
        application,
        deploymentGroupName: functionName(stage, fn.name),
        alias: fn.alias,
        deploymentConfig: steps[rollout],
        alarms: this.alarmsOf(fn, config),
        // Without the managed policy CDK would attach, which may move every alias of the account.
        role: role.withoutPolicyUpdates(),
      }).node.addDependency(role);
  }

  private roleFor(aliased: readonly AliasedFunction[]): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
      description: 'Tidemark: the aliases that CodeDeploy may move',
    });
    allow(
      role,
      ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'],
      // Not by the alias itself, which waits for its group and so for this role.
      aliased.flatMap(({ lambda }) => [lambda.functionArn, `${lambda.functionArn}:${aliasName}`]),
    );
    role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }));
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'CodeDeploy asks for the state of alarms account-wide; reading it is all it may do with them.',
    });
    return role;
  }

  /** Told to no topic: the deployment itself fails, before the eyes of whoever started it. */
  private alarmsOf({ id, name, version }: AliasedFunction, { stage }: StageConfig): Alarm[] {
    const { canary }: FunctionSpec = functions[name];
    const alarm = (what: string, metricName: string, statistic: string, threshold: number, words: string) =>
      new Alarm(this, `${id}${what}`, {
        alarmName: alarmName(stage, `${name}-canary-${what.toLowerCase()}`),
        alarmDescription: `The new version of ${name} ${words}: its deployment ends and all calls go to the old one. First: the error lines of /aws/lambda/${functionName(stage, name)}.`,
        metric: new Metric({
          namespace: 'AWS/Lambda',
          metricName,
          dimensionsMap: {
            FunctionName: functionName(stage, name),
            Resource: `${functionName(stage, name)}:${aliasName}`,
            ExecutedVersion: version,
          },
          statistic,
          period: Duration.minutes(1),
        }),
        threshold,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    const limit = canary?.p99Ms;
    return [
      alarm('Errors', 'Errors', 'Sum', 0, 'threw, or ran out of memory or time'),
      ...(limit === undefined
        ? []
        : [
            alarm(
              'Duration',
              'Duration',
              'p99',
              limit,
              `took over ${limit / 1000} s for one call in a hundred`,
            ),
          ]),
    ];
  }
}

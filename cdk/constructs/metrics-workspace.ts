// Where the publisher writes metrics: a workspace of Amazon Managed Service for Prometheus, which it alone may write to.
import { Stack } from 'aws-cdk-lib';
import { CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Deployment, namedRemovalPolicyOf } from '../deployment.ts';
import { stackName } from '../names.ts';
import { allow } from './access.ts';
import type { NodeFunction } from './node-function.ts';

export interface MetricsWorkspaceProps {
  readonly deployment: Deployment;
  /** Sends what is due every minute. */
  readonly publisher: NodeFunction;
}

/**
 * Rules and the alert manager are added by whoever has a topic to send to; they name the workspace by {@link workspaceArn}.
 *
 * @example new MetricsWorkspace(this, 'Metrics', { deployment, publisher }).workspaceArn
 */
export class MetricsWorkspace extends Construct {
  readonly workspace: CfnWorkspace;
  readonly workspaceArn: string;
  /** Of the workspace, with a slash at its end: `https://aps-workspaces.<region>.amazonaws.com/workspaces/<id>/`. */
  readonly endpoint: string;

  constructor(scope: Construct, id: string, { deployment, publisher }: MetricsWorkspaceProps) {
    super(scope, id);
    const { config, key } = deployment;
    // Rules that fail and notifications that are not delivered are told here and nowhere else.
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `${metricsLogPrefix}${stackName(config.stage, 'metrics')}`,
      retention: config.logRetention,
      removalPolicy: namedRemovalPolicyOf(config),
      ...(key && { encryptionKey: key }),
    });
    this.workspace = new CfnWorkspace(this, 'Workspace', {
      alias: stackName(config.stage, 'metrics'),
      loggingConfiguration: { logGroupArn: logs.logGroupArn },
      ...(key && { kmsKeyArn: key.keyArn }),
    });
    this.workspace.applyRemovalPolicy(namedRemovalPolicyOf(config));
    this.workspaceArn = this.workspace.attrArn;
    this.endpoint = this.workspace.attrPrometheusEndpoint;

    allow(publisher.role, ['aps:RemoteWrite'], [this.workspaceArn]);
    publisher.lambda.addEnvironment('REMOTE_WRITE_URL', `${this.endpoint}api/v1/remote_write`);
    publisher.lambda.addEnvironment('REMOTE_WRITE_REGION', Stack.of(this).region);
  }
}

/** What AMP may write to without a resource policy of its own. */
export const metricsLogPrefix = '/aws/vendedlogs/prometheus/';

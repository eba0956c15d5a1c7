// Opt-in: a Managed Grafana workspace that reads the stage's metrics with a role of its own, and tells people of alerts where it is to. People sign in to it as they do elsewhere.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArnFormat, CfnCustomResource, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { CfnWorkspace as MetricsWorkspace } from 'aws-cdk-lib/aws-aps';
import { CfnWorkspace } from 'aws-cdk-lib/aws-grafana';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { functions } from '#shared/api/surface.ts';
import { localLinks } from '../../observability/alerts/links.ts';
import { type Deployment, removalPolicyOf } from '../deployment.ts';
import type { GrafanaSignIn } from '../grafana-config.ts';
import { stackName } from '../names.ts';
import { allow, grantKey } from './access.ts';
import { proxyUrl } from './amp-alerting.ts';
import { projectRoot } from './bundle.ts';
import { NodeFunction } from './node-function.ts';

export interface GrafanaProps {
  readonly deployment: Deployment;
  readonly signIn: GrafanaSignIn;
  /** Of the stage's metrics. */
  readonly metrics: MetricsWorkspace;
  /** What its alerts are sent to where it tells people. */
  readonly topics: { readonly alarms: ITopic; readonly watchdog: ITopic };
}

/** Upgrades are one-way: the newest that people have run dashboards of the classic schema on. */
const grafanaVersion = '12.4';

// What a data source of this kind asks for, alerts and silences included.
const queries = [
  'aps:DescribeWorkspace',
  'aps:QueryMetrics',
  'aps:GetLabels',
  'aps:GetSeries',
  'aps:GetMetricMetadata',
  'aps:ListRules',
  'aps:ListAlertManagerAlerts',
  'aps:ListAlertManagerAlertGroups',
  'aps:ListAlertManagerSilences',
  'aps:GetAlertManagerStatus',
];

export class Grafana extends Construct {
  readonly workspace: CfnWorkspace;

  constructor(scope: Construct, id: string, { deployment, signIn, metrics, topics }: GrafanaProps) {
    super(scope, id);
    const { stage, alerting } = deployment.config;
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', {
      description: `Tidemark ${stage}: what Grafana may read`,
      assumedBy: new ServicePrincipal('grafana.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          StringLike: {
            'aws:SourceArn': stack.formatArn({
              service: 'grafana',
              resource: '/workspaces/*',
              arnFormat: ArnFormat.NO_RESOURCE_NAME,
            }),
          },
        },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: queries, resources: [metrics.attrArn] }));
    if (alerting === 'grafana') {
      allow(role, ['sns:Publish'], [topics.alarms.topicArn, topics.watchdog.topicArn]);
      grantKey(role, 'sns', 'write', deployment);
    }

    this.workspace = new CfnWorkspace(this, 'Workspace', {
      name: stackName(stage, 'grafana'),
      description: 'Tidemark: drift, data quality, the API and the pipeline of every model',
      accountAccessType: 'CURRENT_ACCOUNT',
      permissionType: 'CUSTOMER_MANAGED',
      roleArn: role.roleArn,
      authenticationProviders: [signIn.by === 'saml' ? 'SAML' : 'AWS_SSO'],
      dataSources: ['PROMETHEUS'],
      ...(alerting === 'grafana' && { notificationDestinations: ['SNS'] }),
      grafanaVersion,
      ...(signIn.by === 'saml' && {
        samlConfiguration: {
          idpMetadata: { url: signIn.metadataUrl },
          assertionAttributes: { role: signIn.roleAttribute },
          roleValues: { admin: [...signIn.admins] },
        },
      }),
    });
    this.workspace.applyRemovalPolicy(removalPolicyOf(deployment.config));
    this.provision(deployment, metrics, topics);
    new CfnOutput(this, 'Url', { value: `https://${this.workspace.attrEndpoint}` });
  }

  /** The custom resource is asked again when a dashboard or an alert changes, how it gets there, where links lead, or who tells people. */
  private provision(deployment: Deployment, metrics: MetricsWorkspace, topics: GrafanaProps['topics']): void {
    const stack = Stack.of(this);
    const { consoleUrl = proxyUrl, runbooksUrl = localLinks.runbooks } = deployment.config.alerts ?? {};
    const { lambda, role } = new NodeFunction(this, { name: 'grafana', deployment });
    const workspaceArn = stack.formatArn({
      service: 'grafana',
      resource: '/workspaces',
      resourceName: this.workspace.ref,
    });
    allow(role, provisioning, [workspaceArn]);
    const resource = new CfnCustomResource(this, 'Dashboards', {
      serviceToken: lambda.functionArn,
      serviceTimeout: patience.toSeconds(),
    });
    const properties = {
      WorkspaceId: this.workspace.ref,
      // its API is below this address, which a data source adds by itself
      PrometheusUrl: metrics.attrPrometheusEndpoint,
      Region: stack.region,
      ConsoleUrl: consoleUrl,
      RunbooksUrl: runbooksUrl,
      Alerting: deployment.config.alerting,
      TopicArn: topics.alarms.topicArn,
      WatchdogTopicArn: topics.watchdog.topicArn,
      Dashboards: provisionedHash(),
    };
    for (const [name, value] of Object.entries(properties)) resource.addPropertyOverride(name, value);
    // Not before it may do what it does.
    resource.node.addDependency(role);
  }
}

// A token of an administrator's account, for as long as it takes, and of this workspace alone.
const provisioning = [
  'grafana:DescribeWorkspace',
  'grafana:ListWorkspaceServiceAccounts',
  'grafana:CreateWorkspaceServiceAccount',
  'grafana:CreateWorkspaceServiceAccountToken',
  'grafana:DeleteWorkspaceServiceAccountToken',
];

const provisioned = [
  'observability/dashboards/json',
  'observability/grafana-rules/json',
  'shared/grafana',
  'lambdas/grafana',
];

/** A little more than the function itself may take: CloudFormation would wait an hour for one that died. */
const patience = Duration.seconds(functions.grafana.timeoutSeconds + 60);

/** Of the committed dashboards and alerts, and of the code that puts them into a workspace. */
function provisionedHash(): string {
  const hash = createHash('sha256');
  for (const folder of provisioned)
    for (const file of readdirSync(join(projectRoot, folder)).sort())
      if (!/\.(test|testing)\.ts$/.test(file)) hash.update(readFileSync(join(projectRoot, folder, file)));
  return hash.digest('hex');
}

/** What a deployment without Grafana says: a choice that was not made is easily taken for one that failed. */
export const grafanaLeftOut =
  'left out: it needs people who sign in by IAM Identity Center or SAML. Add it with -c grafana=identityCenter, or -c grafana=saml -c grafanaSamlMetadata=https://… -c grafanaSamlAdmins=…; see docs/deploy.md';

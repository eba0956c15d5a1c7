// Opt-in: a Managed Grafana workspace that reads the stage's metrics with a role of its own. People sign in to it as they do elsewhere.
import { ArnFormat, CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnWorkspace } from 'aws-cdk-lib/aws-grafana';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type Deployment, removalPolicyOf } from '../deployment.ts';
import type { GrafanaSignIn } from '../grafana-config.ts';
import { stackName } from '../names.ts';

export interface GrafanaProps {
  readonly deployment: Deployment;
  readonly signIn: GrafanaSignIn;
  /** The workspace of the stage's metrics. */
  readonly prometheusArn: string;
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

  constructor(scope: Construct, id: string, { deployment, signIn, prometheusArn }: GrafanaProps) {
    super(scope, id);
    const { stage } = deployment.config;
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
    role.addToPolicy(new PolicyStatement({ actions: queries, resources: [prometheusArn] }));

    this.workspace = new CfnWorkspace(this, 'Workspace', {
      name: stackName(stage, 'grafana'),
      description: 'Tidemark: drift, data quality, the API and the pipeline of every model',
      accountAccessType: 'CURRENT_ACCOUNT',
      permissionType: 'CUSTOMER_MANAGED',
      roleArn: role.roleArn,
      authenticationProviders: [signIn.by === 'saml' ? 'SAML' : 'AWS_SSO'],
      dataSources: ['PROMETHEUS'],
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
    new CfnOutput(this, 'Url', { value: `https://${this.workspace.attrEndpoint}` });
  }
}

/** What a deployment without Grafana says: a choice that was not made is easily taken for one that failed. */
export const grafanaLeftOut =
  'left out: it needs people who sign in by IAM Identity Center or SAML. Add it with -c grafana=identityCenter, or -c grafana=saml -c grafanaSamlMetadata=https://… -c grafanaSamlAdmins=…; see docs/deploy.md';

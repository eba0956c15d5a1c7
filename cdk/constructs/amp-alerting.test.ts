import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import { renderRules } from '../../observability/alerts/render-rules.ts';
import type { AlertsKnob } from '../alerts-config.ts';
import type { Deployment } from '../deployment.ts';
import { stageConfig } from '../stage-config.ts';
import { AlarmTopic } from './alarm-topic.ts';
import { AmpAlerting } from './amp-alerting.ts';

const env = { account: '111122223333', region: 'eu-west-1' };
const pagerDutySecretArn =
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:tidemark/dev/pagerduty-AbCdEf';

interface Templates {
  readonly monitoring: Template;
  readonly observability: Template;
}

function templatesWith(alerts?: AlertsKnob, hasKey = false, more: object = {}): Templates {
  const app = new App();
  const monitoring = new Stack(app, 'Monitoring', { env });
  const observability = new Stack(app, 'Observability', { env });
  const workspace = new CfnWorkspace(monitoring, 'Workspace');
  const config = stageConfig((key) => (({ stage: 'dev', alerts, ...more }) as Record<string, unknown>)[key]);
  const deployment = { config, ...(hasKey && { key: new Key(observability, 'Key') }) } as Deployment;
  const topic = new AlarmTopic(observability, 'Topic', deployment);
  new AmpAlerting(observability, 'Alerting', { deployment, workspace, topic });
  return { monitoring: Template.fromStack(monitoring), observability: Template.fromStack(observability) };
}

const both = templatesWith();
const plain = both.observability;

/** Imported from the stack that has the workspace. */
const workspaceArn = { 'Fn::ImportValue': Match.stringLikeRegexp('^Monitoring:.*Workspace.*Arn') };

function definitionOf({ monitoring }: Templates): string {
  const [workspace] = Object.values(monitoring.findResources('AWS::APS::Workspace'));
  return JSON.stringify(workspace!.Properties.AlertManagerDefinition);
}

describe('rules of Amazon Managed Prometheus', () => {
  test('are those of a local Prometheus to the letter, but for where links lead: to tidemark console unless told', () => {
    plain.hasResourceProperties('AWS::APS::RuleGroupsNamespace', {
      Name: 'tidemark',
      Workspace: workspaceArn,
      Data: renderRules({ url: 'http://127.0.0.1:8800', runbooks: 'docs/runbooks' }),
    });
    templatesWith({ consoleUrl: 'https://ml.example.com' }).observability.hasResourceProperties(
      'AWS::APS::RuleGroupsNamespace',
      {
        Data: Match.stringLikeRegexp('https://ml\\.example\\.com/console/models/'),
      },
    );
  });
});

describe('the alert manager', () => {
  test('may publish to both topics, as this workspace and in no other name', () => {
    const statements = Object.values(plain.findResources('AWS::SNS::TopicPolicy'))
      .flatMap((policy) => policy.Properties.PolicyDocument.Statement as Record<string, unknown>[])
      .filter(({ Principal }) => JSON.stringify(Principal).includes('aps.amazonaws.com'));
    expect(statements).toHaveLength(2);
    for (const { Action, Condition, Resource } of statements) {
      expect(Action).toEqual(['sns:Publish', 'sns:GetTopicAttributes']);
      expect(Resource).toHaveProperty('Ref');
      expect(Condition).toEqual({
        StringEquals: { 'aws:SourceAccount': env.account },
        ArnLike: { 'aws:SourceArn': { 'Fn::ImportValue': expect.stringMatching(/Workspace/) } },
      });
    }
  });

  test('may use the key of the stage, under which both topics lie where there is one', () => {
    const template = templatesWith(undefined, true).observability;
    const [key] = Object.keys(template.findResources('AWS::KMS::Key'));
    for (const { Properties } of Object.values(template.findResources('AWS::SNS::Topic')))
      expect(Properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': [key, 'Arn'] });
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Principal: { Service: 'aps.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Resource: '*',
            Condition: { StringEquals: { 'aws:SourceAccount': env.account } },
          },
        ]),
      },
    });
  });

  test('tells the topics that are made here, by their names', () => {
    const definition = definitionOf(both);
    for (const { Properties } of Object.values(plain.findResources('AWS::SNS::Topic')))
      expect(definition).toMatch(new RegExp(`:sns:eu-west-1:111122223333:${Properties.TopicName}\\W`));
    expect(definition).not.toContain('pagerduty_configs');
  });

  test('reads the key of PagerDuty from the secret, which lets only this workspace', () => {
    const templates = templatesWith({ pagerDutySecretArn });
    expect(definitionOf(templates)).toContain(pagerDutySecretArn);
    expect(definitionOf(templates)).toContain('opens after: npx tidemark console --stage dev');
    // once, for criticals: the canary drifts every day and must wake nobody
    expect(definitionOf(templates).match(/pagerduty_configs/g)).toHaveLength(1);
    expect(definitionOf(templates)).toMatch(/name: \W*canary\W+n\s+sns_configs:/);
    const elsewhere = templatesWith({ pagerDutySecretArn, consoleUrl: 'https://ml.example.com' });
    expect(definitionOf(elsewhere)).not.toContain('tidemark console');
    templates.observability.hasResourceProperties('AWS::SecretsManager::ResourcePolicy', {
      SecretId: pagerDutySecretArn,
      BlockPublicPolicy: true,
      ResourcePolicy: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'aps.amazonaws.com' },
            Action: 'secretsmanager:GetSecretValue',
            Resource: pagerDutySecretArn,
            Condition: {
              StringEquals: { 'aws:SourceAccount': env.account },
              ArnLike: { 'aws:SourceArn': workspaceArn },
            },
          },
        ],
      },
    });
  });
});

describe('the alert manager of a deployment whose alerts Grafana tells', () => {
  const grafana = templatesWith(undefined, false, { grafana: 'identityCenter', alerting: 'grafana' });

  test('tells nobody of anything, by receivers that are empty', () => {
    const definition = definitionOf(grafana);
    expect(definition).not.toMatch(/sns_configs|pagerduty_configs|topic_arn/);
    for (const name of ['critical', 'warning', 'watchdog'])
      expect(definition).toContain(`- name: \\"${name}\\"`);
    expect(definitionOf(both)).toContain('sns_configs');
  });

  test('has its rules judged all the same, for the dashboards and for Grafana, and the watchdog’s alarm', () => {
    for (const type of ['AWS::APS::RuleGroupsNamespace', 'AWS::CloudWatch::Alarm', 'AWS::SNS::Topic'])
      expect(grafana.observability.findResources(type)).toEqual(plain.findResources(type));
  });
});

test('a watchdog that is silent for a quarter of an hour is an alarm, as is one that never spoke', () => {
  plain.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmName: 'tidemark-dev-watchdog-silent',
    Namespace: 'AWS/SNS',
    MetricName: 'NumberOfMessagesPublished',
    Dimensions: [{ Name: 'TopicName', Value: 'tidemark-dev-watchdog' }],
    Period: 300,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 3,
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    TreatMissingData: 'breaching',
  });
});

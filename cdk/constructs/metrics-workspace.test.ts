// Who may write metrics, where they lie, and what a stage without a workspace does.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { stageConfig } from '../stage-config.ts';
import { permissionsOf, synthStage } from '../testing.ts';

const contextOf = (context: Readonly<Record<string, string>>) => (key: string) => context[key];

describe('the workspace of metrics', () => {
  it('lies under the customer’s key in prod, with what fails in it logged under the same', () => {
    const { monitoring } = synthStage('prod');
    const key = { 'Fn::ImportValue': Match.stringLikeRegexp('^tidemark-prod-data:.*Key.*Arn') };
    monitoring.hasResourceProperties('AWS::APS::Workspace', {
      Alias: 'tidemark-prod-metrics',
      KmsKeyArn: key,
      LoggingConfiguration: {
        LogGroupArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^MetricsLogs'), 'Arn'] },
      },
    });
    monitoring.hasResource('AWS::APS::Workspace', { DeletionPolicy: 'RetainExceptOnCreate' });
    monitoring.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/vendedlogs/prometheus/tidemark-prod-metrics',
      KmsKeyId: key,
    });
    const keys = JSON.stringify(synthStage('prod').data.findResources('AWS::KMS::Key'));
    expect(keys).toContain('/aws/vendedlogs/prometheus/tidemark-prod-metrics*');
  });

  it('is under a key of AWS in dev, and goes with its stack', () => {
    const { monitoring } = synthStage('dev');
    monitoring.hasResourceProperties('AWS::APS::Workspace', { KmsKeyArn: Match.absent() });
    monitoring.hasResource('AWS::APS::Workspace', { DeletionPolicy: 'Delete' });
  });

  it('is written to by the publisher and nobody else, who may do nothing else with it', () => {
    const { working } = synthStage('prod');
    const able = working.flatMap((template) =>
      Object.keys(template.findResources('AWS::IAM::Role')).flatMap((role) =>
        permissionsOf(template, role)
          .filter((line) => line.startsWith('aps:'))
          .map((line) => `${role.replace(/Role[0-9A-F]{8}$/, '')} ${line.split(' ')[0]}`),
      ),
    );
    expect(able).toEqual(['Publish aps:RemoteWrite']);
  });

  it('is told to the publisher, with the region its requests are signed for', () => {
    synthStage('dev').monitoring.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'tidemark-dev-publish',
      Environment: {
        Variables: {
          REMOTE_WRITE_URL: {
            'Fn::Join': [
              '',
              [
                { 'Fn::GetAtt': [Match.stringLikeRegexp('^MetricsWorkspace'), 'PrometheusEndpoint'] },
                'api/v1/remote_write',
              ],
            ],
          },
          REMOTE_WRITE_REGION: { Ref: 'AWS::Region' },
        },
      },
    });
  });

  it('is absent where nobody wants it, and refused where there is none', () => {
    for (const template of [
      synthStage('local').monitoring,
      synthStage('dev', { prometheus: 'none' }).monitoring,
    ]) {
      template.resourceCountIs('AWS::APS::Workspace', 0);
      expect(JSON.stringify(template.toJSON())).not.toContain('REMOTE_WRITE');
    }
    const remoteWriteUrl = 'https://mimir.example.com/api/v1/push';
    synthStage('dev', { prometheus: 'none', remoteWriteUrl }).monitoring.hasResourceProperties(
      'AWS::Lambda::Function',
      { Environment: { Variables: Match.objectLike({ REMOTE_WRITE_URL: remoteWriteUrl }) } },
    );
    expect(() => stageConfig(contextOf({ stage: 'local', prometheus: 'amp' }))).toThrow(
      'prometheus is given for stage local',
    );
    expect(() => stageConfig(contextOf({ prometheus: 'cortex' }))).toThrow(
      'unknown prometheus "cortex": want none, amp',
    );
  });
});

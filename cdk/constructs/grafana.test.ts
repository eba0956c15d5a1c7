// Managed Grafana where it is asked for: the dashboards get into it, by a function that may do that and nothing else.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import { permissionsOf, type SynthesisedStage, synthStage, temporaryFolder } from '../testing.ts';
import { assetOf, bundle, projectRoot } from './bundle.ts';
import { zipBytes } from './zip-bytes.ts';

let dev: SynthesisedStage;
/** With links of its own, and told by Grafana. */
let telling: SynthesisedStage;
beforeAll(() => {
  dev = synthStage('dev', { grafana: 'identityCenter' });
  telling = synthStage('prod', {
    grafana: 'identityCenter',
    alerting: 'grafana',
    alerts: '{"consoleUrl":"https://ml.example.com"}',
  });
});

const resourceOf = ({ observability }: SynthesisedStage) =>
  Object.values(observability!.findResources('AWS::CloudFormation::CustomResource'))[0]!.Properties;

describe('Grafana with its dashboards', () => {
  it('asks the function again when a dashboard changes or where its links lead, and waits no longer than that may take', () => {
    const properties = resourceOf(dev);
    expect(properties).toMatchObject({
      ServiceTimeout: functions.grafana.timeoutSeconds + 60,
      WorkspaceId: { Ref: expect.stringContaining('GrafanaWorkspace') },
      PrometheusUrl: { 'Fn::ImportValue': expect.stringContaining('PrometheusEndpoint') },
      ConsoleUrl: 'http://127.0.0.1:8800',
      Dashboards: expect.stringMatching(/^[0-9a-f]{64}$/),
      Alerting: 'amp',
      TopicArn: { Ref: expect.stringMatching(/^Topic/) },
      WatchdogTopicArn: { Ref: expect.stringMatching(/^AlertingWatchdog/) },
    });
    expect(resourceOf(telling)).toMatchObject({ ConsoleUrl: 'https://ml.example.com', Alerting: 'grafana' });
    expect(resourceOf(telling).Dashboards).toBe(properties.Dashboards);
  });

  it('lets the function make and delete tokens of this workspace, and touch no data', () => {
    const [made] = Object.values(dev.observability!.findResources('AWS::Lambda::Function'));
    const { Properties } = made!;
    expect(Properties.FunctionName).toBe('tidemark-dev-grafana');
    const allowed = permissionsOf(dev.observability!, Properties.Role['Fn::GetAtt'][0]).filter(
      (line) => !/^(logs|xray):/.test(line),
    );
    const workspace = expect.stringMatching(/:grafana:.*:\/workspaces\/<GrafanaWorkspace\w*>$/);
    expect(allowed.map((line) => line.split(' ')[0])).toEqual([
      'grafana:CreateWorkspaceServiceAccount',
      'grafana:CreateWorkspaceServiceAccountToken',
      'grafana:DeleteWorkspaceServiceAccountToken',
      'grafana:DescribeWorkspace',
      'grafana:ListWorkspaceServiceAccounts',
    ]);
    for (const line of allowed) expect(line).toEqual(workspace);
  });

  it('lets the workspace send to the two topics, by the key they lie under, only where it tells people', () => {
    const ofWorkspace = ({ observability }: SynthesisedStage) => {
      const [workspace] = Object.values(observability!.findResources('AWS::Grafana::Workspace'));
      const { NotificationDestinations, RoleArn } = workspace!.Properties;
      return {
        destinations: NotificationDestinations,
        rights: permissionsOf(observability!, RoleArn['Fn::GetAtt'][0]).filter(
          (line) => !line.startsWith('aps:'),
        ),
      };
    };
    expect(ofWorkspace(dev)).toEqual({ destinations: undefined, rights: [] });
    const { destinations, rights } = ofWorkspace(telling);
    expect(destinations).toEqual(['SNS']);
    expect(rights.map((line) => line.split(' ')[0])).toEqual([
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'sns:Publish',
      'sns:Publish',
    ]);
    for (const line of rights) expect(line).not.toMatch(/ \*$/);
  });

  it('and the alert manager never both tell people, nor neither', () => {
    for (const [stage, alerting] of [
      [dev, 'amp'],
      [telling, 'grafana'],
    ] as const) {
      const [metrics] = stage.working.flatMap((one) =>
        Object.values(one.findResources('AWS::APS::Workspace')),
      );
      const isToldByAmp = JSON.stringify(metrics!.Properties.AlertManagerDefinition).includes('sns_configs');
      expect([isToldByAmp, resourceOf(stage).Alerting]).toEqual([alerting === 'amp', alerting]);
    }
  });

  it('is not there, nor its function, where nobody asked for it', () => {
    const { observability } = synthStage('dev');
    expect(observability!.findResources('AWS::CloudFormation::CustomResource')).toEqual({});
    expect(observability!.findResources('AWS::Lambda::Function')).toEqual({});
  });

  it('carries every committed dashboard in less than 2 MB', () => {
    const out = temporaryFolder('grafana');
    bundle(assetOf('grafana'), out, 'x86_64');
    const folder = join(projectRoot, 'observability/dashboards/json');
    const plain = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(statSync(join(out, 'grafana.mjs')).size).toBeGreaterThan(plain / 2);
    expect(zipBytes(out, 6)).toBeLessThan(2 * 2 ** 20);
  });
});

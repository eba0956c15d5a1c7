// Managed Grafana where it is asked for: the dashboards get into it, by a function that may do that and nothing else.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import { permissionsOf, type SynthesisedStage, synthStage, temporaryFolder } from '../testing.ts';
import { assetOf, bundle, projectRoot } from './bundle.ts';
import { zipBytes } from './zip-bytes.ts';

let dev: SynthesisedStage;
let linked: SynthesisedStage;
beforeAll(() => {
  dev = synthStage('dev', { grafana: 'identityCenter' });
  linked = synthStage('dev', {
    grafana: 'identityCenter',
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
    });
    expect(resourceOf(linked)).toMatchObject({ ConsoleUrl: 'https://ml.example.com' });
    expect(resourceOf(linked).Dashboards).toBe(properties.Dashboards);
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

// New code of what callers wait for: behind an alias, a part of the calls first, and back when it fails.
import { beforeAll, describe, expect, it } from 'vitest';
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import { permissionsOf, type SynthesisedStage, synthStage } from '../testing.ts';

let prod: SynthesisedStage;
let dev: SynthesisedStage;
let local: SynthesisedStage;
beforeAll(() => {
  prod = synthStage('prod');
  dev = synthStage('dev');
  local = synthStage('local');
});

const specs = Object.entries(functions) as [FunctionName, FunctionSpec][];
const withCanary = specs.flatMap(([name, { canary }]) => (canary ? [name] : []));
const resources = ({ serving }: SynthesisedStage, type: string) =>
  Object.entries(serving.findResources(type)) as [
    string,
    { Properties: Record<string, never>; UpdatePolicy?: unknown; DeletionPolicy?: string },
  ][];
const nameOf = ({ serving }: SynthesisedStage, ref: { Ref: string }) =>
  serving.findResources('AWS::Lambda::Function')[ref.Ref]?.Properties.FunctionName as string;
const aliasesOf = (stage: SynthesisedStage) =>
  resources(stage, 'AWS::Lambda::Alias').map(([, { Properties }]) =>
    nameOf(stage, Properties.FunctionName as never),
  );

describe('alias', () => {
  it('is what the functions have that answer predictions and labels, in dev and prod, and no function locally', () => {
    expect(withCanary).toEqual(['predict', 'feedback']);
    expect(aliasesOf(prod).sort()).toEqual(withCanary.map((name) => `tidemark-prod-${name}`).sort());
    expect(aliasesOf(dev).sort()).toEqual(withCanary.map((name) => `tidemark-dev-${name}`).sort());
    for (const type of ['AWS::Lambda::Alias', 'AWS::Lambda::Version', 'AWS::CodeDeploy::Application'])
      local.serving.resourceCountIs(type, 0);
  });

  it.each(['rest', 'http'])(
    'is what a %s API invokes and may invoke, and never the function behind it',
    (front) => {
      const { serving } = synthStage('prod', { front });
      const aliases = Object.keys(serving.findResources('AWS::Lambda::Alias'));
      const behind = Object.values(serving.findResources('AWS::Lambda::Alias')).map(
        ({ Properties }) => (Properties.FunctionName as { Ref: string }).Ref,
      );
      const integrations = JSON.stringify(
        front === 'rest'
          ? Object.values(serving.findResources('AWS::ApiGateway::Method')).map(
              ({ Properties }) => Properties.Integration.Uri,
            )
          : Object.values(serving.findResources('AWS::ApiGatewayV2::Integration')).map(
              ({ Properties }) => Properties.IntegrationUri,
            ),
      );
      const permissions = JSON.stringify(serving.findResources('AWS::Lambda::Permission'));
      for (const text of [integrations, permissions]) {
        for (const id of aliases) expect(text).toContain(`"${id}"`);
        for (const id of behind) expect(text).not.toContain(`"${id}"`);
      }
    },
  );

  it('keeps no version but the one it points to: an earlier commit deploys an earlier one', () => {
    for (const stage of [prod, dev]) {
      const versions = resources(stage, 'AWS::Lambda::Version');
      expect(versions).toHaveLength(withCanary.length);
      for (const [, version] of versions) expect(version.DeletionPolicy ?? 'Delete').toBe('Delete');
    }
  });
});

describe('rollout', () => {
  it('gives new code a tenth of the calls for 5 minutes in prod, and moves the alias at once in dev', () => {
    const groups = resources(prod, 'AWS::CodeDeploy::DeploymentGroup');
    expect(groups.map(([, { Properties }]) => Properties.DeploymentGroupName).sort()).toEqual(
      withCanary.map((name) => `tidemark-prod-${name}`).sort(),
    );
    for (const [, { Properties }] of groups)
      expect(Properties).toMatchObject({
        DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'],
        },
      });
    const ids = groups.map(([id]) => id);
    const moved = resources(prod, 'AWS::Lambda::Alias').map(([, { UpdatePolicy }]) =>
      JSON.stringify(UpdatePolicy),
    );
    expect(moved).toHaveLength(ids.length);
    for (const id of ids) expect(moved.filter((policy) => policy.includes(`"${id}"`))).toHaveLength(1);

    dev.serving.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 0);
    for (const [, { UpdatePolicy }] of resources(dev, 'AWS::Lambda::Alias'))
      expect(UpdatePolicy).toBeUndefined();
  });

  it('is a tenth more each minute, or none, where asked for', () => {
    synthStage('dev', { rollout: 'linear' }).serving.allResourcesProperties(
      'AWS::CodeDeploy::DeploymentGroup',
      {
        DeploymentConfigName: 'CodeDeployDefault.LambdaLinear10PercentEvery1Minute',
      },
    );
    synthStage('prod', { rollout: 'none' }).serving.resourceCountIs('AWS::Lambda::Alias', 0);
  });

  it('goes back when the new version throws, or predict’s slowest hundredth takes over 10 s, whatever the old one does', () => {
    const alarms = resources(prod, 'AWS::CloudWatch::Alarm')
      .map(([, { Properties }]) => Properties as Record<string, unknown>)
      .filter(({ AlarmName }) => String(AlarmName).includes('-canary-'));
    expect(alarms.map(({ AlarmName }) => AlarmName).sort()).toEqual([
      'tidemark-prod-feedback-canary-errors',
      'tidemark-prod-predict-canary-duration',
      'tidemark-prod-predict-canary-errors',
    ]);
    const named = resources(prod, 'AWS::CodeDeploy::DeploymentGroup').flatMap(
      ([, { Properties }]) => (Properties.AlarmConfiguration as unknown as { Alarms: unknown[] }).Alarms,
    );
    expect(named).toHaveLength(alarms.length);
    for (const { AlarmName, Dimensions, AlarmDescription, ...alarm } of alarms) {
      const isSlow = String(AlarmName).endsWith('duration');
      const name = String(AlarmName).split('-')[2];
      expect(alarm).toMatchObject({
        Period: 60,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
        ...(isSlow
          ? { MetricName: 'Duration', ExtendedStatistic: 'p99', Threshold: 10_000 }
          : { MetricName: 'Errors', Statistic: 'Sum', Threshold: 0 }),
      });
      expect(Dimensions).toEqual([
        {
          Name: 'ExecutedVersion',
          Value: { 'Fn::GetAtt': [expect.stringMatching(/CurrentVersion/), 'Version'] },
        },
        { Name: 'FunctionName', Value: `tidemark-prod-${name}` },
        { Name: 'Resource', Value: `tidemark-prod-${name}:live` },
      ]);
      expect(AlarmDescription).toMatch(/\. First: .{20,}\.$/);
    }
  });

  it('may move those two aliases and read the state of alarms, and nothing else', () => {
    const [role] = resources(prod, 'AWS::IAM::Role').filter(([id]) => id.startsWith('Rollout'));
    expect(role?.[1].Properties).not.toHaveProperty('ManagedPolicyArns');
    const actions = ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'];
    const targets = [
      'FeedbackFunction.Arn',
      'FeedbackFunction.Arn:live',
      'PredictFunction.Arn',
      'PredictFunction.Arn:live',
    ];
    expect(permissionsOf(prod.serving, role![0])).toEqual(
      [
        'cloudwatch:DescribeAlarms *',
        ...actions.flatMap((action) => targets.map((one) => `${action} ${one}`)),
      ].sort(),
    );
  });
});

describe('concurrency', () => {
  const knobs = { provisionedConcurrency: '{"predict":2}', reservedConcurrency: { predict: 50, admin: 5 } };

  it('is nobody’s by default, since a new account refuses any', () => {
    for (const stage of [prod, dev, local]) {
      expect(JSON.stringify(stage.working.map((stack) => stack.toJSON()))).not.toMatch(
        /"(ReservedConcurrentExecutions|ProvisionedConcurrencyConfig)":/,
      );
    }
  });

  it('is kept warm behind the alias, and reserved for the function, as the stage says', () => {
    const { serving } = synthStage('prod', knobs);
    const kept = Object.values(serving.findResources('AWS::Lambda::Alias')).flatMap(
      ({ Properties }) => Properties.ProvisionedConcurrencyConfig ?? [],
    );
    expect(kept).toEqual([{ ProvisionedConcurrentExecutions: 2 }]);
    const reserved = Object.values(serving.findResources('AWS::Lambda::Function')).flatMap(
      ({ Properties }) =>
        Properties.ReservedConcurrentExecutions === undefined
          ? []
          : [[Properties.FunctionName, Properties.ReservedConcurrentExecutions]],
    );
    expect(Object.fromEntries(reserved)).toEqual({ 'tidemark-prod-predict': 50, 'tidemark-prod-admin': 5 });
  });
});

// The state machine runs the definition in the repository, may invoke its steps only, and never fails unheard.
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type FunctionName,
  functions,
  machines,
  subscriptions,
  substitutionName,
} from '#shared/api/surface.ts';
import { noTraining } from '../constructs/training-job.ts';
import { permissionsOf, type SynthesisedStage, synthStage } from '../testing.ts';

let prod: SynthesisedStage;
beforeAll(() => {
  prod = synthStage('prod');
});

const machineOf = ({ retrain }: SynthesisedStage) =>
  Object.entries(retrain.findResources('AWS::StepFunctions::StateMachine'))[0]!;
const steps = (Object.keys(functions) as FunctionName[]).filter((name) => name.startsWith('retrain-'));

describe('retrain state machine', () => {
  it('is a traced standard workflow that logs everything, under a stable id and name', () => {
    const [id, { Properties }] = machineOf(prod);
    expect(id).toBe('RetrainMachine93B5AF0D');
    expect(Properties).toMatchObject({
      StateMachineName: 'tidemark-prod-retrain',
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL' },
    });
  });

  it('has its time limit in the definition itself, where it counts', () => {
    const definition = JSON.parse(machineOf(prod)[1].Properties.DefinitionString);
    expect(definition.TimeoutSeconds).toBe(machines.retrain.timeoutSeconds);
  });

  it('has a function for every name in the definition, and uses every step there is', () => {
    const { DefinitionString, DefinitionSubstitutions } = machineOf(prod)[1].Properties;
    const named = new Set(
      [...(DefinitionString as string).matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]!),
    );
    expect([...named].sort()).toEqual(Object.keys(DefinitionSubstitutions).sort());
    const invoked = [...named].filter((name) => !(name in noTraining));
    expect(invoked.sort()).toEqual(steps.map(substitutionName).sort());
    for (const name of invoked)
      expect(DefinitionSubstitutions[name]).toEqual({
        'Fn::GetAtt': [expect.stringMatching(new RegExp(`^${name}Function[0-9A-F]{8}$`)), 'Arn'],
      });
  });

  it('may invoke its steps, log and trace, and nothing more', () => {
    const roleId = machineOf(prod)[1].Properties.RoleArn['Fn::GetAtt'][0] as string;
    const permissions = permissionsOf(prod.retrain, roleId);
    expect(permissions.filter((line) => line.startsWith('lambda:'))).toEqual(
      steps.map((name) => `lambda:InvokeFunction ${substitutionName(name)}Function.Arn`).sort(),
    );
    expect(permissions.filter((line) => !/^(lambda:InvokeFunction|logs:|xray:)/.test(line))).toEqual([]);
  });

  it('starts on the events that call for it, with their detail as input', () => {
    const starting = subscriptions.filter((one) => 'stateMachine' in one);
    expect(starting.map((one) => one.event)).toEqual(
      expect.arrayContaining(['DriftConfirmed', 'PerformanceDrop']),
    );
    for (const { event } of starting)
      prod.retrain.hasResourceProperties('AWS::Events::Rule', {
        EventBusName: 'tidemark-prod',
        EventPattern: { source: ['tidemark'], 'detail-type': [event] },
        Targets: [Match.objectLike({ Arn: { Ref: machineOf(prod)[0] }, InputPath: '$.detail' })],
      });
  });

  it('has its releasing step told when it fails, times out or is stopped', () => {
    prod.retrain.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [{ Ref: machineOf(prod)[0] }],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^RetrainReleaseFunction'), 'Arn'] },
        }),
      ],
    });
  });
});

describe('a training job for what outgrows a function', () => {
  const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/tidemark-train:1';
  let staged: SynthesisedStage;
  beforeAll(() => {
    staged = synthStage('dev', { trainingImage: image });
  });

  it('is not there without an image: no role for it, and no function chooses it', () => {
    expect(machineOf(prod)[1].Properties.DefinitionSubstitutions).toMatchObject(noTraining);
    expect(JSON.stringify(prod.retrain.toJSON())).not.toContain('sagemaker.amazonaws.com');
    expect(environmentsOf(prod)).toEqual(['none']);
  });

  it('with one runs that image with a role of its own, and functions choose it', () => {
    const { DefinitionSubstitutions } = machineOf(staged)[1].Properties;
    expect(DefinitionSubstitutions).toMatchObject({
      TrainingImage: image,
      TrainingInstance: 'ml.m5.2xlarge',
      TrainingRole: { 'Fn::GetAtt': [expect.stringContaining('TrainingRole'), 'Arn'] },
    });
    expect(environmentsOf(staged)).toEqual(['available']);
  });

  it('reads and writes the runs, pulls its image, logs, and nothing more', () => {
    const roleId = machineOf(staged)[1].Properties.DefinitionSubstitutions.TrainingRole['Fn::GetAtt'][0];
    const lines = permissionsOf(staged.retrain, roleId);
    expect(lines.filter((line) => line.startsWith('s3:'))).toEqual([
      's3:GetObject ObjectsBucket.Arn/runs/*',
      's3:ListBucket ObjectsBucket.Arn',
      's3:PutObject ObjectsBucket.Arn/runs/*',
    ]);
    expect(lines.filter((line) => !/^(s3|ecr|logs):/.test(line))).toEqual([]);
    expect(lines).toContain(
      'ecr:BatchGetImage arn:<AWS::Partition>:ecr:eu-west-1:123456789012:repository/tidemark-train',
    );
  });

  it('may use the key of prod for those objects, and is told to', () => {
    const { retrain } = synthStage('prod', { trainingImage: image });
    const [machine] = Object.values(retrain.findResources('AWS::StepFunctions::StateMachine'));
    const roleId = machine?.Properties.DefinitionSubstitutions.TrainingRole['Fn::GetAtt'][0];
    expect(permissionsOf(retrain, roleId).filter((line) => line.startsWith('kms:'))).toEqual([
      'kms:Decrypt Key.Arn',
      'kms:Encrypt Key.Arn',
      'kms:GenerateDataKey Key.Arn',
    ]);
    const { DefinitionString, DefinitionSubstitutions } = machine!.Properties;
    expect(JSON.stringify(DefinitionString)).toContain('KmsKeyId');
    expect(DefinitionSubstitutions.TrainingKey).toEqual({
      'Fn::ImportValue': expect.stringMatching(/Key\w+Arn/),
    });
    expect(machineOf(staged)[1].Properties.DefinitionSubstitutions.TrainingKey).toBe('');
  });

  it('is started by the state machine, which may pass that role to SageMaker only', () => {
    const roleId = machineOf(staged)[1].Properties.RoleArn['Fn::GetAtt'][0] as string;
    const lines = permissionsOf(staged.retrain, roleId);
    expect(lines.filter((line) => /^(sagemaker|iam):/.test(line)).map((line) => line.split(' ')[0])).toEqual([
      'iam:PassRole',
      'sagemaker:AddTags',
      'sagemaker:CreateTrainingJob',
      'sagemaker:DescribeTrainingJob',
      'sagemaker:StopTrainingJob',
    ]);
    staged.retrain.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'iam:PassRole',
            Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
          }),
        ]),
      },
    });
  });

  it('is refused an image that SageMaker could not pull', () => {
    expect(() => synthStage('dev', { trainingImage: 'docker.io/me/train' })).toThrow(
      'trainingImage is "docker.io/me/train": want ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG',
    );
  });
});

describe('a network for the function that reads databases', () => {
  const context = { ingestSubnets: 'subnet-0a1b2c3d,subnet-0b2c3d4e', ingestSecurityGroups: 'sg-0c3d4e5f' };
  const placed = ({ retrain }: SynthesisedStage) =>
    Object.values(retrain.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties.VpcConfig,
    );

  it('is joined by that function alone, and by none unless it is named', () => {
    expect(placed(prod)).toEqual([]);
    const [one, ...others] = placed(synthStage('dev', context));
    expect(others).toEqual([]);
    expect(one?.Properties).toMatchObject({
      FunctionName: 'tidemark-dev-retrain-ingest',
      VpcConfig: { SubnetIds: ['subnet-0a1b2c3d', 'subnet-0b2c3d4e'], SecurityGroupIds: ['sg-0c3d4e5f'] },
    });
  });

  it.each([
    [{ ingestSubnets: 'subnet-0a1b2c3d' }, 'ingestSubnets and ingestSecurityGroups are wanted together'],
    [{ ...context, ingestSubnets: 'mine' }, 'unknown ingestSubnets "mine"'],
  ])('%o is refused', (wrong, reason) => {
    expect(() => synthStage('dev', wrong)).toThrow(reason);
  });
});

/** What the functions are told of a place for large trainings, each answer once. */
function environmentsOf({ retrain }: SynthesisedStage): unknown[] {
  const environments = Object.values(retrain.findResources('AWS::Lambda::Function')).map(
    ({ Properties }) => Properties.Environment.Variables.TRAIN_CONTAINER,
  );
  return [...new Set(environments)];
}

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
    expect([...named].sort()).toEqual(steps.map(substitutionName).sort());
    for (const name of named)
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

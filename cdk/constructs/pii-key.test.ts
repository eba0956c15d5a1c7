// The key of the tokens: where it is made, who may read it, and that no template holds it.
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FunctionName, type FunctionSpec, functions } from '#shared/api/surface.ts';
import { DataStack } from '../stacks/data-stack.ts';
import { stageConfig } from '../stage-config.ts';
import { type SynthesisedStage, synthStage } from '../testing.ts';

let prod: SynthesisedStage;
beforeAll(() => {
  prod = synthStage('prod');
}, 120_000);

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}
const readersIn = ({ working, data }: SynthesisedStage) =>
  [...working, data].flatMap((template) =>
    Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
      (Properties.PolicyDocument.Statement as Statement[])
        .filter(({ Resource }) => JSON.stringify(Resource).includes('/pii-key-'))
        .map(({ Action, Resource }) => ({ role: Properties.Roles[0].Ref as string, Action, Resource })),
    ),
  );
const keyOf = (stage: string, pii?: unknown) =>
  stageConfig((key) => (key === 'stage' ? stage : key === 'pii' ? pii : undefined)).pii;

describe('the key that people are tokenised with', () => {
  it('is made by Secrets Manager under the key of the stage, and stays when the stack goes', () => {
    const secrets = Object.values(prod.data.findResources('AWS::SecretsManager::Secret'));
    expect(secrets.filter(({ Properties }) => Properties.Name === 'tidemark/prod/pii-key')).toEqual([
      expect.objectContaining({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
        Properties: expect.objectContaining({
          GenerateSecretString: { PasswordLength: 43, ExcludePunctuation: true },
          KmsKeyId: expect.anything(),
        }),
      }),
    ]);
  });

  it('may be read by the functions that declare it, that one secret of all', () => {
    const declared = (Object.keys(functions) as FunctionName[]).filter((name) => {
      const { access }: FunctionSpec = functions[name];
      return access.piiKey === true;
    });
    expect(declared).toEqual(['predict', 'retrain-ingest']);
    const readers = readersIn(prod);
    expect(readers.map(({ role }) => role.replace(/Role[0-9A-F]{8}$/, '')).sort()).toEqual([
      'Predict',
      'RetrainIngest',
    ]);
    for (const { Action, Resource } of readers) {
      expect(Action).toBe('secretsmanager:GetSecretValue');
      expect(JSON.stringify(Resource)).toMatch(/secret:tidemark\/prod\/pii-key-\?{6}"/);
    }
  });

  it('is in no environment: functions are told that there is one, and not what it is', () => {
    for (const template of prod.working)
      for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function'))) {
        const variables = Properties.Environment?.Variables ?? {};
        if (variables.ENVIRONMENT !== 'prod') continue;
        expect(variables.PII_KEY).toBe('available');
        expect(JSON.stringify(variables)).not.toContain('pii-key');
      }
  });

  it('is neither made nor paid for where it is not asked for', () => {
    const secretsOf = (pii: boolean) => {
      const local = stageConfig((key) => (key === 'stage' ? 'local' : undefined));
      const stack = new DataStack(new App(), `Data${pii}`, { config: { ...local, pii } });
      return Object.keys(Template.fromStack(stack).findResources('AWS::SecretsManager::Secret')).length;
    };
    expect([secretsOf(false), secretsOf(true)]).toEqual([0, 1]);
    expect([keyOf('dev'), keyOf('dev', 'true'), keyOf('dev', true)]).toEqual([false, true, true]);
    expect([keyOf('prod'), keyOf('prod', 'false'), keyOf('local')]).toEqual([true, false, false]);
    expect(() => keyOf('dev', 'yes')).toThrow('unknown pii "yes": want true, false');
  });
});

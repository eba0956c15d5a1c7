// A first deployment that fails is repeated: nothing of it may stand in the way of the next.
import { describe, expect, it } from 'vitest';
import { synthStage } from './testing.ts';

const { data, working, observability } = synthStage('prod');
const resources = [data, ...working, observability!].flatMap((template) =>
  Object.values(
    (
      template.toJSON() as {
        Resources: Record<string, { Type: string; DeletionPolicy?: string; Properties?: object }>;
      }
    ).Resources,
  ),
);
const kept = resources.filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'));

describe('what stage prod keeps when its stacks go', () => {
  it('goes with a first deployment that fails, where its name is fixed: the next would find the name taken', () => {
    const names = [
      'Name',
      'LogGroupName',
      'StateMachineName',
      'TableName',
      'BucketName',
      'QueueName',
      'RoleName',
    ];
    const named = kept.filter(({ Properties = {} }) => names.some((name) => Object.hasOwn(Properties, name)));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ DeletionPolicy }) => DeletionPolicy !== 'RetainExceptOnCreate')).toEqual([]);
  });

  it('is data and logs, and what reads them: no state machine, function or role of ours', () => {
    expect([...new Set(kept.map(({ Type }) => Type))].sort()).toEqual([
      'AWS::APS::Workspace',
      'AWS::ApiGateway::Account',
      'AWS::DynamoDB::Table',
      // the account-wide one that API Gateway writes its logs with
      'AWS::IAM::Role',
      'AWS::KMS::Key',
      'AWS::Logs::LogGroup',
      'AWS::S3::Bucket',
      'AWS::SecretsManager::Secret',
    ]);
  });
});

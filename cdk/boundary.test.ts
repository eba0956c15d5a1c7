// The permissions boundary that docs/deploy.md offers: it must cap the roles of the app without taking away what they need.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './constructs/bundle.ts';
import { type SynthesisedStage, synthStage } from './testing.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

const page = readFileSync(join(projectRoot, 'docs/deploy.md'), 'utf8');
const boundary = JSON.parse(/<<'END'\n(\{"Version.*?"Sid": "EmptyBucket.*?)\nEND\n/s.exec(page)![1]!) as {
  readonly Statement: readonly Statement[];
};

const matches = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(text);

/** The service a use of the key must come through; empty where any will do. */
function viaOf({ Condition }: Statement): readonly string[] {
  const value = Object.values(Condition ?? {}).flatMap((keys) => keys['kms:ViaService'] ?? []);
  return listOf(value as unknown).map((one) =>
    typeof one === 'string' ? one : (one as { 'Fn::Join': [string, [string]] })['Fn::Join'][1][0],
  );
}

function allows(action: string, via: readonly string[]): boolean {
  return boundary.Statement.some((statement) => {
    if (!listOf(statement.Action).some((pattern) => matches(pattern, action))) return false;
    const allowed = viaOf(statement);
    return (
      allowed.length === 0 ||
      (via.length > 0 && via.every((one) => allowed.some((pattern) => pattern.startsWith(one))))
    );
  });
}

const allOf = ({ data, working, observability }: SynthesisedStage): readonly Template[] =>
  [data, ...working, observability].filter((template) => template !== undefined);

const needed = (templates: readonly Template[]): readonly Statement[] =>
  templates.flatMap((template) =>
    [
      ...Object.values(template.findResources('AWS::IAM::Policy')).map(({ Properties }) => Properties),
      ...Object.values(template.findResources('AWS::IAM::Role')).flatMap(
        ({ Properties }) => Properties.Policies ?? [],
      ),
    ].flatMap(({ PolicyDocument }) => PolicyDocument.Statement as Statement[]),
  );

const everyKnob = {
  oidc: { issuer: 'https://idp.example', clientId: 'x', operators: { claim: 'groups', values: ['ops'] } },
  trainingImage: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/train:1',
  ingestSubnets: 'subnet-12345678',
  ingestSecurityGroups: 'sg-12345678',
  grafana: 'identityCenter',
  alerting: 'grafana',
};

describe('the permissions boundary of docs/deploy.md', () => {
  it.each([
    ['dev', {}],
    ['prod', {}],
    ['prod', everyKnob],
  ] as const)('lets every role of stage %s do what it declares', (stage, context) => {
    const statements = needed(allOf(synthStage(stage, context)));
    expect(statements.length).toBeGreaterThan(50);
    const refused = statements.flatMap((statement) =>
      listOf(statement.Action).filter((action) => !allows(action, viaOf(statement))),
    );
    expect([...new Set(refused)]).toEqual([]);
  });

  it('lets nobody change permissions, or delete a table', () => {
    const actions = [
      'iam:PutRolePolicy',
      'iam:CreateRole',
      'dynamodb:DeleteTable',
      'kms:PutKeyPolicy',
      'lambda:AddPermission',
    ];
    expect(actions.filter((action) => allows(action, []))).toEqual([]);
  });
});

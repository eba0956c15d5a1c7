// Every permission of stage prod, one line each, against the reviewed list beside this file: a new one is a reviewed change.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from './constructs/bundle.ts';
import { readable, synthStage } from './testing.ts';

const reviewedFile = join(projectRoot, 'cdk/iam-statements.txt');

const header = `# Every IAM statement of stage prod: stack, who or what, effect, action, resource, condition.
# A change here is a change of permissions: review it as one. Rewritten by
#   UPDATE=1 npx vitest run cdk/iam-statements.test.ts --project cdk
`;

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: string | Readonly<Record<string, unknown>>;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Policy {
  readonly Statement: readonly Statement[];
}

/** Those properties of the types below that carry statements or say whose they are. */
interface Resource {
  readonly Type: string;
  readonly Properties?: {
    readonly AssumeRolePolicyDocument?: Policy;
    readonly ManagedPolicyArns?: readonly unknown[];
    readonly Policies?: readonly { readonly PolicyDocument: Policy }[];
    readonly PolicyDocument?: Policy;
    readonly KeyPolicy?: Policy;
    readonly Roles?: readonly { readonly Ref: string }[];
    readonly FunctionName?: unknown;
    readonly Principal?: unknown;
    readonly Action?: string;
    readonly SourceArn?: unknown;
  };
}

/** Resource types whose properties carry statements; each is read by {@link linesOf}. */
const readTypes = [
  'AWS::IAM::Role',
  'AWS::IAM::Policy',
  'AWS::Lambda::Permission',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::KMS::Key',
] as const;

const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

const withoutHash = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');
const name = (value: unknown) => withoutHashes(typeof value === 'string' ? value : readable(value));
const withoutHashes = (text: string) => text.replace(/<(\w+?)[0-9A-F]{8}((?:\.\w+)?)>/g, '<$1$2>');

function principalsOf(principal: Statement['Principal']): readonly string[] {
  if (principal === undefined) return [''];
  if (typeof principal === 'string') return [` to ${principal}`];
  return Object.entries(principal).flatMap(([kind, whom]) =>
    listOf(whom).map((one) => ` to ${kind} ${name(one)}`),
  );
}

function conditionOf({ Condition }: Statement): string {
  const parts = Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(
      ([key, values]) => `${operator} ${key} = ${listOf(values).map(name).sort().join(', ')}`,
    ),
  );
  return parts.length === 0 ? '' : ` if ${parts.sort().join(' and ')}`;
}

/** One line per principal, action and resource. */
function statementLines(who: string, { Statement }: Policy): readonly string[] {
  return Statement.flatMap((statement) => {
    const { Effect, Action, Resource = '', Principal, NotAction, NotResource } = statement;
    if (Action === undefined || NotAction !== undefined || NotResource !== undefined)
      return [`${who} ${Effect} UNREADABLE ${JSON.stringify(statement)}`];
    return principalsOf(Principal).flatMap((principal) =>
      listOf(Action).flatMap((action) =>
        listOf(Resource).map((resource) =>
          `${who} ${Effect}${principal} ${action} ${name(resource)}${conditionOf(statement)}`
            .replaceAll(/ +/g, ' ')
            .trim(),
        ),
      ),
    );
  });
}

function linesOf(id: string, { Type, Properties = {} }: Resource): readonly string[] {
  const who = withoutHash(id);
  switch (Type as (typeof readTypes)[number]) {
    case 'AWS::IAM::Role':
      return [
        ...statementLines(who, Properties.AssumeRolePolicyDocument!),
        ...(Properties.ManagedPolicyArns ?? []).map((arn) => `${who} Allow MANAGED ${name(arn)}`),
        ...(Properties.Policies ?? []).flatMap((inline) => statementLines(who, inline.PolicyDocument)),
      ];
    case 'AWS::IAM::Policy':
      return Properties.Roles!.flatMap((role) =>
        statementLines(withoutHash(role.Ref), Properties.PolicyDocument!),
      );
    case 'AWS::Lambda::Permission': {
      const { FunctionName, Principal, Action, SourceArn = 'anywhere' } = Properties;
      return [`${name(FunctionName)} Allow to ${name(Principal)} ${Action} from ${name(SourceArn)}`];
    }
    case 'AWS::KMS::Key':
      return statementLines(who, Properties.KeyPolicy!);
    default:
      return statementLines(who, Properties.PolicyDocument!);
  }
}

const resourcesOf = (template: Template) =>
  Object.entries((template.toJSON() as { Resources: Record<string, Resource> }).Resources);

const permissions = (stack: string, template: Template): readonly string[] =>
  resourcesOf(template)
    .filter(([, { Type }]) => (readTypes as readonly string[]).includes(Type))
    .flatMap(([id, resource]) => linesOf(id, resource))
    .map((line) => `${stack} ${line}`);

describe('permissions of stage prod', () => {
  let found: readonly string[] = [];
  let types: readonly string[] = [];

  beforeAll(() => {
    const { app } = synthStage('prod');
    const templates = app.node.children
      .filter((child) => Stack.isStack(child))
      .map((stack) => [stack.node.id.toLowerCase(), Template.fromStack(stack)] as const);
    expect(templates.length).toBeGreaterThan(3);
    found = [...new Set(templates.flatMap(([stack, template]) => permissions(stack, template)))].sort();
    types = templates.flatMap(([, template]) => resourcesOf(template).map(([, { Type }]) => Type));
  });

  it('are those of the reviewed list, no more and no fewer', () => {
    if (process.env.UPDATE === '1') writeFileSync(reviewedFile, `${header}${found.join('\n')}\n`);
    const reviewed = readFileSync(reviewedFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(found.filter((line) => !reviewed.includes(line))).toEqual([]);
    expect(reviewed.filter((line) => !found.includes(line))).toEqual([]);
  });

  it('are all in a type of resource that is read', () => {
    const others = types.filter(
      (type) => /::IAM::|Policy$|Permission$/.test(type) && !(readTypes as readonly string[]).includes(type),
    );
    expect([...new Set(others)]).toEqual([]);
    expect(found.filter((line) => line.includes('UNREADABLE'))).toEqual([]);
  });

  it('allow no wildcard action, but the account its own key: without that nobody could change the key policy', () => {
    expect(found.filter((line) => / Allow .*?[a-z0-9-]+:\w*\*(?= )/.test(line))).toEqual([
      'data Key Allow to AWS arn:<AWS::Partition>:iam::<AWS::AccountId>:root kms:* *',
    ]);
  });

  it('use the key only through the service that holds the data, and name no key but this one', () => {
    const uses = found.filter((line) => /Role Allow kms:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses)
      expect(line).toMatch(
        / kms:\w+ Key\.Arn if StringEquals kms:ViaService = (dynamodb|s3|secretsmanager|sns|sqs)\.<AWS::Region>\.amazonaws\.com$/,
      );
  });
});

// Who may see the pages: people with a session where `auth.oidc` is set, AWS principals where it is not.
import { Match } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { isSignIn, routes } from '#shared/api/surface.ts';
import { stageConfig } from '../stage-config.ts';
import { permissionsOf, type SynthesisedStage, synthStage } from '../testing.ts';

const oidc = {
  issuer: 'https://id.example.com',
  clientId: 'tidemark',
  operators: { claim: 'groups', values: ['ml-ops'] },
};

let signedIn: SynthesisedStage;
let without: SynthesisedStage;
beforeAll(() => {
  signedIn = synthStage('prod', { oidc, requireApiKey: true });
  without = synthStage('prod');
});

const methods = ({ serving }: SynthesisedStage) =>
  new Map(
    Object.values(serving.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => [
      Properties.OperationName as string,
      Properties as { AuthorizationType: string; AuthorizerId?: unknown; ApiKeyRequired?: boolean },
    ]),
  );

describe('with auth.oidc', () => {
  it('asks browser routes for a session, the way in for nothing, and every other route for what it asked before', () => {
    const found = methods(signedIn);
    const before = methods(without);
    for (const route of routes) {
      const operation = `${route.method} ${route.path}`;
      const { AuthorizationType, AuthorizerId } = found.get(operation)!;
      if (route.auth === 'browser') {
        expect([operation, AuthorizationType]).toEqual([operation, 'CUSTOM']);
        expect(AuthorizerId).toEqual({ Ref: expect.stringContaining('Sessions') });
      } else {
        const expected = isSignIn(route) ? 'NONE' : before.get(operation)!.AuthorizationType;
        expect([operation, AuthorizationType]).toEqual([operation, expected]);
        expect(AuthorizerId).toBeUndefined();
      }
    }
  });

  it('has every browser route under /console, which is all that a session opens', () => {
    const pages = routes.filter(({ auth }) => auth === 'browser');
    expect(pages.length).toBeGreaterThanOrEqual(3);
    for (const { path } of pages) expect(path).toMatch(/^\/console(\/|$)/);
  });

  it('knows a session by the cookie, for a minute, and by nothing else', () => {
    signedIn.serving.hasResourceProperties('AWS::ApiGateway::Authorizer', {
      Type: 'REQUEST',
      IdentitySource: 'method.request.header.Cookie',
      AuthorizerResultTtlInSeconds: 60,
      AuthorizerUri: Match.objectLike({
        'Fn::Join': [
          '',
          Match.arrayWith([
            Match.objectLike({ 'Fn::GetAtt': [Match.stringLikeRegexp('^AuthorizeFunction'), 'Arn'] }),
          ]),
        ],
      }),
    });
    signedIn.serving.resourceCountIs('AWS::ApiGateway::Authorizer', 1);
  });

  it('sends who has no session to sign in', () => {
    signedIn.serving.hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType: 'UNAUTHORIZED',
      StatusCode: '302',
      ResponseParameters: Match.objectLike({ 'gatewayresponse.header.Location': "'/prod/console/login'" }),
    });
    without.serving.hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType: 'UNAUTHORIZED',
      StatusCode: '401',
    });
  });

  it('makes a key for sessions, which goes with the API and leaves its name free, and puts none into a function', () => {
    signedIn.serving.hasResource('AWS::SecretsManager::Secret', {
      DeletionPolicy: 'Delete',
      Properties: {
        Name: 'tidemark/prod/session-key',
        GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
      },
    });
    const functions = Object.values(signedIn.serving.findResources('AWS::Lambda::Function'));
    const withOidc = functions.filter(
      ({ Properties }) => Properties.Environment.Variables.OIDC !== undefined,
    );
    expect(withOidc.map(({ Properties }) => Properties.FunctionName)).toEqual(['tidemark-prod-console']);
    expect(JSON.parse(withOidc[0]?.Properties.Environment.Variables.OIDC)).toEqual(oidc);
  });

  it('lets the pages read that key and the client secret, the authorizer the key alone, and nobody else either', () => {
    const { serving } = signedIn;
    const roles = Object.keys(serving.findResources('AWS::IAM::Role'));
    const readers = roles.flatMap((id) => {
      const secrets = permissionsOf(serving, id).filter((line) =>
        /GetSecretValue .*(SessionKey|oidc-client-secret)/.test(line),
      );
      return secrets.map((line) => [id.replace(/Role[0-9A-F]{8}$/, ''), line]);
    });
    expect(readers).toHaveLength(3);
    expect(readers.filter(([who]) => who === 'Authorize')).toHaveLength(1);
    expect(readers.filter(([who]) => who === 'Console').map(([, line]) => line)).toEqual(
      expect.arrayContaining([expect.stringContaining('tidemark/prod/oidc-client-secret-??????')]),
    );
  });

  it('has no finding of the AwsSolutions rules', () => {
    const { app } = signedIn;
    expect(new AwsSolutionsChecks(app).validateScope(app)).toEqual({ success: true, violations: [] });
  });
});

describe('without auth.oidc', () => {
  it('asks pages and the way in for a signature, and has no secret and no authorizer', () => {
    for (const route of routes.filter((one) => one.auth === 'browser' || isSignIn(one)))
      expect(methods(without).get(`${route.method} ${route.path}`)?.AuthorizationType).toBe('AWS_IAM');
    without.serving.resourceCountIs('AWS::ApiGateway::Authorizer', 0);
    without.serving.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });
});

describe('the knob', () => {
  const withContext = (context: Record<string, unknown>) => stageConfig((key) => context[key]);

  it('is an object in cdk.json or JSON on the command line, and nothing unless given', () => {
    expect(withContext({}).auth).not.toHaveProperty('oidc');
    expect(withContext({ oidc }).auth.oidc).toEqual(oidc);
    const viewers = { claim: 'hd', values: ['example.com'] };
    const more = { ...oidc, viewers, scopes: ['email', 'profile'] };
    expect(withContext({ oidc: JSON.stringify(more) }).auth.oidc).toEqual(more);
  });

  it.each([
    ['oidc', 'no JSON', 'want an object as JSON'],
    ['oidc.issuer', { ...oidc, issuer: 'http://id.example.com' }, 'want https://'],
    ['oidc.issuer', { ...oidc, issuer: undefined }, 'want https://'],
    ['oidc.clientId', { ...oidc, clientId: ' ' }, 'want a text'],
    ['oidc.operators', { ...oidc, operators: undefined }, 'want {"claim"'],
    ['oidc.operators.values', { ...oidc, operators: { claim: 'groups', values: [] } }, 'at least one'],
    ['oidc.operators', { ...oidc, operators: { ...oidc.operators, value: 'x' } }, 'want {"claim"'],
    ['oidc.secret', { ...oidc, secret: 'x' }, 'alone'],
  ])('names %s when it is not what it must be', (key, value, allowed) => {
    expect(() => withContext({ oidc: value })).toThrow(`unknown ${key} `);
    expect(() => withContext({ oidc: value })).toThrow(allowed);
  });

  it('is refused where nobody could sign in: in an emulator, and before the front that sends nobody to the provider', () => {
    expect(() => withContext({ oidc, stage: 'local' })).toThrow('oidc is given for stage local');
    expect(() => withContext({ oidc, front: 'http' })).toThrow('want front rest');
    expect(withContext({ oidc, front: 'rest' }).auth.oidc).toEqual(oidc);
  });
});

// Sign-in for people (`auth.oidc`): the key of their sessions, the authorizer that checks them, and which routes it guards.
import { ArnFormat, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  AuthorizationType,
  type CfnGatewayResponse,
  IdentitySource,
  type MethodOptions,
  RequestAuthorizer,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { type Route, signInSecrets } from '#shared/api/surface.ts';
import type { Deployment } from '../deployment.ts';
import { acknowledgeWildcard, allow } from './access.ts';
import type { FrontProps } from './front.ts';

/** How long API Gateway takes a cookie's answer for granted: so long may a session outlive its end. */
const CACHED = Duration.minutes(1);

/**
 * Nothing at all without `auth.oidc`: browser routes are then authorised as the stage says.
 *
 * @example resource.addMethod('GET', integration, { ...browserAuth.methodOptions(route) })
 */
export class BrowserAuth extends Construct {
  private readonly deployment: Deployment;
  private readonly authorizer: RequestAuthorizer | undefined;

  constructor(scope: Construct, id: string, { deployment, functions }: FrontProps) {
    super(scope, id);
    this.deployment = deployment;
    const { oidc } = deployment.config.auth;
    if (!oidc) return;
    const key = this.sessionKey();
    const pages = functions.get('console')!;
    const guard = functions.get('authorize')!;
    for (const { role } of [pages, guard]) key.grantRead(role);
    this.grantClientSecret(pages.role);
    pages.lambda.addEnvironment('OIDC', JSON.stringify(oidc));
    this.authorizer = new RequestAuthorizer(this, 'Sessions', {
      handler: guard.lambda,
      identitySources: [IdentitySource.header('Cookie')],
      resultsCacheTtl: CACHED,
    });
  }

  /** What a browser route has beside, or instead of, what every route has. */
  methodOptions(route: Route): Pick<MethodOptions, 'authorizationType' | 'authorizer' | 'apiKeyRequired'> {
    if (route.auth !== 'browser' || !this.authorizer) return {};
    // a browser cannot send a key with a link
    return {
      authorizationType: AuthorizationType.CUSTOM,
      authorizer: this.authorizer,
      apiKeyRequired: false,
    };
  }

  /** API Gateway says 401 only of a session that is missing or over: the browser is sent to sign in. */
  sendToSignIn(api: RestApi): void {
    if (!this.authorizer) return;
    const unauthorized = api.node.findChild('Problem-UNAUTHORIZED').node.defaultChild as CfnGatewayResponse;
    unauthorized.statusCode = '302';
    unauthorized.responseParameters = {
      'gatewayresponse.header.Location': `'/${this.deployment.config.stage}/console/login'`,
      'gatewayresponse.header.Cache-Control': "'no-store'",
    };
  }

  private sessionKey(): Secret {
    const { config } = this.deployment;
    const key = new Secret(this, 'SessionKey', {
      secretName: `tidemark/${config.stage}/${signInSecrets.sessionKey}`,
      description: 'Tidemark: signs the sessions of people; a new value ends them all within five minutes',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // Of no use without the API; kept, it would stand in the way of the next one of its name.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(key).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'A new key signs everybody out: it is changed by hand, when one has leaked.',
    });
    return key;
  }

  /** A person creates it, if the provider gave one: Secrets Manager ends its ARN with six characters of its own. */
  private grantClientSecret(role: Role): void {
    const secret = Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `tidemark/${this.deployment.config.stage}/${signInSecrets.clientSecret}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    allow(role, ['secretsmanager:GetSecretValue'], [secret]);
    acknowledgeWildcard(
      role,
      secret,
      'The secret is made by a person; its ARN ends in characters that AWS chooses.',
    );
  }
}

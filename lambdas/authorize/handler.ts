/** A browser's request before it reaches the console: whose session its cookie is, and what that person may do. */
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { personName, type SessionContext } from '#shared/api/caller.ts';
import { readCookie, sessionCookie } from '#shared/auth/cookies.ts';
import { openSession, sessionKeyOf } from '#shared/auth/session.ts';
import type { Deps } from '#shared/deps.ts';

type AuthorizeDeps = Pick<Deps, 'secret' | 'settings' | 'now'>;
type AuthorizeEvent = Pick<APIGatewayRequestAuthorizerEvent, 'methodArn'> & {
  readonly headers: Readonly<Record<string, string | undefined>> | null;
};

/** The one message that API Gateway answers with 401; any other is a fault of ours. */
const unauthorized = 'Unauthorized';

/** Throws {@link unauthorized} without a session; `auth.oidc` turns that answer into the way to sign in. */
export function createAuthorizeHandler(deps: AuthorizeDeps) {
  const keyOf = sessionKeyOf(deps);
  return async ({ methodArn, headers }: AuthorizeEvent): Promise<APIGatewayAuthorizerResult> => {
    const token = readCookie({ headers: headers ?? {} }, sessionCookie);
    if (token === undefined) throw new Error(unauthorized);
    const { ENVIRONMENT: environment } = deps.settings;
    const session = await openSession(token, { key: await keyOf(), environment, now: deps.now() });
    if (!session) throw new Error(unauthorized);
    return allowed(session, methodArn);
  };
}

/** For every page, not for the one asked: API Gateway keeps the answer for the cookie. A viewer only reads. */
function allowed(session: SessionContext, methodArn: string): APIGatewayAuthorizerResult {
  const stage = methodArn.split('/').slice(0, 2).join('/');
  const method = session.role === 'operator' ? '*' : 'GET';
  return {
    principalId: personName(session),
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'execute-api:Invoke',
          Resource: [`${stage}/${method}/console`, `${stage}/${method}/console/*`],
        },
      ],
    },
    context: { ...session },
  };
}

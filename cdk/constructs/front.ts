// What stands before the functions that answer routes: what both kinds of API have in common.
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type FunctionName, isSignIn, type Route, routes } from '#shared/api/surface.ts';
import type { StageConfig } from '../config.ts';
import { type Deployment, namedRemovalPolicyOf } from '../deployment.ts';
import type { NodeFunction } from './node-function.ts';

export interface FrontProps {
  readonly deployment: Deployment;
  /** At least the handlers of all routes. */
  readonly functions: ReadonlyMap<FunctionName, NodeFunction>;
}

/** An API, whichever it is. */
export interface Front {
  readonly url: string;
  readonly apiId: string;
}

/**
 * One permission per function, for all its routes in the one deployed stage: Lambda refuses a policy over 20 KB, which one or two (the
 * second for the console's test button) per route soon are.
 *
 * @param sourceArn `arn:…:execute-api:…:api/stage/*`
 * @returns the handlers of all routes by name, to be integrated without further permissions
 */
export function allowApi(
  scope: Construct,
  functions: FrontProps['functions'],
  sourceArn: string,
): ReadonlyMap<FunctionName, IFunction> {
  const handlers = new Set(routes.map(({ handler }) => handler));
  return new Map(
    [...handlers].map((name) => {
      const { answering, node } = functions.get(name)!;
      answering.addPermission('Api', {
        principal: new ServicePrincipal('apigateway.amazonaws.com'),
        sourceArn,
      });
      const imported = LambdaFunction.fromFunctionAttributes(scope, `Invoked-${node.id}`, {
        functionArn: answering.functionArn,
        skipPermissions: true,
      });
      return [name, imported];
    }),
  );
}

export const accessLogGroup = (scope: Construct, { config, key }: Deployment): LogGroup =>
  new LogGroup(scope, 'AccessLogs', {
    retention: config.logRetention,
    removalPolicy: namedRemovalPolicyOf(config),
    ...(key && { encryptionKey: key }),
  });

/** Where nobody signs in, the way in is for whoever may see the pages anyway. */
export const isSigned = (route: Route, { auth }: StageConfig): boolean =>
  auth[isSignIn(route) && !auth.oidc ? 'browser' : route.auth] === 'iam';

/** Why a route without a signature is no finding. */
export const openReason = (route: Route, { stage }: StageConfig): string => {
  if (stage === 'local') return 'An emulator on one computer has no callers to tell apart.';
  return isSignIn(route)
    ? 'Who signs in has no session yet; what comes back from the provider is checked, and a form by its token.'
    : 'Health and readiness say only whether a model serves, to probes that have no credentials.';
};

/** No addresses and no bodies: who called is the principal, what was asked is in the prediction log. */
export const accessLogFields = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  requestTime: '$context.requestTime',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  responseBytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  integrationStatus: '$context.integration.status',
  caller: '$context.identity.userArn',
  errorType: '$context.error.responseType',
  error: '$context.error.message',
} as const;

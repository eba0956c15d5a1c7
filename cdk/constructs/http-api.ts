// The REST API, built from the routes of the surface: who may call what, how often, and what API Gateway itself answers.
import { Validations } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  MethodLoggingLevel,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, type Route, routes } from '#shared/api/surface.ts';
import type { StageConfig } from '../config.ts';
import { type Deployment, removalPolicyOf } from '../deployment.ts';
import { apiName } from '../names.ts';
import { addBodyModels } from './body-models.ts';
import type { NodeFunction } from './node-function.ts';
import { addProblemResponses } from './problem-responses.ts';

export interface HttpApiProps {
  readonly deployment: Deployment;
  /** At least the handlers of all routes. */
  readonly functions: ReadonlyMap<FunctionName, NodeFunction>;
}

export class HttpApi extends Construct {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, { deployment, functions }: HttpApiProps) {
    super(scope, id);
    const { config, key } = deployment;
    const logGroup = new LogGroup(this, 'AccessLogs', {
      retention: config.logRetention,
      removalPolicy: removalPolicyOf(config),
      ...(key && { encryptionKey: key }),
    });
    this.api = new RestApi(this, 'Rest', {
      restApiName: apiName(config.stage),
      description: 'Tidemark: predictions, feedback, models and their history',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: config.apiAccountRole,
      deployOptions: {
        stageName: config.stage,
        tracingEnabled: config.tracing === 'active',
        loggingLevel: MethodLoggingLevel.ERROR,
        metricsEnabled: config.detailedApiMetrics,
        throttlingRateLimit: config.throttle.rate,
        throttlingBurstLimit: config.throttle.burst,
        accessLogDestination: new LogGroupLogDestination(logGroup),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
    addProblemResponses(this.api);
    this.addRoutes(config, functions);
    if (config.requireApiKey) this.addUsagePlan(config);
    this.acknowledge(config);
  }

  private addRoutes(config: StageConfig, functions: HttpApiProps['functions']): void {
    const bodyOf = addBodyModels(this.api);
    const requestValidator = this.api.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    // One permission per function, for all its routes: Lambda refuses a policy over 20 KB, which one or two (the second
    // for the console's test button) per route soon are.
    const integrations = new Map(
      [...functions].map(([name, fn]) => [
        name,
        new LambdaIntegration(fn.lambda, { scopePermissionToMethod: false }),
      ]),
    );
    for (const route of routes) {
      const model = bodyOf(route);
      const method = this.api.root
        .resourceForPath(route.path)
        .addMethod(route.method, integrations.get(route.handler)!, {
          operationName: `${route.method} ${route.path}`,
          authorizationType:
            config.auth[route.auth] === 'iam' ? AuthorizationType.IAM : AuthorizationType.NONE,
          apiKeyRequired: config.requireApiKey && route.auth !== 'open',
          requestValidator,
          ...(model !== undefined && { requestModels: { 'application/json': model } }),
        });
      acknowledgeAuth(method, route, config);
    }
  }

  /** Without keys in it: they belong to callers, not to the template. */
  private addUsagePlan({ throttle }: StageConfig): void {
    const plan = this.api.addUsagePlan('Callers', {
      description: 'limits of one caller',
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
    });
    plan.addApiStage({ stage: this.api.deploymentStage });
  }

  private acknowledge(config: StageConfig): void {
    Validations.of(this.api.deploymentStage).acknowledge({
      id: 'AwsSolutions-APIG3',
      reason:
        'Callers are known by their AWS credentials and throttled; a WAF costs more than the rest of an idle deployment. Attach one to the stage where the API faces the public.',
    });
    if (config.apiAccountRole)
      Validations.of(this.api).acknowledge({
        id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
        reason:
          'The role is the account-wide one API Gateway writes all its logs with; AWS names this policy for it.',
      });
  }
}

function acknowledgeAuth(method: Method, route: Route, config: StageConfig): void {
  if (config.auth[route.auth] === 'none')
    Validations.of(method).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        config.stage === 'local'
          ? 'An emulator on one computer has no callers to tell apart.'
          : 'Health and readiness say only whether a model serves, to probes that have no credentials.',
    });
  Validations.of(method).acknowledge({
    id: 'AwsSolutions-COG4',
    reason:
      'Callers are services with AWS credentials (SigV4); there are no end users for Cognito to sign in.',
  });
}

/** No addresses and no bodies: who called is the principal, what was asked is in the prediction log. */
const accessLogFields = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  requestTime: '$context.requestTime',
  method: '$context.httpMethod',
  resource: '$context.resourcePath',
  path: '$context.path',
  status: '$context.status',
  responseBytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  integrationStatus: '$context.integration.status',
  caller: '$context.identity.userArn',
  apiKeyId: '$context.identity.apiKeyId',
  errorType: '$context.error.responseType',
  error: '$context.error.message',
  traceId: '$context.xrayTraceId',
} as const;

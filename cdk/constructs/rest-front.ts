// The default front, a REST API built from the routes of the surface: who may call what, how often, and what API Gateway itself answers.
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
import { Construct } from 'constructs';
import { type Route, routes } from '#shared/api/surface.ts';
import type { StageConfig } from '../config.ts';
import { apiName } from '../names.ts';
import { addBodyModels } from './body-models.ts';
import { BrowserAuth } from './browser-auth.ts';
import {
  accessLogFields,
  accessLogGroup,
  allowApi,
  type Front,
  type FrontProps,
  isSigned,
  openReason,
} from './front.ts';
import { addProblemResponses } from './problem-responses.ts';

export class RestFront extends Construct implements Front {
  readonly api: RestApi;
  readonly url: string;
  readonly apiId: string;

  constructor(scope: Construct, id: string, { deployment, functions }: FrontProps) {
    super(scope, id);
    const { config } = deployment;
    const logGroup = accessLogGroup(this, deployment);
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
        accessLogFormat: AccessLogFormat.custom(
          JSON.stringify({
            ...accessLogFields,
            resource: '$context.resourcePath',
            apiKeyId: '$context.identity.apiKeyId',
            person: '$context.authorizer.principalId',
            traceId: '$context.xrayTraceId',
          }),
        ),
      },
    });
    this.url = this.api.url;
    this.apiId = this.api.restApiId;
    addProblemResponses(this.api);
    const browserAuth = new BrowserAuth(this, 'Browser', { deployment, functions });
    browserAuth.sendToSignIn(this.api);
    this.addRoutes(config, functions, browserAuth);
    if (config.requireApiKey) this.addUsagePlan(config);
    this.acknowledge(config);
  }

  private addRoutes(config: StageConfig, functions: FrontProps['functions'], browserAuth: BrowserAuth): void {
    const bodyOf = addBodyModels(this.api);
    const requestValidator = this.api.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    const handlers = allowApi(this, functions, this.api.arnForExecuteApi('*', '/*', config.stage));
    const integrations = new Map([...handlers].map(([name, fn]) => [name, new LambdaIntegration(fn)]));
    for (const route of routes) {
      const model = bodyOf(route);
      const method = this.api.root
        .resourceForPath(route.path)
        .addMethod(route.method, integrations.get(route.handler)!, {
          operationName: `${route.method} ${route.path}`,
          authorizationType: isSigned(route, config) ? AuthorizationType.IAM : AuthorizationType.NONE,
          apiKeyRequired: config.requireApiKey && route.auth !== 'open',
          requestValidator,
          ...browserAuth.methodOptions(route),
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
  if (!isSigned(route, config))
    Validations.of(method).acknowledge({ id: 'AwsSolutions-APIG4', reason: openReason(route, config) });
  Validations.of(method).acknowledge({
    id: 'AwsSolutions-COG4',
    reason:
      'Callers are services with AWS credentials (SigV4); there are no end users for Cognito to sign in.',
  });
}

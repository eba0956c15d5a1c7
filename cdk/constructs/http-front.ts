// The cheaper front, an HTTP API built from the same routes: signatures, throttle and access log, and nothing checked before the functions.
import { Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { routes } from '#shared/api/surface.ts';
import type { StageConfig } from '../config.ts';
import { alarmName, apiName } from '../names.ts';
import { httpApiErrors } from './alarm-list.ts';
import { Alarms } from './alarms.ts';
import {
  accessLogFields,
  accessLogGroup,
  allowApi,
  type Front,
  type FrontProps,
  isSigned,
  openReason,
} from './front.ts';

/**
 * Payload format 1.0, that of the REST API, so the handlers run unchanged. Paths start with the stage as they do there: the same
 * addresses but for the host, and the same resources in policies of callers.
 */
export class HttpFront extends Construct implements Front {
  readonly api: HttpApi;
  readonly url: string;
  readonly apiId: string;

  constructor(scope: Construct, id: string, { deployment, functions }: FrontProps) {
    super(scope, id);
    const { config } = deployment;
    const logGroup = accessLogGroup(this, deployment);
    this.api = new HttpApi(this, 'Http', {
      apiName: apiName(config.stage),
      description: 'Tidemark: predictions, feedback, models and their history',
      createDefaultStage: false,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: config.stage,
      autoDeploy: true,
      throttle: { rateLimit: config.throttle.rate, burstLimit: config.throttle.burst },
      detailedMetricsEnabled: config.detailedApiMetrics,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify({ ...accessLogFields, route: '$context.routeKey' })),
      },
    });
    this.addRoutes(config, functions);
    // With the slash that the address of a REST API has.
    this.url = `${stage.url}/`;
    this.apiId = this.api.apiId;
    if (config.alarms !== 'none') this.addAlarm(config);
  }

  private addRoutes(config: StageConfig, functions: FrontProps['functions']): void {
    const sourceArn = Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.api.apiId,
      resourceName: `${config.stage}/*`,
    });
    const handlers = allowApi(this, functions, sourceArn);
    const integrations = new Map(
      [...handlers].map(([name, fn]) => [
        name,
        new HttpLambdaIntegration(`Invoke-${name}`, fn, {
          payloadFormatVersion: PayloadFormatVersion.VERSION_1_0,
        }),
      ]),
    );
    const signed = new HttpIamAuthorizer();
    const open = new HttpNoneAuthorizer();
    for (const route of routes) {
      const [added] = this.api.addRoutes({
        path: route.path,
        methods: [HttpMethod[route.method]],
        integration: integrations.get(route.handler)!,
        authorizer: isSigned(route, config) ? signed : open,
      });
      if (!isSigned(route, config))
        Validations.of(added!).acknowledge({ id: 'AwsSolutions-APIG4', reason: openReason(route, config) });
    }
  }

  /**
   * Here and not beside the others: its metric is known by the API's id alone, and a stack that imported the id could not be told of
   * another front. It tells the topic by name.
   */
  private addAlarm(config: StageConfig): void {
    const topicArn = Stack.of(this).formatArn({
      service: 'sns',
      resource: alarmName(config.stage, 'alarms'),
    });
    new Alarms(this, 'Alarms', {
      config,
      topic: Topic.fromTopicArn(this, 'Topic', topicArn),
      alarms: [httpApiErrors(config, this.apiId)],
    });
  }
}

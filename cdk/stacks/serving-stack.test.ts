// The API is the surface's list of routes; the feed is what capture can rely on.
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FunctionSpec, functions, routes } from '#shared/api/surface.ts';
import { functionsIn } from '../names.ts';
import { stageConfig } from '../stage-config.ts';
import { type SynthesisedStage, synthStage } from '../testing.ts';

let prod: SynthesisedStage;
let local: SynthesisedStage;
beforeAll(() => {
  prod = synthStage('prod');
  local = synthStage('local');
});

/** All but those a deployment itself runs, which lie beside the data. */
const ofTraffic = (Object.values(functions) as FunctionSpec[]).filter(({ onDeploy }) => !onDeploy);

interface Method {
  readonly HttpMethod: string;
  readonly AuthorizationType: string;
  readonly ResourceId: { readonly Ref?: string };
  readonly Integration: { readonly Uri: unknown };
  readonly OperationName: string;
  readonly RequestModels?: Readonly<Record<string, { readonly Ref: string }>>;
  readonly RequestValidatorId?: unknown;
}

function methodsOf({ serving }: SynthesisedStage): Map<string, Method> {
  const resources = serving.findResources('AWS::ApiGateway::Resource');
  const pathOf = (id: string | undefined): string => {
    const resource = id === undefined ? undefined : resources[id]?.Properties;
    return resource === undefined ? '' : `${pathOf(resource.ParentId.Ref)}/${resource.PathPart}`;
  };
  const methods = Object.values(serving.findResources('AWS::ApiGateway::Method')).map(
    ({ Properties }) => Properties as Method,
  );
  return new Map(
    methods.map((method) => [`${method.HttpMethod} ${pathOf(method.ResourceId.Ref) || '/'}`, method]),
  );
}

describe('HTTP API', () => {
  it('has every route of the surface and no other', () => {
    const wanted = routes.map((route) => `${route.method} ${route.path}`);
    for (const stage of [prod, local]) expect([...methodsOf(stage).keys()].sort()).toEqual(wanted.sort());
  });

  it('hands each route to its handler', () => {
    const methods = methodsOf(prod);
    for (const route of routes) {
      const handler = route.handler[0]!.toUpperCase() + route.handler.slice(1);
      const { Integration } = methods.get(`${route.method} ${route.path}`)!;
      expect(JSON.stringify(Integration.Uri)).toMatch(new RegExp(`"${handler}(Function|Live)[0-9A-F]{8}"`));
    }
  });

  it('asks clients and operators for a signature, and nobody for the open routes', () => {
    const methods = methodsOf(prod);
    for (const route of routes)
      expect(methods.get(`${route.method} ${route.path}`)!.AuthorizationType).toBe(
        ['/health', '/ready'].includes(route.path) ? 'NONE' : 'AWS_IAM',
      );
  });

  it('asks nobody in stage local', () => {
    for (const method of methodsOf(local).values()) expect(method.AuthorizationType).toBe('NONE');
  });

  it('validates every request, and the body of those that carry rows or labels', () => {
    const methods = methodsOf(prod);
    for (const method of methods.values()) expect(method.RequestValidatorId).toBeDefined();
    const models = prod.serving.findResources('AWS::ApiGateway::Model');
    const modelOf = (route: string) => {
      const ref = methods.get(route)?.RequestModels?.['application/json']?.Ref;
      return ref === undefined ? undefined : models[ref]?.Properties.Name;
    };
    expect(modelOf('POST /predict')).toBe('Features');
    expect(modelOf('POST /models/{model}/predict')).toBe('Instance');
    expect(modelOf('POST /predict/batch')).toBe('Batch');
    expect(modelOf('POST /models/{model}/predict/batch')).toBe('Batch');
    expect(modelOf('POST /models/{model}/feedback')).toBe('Labels');
    expect(modelOf('POST /models/{model}/rollback')).toBeUndefined();
    for (const model of Object.values(models))
      expect(model.Properties.Schema.$schema).toBe('http://json-schema.org/draft-04/schema#');
  });

  it('answers its own errors as problem+json, with a body that is JSON once the variables are in', () => {
    const responses = Object.values(prod.serving.findResources('AWS::ApiGateway::GatewayResponse'));
    const types = responses.map((response) => response.Properties.ResponseType as string);
    expect(types).toEqual(
      expect.arrayContaining([
        'DEFAULT_4XX',
        'DEFAULT_5XX',
        'BAD_REQUEST_BODY',
        'THROTTLED',
        'ACCESS_DENIED',
      ]),
    );
    for (const { Properties } of responses) {
      expect(Properties.ResponseParameters).toEqual({
        'gatewayresponse.header.Content-Type': "'application/problem+json'",
        'gatewayresponse.header.tidemark-request-id': 'context.requestId',
      });
      const body = (Properties.ResponseTemplates['application/json'] as string)
        .replace('$context.error.messageString', '"said by the gateway"')
        .replace('$context.error.validationErrorString', '[object has missing properties]')
        .replace('$context.requestId', '0a1b');
      const problem = JSON.parse(body) as Record<string, unknown>;
      expect(problem).toMatchObject({ type: 'about:blank', title: expect.any(String) });
      if (Properties.StatusCode !== undefined) expect(problem.status).toBe(Number(Properties.StatusCode));
    }
  });

  it('is throttled, traced and logged as JSON without bodies', () => {
    const { throttle } = stageConfig((key) => (key === 'stage' ? 'prod' : undefined));
    prod.serving.hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true,
      MethodSettings: [
        Match.objectLike({
          HttpMethod: '*',
          ResourcePath: '/*',
          ThrottlingRateLimit: throttle.rate,
          ThrottlingBurstLimit: throttle.burst,
          LoggingLevel: 'ERROR',
          DataTraceEnabled: false,
          MetricsEnabled: true,
        }),
      ],
    });
    const [stage] = Object.values(prod.serving.findResources('AWS::ApiGateway::Stage'));
    const format = JSON.parse(stage?.Properties.AccessLogSetting.Format) as Record<string, string>;
    expect(format).toMatchObject({ requestId: '$context.requestId', status: '$context.status' });
  });

  it('is neither traced nor measured by method in dev, where that would be a good part of the bill', () => {
    const dev = synthStage('dev');
    dev.serving.allResourcesProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: false,
      MethodSettings: [Match.objectLike({ MetricsEnabled: false })],
    });
    for (const stack of dev.working)
      stack.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'PassThrough' } });
    dev.retrain.allResourcesProperties('AWS::StepFunctions::StateMachine', {
      TracingConfiguration: { Enabled: false },
    });
  });

  it('keeps its logical id, and with it its URL', () => {
    expect(Object.keys(prod.serving.findResources('AWS::ApiGateway::RestApi'))).toEqual(['ApiRest4DEC74FE']);
  });
});

describe('functions', () => {
  it('are those that answer a route or let people in, and capture', () => {
    const answering = routes.map((route) => route.handler);
    expect([...functionsIn('serving')].sort()).toEqual(
      [...new Set([...answering, 'authorize', 'capture'])].sort(),
    );
  });

  it('have the size, timeout and handler of the surface, and a log group of their own that expires', () => {
    for (const name of functionsIn('serving')) {
      const { memoryMb, timeoutSeconds } = functions[name];
      prod.serving.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: `tidemark-prod-${name}`,
        Handler: `${name}.handler`,
        Runtime: 'nodejs24.x',
        Architectures: ['x86_64'],
        MemorySize: memoryMb,
        Timeout: timeoutSeconds,
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: Match.objectLike({ LogFormat: 'JSON', LogGroup: { Ref: Match.anyValue() } }),
      });
      prod.serving.hasResourceProperties('AWS::Logs::LogGroup', {
        LogGroupName: `/aws/lambda/tidemark-prod-${name}`,
        RetentionInDays: 30,
      });
    }
  });

  it('are told where everything is, and how to find the state machines without importing them', () => {
    const fns = prod.working.flatMap((stack) => Object.values(stack.findResources('AWS::Lambda::Function')));
    expect(fns).toHaveLength(ofTraffic.length);
    const ofItsOwn: Readonly<Record<string, object>> = {
      'tidemark-prod-publish': {
        REMOTE_WRITE_URL: { 'Fn::Join': ['', [expect.anything(), 'api/v1/remote_write']] },
        REMOTE_WRITE_REGION: { Ref: 'AWS::Region' },
      },
    };
    for (const { Properties } of fns)
      expect(Properties.Environment.Variables).toEqual({
        ENVIRONMENT: 'prod',
        PREDICTIONS_TABLE: { 'Fn::ImportValue': expect.stringContaining('Predictions') },
        STATE_TABLE: { 'Fn::ImportValue': expect.stringContaining('State') },
        BUCKET: { 'Fn::ImportValue': expect.stringContaining('ObjectsBucket') },
        EVENT_BUS: 'tidemark-prod',
        MACHINE_ARN_PREFIX: {
          'Fn::Join': ['', expect.arrayContaining([':stateMachine:tidemark-prod-'])],
        },
        GRANULE_MS: '300000',
        LOG_LEVEL: 'info',
        PII_KEY: 'available',
        CANARY: 'on',
        TRAIN_CONTAINER: 'none',
        NODE_OPTIONS: '--enable-source-maps',
        ...ofItsOwn[Properties.FunctionName as string],
      });
  });

  it('in stage local close a granule seconds after its end, which on AWS takes minutes', () => {
    const fns = local.working.flatMap((stack) => Object.values(stack.findResources('AWS::Lambda::Function')));
    // all but the canary, which it has not
    expect(fns).toHaveLength(ofTraffic.length - 1);
    for (const { Properties } of fns)
      expect(Properties.Environment.Variables).toMatchObject({
        GRANULE_MS: '2000',
        GRANULE_GRACE_MS: '6000',
        POINTER_TTL_MS: '1000',
      });
  });
});

describe('feed of the prediction log', () => {
  it('comes in whole batches of one reader per shard, from the very first record, without expired items', () => {
    prod.serving.resourceCountIs('AWS::Lambda::EventSourceMapping', 1);
    prod.serving.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::ImportValue': Match.stringLikeRegexp('Predictions.*StreamArn') },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 60,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: false,
      FunctionResponseTypes: Match.absent(),
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 21_600,
      FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT","MODIFY"]}' }] },
    });
  });

  it('leaves the records of a batch that never succeeded in the bucket', () => {
    prod.serving.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::ImportValue': Match.stringLikeRegexp('ObjectsBucket.*Arn') } },
      },
    });
  });

  it('waits one second and fails into a queue in stage local', () => {
    local.serving.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      MaximumBatchingWindowInSeconds: 1,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('FeedFailed'), 'Arn'] } },
      },
    });
  });
});
